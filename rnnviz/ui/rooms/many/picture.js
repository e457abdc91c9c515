// The plane: all paths faintly, mean paths over them, and a dot for each sequence where the cursor stands.

import { unpacked } from "../../parts/js/arrays.js";
import { penOf } from "../../parts/js/canvas.js";
import { element } from "../../parts/js/dom.js";
import { brief, clamp } from "../../parts/js/numbers.js";
import { readTheme, typeSize } from "../../parts/js/theme.js";
import { ellipse } from "./paths.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").By} By */
/** @typedef {import("./paths.js").Paths} Paths */
/** @typedef {{ by: By, at: number, chosen: number, grouping: number }} View */
/** @typedef {{ at: import("../../parts/js/arrays.js").Typed, mean: import("../../parts/js/arrays.js").Typed, spread: import("../../parts/js/arrays.js").Typed }} Mean */

const DOT = 7; // px around the pointer in which a dot is meant
const NEAR = 18; // and a point of a path
const NONE = 255;
const FAR = 0.32; // how dark what comes after the cursor is

export class Picture {
  /** @param {{ hover: (number: number | null, x: number, y: number) => void, choose: (number: number) => void }} told */
  constructor(told) {
    this.told = told;
    this.base = element("canvas", "mn-canvas");
    this.over = element("canvas", "mn-canvas mn-over");
    this.place = element("div", "mn-picture", this.base, this.over);
    this.place.setAttribute("role", "img");
    /** @type {Data | undefined} */
    this.data = undefined;
    /** @type {Paths | undefined} */
    this.paths = undefined;
    /** @type {View} */
    this.view = { by: "share", at: 0, chosen: 0, grouping: 0 };
    /** @type {number | null} */
    this.hovered = null;
    this.width = 0;
    this.height = 0;
    this.scale = 1;
    this.left = 0;
    this.low = 0;
    this.theme = { text: "#000", background: "#fff", side: "light", font: "sans-serif" };
    /** @type {Mean[]} */
    this.means = [];
    this.over.addEventListener("pointermove", (event) => this.moved(event));
    this.over.addEventListener("pointerleave", () => this.hover(null, 0, 0));
    this.over.addEventListener("click", (event) => this.clicked(event));
  }

  /** @param {Data} data @param {Paths} paths */
  update(data, paths) {
    this.data = data;
    this.paths = paths;
    this.hovered = null;
    this.place.setAttribute("aria-label", `${data.labels.summary} ${data.axes.join(", ")}`);
  }

  /** @param {View} view */
  show(view) {
    const before = this.view;
    const again = before.grouping !== view.grouping || before.by !== view.by || !this.means.length;
    this.view = { ...view };
    if (again) this.take();
    if (before.grouping !== view.grouping) this.drawBase();
    this.drawOver();
  }

  /** All anew: other data, another theme or another width. @param {View} view */
  draw(view) {
    if (!this.data || !this.paths) return;
    this.view = { ...view };
    this.take();
    this.theme = readTheme(this.place);
    this.layout();
    this.drawBase();
    this.drawOver();
  }

  /** The mean paths of the grouping. */
  take() {
    if (!this.data) return;
    const { at, mean, spread } = this.data.groupings[this.view.grouping].means[this.view.by];
    const steps = unpacked(at);
    const width = steps.length;
    const [means, spreads] = [unpacked(mean), unpacked(spread)];
    this.means = this.data.groupings[this.view.grouping].groups.map((_group, i) => ({
      at: steps,
      mean: means.subarray(2 * i * width, 2 * (i + 1) * width),
      spread: spreads.subarray(3 * i * width, 3 * (i + 1) * width),
    }));
    const { grey, of } = this.data.groupings[this.view.grouping];
    this.of = unpacked(of);
    this.grey = grey ?? NONE;
  }

