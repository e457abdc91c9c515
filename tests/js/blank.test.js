// What is still being typed on the page of the blank, cut into words as the models' lexicon cuts it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { counted, marked, split } from "../../rnnviz/ui/rooms/blank/words.js";

test("words and signs are told apart as in Python: apostrophes inside a word stay, Hangul is put together", () => {
  assert.deepEqual(split("It’s five o'clock, 'now' — ok?"), ["it's", "five", "o'clock", ",", "'", "now", "'", "—", "ok", "?"]);
  assert.deepEqual(split("\u1112\u1161\u11ab 2² ____"), ["한", "2²", "____"]);
  assert.deepEqual(split("  "), []);
  assert.deepEqual(split("a".repeat(250)).map((word) => word.length), [100, 100, 50]);
});

test("unknown words are marked and counted, each named once; a blank is no word", () => {
  const words = marked("Play qqq ____ by qqq", new Set(["play", "by"]));
  assert.deepEqual(words.filter(({ unknown }) => unknown).map(({ text }) => text), ["qqq", "qqq"]);
  assert.deepEqual(counted(words), { total: 4, known: 2, words: "qqq" });
});
