// The attention map and one step of its arithmetic. All that moves with the pointer or the keys happens here, from numbers that
// were sent once for all steps; Python hears of a change ("edit") and, when the reader has come to rest, of the chosen step.

import { rows, unpacked } from "../../parts/js/arrays.js";
import { drawn, element, mounted } from "../../parts/js/dom.js";
import { clamp, number } from "../../parts/js/numbers.js";
import { Player } from "../../parts/js/player.js";
import { readTheme, typeSize, watchPage } from "../../parts/js/theme.js";
import { filled } from "../../parts/js/words.js";
import { Colours } from "./colours.js";
import { Head } from "./head.js";
import { legendOf } from "./legend.js";
import { WeightMap } from "./map.js";
import { outputsOf } from "./outputs.js";
import { save } from "./saved.js";
import { Side } from "./side.js";
import { wishOf } from "./weights.js";
import { top } from "./working.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Numbers} Numbers */
/** @typedef {import("./types.js").Spot} Spot */

const PACE = 400; // ms a step, unless another is chosen
const REST = 700; // ms after which the address follows
const HEARD = 120; // ms after which keys are answered aloud

export default mounted((/** @type {HTMLElement} */ parent) => new AttentionMap(parent));

/** @param {Data["arrays"]} arrays */
const numbersIn = (arrays) =>
  /** @type {Numbers} */ (
    Object.fromEntries(Object.entries(arrays).map(([name, { shape, bdata }]) => [name, rows(unpacked({ dtype: "f4", bdata }), shape[1])]))
  );

