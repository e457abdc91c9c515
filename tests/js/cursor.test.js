import assert from "node:assert/strict";
import { test } from "node:test";
import { Cursor, stepOf } from "../../rnnviz/ui/parts/js/cursor.js";

test("keys lead from step to step and never beyond the ends", () => {
  const at = (/** @type {string} */ key, /** @type {object} */ more = {}, /** @type {object} */ how = {}) => stepOf({ key, ...more }, 5, 9, how);
  assert.deepEqual(["ArrowRight", "ArrowLeft", "Home", "End"].map((key) => at(key)), [6, 4, 0, 9]);
  assert.equal(at("ArrowRight", { shiftKey: true }, { shift: 10 }), 9);
  assert.equal(at("ArrowLeft", { shiftKey: true }), 4);
  assert.deepEqual([at("ArrowDown"), at("ArrowDown", {}, { down: true })], [null, 6]);
  assert.deepEqual([at("PageUp"), at("PageUp", {}, { far: true })], [null, 0]);
});

test("other keys, and keys of the browser, are not the cursor's", () => {
  assert.equal(stepOf({ key: "a" }, 0, 9), null);
  for (const held of ["ctrlKey", "altKey", "metaKey"]) assert.equal(stepOf({ key: "Home", [held]: true }, 5, 9), null);
});

test("who follows hears of moves alone, with both ends", () => {
  /** @type {number[][]} */
  const heard = [];
  const cursor = new Cursor((at, before) => heard.push([before, at]));
  cursor.reset(5, 4);
  assert.deepEqual([cursor.move(2), cursor.move(2), cursor.move(99), cursor.move(-1)], [true, false, true, true]);
  assert.deepEqual(heard, [[4, 2], [2, 4], [4, 0]]);
});

test("a shorter text keeps the cursor within it; no text has none to go to", () => {
  const cursor = new Cursor(() => assert.fail("nothing moved"));
  cursor.reset(10, 9);
  cursor.reset(3);
  assert.equal(cursor.at, 2);
  cursor.reset(0);
  assert.deepEqual([cursor.at, cursor.last], [0, 0]);
});
