// Guesses on a page from a disk.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isRight } from "../../rnnviz/ui/offline/guesses.js";

const asked = { asks: "", says: "", right: [], value: 0, tolerance: 0 };

test("several choices may be equally right", () => {
  const one = { ...asked, choices: ["a", "b", "c"], right: [0, 2] };
  assert.deepEqual([0, 1, 2].map((at) => isRight(one, at)), [true, false, true]);
});

test("a number counts as right within the tolerance, its ends included", () => {
  const one = { ...asked, value: 33.3, tolerance: 0.5 };
  assert.deepEqual([32.7, 32.8, 33.3, 33.8, 33.9].map((guess) => isRight(one, guess)), [false, true, true, true, false]);
});
