// The board: a strip of tokens and a column of figures that share one time axis and one cursor.
// All that moves with the pointer happens here; Python hears of a choice (figure, unit, time) and, where it holds finer
// data than was sent, of the zoom. Text of the reader goes in through textContent only.

import { unpacked } from "../js/arrays.js";
import { Cursor } from "../js/cursor.js";
import { drawn, mounted } from "../js/dom.js";
import { remember } from "../js/link.js";
import { clamp } from "../js/numbers.js";
import { Player } from "../js/player.js";
import { typeSize, watchPage } from "../js/theme.js";
import { act, clickPoint, hoverPoint, listen } from "./actions.js";
import { Axis } from "./axis.js";
import { Figure } from "./figure.js";
import { Frame } from "./frame.js";
import { Look } from "./look.js";
import { coloured, expanded, nameOf } from "./names.js";
import { loadPlotly } from "./plotly.js";
import { countOf } from "./rows.js";
import { save } from "./saved.js";
import { Side } from "./side.js";
import { Text } from "./text.js";
import { Tools } from "./tools.js";
import { halfLife } from "./values.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Shown} Shown */
/** @typedef {import("./types.js").Range} Range */

const PACE = 200; // ms a step that is played
const REST = 150; // ms after which Python hears of a zoom
const PAUSE = 120; // ms after which a step is spoken

export default mounted((/** @type {HTMLElement} */ parent) => new Board(parent));

