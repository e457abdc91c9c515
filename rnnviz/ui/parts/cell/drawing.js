// One cell as a drawing: its wires, boxes and squares, in which the values of a step stand.

import { element, shape } from "../js/dom.js";
import { calm } from "../js/player.js";
import { placeOf } from "./edits.js";
import { PITCH, RADIUS } from "./plan.js";
import { lettered, plain, short } from "./symbols.js";

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Plan} Plan */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {{ id: string, unit: number, square: SVGGElement, rect: SVGRectElement, text: SVGTextElement | null }} Square */

/** Right angles with round corners. @param {Point[]} points */
export function path(points) {
  let d = `M${points[0]}`;
  for (let k = 1; k < points.length - 1; k += 1) {
    const [[ax, ay], [x, y], [bx, by]] = points.slice(k - 1, k + 2);
    const r = Math.min(8, Math.hypot(x - ax, y - ay) / 2, Math.hypot(bx - x, by - y) / 2);
    /** @param {number} px @param {number} py */
    const near = (px, py) => [x + r * Math.sign(px - x), y + r * Math.sign(py - y)];
    d += `L${near(ax, ay)}Q${[x, y]} ${near(bx, by)}`;
  }
  return `${d}L${points[points.length - 1]}`;
}

/** The arrow at the end. @param {Point[]} points */
export function head(points) {
  const [[ax, ay], [x, y]] = points.slice(-2);
  const [dx, dy] = [Math.sign(x - ax), Math.sign(y - ay)];
  return `M${x},${y}L${x - 7 * dx + 4 * dy},${y - 7 * dy + 4 * dx}L${x - 7 * dx - 4 * dy},${y - 7 * dy - 4 * dx}Z`;
}

export class Drawing {
  /**
   * @param {Model} model
   * @param {Plan} plan
   * @param {number} scale
   * @param {import("./types.js").Labels} labels
   * @param {(square?: { id: string, unit: number }, pressed?: boolean) => void} point hears which square is pointed at or pressed, or none
   * @param {import("./edits.js").Editor} editor of the numbers that can be changed
   */
  constructor(model, plan, scale, labels, point, editor) {
    this.model = model;
    this.point = point;
    this.labels = labels;
    this.editor = editor;
    /** @type {Square[]} */
    this.squares = [];
    /** @type {{ made: SVGElement, stage: number, flows: boolean }[]} */
    this.moving = [];
    const { view } = model;
    this.frame = element("div", "cv-frame");
    this.frame.setAttribute("role", "group");
    this.frame.setAttribute("aria-label", `${view.name}. ${labels.drawing}`);
    this.hint = element("p", "cv-hint", labels.scroll);
    this.svg = shape("svg", { viewBox: `0 0 ${plan.width} ${plan.height}`, "aria-label": view.about, class: "cv-svg" }, this.frame);
    this.svg.setAttribute("role", editor.largest === null ? "img" : "group"); // an image holds nothing to press
    this.svg.style.width = `${(scale * plan.width) / 16}rem`;
    this.svg.style.height = `${(scale * plan.height) / 16}rem`;
    this.svg.addEventListener("pointerleave", () => point());
    this.root = element("figure", "cv-figure", element("figcaption", "cv-name", view.name), this.hint, this.frame);
    shape("rect", { ...plan.body, rx: 14, class: "cv-body" }, this.svg);
    this.wires(plan);
    this.signs(plan, labels);
    for (const vector of plan.vectors) this.vector(vector, plan.body);
  }

  /** @private @param {Plan} plan */
  wires({ wires, dots }) {
    // what passes over another wire is drawn later, on a gap of its own
    const passes = wires.filter(({ look }) => look.includes("over"));
    for (const { points, stage, look } of [...wires.filter((wire) => !passes.includes(wire)), ...passes]) {
      const kind = look === "over" ? "plain" : look.split(" ")[0];
      const d = path(points);
      if (look.includes("over")) shape("path", { d, class: "cv-gap" }, this.svg);
      shape("path", { d, class: `cv-wire cv-${kind}` }, this.svg);
      if (kind !== "stub") shape("path", { d: head(points), class: `cv-head cv-${kind}-head` }, this.svg);
      this.moving.push({ made: shape("path", { d, class: "cv-flow", pathLength: 1 }, this.svg), stage, flows: true });
    }
    for (const [x, y] of dots) shape("circle", { cx: x, cy: y, r: 3, class: "cv-dot" }, this.svg);
  }

