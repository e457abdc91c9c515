import assert from "node:assert/strict";
import { test } from "node:test";
import { Shelf, sent } from "../../rnnviz/paper/shelf.js";
import { unpacked } from "../../rnnviz/ui/parts/js/arrays.js";

/** Two units over three steps: bytes by their place in a number, as paper/store.py has them. */
function shelf() {
  const values = new Float32Array([0, 1, 2, 10, 11, 12]);
  const whole = new Uint8Array(values.buffer);
  const apart = Uint8Array.from({ length: 24 }, (_, i) => whole[(i % 6) * 4 + Math.floor(i / 6)]);
  return new Shelf({ h: { dtype: "f4", shape: [2, 3], from: 0, size: 24 } }, apart.buffer);
}

test("numbers come back as they were", () => {
  assert.deepEqual([...shelf().numbers("h")], [0, 1, 2, 10, 11, 12]);
  assert.deepEqual([...shelf().row("h", 1)], [10, 11, 12]);
});

test("a heatmap's rows come in the chosen order, a curve is the chosen unit's", () => {
  const spec = {
    data: [{ type: "heatmap", z: { array: "h" } }],
    layout: { meta: { axis: "time", units: [0, 1] }, yaxis: {}, height: 100 },
  };
  const drawn = { id: "hidden", spec, title: "Unit {unit}", rows: [], marks: false };
  const { spec: text, title } = sent(drawn, shelf(), { unit: 1, order: [1, 0], rowsTitle: "by similarity" });
  const { data, layout } = JSON.parse(text);
  assert.deepEqual([...unpacked(data[0].z)], [10, 11, 12, 0, 1, 2]);
  assert.deepEqual([layout.meta.units, layout.yaxis.title.text, title], [[1, 0], "by similarity", "Unit 1"]);
  assert.deepEqual(spec.layout.meta.units, [0, 1]); // what the page holds stays as it is

  const line = { ...drawn, rows: ["h"], spec: { data: [{ type: "scatter", y: null }], layout: { meta: { axis: "time" } } } };
  const curve = JSON.parse(sent(line, shelf(), { unit: 1, order: [0, 1], rowsTitle: "" }).spec);
  assert.deepEqual([[...unpacked(curve.data[0].y)], curve.layout.meta.unit], [[10, 11, 12], 1]);
});

test("the point of the chosen unit bears the mark, wherever it stands", () => {
  const marker = { size: [16, 9, 9], line: { color: ["a", "b", "b"], width: [2, 1, 1] } };
  const spec = { data: [{ type: "scatter", marker }], layout: { meta: { axis: "unit", points: [4, 2, 7] } } };
  const drawn = { id: "half_life", spec, title: "", rows: [], marks: true };
  const found = JSON.parse(sent(drawn, shelf(), { unit: 7, order: [], rowsTitle: "" }).spec).data[0].marker;
  assert.deepEqual(found, { size: [9, 9, 16], line: { color: ["b", "b", "a"], width: [1, 1, 2] } });
});
