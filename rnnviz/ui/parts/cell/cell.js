// A recurrent cell, one step at a time: its drawing, in which the values of the step stand, and its equations with the same
// numbers put in. All steps come at once; stepping, playing and predicting ask the server for nothing.

import { Cursor, stepOf } from "../js/cursor.js";
import { button, drawn, element, mounted, named, shape } from "../js/dom.js";
import { recall, recalledNumber, remember } from "../js/link.js";
import { minus } from "../js/numbers.js";
import { Player } from "../js/player.js";
import { gradient, hexParts, shade, themeSide, typeSize, watchPage } from "../js/theme.js";
import { way } from "../js/way.js";
import { Drawing } from "./drawing.js";
import { Editor } from "./edits.js";
import { planOf, WIDTHS } from "./plan.js";
import { Quiz } from "./quiz.js";
import { Strip } from "./strip.js";
import { Sums } from "./sums.js";
import { digits, plain, written } from "./symbols.js";
import { modelOf } from "./vectors.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Range} Range */

/** @type {Record<Range, [number, number]>} */
const LIMITS = { gate: [0, 1], signed: [-1, 1], cell: [-3, 3] };
const SPEEDS = [0.5, 1, 2, 4];
const PACE = 1400; // ms a step at speed 1
const LARGEST = 1.3; // a drawing that has room grows
const BETWEEN = 24; // two drawings

export default mounted((/** @type {HTMLElement} */ parent) => new Cell(parent));

/** @param {Range} range */
const scaleOf = (range) => (range === "gate" ? "gate" : "diverging");

/**
 * Whether numbers stand on all squares: where the drawings fit side by side with them, or fit under each other with them
 * and not side by side without.
 * @param {Model["view"][]} views
 * @param {number} room in px at a type of 16 px
 */
export function isWide(views, room) {
  const [full, slim] = [WIDTHS.full, WIDTHS.slim].map((width) => views.map((view) => planOf(view, width).width));
  /** @param {number[]} widths */
  const beside = (widths) => widths.reduce((a, b) => a + b + BETWEEN) <= room;
  return beside(full) || (Math.max(...full) <= room && !beside(slim));
}

