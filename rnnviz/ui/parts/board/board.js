// The board: a strip of tokens and a column of figures that share one time axis and one cursor.
// All that moves with the pointer happens here; Python hears of a choice (figure, unit, time) and, where it holds finer
// data than was sent, of the zoom. Text of the reader goes in through textContent only.

import { unpacked } from "../js/arrays.js";
import { Cursor, stepOf } from "../js/cursor.js";
import { element, mounted } from "../js/dom.js";
import { clamp } from "../js/numbers.js";
import { Player } from "../js/player.js";
import { typeSize, watchPage } from "../js/theme.js";
import { Axis } from "./axis.js";
import { Figure } from "./figure.js";
import { scaleLegend } from "./legend.js";
import { Look } from "./look.js";
import { loadPlotly } from "./plotly.js";
import { Pointer } from "./pointer.js";
import { save } from "./saved.js";
import { Side } from "./side.js";
import { Text } from "./text.js";
import { Tools } from "./tools.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Range} Range */

const PACE = 200; // ms a step that is played
const REST = 150; // ms after which Python hears of a zoom
const PAUSE = 120; // ms after which a step is spoken

export default mounted((/** @type {HTMLElement} */ parent) => new Board(parent));

class Board {
  // the frame, made once
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../js/dom.js").Send | undefined} */
    this.send = undefined;
    /** @type {Data | undefined} */
    this.sent = undefined;
    /** @type {Look | undefined} */
    this.seen = undefined;
    /** @type {Map<string, Figure>} */
    this.figures = new Map(); // what is on screen
    /** @type {number | null} */
    this.hoveredUnit = null;
    /** @type {number | null} */
    this.sentStep = null; // the step that Python knows of
    /** @type {number | null} */
    this.pending = null;
    this.revision = 0;
    this.width = 0;
    this.spoken = "";
    this.root = element("section", "rv-board");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.stack = element("div", "rv-stack");
    this.line = element("div", "rv-line");
    const band = element("div", "rv-band");
    band.hidden = true;
    const timed = element("div", "rv-timed");
    this.axis = new Axis(timed, this.root);
    this.text = new Text(this.axis);
    timed.append(this.text.strip, this.stack, this.line, band);
    this.tools = new Tools((name) => this.act(name));
    this.colourLine = element("p", "rv-colour");
    this.side = new Side((step) => this.moveTo(step, true));
    const column = element("div", "rv-column", this.colourLine, this.text.passage, timed);
    this.main = element("div", "rv-main", column, this.side.root);
    this.below = element("div", "rv-below");
    this.problem = element("p", "rv-problem");
    this.problem.hidden = true;
    this.live = element("p", "rv-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.summary = element("p", "rv-hidden");
    this.summary.id = `rv-summary-${Math.random().toString(36).slice(2)}`; // an id of the page, nothing that is shown
    this.root.setAttribute("aria-describedby", this.summary.id);
    this.root.append(this.tools.root, this.main, this.below, this.problem, this.live, this.summary);
    parent.append(this.root);

    this.cursor = new Cursor(() => this.showCursor());
    this.player = new Player({
      step: () => this.cursor.at,
      steps: () => this.cursor.steps,
      go: (step) => this.moveTo(step, true),
      pace: PACE,
      changed: () => this.tools.showPlaying(this.player),
    });
    this.unwatch = watchPage(this.root, { themed: () => this.restyle(), resized: () => this.resized() });

    this.listen(timed, band);
  }