export class Board {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../js/dom.js").Send | undefined} */
    this.send = undefined;
    /** @type {Shown | undefined} */
    this.sent = undefined;
    /** @type {Look | undefined} */
    this.seen = undefined;
    /** @type {Map<string, Figure>} */
    this.figures = new Map(); // what is on screen
    /** @type {number | null} */
    this.hoveredUnit = null;
    this.marks = true; // whether a drag marks, where it can
    /** @type {number | null} */
    this.sentStep = null; // the step that Python knows of
    /** @type {number | null} */
    this.pending = null;
    this.revision = 0;
    this.width = 0;
    this.spoken = "";
    this.frame = new Frame(parent);
    this.root = this.frame.root;
    this.axis = new Axis(this.frame.timed, this.root);
    this.text = new Text(this.axis);
    this.tools = new Tools((name) => act(this, name));
    this.side = new Side((step) => this.moveTo(step, true));
    this.frame.fill(this.text, this.tools, this.side);
    this.cursor = new Cursor(() => this.showCursor());
    this.player = new Player({
      step: () => this.cursor.at,
      steps: () => this.cursor.steps,
      go: (step) => this.moveTo(step, true),
      pace: PACE,
      changed: () => this.tools.showPlaying(this.player),
    });
    this.unwatch = watchPage(this.root, { themed: () => this.restyle(), resized: () => this.resized() });
    this.barWatch = new ResizeObserver(() => this.root.style.setProperty("--rv-bar", `${this.tools.root.offsetHeight}px`));
    this.barWatch.observe(this.tools.root); // under which the strip stays in sight
    listen(this);
  }

  destroy() {
    this.player.destroy();
    clearTimeout(this.zoomTimer);
    clearTimeout(this.sayTimer);
    this.unwatch();
    this.barWatch.disconnect();
    this.revision += 1; // a drawing that has begun ends here
    for (const figure of this.figures.values()) figure.retire();
    this.root.remove();
  }

  // ---- what Python sends ------------------------------------------------------------------------------------------

  // there from the first update on, before which nothing can be asked
  get data() {
    return /** @type {Shown} */ (this.sent);
  }

  get look() {
    return /** @type {Look} */ (this.seen);
  }

  get steps() {
    return this.cursor.steps;
  }

  /** @param {Data} came */
  update(came) {
    const data = { ...came, tokens: expanded(came.tokens), names: came.tokens };
    const before = this.sent;
    const first = before === undefined;
    const other = this.sent?.id !== data.id;
    if (other || this.sent?.unit !== data.unit) this.hoveredUnit = null;
    this.sent = data;
    if (other) {
      this.frame.live.textContent = "";
      this.axis.zoom = null;
      this.player.stop();
    }
    const reordered = !first && (other || before?.rows !== data.rows);
    if (reordered) this.axis.rows.zoom = null;
    this.axis.steps = data.tokens.length;
    if (first) {
      this.axis.recall();
    } else if (other) remember("zoom", null);
    const moved = data.step !== null && data.step !== this.sentStep;
    this.cursor.reset(data.tokens.length, other || moved ? (data.step ?? data.tokens.length - 1) : undefined);
    this.sentStep = data.step;
    this.frame.name(data);
    this.tools.update(data.labels);
    this.tools.showPlaying(this.player);
    this.tools.showMarking(data.marking ?? false, this.marks);
    this.colour = data.colour && coloured(data.colour);
    const { candidates } = data;
    this.seen = new Look(this.root, data);
    this.readSize();
    this.layFigures();
    this.layRows(first, reordered);
    if (this.steps) {
      this.side.update(data, candidates && { ...candidates, ids: unpacked(candidates.ids), values: unpacked(candidates.values), before: candidates.before && unpacked(candidates.before) });
      this.drawText();
      this.showCursor();
    }
    this.draw();
  }

  layFigures() {
    const { figures, labels } = this.data;
    const wanted = new Set(figures.map(({ id }) => id));
    for (const [id, figure] of this.figures) {
      if (wanted.has(id)) continue;
      figure.retire();
      this.figures.delete(id);
    }
    for (const sent of figures) {
      const before = this.figures.get(sent.id);
      if (before && !before.takes(sent)) before.retire();
      const figure = before && !before.gone ? before : this.newFigure(sent.id);
      this.figures.delete(sent.id); // set again, it comes last: the map keeps the order that was sent
      this.figures.set(sent.id, figure);
      figure.receive(sent, labels);
      (figure.timed ? this.frame.stack : this.frame.below).append(figure.frame);
    }
    const lowest = this.timedFigures().at(-1);
    for (const figure of this.timedFigures()) {
      if (figure.last !== (figure === lowest)) figure.stale = true;
      figure.last = figure === lowest;
    }
  }

  /** @param {boolean} first whether a link may say which are in view @param {boolean} reordered */
  layRows(first, reordered) {
    const { axis } = this;
    const heatmap = this.timedFigures().find(({ meta }) => meta.units);
    axis.rows.count = heatmap ? countOf(heatmap.meta) : 0;
    if (first) axis.rows.recall();
    else if (reordered) axis.rows.remember();
    if ((first && (axis.zoom || axis.rows.zoom)) || reordered) this.tellZoom();
  }

  timedFigures() {
    return [...this.figures.values()].filter((figure) => figure.timed);
  }

  /** @param {string} id */
  newFigure(id) {
    return new Figure(id, {
      save: (figure, format) => save(figure, format, this.data, this.look, this.axis),
      hover: (figure, point) => hoverPoint(this, figure, point),
      click: (figure, point) => clickPoint(this, figure, point),
    });
  }

  /** @param {EventTarget | null} target */
  figureAt(target) {
    const frame = target instanceof Element ? target.closest(".rv-figure") : null;
    return frame instanceof HTMLElement ? this.figures.get(frame.dataset.figure ?? "") : undefined;
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------

  drawText() {
    const { colour, data, look } = this;
    this.frame.drawColourLine(data.colour, look);
    this.text.update(data.tokens, data.unknown, colour ?? null, look, data.labels.distant);
  }

  async draw() {
    const revision = (this.revision += 1);
    const { data } = this;
    this.root.removeAttribute("data-drawn");
    const plotly = await loadPlotly(data.plotly).catch(() => null);
    if (!plotly) {
      this.frame.problem.hidden = false;
      this.frame.problem.textContent = data.labels.noPlotly;
      return;
    }
    if (revision !== this.revision) return; // a newer call draws
    for (const figure of this.figures.values()) {
      if (figure.stale && !figure.gone) await figure.draw(plotly, this.look, this.axis, this.data.labels);
    }
    if (revision !== this.revision) return;
    for (const figure of this.figures.values()) figure.showMarks(data.marks ?? [], this.axis);
    this.showCursor();
    drawn(this.root, this.data.id);
  }

  allStale() {
    for (const figure of this.figures.values()) figure.stale = true;
  }

  restyle() {
    if (!this.sent) return;
    this.seen = new Look(this.root, this.sent);
    this.allStale();
    if (this.steps) {
      this.drawText();
      this.showCursor();
    }
    this.draw();
  }

  readSize() {
    const size = typeSize();
    if (size !== this.axis.size) this.allStale();
    this.axis.size = size;
  }

  resized() {
    const width = this.root.clientWidth;
    const before = this.axis.size;
    if (!this.sent || !width) return;
    this.readSize();
    if (width === this.width && before === this.axis.size) return;
    this.width = width;
    this.allStale();
    if (this.steps) this.text.draw();
    this.draw();
    this.showCursor();
  }

  // ---- the cursor -------------------------------------------------------------------------------------------------

  /** @param {number} step @param {boolean} [reveal] */
  moveTo(step, reveal = false) {
    step = clamp(step, 0, this.cursor.last);
    if (reveal && !this.axis.shows(step)) this.setZoom(this.axis.around(step));
    this.cursor.move(step);
  }

  /** @param {number | null} unit */
  hoverUnit(unit) {
    if (unit === this.hoveredUnit) return;
    this.hoveredUnit = unit;
    this.showCursor();
  }

  showCursor() {
    if (!this.sent || !this.steps || this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      this.paintCursor();
    });
  }

  paintCursor() {
    const { axis, data } = this;
    const { labels } = data;
    const step = this.cursor.at;
    const name = nameOf(data.tokens, data.names, step);
    const unit = this.hoveredUnit ?? data.unit;
    const hovering = this.hoveredUnit !== null && data.unit !== null && this.hoveredUnit !== data.unit;
    const { names } = this.timedFigures().find(({ meta }) => meta.names)?.meta ?? {};
    const plain = names && unit !== null ? (names[unit] ?? "") : `${labels.unit} ${unit}`;
    const named = hovering && !names
      ? labels.hovering.replace("{unit}", String(unit)).replace("{chosen}", String(data.unit))
      : plain;
    this.frame.line.hidden = !axis.shows(step);
    this.frame.line.style.transform = `translateX(${axis.x(step)}px)`;
    this.text.mark(step);
    this.tools.read(`${labels.step} ${step + 1} / ${this.steps}`, name, unit === null ? null : named, this.text.around(step));
    const said = [];
    for (const figure of this.figures.values()) {
      const text = figure.show(step, unit, labels, axis);
      if (text && figure.timed) said.push(`${figure.title.textContent}: ${text}`);
    }
    this.spoken = `${labels.step} ${step + 1}, ${name}${unit === null ? "" : `, ${named}`}. ${said.join("; ")}`;
    const { colour } = this;
    const sure = colour && step >= colour.sure[0] && step < colour.sure[1]; // of a rounded value it would be far off
    const halves = sure && colour.keeps ? halfLife(colour.keeps, colour.values[step], labels.halves) : "";
    this.frame.life.textContent = halves;
    if (halves) this.spoken += ` ${halves}`;
    this.side.show(step);
  }

  say() {
    this.paintCursor();
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => (this.frame.live.textContent = this.spoken), PAUSE);
  }

  // ---- what the reader does -----------------------------------------------------------------------------------------

  /** @param {string} figure @param {number | null} unit @param {number | null} [time] */
  choose(figure, unit, time = this.cursor.at) {
    this.sentStep = time ?? this.sentStep; // Python will send this step back: the cursor is there already
    this.send?.trigger("choice", { figure, unit, time });
  }

  /** @param {Range | null} range @param {Range | null} [rows] as they are where none are given */
  setZoom(range, rows = this.axis.rows.zoom) {
    this.axis.show(range);
    this.axis.remember();
    this.axis.rows.show(rows);
    this.axis.rows.remember();
    for (const figure of this.timedFigures()) figure.stale = true;
    this.text.zoomed();
    this.showCursor();
    this.draw();
    this.tellZoom();
  }

  /** Whether a drag marks. */
  get marking() {
    return Boolean(this.data.marking) && this.marks;
  }

  /** @param {boolean} wanted */
  setMarking(wanted) {
    this.marks = wanted;
    this.tools.showMarking(this.data.marking ?? false, wanted);
  }

  /** Python hears of what a drag has drawn up: whole steps and units, null where it has drawn none.
   * @param {Figure | undefined} figure @param {Range | null} steps @param {Range | null} rows */
  mark(figure, steps, rows) {
    const { units = [] } = figure?.meta ?? {};
    const first = figure?.firstRow ?? 0;
    const held = rows && units.filter((_unit, at) => first + at > rows[0] - 0.5 && first + at < rows[1] + 0.5);
    const range = steps && [clamp(Math.round(steps[0]), 0, this.cursor.last), clamp(Math.round(steps[1]), 0, this.cursor.last)];
    this.send?.trigger("mark", { figure: figure?.id ?? "tokens", steps: range, units: held?.length ? held : null });
    return true;
  }

  get inView() {
    const { id, rows } = this.data;
    return { id, range: this.axis.zoom, order: rows, rows: this.axis.rows.zoom };
  }

  /** Python has finer values of what is in view. */
  tellZoom() {
    clearTimeout(this.zoomTimer);
    if (!this.data.finer) return; // all that there is lies here already
    this.zoomTimer = setTimeout(() => this.send?.state("zoom", this.inView), REST);
  }
}
