// Which rows of the heatmaps are in view: places in the order of the units, the same for all heatmaps of a board.

import { recall, remember } from "../js/link.js";
import { clamp } from "../js/numbers.js";

/** @typedef {import("./types.js").Meta} Meta */
/** @typedef {import("./types.js").Range} Range */

const FEWEST = 3; // rows in view
const NAMED = 8; // rows that are named at their left
const CALLED = 24; // the same of rows with names of their own

/** The rows that there are, of which a figure may hold a part. @param {Meta} meta */
export const countOf = ({ units = [], count = units.length }) => count;

export class Rows {
  constructor() {
    this.count = 0;
    /** @type {Range | null} */
    this.zoom = null; // null: all of them
  }

  /** @returns {Range} */
  get range() {
    return this.zoom ?? [-0.5, this.count - 0.5];
  }

  /** The window of a figure: its own whole where it has other rows. @param {Meta} meta @returns {Range} */
  of(meta) {
    return countOf(meta) === this.count ? this.range : [-0.5, countOf(meta) - 0.5];
  }

  /** @param {Range | null} range all of them where there is nothing in it, or everything */
  show(range) {
    if (!range || !this.count) return void (this.zoom = null);
    const width = clamp(Math.round(range[1] - range[0]), FEWEST, this.count);
    const from = clamp(Math.round(range[0] + 0.5), 0, this.count - width);
    this.zoom = width >= this.count ? null : [from - 0.5, from + width - 0.5];
  }

  /** `factor` times as many, with a row where it is. @param {number} factor @param {number} row @returns {Range} */
  scaled(factor, row) {
    const [low, high] = this.range;
    const at = clamp(row, low, high);
    const width = Math.max(FEWEST, (high - low) * factor);
    const from = at - ((at - low) / (high - low)) * width;
    return [from, from + width];
  }

  /** As a link says it: the first and the last place in view, from 1. */
  recall() {
    const [first, last] = (recall("rows") ?? "").split("-").map(Number);
    if (first > 0 && last >= first) this.show([first - 1.5, last - 0.5]);
  }

  remember() {
    remember("rows", this.zoom && `${this.zoom[0] + 1.5}-${this.zoom[1] + 0.5}`);
  }

  /** plotly's vertical axis of a heatmap. @param {Meta} meta */
  axis(meta) {
    const { units = [], ticks = units, first = 0 } = meta;
    const [low, high] = this.of(meta);
    const rows = Array.from({ length: Math.round(high - low) }, (_, i) => Math.round(low + 0.5) + i);
    const stride = Math.max(1, Math.ceil(rows.length / (meta.ticks ? CALLED : NAMED)));
    const tickvals = rows.filter((row, i) => i % stride === 0 && units[row - first] !== undefined);
    return { range: [high, low], tickmode: "array", tickvals, ticktext: tickvals.map((row) => String(ticks[row - first])) };
  }
}