class Cell {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../js/dom.js").Send | undefined} */
    this.send = undefined;
    /** @type {Data | null} */
    this.data = null;
    this.labels = /** @type {import("./types.js").Labels} */ ({}); // until data comes
    /** @type {Model[]} */
    this.models = [];
    /** @type {Drawing[]} */
    this.drawings = [];
    /** @type {import("../js/theme.js").Side} */
    this.side = "light";
    /** @type {Record<string, number[][]>} */
    this.stops = {};
    this.drawnFor = 0; // the room that the drawings were made for
    this.cursor = new Cursor((at, before) => this.moved(at, before));
    this.player = new Player({
      step: () => this.cursor.at, steps: () => this.cursor.steps, go: (step) => this.cursor.move(step), pace: PACE,
      changed: () => this.show(), stills: false,
    });
    this.quiz = new Quiz(() => this.cursor.at, () => this.asked());
    this.strip = new Strip((step) => this.player.to(step));
    this.sums = new Sums(() => this.look, () => this.editor);
    this.around = way("cv-way");
    this.title = element("output", "cv-title");
    this.title.setAttribute("aria-live", "off");
    this.buttons = {
      first: button("cv-button", "«", () => this.player.to(0)),
      back: button("cv-button", "‹", () => this.player.move(-1)),
      play: button("cv-button", "▶", () => this.toggle()),
      forward: button("cv-button", "›", () => this.player.move(1)),
      speed: button("cv-button", "1×", () => (this.player.speed = SPEEDS[(SPEEDS.indexOf(this.player.speed) + 1) % SPEEDS.length])),
      predict: button("cv-button", "", () => this.predict()),
    };
    this.views = element("div", "cv-views");
    this.readout = element("p", "cv-readout");
    this.legend = element("div", "cv-legend");
    this.live = element("p", "cv-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.root = element(
      "section", "cv", element("div", "cv-bar", element("div", "cv-now", this.title, this.around), element("div", "cv-tools", ...Object.values(this.buttons))),
      this.strip.root, this.quiz.root, this.views, this.readout, this.legend, this.sums.root, this.live,
    );
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.addEventListener("keydown", (event) => this.editor.key(event) || this.key(event));
    this.editor = new Editor(this.root, (change) => this.send?.trigger("edit", change), (line) => (this.readout.textContent = line));
    parent.append(this.root);
    this.unwatch = watchPage(this.root, { themed: () => this.recolour(), resized: () => this.resized() });
  }

  destroy() {
    this.data = null;
    this.player.destroy();
    this.unwatch();
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    /** @param {Data | null} one */
    const kinds = (one) => one?.views.map((view) => view.kind).join();
    const known = kinds(this.data) === kinds(data);
    const first = this.data === null;
    const focused = this.editor.held();
    this.data = data;
    this.labels = this.editor.labels = data.labels;
    this.editor.largest = data.largest;
    this.models = data.views.map(modelOf);
    this.cursor.reset(data.views[0].hidden.length, first ? (recalledNumber("step") ?? data.begin.step + 1) - 1 : undefined);
    this.root.setAttribute("aria-label", this.labels.cell);
    for (const name of /** @type {const} */ (["first", "back", "forward", "play", "speed"])) named(this.buttons[name], this.labels[name]);
    this.buttons.predict.textContent = this.labels.predict;
    if (this.cursor.steps < 2) this.player.stop();
    this.theme();
    this.draw();
    this.strip.fill(this.models, data);
    this.sums.fill(this.models, this.labels, known);
    this.explain();
    this.quiz.fill(this.models, this.labels);
    const asked = first ? recall("predict")?.split("-") : undefined;
    if (asked) this.quiz.ask({ place: Number(asked[0]) || 0, id: asked[1], unit: Number(asked[2]) || 0 });
    this.around.textContent = this.labels.around;
    this.around.hidden = data.around === null;
    this.show();
    if (first) this.sums.open(data.begin.product);
    focused();
    drawn(this.root);
  }

  // ---- theme and room -----------------------------------------------------------------------------------------------

  /** @private */
  theme() {
    this.side = themeSide(this.root);
    this.root.dataset.theme = this.side;
    for (const [name, sides] of Object.entries(this.data?.scales ?? {})) this.stops[name] = sides[this.side].map(hexParts);
  }

  /** @private */
  recolour() {
    if (!this.data) return;
    this.theme();
    for (const drawing of this.drawings) drawing.recolour(this.side);
    this.explain();
    this.show();
  }

  get room() {
    return this.root.clientWidth / typeSize();
  }

  /** @private */
  resized() {
    if (!this.data || this.room === this.drawnFor) return;
    this.draw();
    this.show();
  }

  /** @private */
  draw() {
    const room = (this.drawnFor = this.room);
    const width = isWide(this.models.map(({ view }) => view), room) ? WIDTHS.full : WIDTHS.slim;
    this.drawings = this.models.map((model) => {
      const plan = planOf(model.view, width);
      const scale = this.models.length > 1 ? 1 : Math.min(LARGEST, Math.max(1, room / plan.width));
      const drawing = new Drawing(model, plan, scale, this.labels, (square, pressed) => {
        if (square) this.tell(model, square);
        else this.readout.textContent = this.hint;
        if (square && pressed) this.sums.zoom(model, square.id, square.unit);
      }, this.editor);
      drawing.recolour(this.side);
      return drawing;
    });
    this.views.replaceChildren(...this.drawings.map(({ root }) => root));
    for (const drawing of this.drawings) drawing.reach();
  }

  /** What the colours and lines mean. @private */
  explain() {
    if (!this.data) return;
    const { labels, side } = this;
    const { scales } = this.data;
    const gated = this.models.find(({ view }) => view.kind !== "rnn"); // an RNN has no gates, and keeps nothing apart
    /** @param {Range} range @param {string} text */
    const scale = (range, text) => {
      const strip = element("span", "cv-gradient");
      strip.style.background = gradient(scales[scaleOf(range)][side]);
      const [lowest, highest] = LIMITS[range];
      return element("span", "cv-key", element("span", "cv-of", text), minus(String(lowest)), strip, String(highest));
    };
    /** @param {string} look @param {string} text @param {string} colour */
    const line = (look, text, colour) => {
      const svg = shape("svg", { viewBox: "0 0 32 8", class: "cv-line", "aria-hidden": "true" });
      svg.style.setProperty("--cv-own", colour);
      shape("path", { d: "M0,4H32", class: `cv-wire cv-${look}` }, svg);
      return element("span", "cv-key", svg, text);
    };
    this.legend.replaceChildren(scale("signed", labels.signed), scale("cell", labels.sums));
    if (!gated) return;
    const colour = gated.view.colour[side];
    this.legend.append(scale("gate", labels.gates), line("keep", labels.keep, colour), line("write", labels.write, colour));
  }

  // ---- one step -----------------------------------------------------------------------------------------------------

  /** @returns {import("./types.js").Look} */
  get look() {
    return {
      step: this.cursor.at,
      hides: (model, id, unit) => this.quiz.hides(model, id, unit),
      colour: (value, range) => {
        const [lowest, highest] = LIMITS[range];
        return shade(this.stops[scaleOf(range)], (value - lowest) / (highest - lowest) || 0);
      },
    };
  }

  /** @private */
  show() {
    if (!this.data) return;
    const { look, labels, buttons } = this;
    const { step } = look;
    const { playing } = this.player;
    for (const drawing of this.drawings) drawing.show(look);
    this.sums.show();
    this.strip.show(look, this.quiz.waiting, this.side);
    const token = this.data.tokens ? ` · ${this.data.tokens[step]}` : "";
    this.title.textContent = `${labels.step} ${step + 1} / ${this.cursor.steps}${token}`;
    buttons.back.disabled = buttons.first.disabled = step === 0;
    buttons.forward.disabled = step === this.cursor.last;
    buttons.play.textContent = playing ? "⏸" : "▶";
    buttons.play.setAttribute("aria-pressed", String(playing));
    buttons.speed.textContent = `${this.player.speed}×`;
    buttons.predict.setAttribute("aria-pressed", String(this.quiz.question !== null));
    this.readout.textContent = this.hint;
    this.root.dataset.step = String(step + 1);
    if (this.data.around !== null) this.around.href = `${this.data.around}&network_step=${step + 1}`;
    if (!playing) this.live.textContent = this.spoken();
  }

  /** What can be done with the squares. @private */
  get hint() {
    return this.data?.largest === null ? this.labels.hover : `${this.labels.hover} ${this.labels.change}`;
  }

  /** The value that is pointed at. @private @param {Model} model @param {{ id: string, unit: number }} square */
  tell(model, { id, unit }) {
    const { symbol, of } = model.vectors[id];
    const value = this.quiz.hides(model, id, unit) ? "?" : digits(of(this.cursor.at)[unit]);
    this.readout.replaceChildren(written(symbol), ` · ${id === "x" ? this.labels.input : this.labels.unit} ${unit + 1} · ${value}`);
  }

  /** The step as it is read aloud. @private */
  spoken() {
    const { step, hides } = this.look;
    const said = [`${this.labels.step} ${step + 1} / ${this.cursor.steps}`];
    for (const model of this.models) {
      if (this.models.length > 1) said.push(model.view.name);
      const given = model.view.kind === "lstm" ? ["x", "h0", "c0"] : ["x", "h0"];
      for (const id of [...given, ...model.equations.map(({ items }) => items[0])]) {
        const { symbol, of } = model.vectors[id];
        const values = of(step).map((value, unit) => (hides(model, id, unit) ? "?" : digits(value)));
        said.push(`${plain(symbol)} = ${values.join(", ")}`);
      }
    }
    return said.join("; ");
  }

  /** What is hidden may have changed, and what is asked. @private */
  asked() {
    const { question } = this.quiz;
    remember("predict", question && [question.place, question.id, question.unit].join("-"));
    this.show();
  }

  /** @private @param {number} at @param {number} before */
  moved(at, before) {
    remember("step", at || this.data?.begin.step ? at + 1 : null);
    this.strip.reveal(at);
    if (this.quiz.question) this.quiz.again();
    else this.show();
    if (at > before) for (const drawing of this.drawings) drawing.move();
  }

  // ---- playing and keys ---------------------------------------------------------------------------------------------

  /** @private */
  toggle() {
    if (!this.player.playing) this.quiz.end();
    this.player.toggle();
  }

  /** @private */
  predict() {
    this.player.stop();
    if (this.quiz.question) this.quiz.end();
    else this.quiz.ask();
  }

  /** @private @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const { tagName } = target;
    if (tagName === "INPUT" || tagName === "SELECT") return;
    if (event.key.startsWith("Arrow") && target.classList.contains("cv-frame")) return; // they scroll it
    const step = stepOf(event, this.cursor.at, this.cursor.last);
    const plays = event.key === " " && tagName !== "BUTTON" && tagName !== "SUMMARY" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (step === null && !plays) return;
    event.preventDefault();
    if (step !== null) this.player.to(step);
    else this.toggle();
  }
}
