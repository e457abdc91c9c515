// One figure on the board: its frame, what was sent of it, and what plotly has drawn.

import { numbersOf } from "../js/arrays.js";
import { button, element } from "../js/dom.js";
import { clamp } from "../js/numbers.js";
import { laidOut } from "./layout.js";
import { lineLegend, marked, scaleLegend } from "./legend.js";
import { drawMarks } from "./marks.js";
import { loaded } from "./plotly.js";
import { valueText, ROUNDED } from "./values.js";

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Look} Look */
/** @typedef {import("./types.js").Plotly} Plotly */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Typed} Typed */
/** @typedef {import("./types.js").Words} Words */

/**
 * What a figure tells the board.
 * @typedef {object} Heard
 * @property {(figure: Figure, format: string) => Promise<void>} save
 * @property {(figure: Figure, point: Point | null) => void} hover
 * @property {(figure: Figure, point: Point) => void} click
 */

export class Figure {
  /** @param {string} id @param {Heard} heard */
  constructor(id, heard) {
    this.id = id;
    this.heard = heard;
    this.spec = "";
    /** @type {import("./types.js").Spec} */
    this.parsed = { data: [], layout: { meta: { axis: "free" }, height: 0 } };
    /** @type {Typed[]} */
    this.values = [];
    /** @type {Typed[]} */
    this.across = [];
    /** @type {Record<string, Typed> | undefined} */
    this.path = undefined; // where the steps lie on a path
    this.heading = "";
    this.last = false; // whether it is the lowest along the axis, which stands under it
    this.stale = true;
    this.gone = false;
    this.listening = false;
    /** @type {number | null} */
    this.marked = null; // the step whose point is marked on a path
    /** @type {Promise<unknown>} */
    this.busy = Promise.resolve();

    this.frame = element("figure", "rv-figure");
    this.frame.dataset.figure = this.id;
    this.title = element("span", "rv-title");
    this.legend = element("span", "rv-legend");
    this.value = element("span", "rv-value");
    this.plot = /** @type {import("./types.js").Plot} */ (/** @type {HTMLElement} */ (element("div", "rv-plot")));
    this.plot.setAttribute("aria-hidden", "true"); // the summary and the live line speak for it
    this.row = element("div", "rv-row");
    this.row.hidden = true;
    this.marks = element("div", "rv-marks");
    this.holder = element("div", "rv-plot-holder", this.plot, this.marks, this.row);
    this.menu = element("span", "rv-menu");
    this.menu.hidden = true;
    this.save = button("rv-button rv-save", "↓", () => this.open(this.menu.hidden));
    this.save.setAttribute("aria-expanded", "false");
    for (const format of ["png", "svg", "html"]) {
      const choice = button("rv-button rv-save", format.toUpperCase(), () => {
        this.close();
        this.heard.save(this, format);
      });
      this.menu.append(choice);
    }
    this.menu.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    const name = element("span", "rv-name", this.title, this.save, this.menu);
    this.frame.append(element("figcaption", "rv-head", name, this.legend, this.value), this.holder);
  }

  /** @param {boolean} wanted */
  open(wanted) {
    this.menu.hidden = !wanted;
    this.save.setAttribute("aria-expanded", String(wanted));
  }

  close() {
    this.open(false);
    this.save.focus();
  }

  get meta() {
    return this.parsed.layout.meta;
  }

  /** The place of the first row that was sent in the order of all. */
  get firstRow() {
    return this.meta.first ?? 0;
  }

  get timed() {
    return this.meta.axis === "time";
  }

  // ---- what is sent -----------------------------------------------------------------------------------------------

  /** Whether it can show that: along another axis a figure hears and says other things. @param {import("./types.js").SentFigure} sent */
  takes({ spec }) {
    return spec === this.spec || JSON.parse(spec).layout.meta.axis === this.meta.axis;
  }

  /** @param {import("./types.js").SentFigure} sent @param {Words} words */
  receive({ spec, title }, words) {
    if (this.spec !== spec) {
      this.spec = spec;
      this.parsed = JSON.parse(spec);
      this.values = this.parsed.data.map((trace) => numbersOf(trace.z ?? trace.y));
      this.across = this.parsed.data.map((trace) => numbersOf(trace.x));
      this.path = undefined;
      this.value.textContent = ""; // until the cursor says what is there now
      this.stale = true;
    }
    this.heading = title ?? this.parsed.layout.title?.text ?? "";
    this.title.replaceChildren(...marked(this.heading));
    this.save.title = words.save;
    this.save.setAttribute("aria-label", `${words.save}: ${this.title.textContent}`);
  }

