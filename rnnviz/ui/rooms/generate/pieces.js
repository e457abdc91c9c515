// What came from Python in pieces, put together: a text with the reasons of each character, and the states meanwhile.

import { bytes, unpacked } from "../../parts/js/arrays.js";

/** @typedef {import("./types.js").Writer} Writer */
/** @typedef {import("./types.js").States} States */
/** @typedef {{ id: number, before: number, after: number, below?: boolean }} Candidate below: not among the likeliest */

/** Of what follows from the same settings; characters that were changed come after it. @param {string} key */
export const rootOf = (key) => key.split("-")[0];

export class Written {
  /** @param {Writer} info */
  constructor(info) {
    this.info = info;
    this.count = 0;
    /** @type {import("../../parts/js/arrays.js").Typed[]} */
    this.ids = [];
    /** @type {import("../../parts/js/arrays.js").Typed[]} */
    this.floats = [];
  }

  /** @param {Writer} info @returns {boolean} false where a piece is missing in between */
  add(info) {
    this.info = info;
    if (info.from > this.count) return false;
    const ids = unpacked({ dtype: "u2", bdata: info.ids });
    const floats = unpacked({ dtype: "f4", bdata: info.floats });
    const [wide, long] = [3 + info.candidates, 5 + 2 * info.candidates];
    for (let i = this.count - info.from; i < info.count; i += 1) {
      this.ids.push(ids.subarray(i * wide, (i + 1) * wide));
      this.floats.push(floats.subarray(i * long, (i + 1) * long));
      this.count += 1;
    }
    return true;
  }

  /** @param {number} at */
  id(at) {
    return this.ids[at][0];
  }

  /** How a character was chosen. @param {number} at */
  of(at) {
    const n = this.info.candidates;
    const floats = this.floats[at];
    const [id, drawn, rank, ...ids] = this.ids[at];
    const [number, low, length, before, after] = floats;
    /** @type {Candidate[]} */
    const rows = ids.map((one, i) => ({ id: one, before: floats[5 + i], after: floats[5 + n + i] }));
    if (!ids.includes(id)) rows.push({ id, before, after, below: true });
    return { id, drawn, rank, rows, number, low, length, before, after };
  }
}

export class Carried {
  /** @param {States} info */
  constructor(info) {
    this.info = info;
    this.count = 0;
    /** @type {Uint8Array[]} */
    this.values = [];
  }

  /** @param {States} info @returns {boolean} false where a piece is missing in between */
  add(info) {
    this.info = info;
    if (info.from > this.count) return false;
    const all = bytes(info.bytes);
    for (let i = this.count - info.from; i < info.count; i += 1) {
      this.values.push(all.subarray(i * info.units, (i + 1) * info.units));
      this.count += 1;
    }
    return true;
  }
}

/** All texts and the states of one of them, as far as they have come. */
export class Pieces {
  constructor() {
    /** @type {Map<string, Written>} */
    this.texts = new Map();
    /** @type {Carried | null} */
    this.carried = null;
  }

  /** @param {Pick<import("./types.js").Writing, "writers" | "states">} data @returns {boolean} false where a piece is missing in between */
  add({ writers, states }) {
    this.texts = new Map(writers.map((info) => [info.key, this.texts.get(info.key) ?? new Written(info)]));
    if (this.carried?.info.key !== states.key) this.carried = new Carried(states);
    const came = writers.map((info) => this.of(info).add(info));
    return this.carried.add(states) && came.every(Boolean);
  }

  /** @param {Pick<Writer, "key">} writer one of those that came last */
  of({ key }) {
    return /** @type {Written} */ (this.texts.get(key));
  }

  /** Whether other texts than those that are here are sent. @param {Pick<Writer, "key">[]} writers */
  differ(writers) {
    return writers.some(({ key }) => !this.texts.has(key));
  }

  /** Whether they follow from other settings, not from a change of the reader. @param {Pick<Writer, "key">[]} writers */
  beginAnew(writers) {
    const roots = new Set([...this.texts.keys()].map(rootOf));
    return roots.size > 0 && writers.some(({ key }) => !roots.has(rootOf(key)));
  }

  /** How many characters all of them have. */
  get ready() {
    return Math.min(...[...this.texts.values()].map((text) => text.count));
  }

  /** How much of each is here, by key. */
  get counts() {
    const counts = Object.fromEntries([...this.texts].map(([key, { count }]) => [key, count]));
    return this.carried ? { ...counts, [this.carried.info.key]: this.carried.count } : counts;
  }
}
