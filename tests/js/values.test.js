// What a figure says at the cursor, by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { against, valueText } from "../../rnnviz/ui/parts/board/values.js";

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

/** A figure over time, as valueText asks it. @param {object} meta @param {object} place @param {number[][]} values */
const curves = (meta, place, values) => {
  const data = values.map((_row, i) => ({ type: "scatter", name: "ab"[i], ...place }));
  return /** @type {any} */ ({ meta: { axis: "time", ...meta }, parsed: { data }, values });
};
const words = /** @type {any} */ ({});

test("at a step a curve says its value; of pooled steps about that of the nearest column", () => {
  const exact = curves({}, { x0: 10, dx: 1 }, [[0.5, 0.25]]);
  assert.deepEqual([10, 11, 9, 12].map((step) => valueText(exact, step, null, words)), ["0.5000", "0.2500", "", ""]);
  const pooled = curves({ pooled: 100 }, { x0: 24.5, dx: 50 }, [[0.5, 0.25, 1], [0, 2, 3]]);
  assert.equal(valueText(pooled, 0, null, words), "≈ a 0.5000 · b 0.0000");
  assert.equal(valueText(pooled, 99, null, words), "≈ a 0.2500 · b 2.000");
});

test("of a part of a curve of exponents, how much less there is than at an end that lies elsewhere", () => {
  const part = curves({ log10: true, factors: true, end: 90, ends: [0] }, { x0: 10, dx: 1 }, [[-2, -1]]);
  assert.equal(valueText(part, 11, null, words), "0.1000 (÷ 10.00)");
  const gone = curves({ log10: true, factors: true, end: 90, ends: [null] }, { x0: 10, dx: 1 }, [[-2, -1]]);
  assert.equal(valueText(gone, 11, null, words), "0.1000");
  const pooled = curves({ log10: true, factors: true, end: 399, pooled: 200 }, { x0: 49.5, dx: 100 }, [[-3, -2, -1, 0]]);
  assert.equal(valueText(pooled, 150, null, words), "≈ 0.0100 (÷ 100.0)");
});

test("rows with names say their values, all where they are few, else the one that is pointed at", () => {
  const of = (/** @type {string[]} */ names) => {
    const units = names.map((_name, at) => at);
    const meta = { axis: "time", names, ticks: names.map((name) => name[0]), units };
    return /** @type {any} */ ({ meta, parsed: { data: [{ type: "heatmap", x0: 0, dx: 1 }] }, values: [units.flatMap((at) => [at, at + 0.5])] });
  };
  assert.equal(valueText(of(["low", "up"]), 1, null, words), "l 0.5000 · u 1.500");
  const many = of(["a", "b", "c", "d", "e", "f", "g"]);
  assert.equal(valueText(many, 1, null, words), "");
  assert.equal(valueText(many, 1, 2, words), "2.500");
});