  /** @param {Look} look */
  drawLegend(look) {
    const { scale, limits = [0, 1], legend, ...more } = this.meta;
    if (scale) this.legend.replaceChildren(...scaleLegend({ ...more, scale, limits }, look));
    else this.legend.replaceChildren(...(legend ? lineLegend(this.parsed.data, look) : []));
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------

  /** The legend comes with what it explains. @param {Plotly} plotly @param {Look} look @param {Axis} axis @param {Words} words */
  async draw(plotly, look, axis, words) {
    const { data, layout } = laidOut(this, look, axis, words.step);
    const config = { displayModeBar: false, staticPlot: this.timed, responsive: false, doubleClick: "reset", displaylogo: false };
    this.stale = false;
    await this.begun(plotly.react(this.plot, data, layout, config));
    if (this.gone) return;
    this.drawLegend(look);
    this.listen();
    this.marked = null;
  }

  /** @param {import("./types.js").Mark[]} marks @param {Axis} axis */
  showMarks(marks, axis) {
    if (this.timed) drawMarks(this.marks, this, marks, axis);
  }

  /** Keeps the end of what plotly has begun. @template T @param {Promise<T>} work @returns {Promise<T>} */
  begun(work) {
    this.busy = Promise.allSettled([this.busy, work]);
    return work;
  }

  listen() {
    if (this.timed || this.listening) return;
    this.listening = true;
    this.plot.on("plotly_hover", (event) => this.heard.hover(this, event.points[0]));
    this.plot.on("plotly_unhover", () => this.heard.hover(this, null));
    this.plot.on("plotly_click", (event) => this.heard.click(this, event.points[0]));
  }

  /** plotly speaks to a figure until its drawing has ended: only then may the figure be emptied. */
  retire() {
    this.gone = true;
    this.busy.then(() => loaded()?.purge(this.plot));
    this.frame.remove();
  }

  // ---- the cursor -------------------------------------------------------------------------------------------------

  /** @param {number} step @param {number | null} unit @param {Words} words @param {Axis} axis @returns {string} what it says there */
  show(step, unit, words, axis) {
    const text = valueText(this, step, unit, words);
    this.value.textContent = text;
    this.value.title = text.startsWith(ROUNDED) ? words.rounded : "";
    this.markRow(unit, axis);
    this.markPath(step);
    return text;
  }

  /** The row of a heatmap under a place on the screen. @param {number} clientY @param {Axis} axis @returns {number | null} its unit */
  unitAt(clientY, axis) {
    const { units } = this.meta;
    if (!units) return null;
    const box = this.plot.getBoundingClientRect();
    const { t, b } = axis.vertical(this.last);
    const share = (clientY - box.top - t) / (box.height - t - b);
    const [low, high] = axis.rows.of(this.meta);
    return share < 0 || share >= 1 ? null : (units[Math.round(low + share * (high - low)) - this.firstRow] ?? null);
  }

  /** The edge between rows that is nearest to a place on the screen, null where there are no rows. @param {number} clientY @param {Axis} axis */
  rowEdgeAt(clientY, axis) {
    if (!this.meta.units) return null;
    const box = this.plot.getBoundingClientRect();
    const { t, b } = axis.vertical(this.last);
    const [low, high] = axis.rows.of(this.meta);
    return low + clamp((clientY - box.top - t) / (box.height - t - b), 0, 1) * (high - low);
  }

  /** @param {number | null} unit @param {Axis} axis */
  markRow(unit, axis) {
    const { units } = this.meta;
    const at = units && unit !== null ? units.indexOf(unit) : -1;
    const row = this.firstRow + at;
    const [low, high] = axis.rows.of(this.meta);
    this.row.hidden = at < 0 || row < low || row > high;
    if (this.row.hidden) return;
    const { t, b } = axis.vertical(this.last);
    const { l, r } = axis.margins;
    const height = (this.plot.clientHeight - t - b) / (high - low);
    Object.assign(this.row.style, {
      top: `${t + (row - 0.5 - low) * height - 1}px`,
      height: `${Math.max(height, 1) + 2}px`,
      left: `${l - 6}px`,
      right: `${r}px`,
    });
  }

  /** @param {number} step */
  markPath(step) {
    if (this.meta.axis !== "path" || !this.listening || this.marked === step) return;
    this.marked = step;
    const [trace] = this.parsed.data;
    const names = trace.type === "scatter3d" ? ["x", "y", "z"] : ["x", "y"];
    this.path ??= Object.fromEntries(names.map((name) => [name, numbersOf(trace[name])]));
    const points = this.path;
    const at = Math.min(Math.round(step / (this.meta.every ?? 1)), points.x.length - 1); // the nearest point
    const place = Object.fromEntries(names.map((name) => [name, [[points[name][at]]]]));
    const plotly = loaded();
    if (plotly) this.begun(plotly.restyle(this.plot, place, [1]));
  }
}
