// Where a word of the course first stands in a page's sentences.

import assert from "node:assert/strict";
import { test } from "node:test";

import { finder, firsts } from "../../rnnviz/ui/rooms/words/finding.js";

const WORDS = [
  ["hidden state", "은닉 상태"], ["unit", "유닛"], ["layer", "층"], ["n-gram", "n-그램"], ["bias", "편향"], ["gate", "게이트"],
  ["forget gate", "망각 게이트"],
].map(([english, korean]) => ({ english, korean, symbol: "", says: "" }));

/** @param {string} lang @param {string[]} texts */
const seen = (lang, ...texts) =>
  firsts(texts, (text) => text, finder(WORDS, lang)).map(({ word, text, from, to }) => [word.english, text.slice(from, to)]);

test("each word is found once, where it first stands, whatever its case and number", () => {
  assert.deepEqual(seen("en", "Units of a layer", "a unit, its biases"), [["unit", "Unit"], ["layer", "layer"], ["bias", "bias"]]);
});

test("the longer word goes before the shorter one in it", () => {
  assert.deepEqual(seen("en", "the forget gate is a gate"), [["forget gate", "forget gate"], ["gate", "gate"]]);
});

test("a part of another word is none", () => {
  assert.deepEqual(seen("en", "unity, subunit, layered, gate_x, a 3-gate"), []);
  assert.deepEqual(seen("en", "an n-gram"), [["n-gram", "n-gram"]]);
});

test("Korean words stand before their particles, and not inside of others", () => {
  assert.deepEqual(seen("ko", "은닉 상태는 유닛마다 다르고, 층에서 층으로"), [["hidden state", "은닉 상태"], ["unit", "유닛"], ["layer", "층"]]);
  assert.deepEqual(seen("ko", "계층 구조와 층간 소음"), []);
});
