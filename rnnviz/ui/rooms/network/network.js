// The network as one picture that changes from stage to stage, and the passes played over it. Everything that can be shown
// was sent once; stepping, playing and looking need no server.

import { stepOf } from "../../parts/js/cursor.js";
import { button, drawn, element, mounted } from "../../parts/js/dom.js";
import { recall, remember } from "../../parts/js/link.js";
import { clamp } from "../../parts/js/numbers.js";
import { Player, calm } from "../../parts/js/player.js";
import { between, hexParts, themeSide, typeSize, watchPage } from "../../parts/js/theme.js";
import { way } from "../../parts/js/way.js";
import { filled } from "../../parts/js/words.js";
import { detailOf } from "./detail.js";
import { Drawing } from "./drawing.js";
import { legendOf } from "./legend.js";
import { framesOf, nodesAt, orderOf, timeOf } from "./passes.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Pass} Pass */
/** @typedef {import("./types.js").Looked} Looked */

const PACE = 800; // ms a step at speed 1
const SPEEDS = [0.5, 1, 2, 4];
const PASSES = /** @type {const} */ (["forward", "backward"]);
const SIGNS = { forward: "▶", backward: "◀", playing: "❚❚" };

export default mounted((/** @type {HTMLElement} */ parent) => new Picture(parent));

