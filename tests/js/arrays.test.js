import assert from "node:assert/strict";
import { test } from "node:test";
import { numbersOf, rows, unpacked } from "../../rnnviz/ui/parts/js/arrays.js";

/** @param {ArrayBufferView} array */
const packed = (array) => Buffer.from(array.buffer).toString("base64");

test("what Python packs comes back with its type", () => {
  for (const [dtype, array] of /** @type {const} */ ([
    ["f4", new Float32Array([0.5, -1, Infinity])], ["f8", new Float64Array([1e-300])], ["u1", new Uint8Array([0, 255])],
    ["i1", new Int8Array([-128])], ["u2", new Uint16Array([65535])], ["i2", new Int16Array([-2])], ["i4", new Int32Array([-3])],
    ["u4", new Uint32Array([4294967295])],
  ])) {
    assert.deepEqual(unpacked({ dtype, bdata: packed(array) }), array);
  }
});

test("an unknown type is named", () => assert.throws(() => unpacked({ dtype: "c8", bdata: "" }), /no array of type c8; there are i1/));

test("a figure's numbers may have come as a list, or not at all", () => {
  assert.deepEqual(numbersOf([1, 2]), [1, 2]);
  assert.equal(numbersOf(undefined), undefined);
  assert.deepEqual(numbersOf({ dtype: "u1", bdata: "AQI=" }), new Uint8Array([1, 2]));
});

test("rows are views on the flat array", () => {
  const flat = new Float32Array([1, 2, 3, 4, 5, 6]);
  const [first, second] = rows(flat, 3);
  assert.deepEqual([[...first], [...second]], [[1, 2, 3], [4, 5, 6]]);
  assert.equal(first.buffer, flat.buffer);
});
