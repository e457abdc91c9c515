// Which rows of a heatmap are in view, by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = /** @type {any} */ ({ location: { hash: "", pathname: "/" } });
const { Rows, countOf } = await import("../../rnnviz/ui/parts/board/rows.js");
const { held } = await import("../../rnnviz/ui/parts/board/pinch.js");

function ofTen() {
  const rows = new Rows();
  rows.count = 10;
  return rows;
}

test("without a zoom all rows are in view", () => {
  const rows = ofTen();
  assert.deepEqual(rows.range, [-0.5, 9.5]);
  rows.show([-3, 40]);
  assert.equal(rows.zoom, null);
});

test("a zoom holds whole rows, three at least, and stays inside", () => {
  const rows = ofTen();
  rows.show([1.8, 6.1]);
  assert.deepEqual(rows.range, [1.5, 5.5]);
  rows.show([8.9, 9.2]);
  assert.deepEqual(rows.range, [6.5, 9.5]);
});

test("fewer rows are in view about the one that stays", () => {
  const rows = ofTen();
  rows.show(rows.scaled(0.5, 9));
  assert.deepEqual(rows.range, [4.5, 9.5]);
  rows.show(rows.scaled(2, 9));
  assert.equal(rows.zoom, null);
});

test("what two fingers took hold of stays under them, inside the whole", () => {
  const whole = [-0.5, 99.5];
  assert.deepEqual(held(whole, [40, 60], [0.25, 0.75], 4), [30, 70]);
  assert.deepEqual(held(whole, [60, 40], [0.75, 0.25], 4), [30, 70]); // whichever finger came first
  assert.deepEqual(held(whole, [40, 60], [0.6, 0.5], 4), whole); // they have met
  assert.deepEqual(held(whole, [0, 1], [0, 0.9], 4), [0, 4]); // no fewer than four
  assert.deepEqual(held(whole, [0, 20], [0.5, 0.9], 4), [-0.5, 49.5]); // nothing lies before the first
});

test("rows are named by their units, also where a part of them was sent", () => {
  const rows = ofTen();
  rows.show([1.5, 5.5]);
  const part = { axis: /** @type {const} */ ("time"), units: [30, 31, 32], first: 2, count: 10 };
  assert.equal(countOf(part), 10);
  assert.deepEqual(rows.axis(part), { range: [5.5, 1.5], tickmode: "array", tickvals: [2, 3, 4], ticktext: ["30", "31", "32"] });
});
