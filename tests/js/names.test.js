// Names and colours of a long sequence, put together again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { coloured, expanded, nameOf } from "../../rnnviz/ui/parts/board/names.js";
import { packed } from "../../rnnviz/paper/shelf.js";

const sent = { count: 8, every: 3, coarse: ["a", "d", "g"], known: [{ first: 4, names: ["e", "f"] }] };

test("names stand at their steps, and where none was sent there is none", () => {
  assert.deepEqual(expanded(sent), ["a", "", "", "d", "e", "f", "g", ""]);
  assert.deepEqual(expanded(["x", "y"]), ["x", "y"]);
  assert.deepEqual(expanded({ count: 3, every: 1, coarse: [], known: [] }), ["", "", ""]);
});

test("a step is called by its own name, or about like the nearest that always has one", () => {
  const tokens = expanded(sent);
  assert.deepEqual([0, 1, 2, 4, 7].map((step) => nameOf(tokens, sent, step)), ["a", "≈ a", "≈ d", "e", "≈ g"]);
  assert.equal(nameOf(["x", ""], ["x", ""], 1), "");
  const unnamed = { count: 3, every: 1, coarse: [], known: [] };
  assert.equal(nameOf(expanded(unnamed), unnamed, 1), "");
});

test("colours are between the limits, and exact where they are sure", () => {
  const colour = { limits: [-1, 1], scale: "diverging", label: "", keeps: "" };
  const codes = packed(Uint8Array.of(0, 255, 51), "u1");
  const rough = coloured({ ...colour, values: codes });
  assert.deepEqual([...rough.values].map((value) => value.toFixed(3)), ["-1.000", "1.000", "-0.600"]);
  assert.deepEqual(rough.sure, [0, 0]);
  const exact = { first: 1, values: packed(Float32Array.of(0.75, -0.5), "f4") };
  const found = coloured({ ...colour, values: codes, exact });
  assert.deepEqual([...found.values], [-1, 0.75, -0.5]);
  assert.deepEqual(found.sure, [1, 3]);
  const short = coloured({ ...colour, values: packed(Float32Array.of(0.25), "f4") });
  assert.deepEqual([[...short.values], short.sure], [[0.25], [0, 1]]);
});
