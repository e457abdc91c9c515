// What a figure says at the cursor, by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { against } from "../../rnnviz/ui/parts/board/values.js";

test("of a curve of exponents, how much less there is than at the end", () => {
  const curve = [-8, -2, 0.5, 0];
  assert.equal(against(curve, 1, 3), " (÷ 100.0)");
  assert.equal(against(curve, 0, 3), " (÷ 1.000e8)");
  assert.equal(against(curve, 2, 3), " (× 3.162)");
});

test("nothing is said at the end, where nothing is compared, and where nothing is left", () => {
  assert.equal(against([1, 2], 1, 1), "");
  assert.equal(against([1, 2], 0), "");
  assert.equal(against([NaN, 2], 0, 1), "");
});
