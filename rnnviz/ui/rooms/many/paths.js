// Many paths of unlike lengths in one plane, and where each of them is at a moment.

import { bytes, unpacked } from "../../parts/js/arrays.js";
import { clamp } from "../../parts/js/numbers.js";

/** @typedef {import("./types.js").By} By */

const GRAIN = 4095; // a place is one of so many, both ways
const EVEN = 32768;
export const SHARES = 100; // the cursor counts so many parts of a way

/** Three bytes a point: twelve bits across, twelve up. @param {Uint8Array} packed @param {number[]} box @returns {[Float32Array, Float32Array]} */
export function points(packed, [left, low, right, high]) {
  const count = packed.length / 3;
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let i = 0, at = 0; i < count; i += 1, at += 3) {
    const across = (packed[at] << 4) | (packed[at + 1] >> 4);
    const up = ((packed[at + 1] & 15) << 8) | packed[at + 2];
    x[i] = left + ((right - left) * across) / GRAIN;
    y[i] = low + ((high - low) * up) / GRAIN;
  }
  return [x, y];
}

/** The probability that packed log odds stand for: thousandths of a nat, the middle is even. @param {number} packed */
export const probability = (packed) => 1 / (1 + Math.exp((EVEN - packed) / 1000));

export class Paths {
  /** @param {Pick<import("./types.js").Data, "paths" | "box" | "counts" | "lengths" | "every">} data */
  constructor({ paths, box, counts, lengths, every }) {
    const [x, y] = points(bytes(paths), box);
    this.x = x;
    this.y = y;
    this.box = box;
    this.every = every;
    this.lengths = Array.from(unpacked(lengths));
    this.count = this.lengths.length;
    this.longest = this.lengths.reduce((most, one) => Math.max(most, one), 1);
    this.starts = new Uint32Array(this.count + 1);
    unpacked(counts).forEach((count, i) => (this.starts[i + 1] = this.starts[i] + count));
  }

  /** The last place of the cursor. @param {By} by */
  last(by) {
    return by === "share" ? SHARES : this.longest - 1;
  }

  /** The step at which a sequence is, with what lies between two steps. @param {number} i @param {By} by @param {number} at of the cursor */
  stepOf(i, by, at) {
    const last = this.lengths[i] - 1;
    return by === "share" ? (last * at) / SHARES : Math.min(at, last);
  }

  /** Whether it has ended before. @param {number} i @param {By} by @param {number} at */
  ended(i, by, at) {
    return by === "step" && at > this.lengths[i] - 1;
  }

  /** The state that is drawn last up to a step. @param {number} i @param {number} step */
  drawnAt(i, step) {
    const last = this.starts[i + 1] - 1;
    return step >= this.lengths[i] - 1 ? last : Math.min(last, this.starts[i] + Math.floor(step / this.every));
  }

  /** Where a sequence is at a step, straight between two that are drawn. @param {number} i @param {number} step @returns {[number, number]} */
  at(i, step) {
    const low = this.drawnAt(i, step);
    const high = Math.min(low + 1, this.starts[i + 1] - 1);
    if (low === high) return [this.x[low], this.y[low]];
    const from = (low - this.starts[i]) * this.every;
    const to = Math.min(from + this.every, this.lengths[i] - 1);
    const part = to > from ? clamp((step - from) / (to - from), 0, 1) : 0;
    return [this.x[low] + part * (this.x[high] - this.x[low]), this.y[low] + part * (this.y[high] - this.y[low])];
  }

  /** How many are still on their way at a step. @param {number} step */
  there(step) {
    return this.lengths.reduce((count, length) => count + (length > step ? 1 : 0), 0);
  }
}

/** The axes of an ellipse of one standard deviation, from variances and covariance: half-widths and the angle of the wider one. @param {number} xx @param {number} xy @param {number} yy @returns {[number, number, number]} */
export function ellipse(xx, xy, yy) {
  const middle = (xx + yy) / 2;
  const apart = Math.hypot((xx - yy) / 2, xy);
  return [Math.sqrt(Math.max(0, middle + apart)), Math.sqrt(Math.max(0, middle - apart)), Math.atan2(2 * xy, xx - yy) / 2];
}
