// The network's passes, where its nodes stand, the ways between them, and how its numbers are written.

import assert from "node:assert/strict";
import { test } from "node:test";

import { few, four } from "../../rnnviz/ui/rooms/network/numbers.js";
import { framesOf, isReached, nodesAt, orderOf, shownOf, sizeOf, timeOf } from "../../rnnviz/ui/rooms/network/passes.js";
import { layout, nearest, onTheWay, wayOf } from "../../rnnviz/ui/rooms/network/places.js";

const node = (id, more) => ({
  id, kin: id, role: "hidden", label: id, letter: "h", name: id, column: 0, row: 0, backward: false, unit: null, values: [[0.5, -1]], mean: [-0.25],
  cell: [], gradient: [0.01], depth: 0, back: 0, ...more,
});
// x leads to h, h to y; the gradient does not reach x
const CHAIN = {
  times: 1, loops: false, vectors: true, limits: [-4, 0],
  nodes: [node("y", { depth: 2, back: 0, row: 2 }), node("h", { depth: 1, back: 1, row: 1 }), node("x", { depth: 0, back: null })],
  edges: [{ source: "x", target: "h", role: "input", norm: [1] }, { source: "h", target: "y", role: "output", norm: [1] }],
};
const LOOP = { ...CHAIN, times: 3 };
const ids = (nodes) => nodes.map(({ id }) => id);

test("norms keep four significant digits, however small", () => {
  assert.equal(four(0.0012344), "0.001234");
  assert.equal(four(0.5), "0.5000");
  assert.equal(four(-12.345), "−12.35");
  assert.equal(four(0), "0.0000");
  assert.equal(four(1.23449e-7), "1.234e−7");
  assert.equal(few(0.004), "4e−3");
  assert.equal(few(-0.126), "−0.13");
  assert.equal(few(0), "0.00");
});

test("a pass has a step for each depth, a rolled network one for each time", () => {
  assert.equal(framesOf(CHAIN, "forward"), 3);
  assert.equal(framesOf(CHAIN, "backward"), 2);
  assert.equal(framesOf(LOOP, "backward"), 3);
});

test("a rolled network goes back through its times, another has one", () => {
  assert.equal(timeOf(LOOP, { pass: "forward", frame: 0 }), 0);
  assert.equal(timeOf(LOOP, { pass: "backward", frame: 0 }), 2);
  assert.equal(timeOf(CHAIN, { pass: "backward", frame: 1 }), 0);
});

test("what is not computed yet is not reached, nor what no gradient reaches", () => {
  const [y, h, x] = CHAIN.nodes;
  assert.ok(isReached(CHAIN, { pass: "forward", frame: 1 }, x));
  assert.ok(!isReached(CHAIN, { pass: "forward", frame: 1 }, y));
  assert.ok(!isReached(CHAIN, { pass: "backward", frame: 1 }, x));
  assert.deepEqual(ids(nodesAt(CHAIN, { pass: "backward", frame: 1 })), [h.id]);
});

test("a node shows its units, one of them, their mean, or the norm of its gradient", () => {
  const at = { pass: "forward", frame: 2 };
  const [y] = CHAIN.nodes;
  assert.deepEqual(shownOf(CHAIN, at, y, "all"), { scale: "diverging", shares: [0.75, 0], value: null });
  assert.deepEqual(shownOf(CHAIN, at, y, "0"), { scale: "diverging", shares: [0.75], value: 0.5 });
  assert.deepEqual(shownOf(CHAIN, at, y, "mean"), { scale: "diverging", shares: [0.375], value: -0.25 });
  assert.deepEqual(shownOf(CHAIN, at, y, "7"), { scale: "diverging", shares: [], value: null }); // it has no such unit
  assert.deepEqual(shownOf(CHAIN, at, node("u", { unit: 0, values: [[1]] }), "all"), { scale: "diverging", shares: [1], value: 1 });
  assert.deepEqual(shownOf(CHAIN, { pass: "backward", frame: 0 }, y, "all"), { scale: "norm", shares: [0.5], value: 0.01 });
  assert.deepEqual(shownOf(CHAIN, { pass: "forward", frame: 0 }, y, "all"), { scale: "diverging", shares: [], value: null });
});

test("an edge is as wide as its Jacobian, or as its one weight, or as what that adds", () => {
  const one = { source: "x", target: "h", role: "weight", norm: [0.25], weight: -0.5, product: 0.1 };
  assert.deepEqual(["norm", "weight", "product"].map((width) => sizeOf(one, width, 0)), [0.25, 0.5, 0.1]);
  assert.equal(sizeOf({ ...one, weight: null }, "weight", 0), 0.25); // a whole matrix
  assert.equal(sizeOf({ ...one, norm: [null], weight: null }, "weight", 0), null);
});

test("keys lead through all nodes in the order of computing, each after its edges", () => {
  assert.deepEqual(orderOf(CHAIN), [{ node: "x" }, { edge: 0 }, { node: "h" }, { edge: 1 }, { node: "y" }]);
});

test("a layout fills the room, is wider where it must be, and grows with the type", () => {
  const row = { ...CHAIN, nodes: [0, 1, 2].map((column) => node(`h${column}`, { column })) };
  const { width, height, places } = layout(row, 600, 1);
  assert.equal(width, 600);
  assert.equal(height, 84);
  assert.equal(places.get("h1").x, 300);
  assert.equal(places.get("h2").x - places.get("h1").x, 148);
  assert.equal(layout(row, 100, 1).width, 2 * 68 + 64);
  assert.equal(layout(row, 100, 2).width, 2 * (2 * 68 + 64));
});

test("both directions of a step stand beside each other", () => {
  const both = { ...CHAIN, nodes: [node("f"), node("b", { backward: true })] };
  const { places } = layout(both, 600, 1);
  assert.ok(places.get("f").x < 300 && places.get("b").x > 300);
});

test("a part comes from the nearest of its kind", () => {
  const at = (x) => ({ x, y: 0, wide: 10, high: 10, round: 0 });
  assert.equal(nearest([at(0), at(50)], at(40)).x, 50);
  assert.equal(nearest([], at(40)), null);
  assert.equal(onTheWay(at(0), at(50), 0.5).x, 25);
});

test("edges go up, on, round to themselves, and over what lies between", () => {
  const at = (x, y) => ({ x, y, wide: 10, high: 20, round: 0 });
  const one = at(0, 100);
  assert.equal(wayOf("input", one, at(0, 0), 1), "M0,90L0,12");
  assert.equal(wayOf("recurrent", one, at(100, 100), 1), "M5,100C5,100 93,100 93,100");
  assert.match(wayOf("recurrent", one, one, 1), /^M5,86C/);
  assert.match(wayOf("handed", one, at(100, 100), 1, true), /^M0,90C0,76/);
});
