// The attention map: the arithmetic that it puts in words, its sizes, and the wishes that it sends.

import assert from "node:assert/strict";
import { test } from "node:test";

import { code } from "../../rnnviz/ui/rooms/attention/colours.js";
import { layoutOf } from "../../rnnviz/ui/rooms/attention/layout.js";
import { stateNames } from "../../rnnviz/ui/rooms/attention/legend.js";
import { pushed, snapped, wishOf } from "../../rnnviz/ui/rooms/attention/weights.js";
import {
  contextWorking, largest, softmaxWorking, split, strongest, telling, termsOf, top, typed,
} from "../../rnnviz/ui/rooms/attention/working.js";

test("a score is its three largest terms and the sum of all others", () => {
  const { terms, more, rest } = termsOf([1, 2, 0.5, -3, 0.1], [1, 1, 1, 1, 1]);
  assert.deepEqual(terms.map(({ unit, text }) => [unit, text]), [
    [3, "−3.000 × 1.000"], [1, "2.000 × 1.000"], [0, "1.000 × 1.000"],
  ]);
  assert.equal(more, 2);
  assert.ok(Math.abs(rest - 0.6) < 1e-12);
});

test("a weight comes from all scores, and stays finite where they are large", () => {
  assert.equal(softmaxWorking([0, 0], 1, 0.5), "α_{2} = e^{0.0000 − 0.0000} / 2.000 = 0.5000");
  assert.equal(softmaxWorking([1000, 999], 0, 0.7311), "α_{1} = e^{1000 − 1000} / 1.368 = 0.7311");
});

test("a context names its largest parts, and one unit in numbers", () => {
  const { unit, terms, worked } = contextWorking([0.5, 0, 0.25, 0.125, 0.125], [0, -1], [[0, -1], [0, 9], [0, -1], [0, -1], [0, -1]]);
  assert.equal(unit, 1);
  assert.equal(terms, "0.5000 · h_{1} + 0.2500 · h_{3} + 0.1250 · h_{4} + …");
  assert.match(worked, /^0\.5000 × −1\.000 \+ .* \+ … = −1\.000$/);
  assert.equal(contextWorking([1, 0], [1], [[1], [1]]).terms, "1.000 · h_{1}");
});

test("what is largest, and what tells most, goes by size", () => {
  const values = [0.1, -5, 2, 0, 3];
  assert.deepEqual(largest(values, 2), [1, 4]);
  assert.equal(top(values), 4);
  assert.deepEqual(telling(values), [0, 1, 2, 4]);
  assert.equal(strongest(values, 2, 2), 2);
  assert.equal(strongest(values, 4, 9), 4);
});

test("a weight is written as it would be typed, and formulas know what is low and what is high", () => {
  assert.equal(typed(0), "0");
  assert.equal(typed(0.25), "0.2500");
  assert.equal(typed(1.24e-5), "1.2e−5");
  assert.deepEqual(split("e^{score i} / h_{2}"), [
    { tag: null, text: "e" }, { tag: "sup", text: "score i" }, { tag: null, text: " / h" }, { tag: "sub", text: "2" },
  ]);
});

test("a bar is pushed by keys in steps of a hundredth, ten times as far with Shift", () => {
  const key = (name, shiftKey = false) => ({ key: name, shiftKey });
  assert.equal(pushed(key("ArrowRight"), 0.1), 0.11);
  assert.equal(pushed(key("ArrowLeft"), 0.005), 0);
  assert.equal(pushed(key("PageUp", true), 0.5), 1);
  assert.equal(pushed(key("ArrowUp", true), 0.5), 0.6);
  assert.equal(pushed(key("Home"), 0.5), 0);
  assert.equal(pushed(key("a"), 0.5), null);
});

test("a weight that is pushed back is the network's own again", () => {
  assert.equal(snapped(0.3000001, 0.3), 0.3);
  assert.equal(snapped(0.31, 0.3), 0.31);
});

test("a wish names the step, the place and the weight; the network's own weight is none", () => {
  const own = [0.7, 0.3];
  assert.deepEqual(wishOf([0.7, 0.3], own, false, 2, 1, 0.5), { do: "weight", step: 2, place: 1, weight: 0.5 });
  assert.deepEqual(wishOf([0.7, 0.5], own, false, 2, 1, 0.3), { do: "weight", step: 2, place: 1, weight: null });
  assert.deepEqual(wishOf([0.7, 0], own, true, 2, 1, 0.3), { do: "weight", step: 2, place: 1, weight: 0.3 }); // all others are zero
  assert.equal(wishOf([0.7, 0.3], own, false, 2, 1, 0.3), null);
  assert.equal(wishOf([0, 1], own, false, 2, 1, 0), "zero");
});

test("the map takes the room there is, and is wider where words need it", () => {
  const data = { source: ["a", "b"], target: ["x", "y", "z"], units: 256, slanted: false };
  const wide = (text) => 8 * text.length;
  const small = layoutOf(data, 300, 1, wide, 1);
  assert.equal(small.left, 44 + 22 + 20);
  assert.equal(small.across, 44);
  assert.equal(small.height, 3 * 27);
  assert.deepEqual(small.pools, { encoder: 3, decoder: 6 });
  assert.equal(layoutOf(data, 120, 1, wide, 1).across, 15);
  assert.equal(layoutOf(data, 60, 1, wide, 1).across, 13);
  const words = layoutOf({ ...data, slanted: true, source: ["a long word", "b"] }, 120, 1, wide, 1);
  assert.equal(words.across, 24);
  assert.equal(words.tail, 44);
  const names = { encoder: "h", decoder: "s", units: "units", stronger: "the stronger of each {count}" };
  assert.deepEqual(stateNames({ labels: names, units: 256 }, { encoder: 1, decoder: 6 }), {
    encoder: "h: 256 units", decoder: "s: 256 units, the stronger of each 6",
  });
});

test("a value's colour is one of 256, and ends with the scale", () => {
  assert.equal(code(0, -1, 1), 128);
  assert.equal(code(-7, -1, 1), 0);
  assert.equal(code(7, -1, 1), 255);
});
