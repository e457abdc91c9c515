// Sentences, and scales as the pixels of an image have them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { halfLife } from "../../rnnviz/ui/parts/board/values.js";
import { pixels, steps } from "../../rnnviz/ui/parts/js/canvas.js";
import { filled, isWide } from "../../rnnviz/ui/parts/js/words.js";

test("a sentence takes in what it is given; what it is not given stays", () => {
  assert.equal(filled("{pass}, {n} of {count}", { pass: "Forward", n: 0, count: 3 }), "Forward, 0 of 3");
  assert.equal(filled("{token} of {other}", { token: "a{other}" }), "a{other} of {other}");
});

test("a syllable of Hangul is wide, whole or in parts; letters, blanks and their signs are not", () => {
  assert.deepEqual(["가", "힣", "ㅋ", "\u1112\u1161\u11ab", "中", "。", "「"].filter((token) => !isWide(token)), []);
  assert.deepEqual(["a", "·", "↵", " ", "é", "я", "", "U+200B", "\ufffd"].filter(isWide), []);
});

test("a scale has 256 colours, from its first to its last, and all of them are opaque", () => {
  const colours = steps(["#000000", "#ff0000"]);
  assert.deepEqual([colours.length, colours[0], colours[255]], [256, [0, 0, 0], [255, 0, 0]]);
  const memory = new Uint8Array(pixels(colours).buffer);
  assert.deepEqual([...memory.slice(0, 4), ...memory.slice(-4)], [0, 0, 0, 255, 255, 0, 0, 255]);
});

test("a gate of 0.05 halves a memory in a quarter of a step, one of 1 never, one of 0 at once", () => {
  const words = "{letter} = {value}: ln 2 / −ln {letter} = {life}";
  assert.equal(halfLife("f", 0.05, words), "f = 0.0500: ln 2 / −ln f = 0.2314");
  assert.equal(halfLife("z", 0.5, words), "z = 0.5000: ln 2 / −ln z = 1.000");
  assert.equal(halfLife("f", 1, words), "f = 1.000: ln 2 / −ln f = ∞");
  assert.equal(halfLife("f", 0, words), "f = 0.0000: ln 2 / −ln f = 0.0000");
});
