// Frames stand where the marked units' rows lie.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runs } from "../../rnnviz/ui/parts/board/marks.js";

test("rows next to each other are one frame", () => {
  assert.deepEqual(runs([7, 2, 9], [9, 2, 5, 7], 0), [[-0.5, 1.5], [2.5, 3.5]]);
});

test("rows are counted from the first that was sent", () => {
  assert.deepEqual(runs([5], [9, 2, 5, 7], 100), [[101.5, 102.5]]);
});

test("all units are one frame, and units that were not sent none", () => {
  assert.deepEqual(runs(null, [3, 1, 2], 10), [[9.5, 12.5]]);
  assert.deepEqual(runs(null, [], 10), []);
  assert.deepEqual(runs([8], [3, 1, 2], 0), []);
});
