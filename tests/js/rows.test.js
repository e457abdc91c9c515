// Which rows of a heatmap are in view, by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.window = /** @type {any} */ ({ location: { hash: "", pathname: "/" } });
const { Rows, countOf } = await import("../../rnnviz/ui/parts/board/rows.js");

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

test("rows are named by their units, also where a part of them was sent", () => {
  const rows = ofTen();
  rows.show([1.5, 5.5]);
  const part = { axis: /** @type {const} */ ("time"), units: [30, 31, 32], first: 2, count: 10 };
  assert.equal(countOf(part), 10);
  assert.deepEqual(rows.axis(part), { range: [5.5, 1.5], tickmode: "array", tickvals: [2, 3, 4], ticktext: ["30", "31", "32"] });
});
