// Curves or bars over the places of the text, with the tokens below.

import { element, shape } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";

/** @typedef {import("./types.js").Line} Line */

/** @param {number} px for a path: a tenth of a pixel is seen, more is not */
const tenth = (px) => px.toFixed(1);

export class Chart {
  /** @param {import("./types.js").Review} review @param {import("./types.js").ChartPart} part */
  constructor(review, part) {
    this.review = review;
    this.part = part;
    this.node = element("div", "se-chart");
    this.drawn = "";
    this.left = 0;
    this.top = 0;
    this.tall = 0;
    this.slot = 1; // px of a place
    /** @type {SVGLineElement | undefined} */
    this.cursor = undefined;
    /** @type {{ label: SVGTextElement, place: number }[]} */
    this.texts = [];
    review.slider(this.node, part.title, (place) => part.lines.map(({ name, says }) => `${name} ${says[place]}`).join(", "));
  }

  /** @param {number} place */
  x(place) {
    return this.left + (place + 0.5) * this.slot;
  }

  /** @param {number} value */
  y(value) {
    const { low, high } = this.part;
    return this.top + this.tall * (1 - (value - low) / (high - low));
  }

  draw() {
    const { part, review } = this;
    const { rem } = review;
    const wide = Math.round(this.node.clientWidth);
    if (!wide || this.drawn === `${wide} ${rem}`) return;
    this.drawn = `${wide} ${rem}`;
    const type = 0.875 * rem;
    const right = 0.5 * rem;
    this.left = 3.25 * rem;
    this.top = 0.75 * rem;
    this.tall = part.height * rem;
    this.slot = (wide - this.left - right) / part.labels.length;
    const below = this.below(type);
    const svg = shape("svg", { width: wide, height: this.top + this.tall + below.height, "aria-hidden": true, class: "se-svg" });
    this.drawScale(svg, wide - right, type);
    this.cursor = shape("line", { y1: this.top, y2: this.top + this.tall, class: "se-cursor" }, svg);
    for (const line of part.lines) svg.append(part.bars ? this.bars(line) : this.line(line));
    this.texts = below.texts.map(({ place, text, turned }) => {
      const [x, y] = [this.x(place), this.top + this.tall + (turned ? 0.6 : 1.15) * type];
      const label = shape("text", { x, y, class: "se-label", "text-anchor": turned ? "end" : "middle" }, svg);
      if (turned) label.setAttribute("transform", `rotate(-60 ${x} ${y}) translate(-2 ${0.3 * type})`);
      label.textContent = text;
      return { label, place };
    });
    svg.addEventListener("pointermove", (event) => this.pointed(event));
    svg.addEventListener("pointerdown", (event) => this.pointed(event));
    this.node.replaceChildren(svg);
    this.mark();
  }

  /** @param {SVGSVGElement} svg @param {number} end px @param {number} type px */
  drawScale(svg, end, type) {
    const { part, left, top, tall } = this;
    const { rem } = this.review;
    for (const { value, text } of part.ticks) {
      const y = this.y(value);
      shape("line", { x1: left, x2: end, y1: y, y2: y, class: value === part.middle ? "se-middle" : "se-grid" }, svg);
      const place = { x: left - 0.4 * rem, y: y + 0.35 * type, class: "se-tick-text", "text-anchor": "end" };
      shape("text", place, svg).textContent = text;
    }
    const sides = /** @type {const} */ ([[part.above, top + type], [part.below, top + tall - 0.35 * type]]);
    for (const [text, y] of sides) {
      if (text) shape("text", { x: left + 0.25 * rem, y, class: "se-side" }, svg).textContent = text;
    }
  }

  /**
   * The tokens below: level where they fit, slanted where there is room for a line each, else only their numbers.
   * @param {number} type px
   * @returns {{ height: number, texts: { place: number, text: string, turned?: boolean }[] }}
   */
  below(type) {
    const { slot } = this;
    const { labels } = this.part;
    const widest = this.review.widest(labels, type);
    if (widest + 4 <= slot) return { height: 1.7 * type, texts: labels.map((text, place) => ({ place, text })) };
    if (slot >= 1.25 * type) {
      const cut = labels.map((text) => (text.length > 14 ? `${text.slice(0, 13)}…` : text));
      const texts = cut.map((text, place) => ({ place, text, turned: true }));
      return { height: Math.min(widest, 9 * type) * 0.87 + 1.4 * type, texts };
    }
    const stride = [2, 5, 10, 20, 50].find((s) => s * slot > 2.5 * type) ?? 100;
    const texts = labels.map((_label, place) => ({ place, text: String(place + 1) }));
    return { height: 1.7 * type, texts: texts.filter(({ place }) => (place + 1) % stride === 0) };
  }

  /** @param {Line} line */
  line({ kind, dash, values, marks }) {
    const group = shape("g", { class: `se-${kind}` });
    const { slot } = this;
    let path = "";
    values.forEach((value, place) => {
      if (value === null) return;
      const joined = place > 0 && values[place - 1] !== null;
      path += `${joined ? "L" : "M"}${tenth(this.x(place))},${tenth(this.y(value))}`;
    });
    shape("path", { d: path, class: dash ? "se-path se-path-dashed" : "se-path" }, group);
    values.forEach((value, place) => {
      if (value === null) return;
      const at = { cx: this.x(place), cy: this.y(value) };
      const alone = slot >= 9 || values.length === 1;
      if (alone) shape("circle", { ...at, r: 3.5, class: dash ? "se-point se-hollow" : "se-point" }, group);
      if (marks?.includes(place)) shape("circle", { ...at, r: slot < 14 ? 5 : 8, class: "se-turn" }, group);
    });
    return group;
  }

  /** @param {Line} line */
  bars({ kind, values }) {
    const group = shape("g", { class: `se-${kind}` });
    const width = Math.min(0.6 * this.slot, 2.5 * this.review.rem);
    values.forEach((value, place) => {
      const y = this.y(value ?? 0);
      const height = Math.max(0, this.y(this.part.low) - y);
      shape("rect", { x: this.x(place) - width / 2, width, y, height, class: "se-bar" }, group);
    });
    return group;
  }

  /** @param {PointerEvent} event */
  pointed(event) {
    const across = event.clientX - this.node.getBoundingClientRect().left - this.left;
    this.review.move(clamp(Math.floor(across / this.slot), 0, this.part.labels.length - 1));
  }

  mark() {
    if (!this.cursor) return;
    const { place } = this.review;
    this.cursor.setAttribute("x1", String(this.x(place)));
    this.cursor.setAttribute("x2", String(this.x(place)));
    for (const one of this.texts) one.label.classList.toggle("se-label-here", one.place === place);
  }
}