  layout() {
    const { box } = /** @type {Data} */ (this.data);
    const rem = 16 * typeSize();
    const [left, low, right, high] = box;
    this.size = typeSize();
    this.margin = { left: 3.1 * rem, right: 0.9 * rem, top: 0.9 * rem, bottom: 2.9 * rem };
    this.width = this.place.clientWidth;
    const wide = this.width - this.margin.left - this.margin.right;
    const tall = clamp((wide * (high - low)) / (right - left), 15 * rem, 29 * rem);
    this.height = Math.round(tall + this.margin.top + this.margin.bottom);
    this.place.style.height = `${this.height}px`;
    this.scale = 0.97 * Math.min(wide / (right - left), tall / (high - low));
    this.left = this.margin.left + (wide - this.scale * (right - left)) / 2 - this.scale * left;
    this.low = this.margin.top + tall - (tall - this.scale * (high - low)) / 2 + this.scale * low;
    const dense = window.devicePixelRatio || 1;
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(this.width * dense);
      canvas.height = Math.round(this.height * dense);
      penOf(canvas).setTransform(dense, 0, 0, dense, 0, 0);
    }
  }

  /** @param {number} value */
  across(value) {
    return this.left + this.scale * value;
  }

  /** @param {number} value */
  up(value) {
    return this.low - this.scale * value;
  }

  /** A colour of Python's on this side. @param {string} colour */
  tint(colour) {
    return (this.theme.side === "dark" && this.data?.palette.onDark[colour]) || colour;
  }

  /** The colour of a sequence, null where it is in no group. @param {number} i */
  colourOf(i) {
    const group = this.of?.[i] ?? NONE;
    const { groups } = /** @type {Data} */ (this.data).groupings[this.view.grouping];
    return group === NONE ? null : this.tint(groups[group].colour);
  }

  /** The sequences in the order in which they are drawn: what is grey lies under all else. */
  *order() {
    const paths = /** @type {Paths} */ (this.paths);
    /** @param {number} i */
    const below = (i) => this.of?.[i] === NONE || this.of?.[i] === this.grey;
    for (let i = 0; i < paths.count; i += 1) if (below(i)) yield i;
    for (let i = 0; i < paths.count; i += 1) if (!below(i)) yield i;
  }

  drawBase() {
    const { data, paths } = this;
    if (!data || !paths) return;
    const pen = penOf(this.base);
    pen.clearRect(0, 0, this.width, this.height);
    this.drawScales(pen);
    pen.lineWidth = 1;
    pen.lineJoin = "round";
    pen.globalAlpha = clamp(4.5 / Math.sqrt(paths.count), 0.14, 0.8);
    for (const i of this.order()) {
      pen.strokeStyle = this.colourOf(i) ?? this.theme.text;
      this.trace(pen, i);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} i */
  trace(pen, i) {
    const { x, y, starts } = /** @type {Paths} */ (this.paths);
    pen.beginPath();
    for (let at = starts[i]; at < starts[i + 1]; at += 1) pen.lineTo(this.across(x[at]), this.up(y[at]));
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawScales(pen) {
    const { data, margin, width, height, size } = this;
    if (!data || !margin || !size) return;
    pen.font = `${14 * size}px ${this.theme.font}`;
    const [bottom, right] = [height - margin.bottom, width - margin.right];
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((one) => one * this.scale > 70 * size) ?? 100;
    pen.strokeStyle = this.theme.text;
    pen.fillStyle = this.theme.text;
    pen.lineWidth = 1;
    const [first, last] = [(margin.left - this.left) / this.scale, (right - this.left) / this.scale];
    pen.textAlign = "center";
    for (let at = Math.ceil(first / step); at <= last / step; at += 1) {
      this.rule(pen, this.across(at * step), margin.top, this.across(at * step), bottom, at === 0);
      pen.fillText(brief(at * step), this.across(at * step), bottom + 17 * size);
    }
    const [lowest, highest] = [(this.low - bottom) / this.scale, (this.low - margin.top) / this.scale];
    pen.textAlign = "right";
    for (let at = Math.ceil(lowest / step); at <= highest / step; at += 1) {
      this.rule(pen, margin.left, this.up(at * step), right, this.up(at * step), at === 0);
      pen.fillText(brief(at * step), margin.left - 5 * size, this.up(at * step) + 5 * size);
    }
    pen.textAlign = "center";
    pen.fillText(data.axes[0], (margin.left + right) / 2, height - 8 * size, right - margin.left);
    pen.save();
    pen.translate(13 * size, (margin.top + bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(data.axes[1] ?? "", 0, 0, bottom - margin.top);
    pen.restore();
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} x2 @param {number} y2 @param {boolean} zero */
  rule(pen, x, y, x2, y2, zero) {
    pen.globalAlpha = zero ? 0.3 : 0.1;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x2, y2);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  drawOver() {
    const { data, paths } = this;
    if (!data || !paths) return;
    const pen = penOf(this.over);
    pen.clearRect(0, 0, this.width, this.height);
    pen.lineJoin = "round";
    pen.lineCap = "round";
    this.drawDots(pen);
    const { chosen, grouping } = this.view;
    const hovered = this.hovered === chosen ? null : this.hovered;
    if (hovered !== null) this.drawWay(pen, hovered, 1.5);
    this.drawWay(pen, chosen, 2.25);
    data.groupings[grouping].groups.forEach(({ colour }, i) => {
      if (i !== this.grey) this.drawMean(pen, this.tint(colour), this.means[i]);
    });
    if (hovered !== null) this.drawEnd(pen, hovered);
    this.drawEnd(pen, chosen);
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawDots(pen) {
    const paths = /** @type {Paths} */ (this.paths);
    const { by, at } = this.view;
    const radius = (paths.count > 150 ? 2.4 : 3.4) * (this.size ?? 1);
    for (const i of this.order()) {
      const [x, y] = paths.at(i, paths.stepOf(i, by, at));
      pen.globalAlpha = paths.ended(i, by, at) ? 0.25 : 0.8;
      pen.fillStyle = this.colourOf(i) ?? this.theme.text;
      pen.beginPath();
      pen.arc(this.across(x), this.up(y), radius, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  /** A mean path, and one standard deviation around it at the cursor. @param {CanvasRenderingContext2D} pen @param {string} colour @param {Mean} mean */
  drawMean(pen, colour, { at, mean, spread }) {
    const here = this.view.by === "share" ? this.view.at / 100 : this.view.at;
    /** @param {(i: number) => boolean} wanted @param {number} width @param {string} stroke */
    const line = (wanted, width, stroke) => {
      pen.strokeStyle = stroke;
      pen.lineWidth = width * (this.size ?? 1);
      pen.beginPath();
      for (let i = 0, open = false; i < at.length; i += 1) {
        const there = Number.isFinite(mean[2 * i]) && wanted(i);
        if (there) pen[open ? "lineTo" : "moveTo"](this.across(mean[2 * i]), this.up(mean[2 * i + 1]));
        open = there;
      }
      pen.stroke();
    };
    line(() => true, 6, this.theme.background);
    pen.globalAlpha = FAR;
    line(() => true, 3.25, colour);
    pen.globalAlpha = 1;
    line((i) => at[i] <= here + 1e-6, 3.25, colour);
    let i = at.findLastIndex((one) => one <= here + 1e-6);
    while (i > 0 && !Number.isFinite(mean[2 * i])) i -= 1;
    if (i < 0 || !Number.isFinite(mean[2 * i])) return;
    const [x, y] = [this.across(mean[2 * i]), this.up(mean[2 * i + 1])];
    const [wide, narrow, angle] = ellipse(spread[3 * i], spread[3 * i + 1], spread[3 * i + 2]);
    pen.beginPath();
    pen.ellipse(x, y, wide * this.scale, narrow * this.scale, -angle, 0, 2 * Math.PI);
    pen.fillStyle = colour;
    pen.globalAlpha = 0.1;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5 * (this.size ?? 1);
    pen.strokeStyle = colour;
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, 6 * (this.size ?? 1), 0, 2 * Math.PI);
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = this.theme.background;
    pen.stroke();
  }

  /** All of a sequence's path. @param {CanvasRenderingContext2D} pen @param {number} i @param {number} width */
  drawWay(pen, i, width) {
    for (const [wide, colour] of /** @type {const} */ ([[width + 3, this.theme.background], [width, this.theme.text]])) {
      pen.lineWidth = wide * (this.size ?? 1);
      pen.strokeStyle = colour;
      this.trace(pen, i);
      pen.stroke();
    }
  }

  /** Where it is at the cursor. @param {CanvasRenderingContext2D} pen @param {number} i */
  drawEnd(pen, i) {
    const { theme, view } = this;
    const paths = /** @type {Paths} */ (this.paths);
    const [x, y] = paths.at(i, paths.stepOf(i, view.by, view.at));
    pen.beginPath();
    pen.arc(this.across(x), this.up(y), 5 * (this.size ?? 1), 0, 2 * Math.PI);
    pen.fillStyle = this.colourOf(i) ?? theme.text;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = theme.text;
    pen.stroke();
  }

  // ---- the pointer -----------------------------------------------------------------------------------------------

  /** The sequence that comes nearest to the pointer, null where none is near: by its dot, or else by its path. @param {PointerEvent | MouseEvent} event @returns {number | null} */
  under(event) {
    const { paths } = this;
    if (!paths) return null;
    const box = this.over.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let found = -1;
    let best = DOT * DOT;
    for (let i = 0; i < paths.count; i += 1) {
      const [px, py] = paths.at(i, paths.stepOf(i, this.view.by, this.view.at));
      const apart = (this.across(px) - x) ** 2 + (this.up(py) - y) ** 2;
      if (apart < best) [found, best] = [i, apart];
    }
    if (found >= 0) return found;
    best = NEAR * NEAR;
    for (let i = 0; i < paths.count; i += 1) {
      for (let at = paths.starts[i]; at < paths.starts[i + 1]; at += 1) {
        const apart = (this.across(paths.x[at]) - x) ** 2 + (this.up(paths.y[at]) - y) ** 2;
        if (apart < best) [found, best] = [i, apart];
      }
    }
    return found < 0 ? null : found;
  }

  /** @param {PointerEvent} event */
  moved(event) {
    const box = this.over.getBoundingClientRect();
    this.hover(this.under(event), event.clientX - box.left, event.clientY - box.top);
  }

  /** @param {number | null} found @param {number} x @param {number} y */
  hover(found, x, y) {
    const other = found !== this.hovered;
    this.hovered = found;
    this.over.style.cursor = found === null ? "default" : "pointer";
    if (other) this.drawOver();
    this.told.hover(found, x, y);
  }

  /** What is told of is chosen: a click comes in whole pixels, and elsewhere than the pointer. @param {MouseEvent} event */
  clicked(event) {
    const found = this.hovered ?? this.under(event);
    if (found !== null) this.told.choose(found);
  }
}