class AttentionMap {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    /** @type {Data | null} */
    this.data = null;
    /** @type {Numbers | null} */
    this.numbers = null;
    /** @type {Colours | null} */
    this.colours = null;
    /** @type {ReturnType<typeof readTheme> | null} */
    this.theme = null;
    /** @type {Spot | null} */
    this.hover = null;
    this.step = 0;
    this.place = 0;
    /** @type {number | null} */
    this.sentStep = null; // that Python knows
    this.touched = false; // whether the reader has asked for the change that comes next
    this.spoken = "";
    this.drawnFor = "";
    this.frame = 0;
    this.resting = 0;
    this.saying = 0;
    this.player = new Player({
      step: () => this.step, steps: () => this.data?.target.length ?? 0, go: (step) => this.play(step), pace: PACE, changed: () => this.played(),
    });
    this.map = new WeightMap({ point: (spot) => this.point(spot), click: (spot, twice) => this.click(spot, twice), only: (place) => this.only(place) });
    this.side = new Side({
      only: (place) => this.only(place), weigh: (place, value, back) => this.weigh(place, value, back), touch: () => this.player.stop(),
      point: (place) => this.point(place === null ? null : { row: this.step, place }), say: (line) => this.head.say(line),
      take: (token) => this.tell({ do: "token", step: this.step, token }),
    });
    this.head = new Head(PACE, {
      act: (tool) => this.act(tool), speed: (ms) => (this.player.speed = PACE / ms), save: (format) => this.save(format),
    });
    this.readout = element("output", "ra-readout");
    this.readout.setAttribute("aria-live", "off");
    this.legend = element("div", "ra-legends");
    this.left = element("div", "ra-map", this.readout, this.map.root, this.legend);
    this.live = element("p", "ra-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.summary = element("p", "ra-hidden");
    this.summary.id = `ra-summary-${Math.random().toString(36).slice(2)}`; // an id of the page, nothing that is shown
    this.map.root.setAttribute("aria-describedby", this.summary.id);
    this.map.root.addEventListener("keydown", (event) => this.key(event));
    this.root = element("section", "ra-root", this.head.root, element("div", "ra-main", this.left, this.side.root), this.live, this.summary);
    parent.append(this.root);
    this.unwatch = watchPage(this.root, { themed: () => this.draw(), resized: () => this.resized() });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.head.root);
  }

  destroy() {
    this.player.destroy();
    this.unwatch();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    clearTimeout(this.saying);
    this.root.remove();
  }

  // ---- what Python sends ----------------------------------------------------------------------------------------

  /** @param {Data} data */
  update(data) {
    const other = this.data?.text !== data.text;
    const redo = other || this.data?.id !== data.id || JSON.stringify(this.data.labels) !== JSON.stringify(data.labels);
    const wished = data.step !== null && data.step !== this.sentStep;
    if (other) this.player.stop();
    const { touched } = this;
    this.data = data;
    this.touched = false;
    this.root.removeAttribute("aria-busy");
    this.head.say();
    this.head.buttons.undo.disabled = !data.undo;
    if (other || wished) {
      clearTimeout(this.resting);
      this.step = data.step ?? 0;
    }
    this.sentStep = other ? data.step : (data.step ?? this.sentStep);
    this.step = clamp(this.step, 0, data.target.length - 1);
    if (!redo && !wished) return;
    if (redo || !this.numbers) {
      this.numbers = numbersIn(data.arrays);
      this.hover = null;
    }
    if (other || !touched) this.place = top(this.numbers.weight[this.step]);
    this.place = clamp(this.place, 0, data.source.length - 1);
    this.map.root.setAttribute("aria-label", data.labels.map);
    this.summary.textContent = `${data.summary} ${data.labels.keys}`;
    this.head.name(data.labels);
    this.played();
    if (other) this.map.root.scrollTo(0, 0);
    this.draw();
    if (other || wished) this.map.reveal(this.step, this.place);
  }

  // ---- drawing --------------------------------------------------------------------------------------------------

  /** @private */
  resized() {
    const stays = getComputedStyle(this.head.root).position === "sticky";
    this.root.style.setProperty("--ra-head", `${stays ? this.head.root.offsetHeight : 0}px`);
    if (this.drawnFor !== this.room) this.draw();
  }

  get room() {
    return `${this.root.clientWidth} ${typeSize()}`;
  }

  /** @private */
  draw() {
    const { data, numbers } = this;
    if (!data || !numbers) return;
    this.root.removeAttribute("data-drawn");
    this.drawnFor = this.room;
    this.theme = readTheme(this.root);
    this.root.dataset.theme = this.theme.side;
    this.colours = new Colours(data.scales, this.theme.side);
    this.head.outputs.replaceChildren(...outputsOf(data));
    const { pools } = this.map.draw(data, numbers, this.colours, this.theme.text, this.left.clientWidth, typeSize());
    this.paint();
    this.legend.replaceChildren(...legendOf(data, pools, this.theme.side));
    this.show();
    drawn(this.root, data.id);
  }

  /** The rows that are written. @private */
  paint() {
    if (this.data) this.map.paint(this.player.playing ? this.step : this.data.target.length - 1);
  }

  /** The chosen step. @private */
  show() {
    const { data, numbers, colours, step, place } = this;
    if (!data || !numbers || !colours) return;
    this.head.buttons.resetStep.disabled = !data.edits[step];
    this.head.buttons.reset.disabled = !Object.keys(data.edits).length;
    this.side.draw({ data, numbers, colours, step, place });
    this.follow();
  }

  /** What is pointed at, or else chosen. @private */
  follow() {
    const { data, numbers, hover } = this;
    if (!data || !numbers) return;
    const { labels } = data;
    const row = hover?.row ?? this.step;
    const place = hover?.place ?? this.place;
    this.map.mark(row, place, this.step);
    const looks = filled(labels.looks, { target: data.target[row], source: data.source[place] });
    const value = `α = ${number(numbers.weight[row][place])}, ${labels.score} ${number(numbers.score[row][place])}`;
    const step = element("span", "", `${labels.step} ${row + 1}/${data.target.length}`);
    if (hover?.unit === undefined) this.readout.replaceChildren(step, element("b", "ra-mono", looks), element("span", "ra-mono", value));
    else {
      const [letter, state] = hover.strip === "encoder" ? ["h", numbers.memory[place]] : ["s", numbers.hidden[row]];
      this.readout.replaceChildren(step, element("b", "", `${letter}, ${labels.unit} ${hover.unit}: ${number(state[hover.unit])}`));
    }
    this.spoken = `${labels.step} ${row + 1}: ${looks}, ${labels.place} ${place + 1}, ${value}`;
    this.side.mark(place);
  }

  // ---- the cursor -----------------------------------------------------------------------------------------------

  /** @private @param {Spot | null} spot */
  point(spot) {
    const { hover } = this;
    if (!this.data || (spot?.row === hover?.row && spot?.place === hover?.place && spot?.unit === hover?.unit)) return;
    this.hover = spot;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.follow());
  }

  /** @private @param {Spot} spot @param {boolean} twice */
  click({ row, place }, twice) {
    this.player.stop();
    this.choose(row ?? this.step, place);
    if (twice && row !== undefined && place !== undefined) this.only(place);
  }

  /** @private @param {number} step @param {number} [place] where the step looks most, if not given */
  choose(step, place) {
    if (!this.data || !this.numbers) return;
    const wanted = clamp(step, 0, this.data.target.length - 1);
    const moved = wanted !== this.step;
    if (!moved && place === undefined) return;
    this.step = wanted;
    this.place = place ?? top(this.numbers.weight[wanted]);
    this.show();
    this.map.reveal(this.step, this.place);
    if (moved) this.rest();
  }

  /** The address follows once the reader rests. @private */
  rest() {
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => {
      if (this.player.playing || this.sentStep === this.step) return;
      this.sentStep = this.step;
      this.send?.trigger("step", this.step);
    }, REST);
  }

  /** @private @param {KeyboardEvent} event */
  key(event) {
    if (!this.data || event.ctrlKey || event.metaKey || event.altKey || event.target !== this.map.root) return;
    const far = event.shiftKey ? 10 : 1;
    const { source, target } = this.data;
    /** @param {number} by */
    const aside = (by) => this.choose(this.step, clamp(this.place + by, 0, source.length - 1));
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowUp: () => this.choose(this.step - far), ArrowDown: () => this.choose(this.step + far),
      ArrowLeft: () => aside(-far), ArrowRight: () => aside(far),
      Home: () => this.choose(0), End: () => this.choose(target.length - 1),
      Enter: () => this.only(this.place), " ": () => this.player.toggle(),
    };
    if (!(event.key in acts)) return;
    event.preventDefault();
    if (event.key !== " ") this.player.stop();
    this.hover = null;
    acts[event.key]();
    clearTimeout(this.saying);
    this.saying = window.setTimeout(() => (this.live.textContent = this.spoken), HEARD);
  }

  // ---- playing: the rows are written one after the other ----------------------------------------------------------

  /** @private @param {number} step */
  play(step) {
    if (this.player.playing) this.hover = null;
    this.choose(step);
    if (this.player.playing) this.paint();
  }

  /** @private */
  played() {
    this.head.played(this.player);
    this.paint();
  }

  // ---- what the reader changes ----------------------------------------------------------------------------------

  /** @private @param {Exclude<import("./head.js").Tool, "save">} tool */
  act(tool) {
    if (tool === "play") this.player.toggle();
    else if (tool === "back") this.player.move(-1);
    else if (tool === "forward") this.player.move(1);
    else if (tool === "all") this.tell({ do: "all", steps: this.data?.target.length ?? 0, place: this.place });
    else if (tool === "undo") this.tell({ do: "undo" });
    else this.tell({ do: "reset", step: tool === "reset" ? null : this.step });
  }

  /** The step looks only there. @private @param {number} place */
  only(place) {
    this.place = place;
    this.tell({ do: "only", step: this.step, place });
  }

  /** @private @param {number} place @param {number} value @param {() => void} back shows the weight before */
  weigh(place, value, back) {
    const { data, numbers, step } = this;
    if (!data || !numbers) return;
    const edit = data.edits[step];
    const set = edit?.given ?? Array.from(numbers.weight[step]);
    const wish = wishOf(set, numbers.own[step], Boolean(edit?.bare), step, place, value);
    if (wish === "zero") {
      back();
      this.head.say(data.labels.allZero);
    } else if (wish) {
      this.place = place;
      this.tell(wish);
    }
  }

  /** @private @param {import("./types.js").Wish} wish */
  tell(wish) {
    this.player.stop();
    this.head.say();
    this.root.setAttribute("aria-busy", "true");
    this.touched = true;
    clearTimeout(this.resting);
    this.sentStep = this.step;
    this.send?.trigger("edit", { ...wish, at: this.step });
  }

  /** The map to take away. @private @param {string} format */
  async save(format) {
    const { data, numbers, colours, theme } = this;
    const { layout } = this.map;
    if (!data || !numbers || !colours || !theme || !layout) return;
    const mono = getComputedStyle(this.root).getPropertyValue("--rnnviz-mono").replaceAll('"', "'");
    await save({ data, numbers, colours, theme, layout, mono, u: typeSize() }, format);
  }
}
