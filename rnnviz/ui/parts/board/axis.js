// The axis of time that the strip, every figure over time and the cursor's line share: what of it is in view, and where.

import { recall, remember } from "../js/link.js";
import { clamp } from "../js/numbers.js";
import { Rows } from "./rows.js";

/** @typedef {import("./types.js").Range} Range */

const STRIDES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
export const FEWEST = 4; // steps in view

export class Axis {
  /** @param {HTMLElement} place holds all that lies along the axis @param {HTMLElement} root of the board */
  constructor(place, root) {
    this.place = place;
    this.root = root;
    this.steps = 0;
    this.rows = new Rows(); // across it
    this.size = 1; // how much larger than usual the page's type is
    /** @type {Range | null} */
    this.zoom = null; // null: all of it
  }

  get narrow() {
    return (this.place.clientWidth || this.root.clientWidth) < 560;
  }

  // ---- what is in view --------------------------------------------------------------------------------------------

  /** @returns {Range} */
  get whole() {
    return [-0.5, this.steps - 0.5];
  }

  get range() {
    return this.zoom ?? this.whole;
  }

  /** @param {Range | null} range all of it where there is nothing in it, or everything */
  show(range) {
    const [first, last] = this.whole;
    const low = clamp(range?.[0] ?? first, first, last);
    const high = clamp(range?.[1] ?? last, low, last);
    this.zoom = high - low >= this.steps || high <= low ? null : [low, high];
  }

  /** As a link says it: the first and the last step in view, from 1. */
  recall() {
    const [first, last] = (recall("zoom") ?? "").split("-").map(Number);
    if (first > 0 && last >= first) this.show([first - 1.5, last - 0.5]);
  }

  remember() {
    const { zoom } = this;
    remember("zoom", zoom && `${Math.max(1, Math.round(zoom[0] + 1.5))}-${Math.round(zoom[1] + 0.5)}`);
  }

  /** The range that is `factor` times as wide and keeps a step where it is. @param {number} factor @param {number} step @returns {Range | null} */
  scaled(factor, step) {
    const [low, high] = this.range;
    const width = clamp((high - low) * factor, FEWEST, this.steps);
    if (width >= this.steps) return null;
    const from = clamp(step - ((step - low) / (high - low)) * width, -0.5, this.steps - 0.5 - width);
    return [from, from + width];
  }

  /** @param {number} step */
  shows(step) {
    const [low, high] = this.range;
    return step >= low && step <= high;
  }

  /** The range as wide as now in whose middle a step stands, as far as there are steps. @param {number} step @returns {Range} */
  around(step) {
    const [low, high] = this.range;
    const width = high - low;
    const from = clamp(step - width / 2, -0.5, this.steps - 0.5 - width);
    return [from, from + width];
  }

  // ---- where it lies, in px ---------------------------------------------------------------------------------------

  get margins() {
    return this.narrow ? { l: 44 * this.size, r: 8 } : { l: 64 * this.size, r: 16 * this.size };
  }

  /** Of a figure along the axis. @param {boolean} last whether it is the lowest, under which the axis stands */
  vertical(last) {
    return { t: 6, b: last ? 48 * this.size : 8 };
  }

  get width() {
    const { l, r } = this.margins;
    return this.place.clientWidth - l - r;
  }

  /** px a step. */
  get each() {
    const [low, high] = this.range;
    return this.width / (high - low);
  }

  /** @param {number} step */
  x(step) {
    return this.margins.l + (step - this.range[0]) * this.each;
  }

  /** The step, not rounded, at a place on the screen. @param {number} clientX */
  at(clientX) {
    const { l, r } = this.margins;
    const [low, high] = this.range;
    const box = this.place.getBoundingClientRect();
    return low + ((clientX - box.left - l) / (box.width - l - r)) * (high - low);
  }

  /** The step in view that is nearest. @param {number} clientX */
  stepAt(clientX) {
    const [low, high] = this.range;
    return clamp(Math.round(this.at(clientX)), Math.ceil(low), Math.floor(high));
  }

  /** An edge of a range that is drawn up. @param {number} clientX */
  edgeAt(clientX) {
    return clamp(this.at(clientX), ...this.range);
  }

  /** plotly's ticks, at round numbers, as many as have room; steps are counted from 1. @param {number} [room] */
  ticks(room = Math.floor((this.place.clientWidth - 80 * this.size) / (56 * this.size))) {
    const [low, high] = this.range;
    const stride = STRIDES.find((s) => (high - low) / s <= Math.max(3, room)) ?? 10000;
    const tickvals = [];
    for (let t = Math.ceil(low); t <= high; t += 1) if ((t + 1) % stride === 0) tickvals.push(t);
    return { tickmode: "array", tickvals, ticktext: tickvals.map((t) => String(t + 1)) };
  }
}