  /** @param {HTMLElement} timed @param {HTMLElement} band */
  listen(timed, band) {
    new Pointer(timed, band, this.axis, {
      figureAt: (target) => this.figureAt(target),
      move: (step) => this.moveTo(step),
      hover: (unit) => this.hoverUnit(unit),
      touch: () => {
        this.player.stop();
        this.root.focus({ preventScroll: true });
      },
      zoom: (range) => this.setZoom(range),
      choose: (figure, unit) => this.choose(figure, unit),
    });
    this.below.addEventListener("pointerleave", () => this.hoverUnit(null));
    this.text.passage.addEventListener("pointermove", (event) => this.overPassage(event, false));
    this.text.passage.addEventListener("click", (event) => this.overPassage(event, true));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  destroy() {
    this.player.destroy();
    clearTimeout(this.zoomTimer);
    clearTimeout(this.sayTimer);
    this.unwatch();
    this.revision += 1; // a drawing that has begun ends here
    for (const figure of this.figures.values()) figure.retire();
    this.root.remove();
  }

  // ---- what Python sends ------------------------------------------------------------------------------------------

  // there from the first update on, before which nothing can be asked
  get data() {
    return /** @type {Data} */ (this.sent);
  }

  get look() {
    return /** @type {Look} */ (this.seen);
  }

  get steps() {
    return this.cursor.steps;
  }

  /** @param {Data} data */
  update(data) {
    const other = this.sent?.id !== data.id;
    if (other || this.sent?.unit !== data.unit) this.hoveredUnit = null;
    this.sent = data;
    if (other) {
      this.axis.zoom = null;
      this.player.stop();
    }
    this.axis.steps = data.tokens.length;
    const moved = data.step !== null && data.step !== this.sentStep;
    this.cursor.reset(data.tokens.length, other || moved ? (data.step ?? data.tokens.length - 1) : undefined);
    this.sentStep = data.step;
    this.name();
    this.tools.showPlaying(this.player);
    this.colour = data.colour && { ...data.colour, values: unpacked(data.colour.values) };
    const { candidates } = data;
    this.seen = new Look(this.root, data);
    this.readSize();
    this.layFigures();
    if (this.steps) {
      this.side.update(data, candidates && { ...candidates, ids: unpacked(candidates.ids), values: unpacked(candidates.values) });
      this.drawText();
      this.showCursor();
    }
    this.draw();
  }

  name() {
    const { labels, summary, tokens } = this.data;
    this.root.setAttribute("aria-label", labels.board);
    this.text.passage.setAttribute("aria-label", labels.passage);
    this.summary.textContent = tokens.length ? `${summary} ${labels.keys}` : summary;
    this.tools.root.hidden = this.main.hidden = !tokens.length; // figures without a text
    this.root.tabIndex = tokens.length ? 0 : -1;
    this.tools.update(labels);
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
      const figure = this.figures.get(sent.id) ?? this.newFigure(sent.id);
      this.figures.delete(sent.id); // set again, it comes last: the map keeps the order that was sent
      this.figures.set(sent.id, figure);
      figure.receive(sent, this.look, labels);
      (figure.timed ? this.stack : this.below).append(figure.frame);
    }
    const lowest = this.timedFigures().at(-1);
    for (const figure of this.timedFigures()) {
      if (figure.last !== (figure === lowest)) figure.stale = true;
      figure.last = figure === lowest;
    }
  }

  timedFigures() {
    return [...this.figures.values()].filter((figure) => figure.timed);
  }

