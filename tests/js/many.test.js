import assert from "node:assert/strict";
import { test } from "node:test";

import { ellipse, Paths, points, probability, SHARES } from "../../rnnviz/ui/rooms/many/paths.js";

/** @param {number[]} numbers */
const packed = (numbers) => ({ dtype: "u2", bdata: Buffer.from(new Uint16Array(numbers).buffer).toString("base64") });

/** @param {[number, number][]} places as Python packs them: see grained */
const grained = (places) =>
  Buffer.from(places.flatMap(([x, y]) => [x >> 4, ((x & 15) << 4) | (y >> 8), y & 255])).toString("base64");

test("a point is twelve bits across and twelve up", () => {
  const [x, y] = points(new Uint8Array([0, 0, 0, 255, 255, 255, 0x80, 0x01, 0x00]), [-1, 0, 1, 10]);
  assert.deepEqual([...x].map((v) => Math.round(1000 * v) / 1000), [-1, 1, 0]);
  assert.equal(y[0], 0);
  assert.equal(y[1], 10);
  assert.ok(Math.abs(y[2] - (10 * 256) / 4095) < 1e-5);
});

// every second step is drawn, and the last: steps 0, 2, 3 of four, and 0 of one
const paths = new Paths({
  paths: grained([[0, 0], [2048, 0], [4095, 0], [10, 4095]]),
  box: [0, 0, 4095, 4095],
  counts: packed([3, 1]),
  lengths: packed([4, 1]),
  every: 2,
});

test("between two steps that are drawn a path is straight, and it stays where it ends", () => {
  assert.deepEqual(paths.at(0, 0), [0, 0]);
  assert.deepEqual(paths.at(0, 1), [1024, 0]);
  assert.deepEqual(paths.at(0, 2), [2048, 0]);
  assert.deepEqual(paths.at(0, 2.5), [(2048 + 4095) / 2, 0]);
  assert.deepEqual(paths.at(0, 3), [4095, 0]);
  assert.deepEqual(paths.at(1, 0), [10, 4095]);
});

test("the cursor counts steps, or parts of each one's way", () => {
  assert.deepEqual([paths.last("step"), paths.last("share")], [3, SHARES]);
  assert.deepEqual([paths.stepOf(0, "share", 50), paths.stepOf(1, "share", 50)], [1.5, 0]);
  assert.deepEqual([paths.stepOf(0, "step", 2), paths.stepOf(1, "step", 2)], [2, 0]);
  assert.deepEqual([paths.ended(0, "step", 2), paths.ended(1, "step", 2), paths.ended(1, "share", 100)], [false, true, false]);
  assert.deepEqual([paths.there(0), paths.there(1), paths.there(3)], [2, 1, 1]);
  assert.deepEqual([paths.drawnAt(0, 1), paths.drawnAt(0, 2), paths.drawnAt(0, 3), paths.drawnAt(1, 0)], [0, 1, 2, 3]);
});

test("log odds come in thousandths of a nat", () => {
  assert.equal(probability(32768), 0.5);
  assert.ok(Math.abs(probability(32768 + 1000) - 1 / (1 + Math.exp(-1))) < 1e-12);
  assert.ok(probability(768) > 0 && probability(768) < 1e-13);
});

test("an ellipse has the axes of its covariance", () => {
  assert.deepEqual(ellipse(4, 0, 1), [2, 1, 0]);
  assert.deepEqual(ellipse(1, 0, 4).map((v) => Math.round(100 * v) / 100), [2, 1, 1.57]);
  const [wide, narrow, angle] = ellipse(1, 1, 1); // a line at 45 degrees
  assert.ok(Math.abs(wide - Math.SQRT2) < 1e-9 && narrow < 1e-6 && Math.abs(angle - Math.PI / 4) < 1e-9);
});