class Picture {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {Data | null} */
    this.data = null;
    /** @type {Pass} */
    this.pass = "forward";
    this.frame = 0;
    /** @type {Looked | null} */
    this.looked = null; // the node or edge whose numbers are shown
    this.held = false; // whether it stays, wherever the pointer goes
    /** @type {import("./types.js").Side} */
    this.side = "light";
    this.chosen = false; // whether the reader has said what an edge's width follows
    this.said = ""; // the words that are shown
    this.fitted = ""; // the width and type size that the picture was made for
    this.player = new Player({
      step: () => this.frame, steps: () => this.frames, go: (frame) => this.go(frame), pace: PACE,
      changed: () => this.played(), stills: false,
    });
    this.drawing = new Drawing(() => this.arrived());
    this.buttons = {
      forward: button("nw-button", "", () => this.play("forward")),
      backward: button("nw-button", "", () => this.play("backward")),
      back: button("nw-button", "‹", () => this.player.move(-1)),
      on: button("nw-button", "›", () => this.player.move(1)),
    };
    this.choices = { speed: choice(), colour: choice(), width: choice() };
    this.choices.speed.select.append(...SPEEDS.map((speed) => new Option(`${speed}×`, String(speed))));
    this.choices.speed.select.value = "1";
    this.choices.speed.select.addEventListener("change", () => (this.player.speed = Number(this.choices.speed.select.value)));
    this.choices.colour.select.addEventListener("change", () => this.show());
    this.choices.width.select.addEventListener("change", () => {
      this.chosen = true;
      remember("width", this.width === this.data?.width ? null : this.width);
      this.show();
    });
    this.readout = element("p", "nw-readout");
    this.readout.setAttribute("aria-live", "polite");
    this.holder = element("div", "nw-holder", this.drawing.svg);
    this.more = element("p", "nw-more");
    this.legend = element("div", "nw-legend");
    this.detail = element("div", "nw-detail");
    this.link = way("nw-way");
    this.link.addEventListener("click", () => {
      this.held = true; // Back leads here again
      this.keep();
    }, { capture: true });
    const tools = element("div", "nw-tools", ...Object.values(this.buttons), this.choices.speed.label, this.choices.colour.label, this.choices.width.label);
    const bar = element("div", "nw-bar", tools, this.readout);
    this.root = element("section", "nw-picture", bar, this.holder, this.more, this.legend, this.detail);
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.drawing.svg.addEventListener("pointerover", ({ target }) => this.point(target, false));
    this.drawing.svg.addEventListener("pointerdown", ({ target }) => this.point(target, true));
    parent.append(this.root);
    this.unwatch = watchPage(this.root, { themed: () => this.show(), resized: () => this.resized() });
  }

  destroy() {
    this.player.destroy();
    this.drawing.destroy();
    this.unwatch();
    this.root.remove();
  }

  // ---- what Python sends --------------------------------------------------------------------------------------------

  /** @param {Data} data */
  update(data) {
    const first = this.data === null;
    const other = this.data?.id !== data.id;
    const said = JSON.stringify(data.labels);
    this.data = data;
    if (other || this.said !== said) this.words(data);
    this.said = said;
    if (!other) {
      this.show();
      return;
    }
    this.player.stop();
    this.pass = "forward";
    this.frame = this.frames - 1;
    const { width } = this.choices;
    width.label.hidden = !data.edges.some(({ weight }) => weight !== null);
    if (first) {
      this.recalled(recall("frame"));
      this.chosen = [...width.select.options].some(({ value }) => value === recall("width"));
      if (this.chosen) width.select.value = /** @type {string} */ (recall("width"));
    } else remember("frame", null);
    if (!this.chosen) width.select.value = data.width;
    this.looked = first ? this.lookedAt(recall("look") ?? data.look) : null;
    this.held = this.looked !== null;
    if (!first) remember("look", null);
    delete this.root.dataset.still;
    this.drawing.change(data, this.room);
    this.played();
    this.show();
    this.root.dataset.stage = data.stage;
    drawn(this.root);
  }

  /** @private @param {Data} data */
  words({ labels, nodes }) {
    const { back, on } = this.buttons;
    const { colour, width } = this.choices;
    this.root.setAttribute("aria-label", labels.picture);
    back.setAttribute("aria-label", labels.back);
    on.setAttribute("aria-label", labels.on);
    for (const name of /** @type {const} */ (["forward", "backward", "back", "on"])) this.buttons[name].title = labels[name];
    for (const name of /** @type {const} */ (["speed", "colour", "width"])) {
      this.choices[name].words.textContent = labels[name];
      this.choices[name].select.setAttribute("aria-label", labels[name]);
    }
    const chosen = colour.select.value;
    const units = Math.max(...nodes.map((node) => node.values[0].length));
    const each = Array.from({ length: units }, (_, i) => new Option(`${labels.unit} ${i + 1}`, String(i)));
    colour.select.replaceChildren(new Option(labels.all, "all"), ...(units > 1 ? [new Option(labels.mean, "mean"), ...each] : []));
    colour.select.value = [...colour.select.options].some((option) => option.value === chosen) ? chosen : "all";
    colour.label.hidden = units < 2;
    const followed = width.select.value || "norm";
    width.select.replaceChildren(...Object.entries(labels.widths).map(([value, name]) => new Option(name, value)));
    width.select.value = followed;
    this.more.textContent = labels.more;
    this.played();
  }

  // ---- room ---------------------------------------------------------------------------------------------------------

  get room() {
    return this.holder.clientWidth || 600;
  }

  /** @private */
  resized() {
    if (!this.data) return;
    const key = `${this.holder.clientWidth} ${typeSize()}`;
    if (key === this.fitted) return;
    this.fitted = key;
    this.drawing.fit(this.room);
    this.show();
  }

  /** @private */
  arrived() {
    this.more.hidden = this.holder.scrollWidth <= this.holder.clientWidth + 1;
    if (this.more.hidden) this.holder.removeAttribute("tabindex");
    else this.holder.tabIndex = 0; // what is wider than the page can be reached by keys
    this.root.dataset.still = "";
  }

  // ---- the passes ---------------------------------------------------------------------------------------------------

  /** The pass and its frame, from 1, as a link says them. @private @param {string | null} said */
  recalled(said) {
    const [name, frame] = (said ?? "").split("-");
    const pass = PASSES.find((one) => one === name);
    if (!pass || !(Number(frame) > 0)) return;
    this.pass = pass;
    this.frame = clamp(Number(frame) - 1, 0, this.frames - 1);
  }

  /** What an edge's width follows. @returns {import("./types.js").Width} */
  get width() {
    const { label, select } = this.choices.width;
    return label.hidden ? "norm" : /** @type {import("./types.js").Width} */ (select.value);
  }

  get frames() {
    return this.data ? framesOf(this.data, this.pass) : 0;
  }

  /** Plays a pass from where it stands, or from its beginning; stops it where it plays. @private @param {Pass} pass */
  play(pass) {
    const playing = this.player.playing && this.pass === pass;
    this.player.stop();
    if (playing) return;
    if (this.pass !== pass) {
      this.pass = pass;
      this.frame = -1;
    }
    this.player.play();
  }

  /** @private */
  played() {
    if (!this.data) return;
    const playing = this.player.playing ? this.pass : "";
    this.root.dataset.playing = playing;
    for (const pass of PASSES) {
      this.buttons[pass].textContent = `${SIGNS[playing === pass ? "playing" : pass]} ${this.data.labels[pass]}`;
      this.buttons[pass].setAttribute("aria-pressed", String(playing === pass));
    }
  }

  /** @private @param {number} frame */
  go(frame) {
    const moved = frame !== this.frame;
    this.frame = frame;
    remember("frame", `${this.pass}-${frame + 1}`);
    this.show(moved);
  }

  /** @private @param {KeyboardEvent} event */
  key(event) {
    if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = stepOf(event, this.frame, this.frames - 1);
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowUp: () => this.next(1), ArrowDown: () => this.next(-1), f: () => this.play("forward"), b: () => this.play("backward"),
    };
    if (!(event.target instanceof HTMLButtonElement)) acts[" "] = () => this.play(this.pass);
    const act = step === null ? acts[event.key] : () => this.player.to(step);
    if (!act) return;
    event.preventDefault();
    act();
  }

  // ---- what is looked at --------------------------------------------------------------------------------------------

  /** What a link says is looked at: a node by its name, an edge by its place. @private @param {string | null} said @returns {Looked | null} */
  lookedAt(said) {
    if (!this.data || said === null) return null;
    if (this.data.nodes.some(({ id }) => id === said)) return { node: said };
    return /^\d{1,4}$/.test(said) && this.data.edges[Number(said)] ? { edge: Number(said) } : null;
  }

  /** In the link, where it is held. @private */
  keep() {
    remember("look", this.held && this.looked ? ("node" in this.looked ? this.looked.node : this.looked.edge) : null);
  }

  /**
   * What the pointer rests on is looked at; what is pressed is held, so that the way to its numbers leads over other parts, until it
   * is pressed again, or something else is, or nothing.
   * @private @param {EventTarget | null} target @param {boolean} presses
   */
  point(target, presses) {
    const { node, edge } = target instanceof Element ? (/** @type {SVGElement | null} */ (target.closest("[data-node], [data-edge]"))?.dataset ?? {}) : {};
    const part = node !== undefined ? { node } : edge !== undefined ? { edge: Number(edge) } : null;
    if (presses) this.held = part !== null && !(this.held && JSON.stringify(part) === JSON.stringify(this.looked));
    else if (this.held) return;
    if (part) this.look(part);
    if (presses) this.keep();
  }

  /** By keys through all nodes and edges. @private @param {1 | -1} by */
  next(by) {
    if (!this.data) return;
    const list = orderOf(this.data);
    const key = JSON.stringify(this.looked);
    const at = list.findIndex((one) => JSON.stringify(one) === key);
    this.look(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length]);
    this.readout.textContent = [...this.detail.children].map((line) => line.textContent).join(". ");
  }

  /** @private @param {Looked} looked */
  look(looked) {
    this.looked = looked;
    this.tell();
  }

  /** @private */
  tell() {
    if (!this.data) return;
    this.drawing.mark(this.looked);
    this.detail.replaceChildren(...detailOf(this.data, this.looked, timeOf(this.data, this), (scale, share) => this.colour(scale, share), this.link));
  }

  // ---- a moment of a pass -------------------------------------------------------------------------------------------

  /** @param {string} scale @param {number} share */
  colour(scale, share) {
    const stops = this.data?.scales[scale][this.side] ?? [];
    return between(stops.map(hexParts), share);
  }

  /** @param {boolean} [flowing] */
  show(flowing = false) {
    if (!this.data) return;
    this.side = themeSide(this.root);
    this.root.style.setProperty("--nw-own", this.data.colour[this.side]);
    this.root.dataset.pass = this.pass;
    this.root.dataset.frame = String(this.frame);
    this.drawing.show(this, this.choices.colour.select.value || "all", (scale, share) => this.colour(scale, share), this.width, flowing);
    if (flowing && !this.more.hidden) {
      this.holder.scrollTo({ left: this.drawing.middle(this) - this.holder.clientWidth / 2, behavior: calm?.matches ? "auto" : "smooth" });
    }
    this.say(this.data);
    this.legend.replaceChildren(...legendOf(this.data, this.pass, this.side, this.width, this.drawing.scale));
    this.tell();
  }

  /** @private @param {Data} data */
  say(data) {
    const { labels, times } = data;
    this.readout.textContent = filled(times > 1 ? labels.again : labels[`${this.pass}Line`], {
      pass: labels[this.pass], n: this.frame + 1, count: this.frames, step: timeOf(data, this) + 1,
      nodes: nodesAt(data, this).map((node) => node.label).join(", "),
    });
    this.buttons.back.disabled = this.frame <= 0;
    this.buttons.on.disabled = this.frame >= this.frames - 1;
  }
}

/** A list to choose from, with its name. */
function choice() {
  const words = element("span", "nw-choice-name");
  const select = element("select", "nw-select");
  return { words, select, label: element("label", "nw-choice", words, select) };
}