  /** @private @param {Plan} plan @param {import("./types.js").Labels} labels */
  signs({ boxes, joins, notes }, labels) {
    for (const { text, x, y } of boxes) {
      const wide = text.length > 1 ? 44 : 34;
      shape("rect", { x: x - wide / 2, y: y - 12, width: wide, height: 24, rx: 6, class: "cv-box" }, this.svg);
      lettered(text, { x, y: y + 5, class: "cv-inside" }, this.svg);
    }
    for (const { sign, x, y } of joins) {
      shape("circle", { cx: x, cy: y, r: RADIUS, class: "cv-join" }, this.svg);
      if (sign === "1−") shape("text", { x, y: y + 5, class: "cv-inside" }, this.svg).textContent = sign;
      else if (sign === "+") shape("path", { d: `M${x - 6},${y}H${x + 6}M${x},${y - 6}V${y + 6}`, class: "cv-sign" }, this.svg);
      else shape("circle", { cx: x, cy: y, r: 2.5, class: "cv-point" }, this.svg);
    }
    for (const { label, x, y } of notes) shape("text", { x, y, class: "cv-note" }, this.svg).textContent = labels[label];
  }

  /** @private @param {Plan["vectors"][number]} vector @param {Plan["body"]} body */
  vector({ id, x, y, width, stage, labelled }, body) {
    const { symbol, of } = this.model.vectors[id];
    const group = shape("g", { class: "cv-vector", "data-id": id }, this.svg);
    const size = of(0).length;
    const start = y - (size * PITCH - 2) / 2;
    for (let unit = 0; unit < size; unit += 1) {
      const top = start + unit * PITCH;
      const square = shape("g", { "data-unit": unit }, group);
      const rect = shape("rect", { x: x - width / 2, y: top, width, height: PITCH - 2, rx: 3, class: "cv-square" }, square);
      const text = width > 30 ? shape("text", { x, y: top + 15, class: "cv-number" }, square) : null;
      for (const event of ["pointerenter", "click"]) square.addEventListener(event, () => this.point({ id, unit }, event === "click"));
      this.squares.push({ id, unit, square, rect, text });
    }
    const inside = x > body.x && x < body.x + body.width;
    if (labelled) lettered(symbol, { x, y: start - 6, class: inside ? "cv-label cv-inner" : "cv-label" }, group);
    this.moving.push({ made: group, stage, flows: false });
  }

  /** @param {import("./types.js").Look} look */
  show({ step, hides, colour }) {
    for (const { id, unit, square, rect, text } of this.squares) {
      const vector = this.model.vectors[id];
      const value = vector.of(step)[unit];
      const hidden = hides(this.model, id, unit);
      const { back, ink } = hidden ? { back: "transparent", ink: "var(--st-text-color)" } : colour(value, vector.range);
      rect.style.fill = back;
      square.classList.toggle("cv-asked", hidden);
      const name = `${plain(vector.symbol)}, ${id === "x" ? this.labels.input : this.labels.unit} ${unit + 1}`;
      this.editor.offer(square, placeOf(this.model, id, unit, step), name, value);
      if (!text) continue;
      text.textContent = hidden ? "?" : short(value);
      text.style.fill = ink;
    }
  }

  /** @param {import("./types.js").Side} side */
  recolour(side) {
    this.svg.style.setProperty("--cv-own", this.model.view.colour[side]);
  }

  /** The values arrive in the order in which they are computed: six stages, within 600 ms. */
  move() {
    if (calm?.matches) return;
    for (const { made, stage, flows } of this.moving) {
      const timing = { duration: 260, delay: 60 * stage, easing: "ease-out" };
      if (flows) made.animate([{ strokeDashoffset: 0.3, opacity: 1 }, { strokeDashoffset: -1, opacity: 1 }], { ...timing, fill: "none" });
      else made.animate([{ opacity: 0.15 }, { opacity: 1 }], { ...timing, fill: "backwards" });
    }
  }

  /** What is wider than the page can be reached by keys, and says so. */
  reach() {
    const beyond = this.frame.scrollWidth > this.frame.clientWidth + 1;
    this.hint.hidden = !beyond;
    if (beyond) this.frame.tabIndex = 0;
    else this.frame.removeAttribute("tabindex");
  }
}