  /** @param {string} id */
  newFigure(id) {
    return new Figure(id, {
      save: (figure, format) => save(figure, format, this.data, this.look, this.axis),
      hover: (figure, point) => this.hoverPoint(figure, point),
      click: (figure, point) => this.clickPoint(figure, point),
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
    this.colourLine.hidden = !colour;
    if (colour) {
      const legend = element("span", "rv-legend", ...scaleLegend(colour, look));
      this.colourLine.replaceChildren(element("span", "", colour.label), legend);
    }
    this.text.update(data.tokens, data.unknown, colour ?? null, look);
  }

  async draw() {
    const revision = (this.revision += 1);
    const { data } = this;
    this.root.removeAttribute("data-drawn");
    const plotly = await loadPlotly(data.plotly).catch(() => null);
    if (!plotly) {
      this.problem.hidden = false;
      this.problem.textContent = data.labels.noPlotly;
      return;
    }
    if (revision !== this.revision) return; // a newer call draws
    for (const figure of this.figures.values()) {
      if (figure.stale && !figure.gone) await figure.draw(plotly, this.look, this.axis, this.data.labels.step);
    }
    if (revision !== this.revision) return;
    this.showCursor();
    this.root.dataset.drawn = this.data.id;
    this.root.dataset.revision = String(revision);
  }

  allStale() {
    for (const figure of this.figures.values()) figure.stale = true;
  }

  restyle() {
    if (!this.sent) return;
    this.seen = new Look(this.root, this.sent);
    this.allStale();
    for (const figure of this.figures.values()) figure.drawLegend(this.look, this.data.labels);
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
    const unit = this.hoveredUnit ?? data.unit;
    const hovering = this.hoveredUnit !== null && data.unit !== null && this.hoveredUnit !== data.unit;
    const named = hovering
      ? labels.hovering.replace("{unit}", String(unit)).replace("{chosen}", String(data.unit))
      : `${labels.unit} ${unit}`;
    this.line.hidden = !axis.shows(step);
    this.line.style.transform = `translateX(${axis.x(step)}px)`;
    this.text.mark(step);
    this.tools.read(`${labels.step} ${step + 1} / ${this.steps}`, data.tokens[step], unit === null ? null : named);
    const said = [];
    for (const figure of this.figures.values()) {
      const text = figure.show(step, unit, labels, axis);
      if (text && figure.timed) said.push(`${figure.title.textContent}: ${text}`);
    }
    this.spoken = `${labels.step} ${step + 1}, ${data.tokens[step]}${unit === null ? "" : `, ${named}`}. ${said.join("; ")}`;
    this.side.show(step);
  }

  say() {
    this.paintCursor();
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => (this.live.textContent = this.spoken), PAUSE);
  }

  // ---- what the reader does -----------------------------------------------------------------------------------------

  /** @param {string} figure @param {number | null} unit @param {number | null} [time] */
  choose(figure, unit, time = this.cursor.at) {
    this.sentStep = time ?? this.sentStep; // Python will send this step back: the cursor is there already
    this.send?.trigger("choice", { figure, unit, time });
  }

  /** @param {Event} event @param {boolean} click */
  overPassage({ target }, click) {
    const step = target instanceof HTMLElement ? target.dataset.step : undefined;
    if (step === undefined) return;
    this.moveTo(Number(step), click);
    if (click) this.choose("tokens", null);
  }

  /** @param {Figure} figure @param {Point | null} point */
  hoverPoint({ meta }, point) {
    if (!point) return this.hoverUnit(null);
    if (point.curveNumber !== 0) return;
    if (meta.axis === "path") this.moveTo(point.pointNumber);
    if (meta.axis === "unit") this.hoverUnit(meta.points?.[point.pointNumber] ?? null);
  }

  /** @param {Figure} figure @param {Point} point */
  clickPoint({ id, meta }, point) {
    if (meta.axis === "free") {
      if (meta.chooses) this.choose(id, null, Math.round(point[meta.chooses]) - (meta.counted ?? 0));
    } else if (meta.axis === "path") this.choose(id, null);
    else if (point.curveNumber === 0) this.choose(id, meta.points?.[point.pointNumber] ?? null, null);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.steps || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target instanceof Element && event.target.closest("button");
    const units = this.timedFigures().find(({ meta }) => meta.units)?.meta.units ?? [];
    const unit = this.hoveredUnit ?? this.data.unit;
    const row = unit === null ? -1 : units.indexOf(unit);
    const far = event.shiftKey ? 10 : 1;
    const to = stepOf(event, this.cursor.at, this.cursor.last, { shift: 10 });
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowUp: () => units.length && this.hoverUnit(units[Math.max(0, row - far)]),
      ArrowDown: () => units.length && this.hoverUnit(units[Math.min(units.length - 1, row + far)]),
      Escape: () => this.hoverUnit(null),
      "+": () => this.act("narrower"),
      "-": () => this.act("wider"),
      0: () => this.act("all"),
      ...(onButton ? {} : { " ": () => this.act("play"), Enter: () => this.choose("keyboard", unit) }),
    };
    const act = to === null ? acts[event.key] : () => this.moveTo(to, true);
    if (!act) return;
    event.preventDefault();
    if (event.key !== " ") this.player.stop();
    act();
    this.say();
  }

  /** @param {import("./tools.js").Tool} name */
  act(name) {
    if (name === "play") return this.player.toggle();
    if (name === "back") return this.player.move(-1);
    if (name === "forward") return this.player.move(1);
    this.player.stop();
    if (name === "all") this.setZoom(null);
    else this.setZoom(this.axis.scaled(name === "narrower" ? 0.5 : 2, this.cursor.at));
  }

  /** @param {Range | null} range */
  setZoom(range) {
    this.axis.show(range);
    for (const figure of this.timedFigures()) figure.stale = true;
    this.text.drawStrip();
    this.showCursor();
    this.draw();
    clearTimeout(this.zoomTimer);
    if (!this.data.finer) return; // all that there is lies here already
    this.zoomTimer = setTimeout(() => this.send?.state("zoom", { id: this.data.id, range: this.axis.zoom }), REST);
  }
}
