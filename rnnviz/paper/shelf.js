// The arrays that a page holds, and a figure's JSON with what belongs to the chosen unit.

import { unpacked } from "../ui/parts/js/arrays.js";
import { filled } from "../ui/parts/js/words.js";

/** @typedef {import("./types.js").Placed} Placed */
/** @typedef {import("./types.js").Typed} Typed */

const CHUNK = 0x8000; // bytes that are given as arguments at once

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/** As the board is sent one. @param {Typed} array @param {string} dtype @returns {import("../ui/parts/js/arrays.js").Packed} */
export const packed = (array, dtype) => ({ dtype, bdata: base64(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) });

export class Shelf {
  /** @param {Record<string, Placed>} placed @param {ArrayBuffer} buffer */
  constructor(placed, buffer) {
    this.placed = placed;
    this.buffer = buffer;
    /** @type {Map<string, Typed>} */
    this.taken = new Map();
  }

  /** All numbers of an array: its bytes lie by their place in a number. @param {string} name @returns {Typed} */
  numbers(name) {
    const before = this.taken.get(name);
    if (before) return before;
    const { dtype, from, size } = this.placed[name];
    const width = Number(dtype.slice(1));
    const apart = new Uint8Array(this.buffer, from, size);
    const whole = new Uint8Array(size);
    const count = size / width;
    for (let place = 0; place < width; place += 1) {
      for (let i = 0; i < count; i += 1) whole[i * width + place] = apart[place * count + i];
    }
    const found = unpacked({ dtype, bdata: base64(whole) });
    this.taken.set(name, found);
    return found;
  }

  /** One row of an array of two dims. @param {string} name @param {number} row */
  row(name, row) {
    const width = this.placed[name].shape[1];
    return this.numbers(name).subarray(row * width, (row + 1) * width);
  }

  /** An array with its rows in another order. @param {string} name @param {number[]} order */
  ordered(name, order) {
    const { dtype, shape } = this.placed[name];
    const all = this.numbers(name);
    const found = all.slice(); // of the same type
    order.forEach((unit, row) => found.set(this.row(name, unit), row * shape[1]));
    return { ...packed(found, dtype), shape: shape.join(", ") };
  }

  /** A row as the board is sent one. @param {string} name @param {number} row */
  packedRow(name, row) {
    return packed(this.row(name, row), this.placed[name].dtype);
  }

  /** A whole array likewise. @param {string} name */
  packed(name) {
    const { dtype, shape } = this.placed[name];
    return { ...packed(this.numbers(name), dtype), shape: shape.join(", ") };
  }
}

/**
 * A figure for the board: its arrays put in, the rows of a heatmap in the chosen order, the curves of the chosen unit.
 * @param {import("./types.js").Drawn} drawn
 * @param {Shelf} shelf
 * @param {{ unit: number, order: number[], rowsTitle: string }} chosen
 * @returns {import("../ui/parts/board/types.js").SentFigure}
 */
export function sent({ id, spec, title, rows, marks }, shelf, { unit, order, rowsTitle }) {
  const { data, layout } = structuredClone(spec);
  const { meta } = layout;
  for (const trace of data) {
    if (trace.type !== "heatmap" || !meta.units) continue;
    trace.z = shelf.ordered(trace.z.array, order);
    meta.units = order;
    layout.yaxis.title = { text: rowsTitle };
  }
  rows.forEach((name, at) => {
    data[at].y = shelf.packedRow(name, unit);
    meta.unit = unit;
  });
  if (marks) mark(data[0].marker, meta.points, unit);
  const whole = JSON.stringify({ data, layout }, (_name, value) => (value?.array === undefined ? value : shelf.packed(value.array)));
  return { id, spec: whole, title: filled(title, { unit }) };
}

/** Of points, which were drawn with the first one chosen: another one is. @param {any} marker @param {number[]} points @param {number} unit */
function mark(marker, points, unit) {
  for (const looks of [[marker, "size"], [marker.line, "color"], [marker.line, "width"]]) {
    const [of, name] = /** @type {[Record<string, any>, string]} */ (looks);
    const [chosen, other] = of[name];
    of[name] = points.map((one) => (one === unit ? chosen : (other ?? chosen)));
  }
}
