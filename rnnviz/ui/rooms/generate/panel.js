// What the shown author carried while it wrote: a column for each character, under a strip of the text.

import { penOf, pixels, steps } from "../../parts/js/canvas.js";
import { element } from "../../parts/js/dom.js";
import { clamp, fixed, minus } from "../../parts/js/numbers.js";
import { gradient, typeSize } from "../../parts/js/theme.js";
import { filled, isWide } from "../../parts/js/words.js";
import { offer } from "./tools.js";

/** @typedef {import("./types.js").Writing} Data */
/** @typedef {import("./pieces.js").Carried} Carried */
/** @typedef {import("./pieces.js").Written} Written */
/** @typedef {{ first: number, end: number, seeds: number, stroke: number, top: number, height: number, left: number }} View */
/**
 * @typedef {object} Shown
 * @property {Data} data
 * @property {Carried} carried
 * @property {Written} text of the author
 * @property {number} shown characters
 * @property {number} at the character that is looked at
 * @property {boolean} chosen whether the reader has chosen it
 */

const STROKE = 0.625; // rem: the width of a character on the strip
const WIDE = 1; // rem: the same where there is Hangul
const LEAST = 14; // rem: the height of the states
const STRIP = 1.75; // rem: the height of the text
const NUMBERS = 2; // rem: what is left of the states

/**
 * The columns that are in view: those at the end, or those around a character.
 * @param {number} columns that have room
 * @param {number} end of what is shown
 * @param {number | null} middle
 * @returns {[first: number, end: number]}
 */
export function windowOf(columns, end, middle) {
  const wanted = middle === null ? end : Math.min(end, Math.max(columns, middle + Math.ceil(columns / 2)));
  return [Math.max(0, wanted - columns), wanted];
}

/** How a byte of the states is read. @param {import("./types.js").States} info @param {number} byte @param {import("./types.js").Words} labels */
export function valueOf({ kind, limits: [low, high] }, byte, labels) {
  if (kind === "counts") return [labels.never, labels.seen, labels.followed][Math.round(byte / 127.5)];
  return `≈ ${fixed(low + (byte / 255) * (high - low), 2)}`;
}

/** The unit that a row shows; contexts are counted from the bottom. @param {import("./types.js").States} info @param {number} row */
export const unitOf = ({ kind, units, rows }, row) => (kind === "counts" ? units - 1 - row : rows[row]);

export class Panel {
  /** @param {(setting: Record<string, string | number>) => void} show other states are wanted @param {(number: number) => void} choose a character was clicked */
  constructor(show, choose) {
    this.choose = choose;
    /** @type {Shown | null} */
    this.shown = null;
    /** @type {View | null} */
    this.view = null;
    this.pixels = new Uint32Array(0); // the colour of each byte, as an image's memory has it
    this.tall = 0; // px, as far as it follows what is beside it
    this.title = element("h3", "gn-title");
    this.layer = element("select", "gn-select");
    this.layer.addEventListener("change", () => show({ generate_layer: this.layer.selectedIndex + 1 }));
    this.quantity = element("select", "gn-select");
    this.quantity.addEventListener("change", () => show({ generate_quantity: this.quantity.value }));
    this.canvas = element("canvas", "gn-canvas");
    this.canvas.setAttribute("role", "img");
    this.canvas.addEventListener("pointermove", (event) => this.hover(event));
    this.canvas.addEventListener("pointerleave", () => (this.readout.textContent = "\u00a0"));
    this.canvas.addEventListener("click", (event) => this.picked(event));
    this.image = element("canvas");
    this.readout = element("p", "gn-readout", "\u00a0");
    this.legend = element("div", "gn-legend");
    this.note = element("p", "gn-note");
    const head = element("div", "gn-head", this.title, this.layer, this.quantity);
    this.root = element("div", "gn-panel", head, this.canvas, element("div", "gn-foot", this.legend, this.readout), this.note);
  }

  /** @param {Data} data @param {string} author */
  name({ states, labels }, author) {
    const counts = states.kind === "counts";
    this.title.textContent = counts ? `${author}: ${labels.context}` : author;
    const layers = Array.from({ length: states.layers }, (_, i) => /** @type {[string, string]} */ ([String(i + 1), `${labels.layer} ${i + 1}`]));
    offer(this.layer, layers, String(states.layer), labels.layer);
    offer(this.quantity, Object.entries(states.options), states.quantity, labels.quantity);
    this.layer.hidden = counts || states.layers < 2;
    this.quantity.hidden = counts;
    const about = filled(counts ? labels.contexts : labels.states, { model: author, quantity: states.options[states.quantity] });
    this.canvas.setAttribute("aria-label", about);
    this.note.textContent = counts ? "" : labels.look;
  }

  /** @param {Data} data @param {string} own the author's colour @param {import("./types.js").Side} side */
  recolour({ states, scales, labels }, own, side) {
    const counts = states.kind === "counts";
    const stops = counts ? [scales.gate[side][0], own] : scales[states.limits[0] < 0 ? "diverging" : "gate"][side];
    const colours = steps(stops);
    this.pixels = pixels(colours);
    if (counts) {
      /** @param {number} at @param {string} text */
      const key = (at, text) => {
        const box = element("i", "gn-box");
        box.style.background = `rgb(${colours[at]})`;
        return element("span", "gn-key", box, text);
      };
      this.legend.replaceChildren(key(0, labels.never), key(128, labels.seen), key(255, labels.followed));
      return;
    }
    const bar = element("i", "gn-bar");
    bar.style.background = gradient(stops);
    const [low, high] = states.limits.map((limit) => minus(String(limit)));
    this.legend.replaceChildren(element("span", "gn-key", low, bar, high));
  }

  // ---- painting -----------------------------------------------------------------------------------------------------

  /** @param {Shown} shown @param {HTMLElement | null} beside what stands beside it on a wide page, which does not shrink */
  paint(shown, beside) {
    const { canvas } = this;
    const width = canvas.clientWidth;
    if (!width || !this.pixels.length) return;
    this.shown = shown;
    const rem = 16 * typeSize();
    const { carried: { info, count: all }, data } = shown;
    const square = shown.text.info.tokens.some(isWide);
    const [top, left, stroke] = [STRIP * rem, NUMBERS * rem, (square ? WIDE : STROKE) * rem];
    const height = this.height(top, rem, info, beside);
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round((top + height) * ratio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    canvas.style.height = `${top + height}px`;
    const seeds = data.seed.length - info.start;
    const columns = Math.max(1, Math.floor((width - left) / stroke));
    const [first, end] = windowOf(columns, Math.min(seeds + shown.shown, all), shown.chosen ? seeds + shown.at : null);
    this.view = { first, end, seeds, stroke, top, height, left };
    const pen = penOf(canvas);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, top + height);
    this.paintStates(pen, this.view, shown.carried);
    this.paintWords(pen, this.view, rem, shown);
  }

  /** @private @param {number} top @param {number} rem @param {import("./types.js").States} info @param {HTMLElement | null} beside */
  height(top, rem, { kind, units }, beside) {
    const isBeside = beside !== null && beside.offsetTop === this.root.offsetTop;
    this.tall = isBeside ? Math.max(this.tall, beside.offsetHeight - this.root.offsetHeight + this.canvas.offsetHeight - top) : 0;
    return kind === "counts" && !isBeside ? Math.max(1, units) * 2 * rem : Math.max(LEAST * rem, this.tall);
  }

  /** @private @param {CanvasRenderingContext2D} pen @param {View} view @param {Carried} carried */
  paintStates(pen, { first, end, left, top, stroke, height }, { info, values }) {
    const count = end - first;
    if (count <= 0 || info.units <= 0) return;
    const image = new ImageData(count, info.units);
    const memory = new Uint32Array(image.data.buffer);
    for (let row = 0; row < info.units; row += 1) {
      const unit = unitOf(info, row);
      for (let c = 0; c < count; c += 1) memory[row * count + c] = this.pixels[values[first + c][unit]];
    }
    Object.assign(this.image, { width: count, height: info.units });
    penOf(this.image).putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(this.image, left, top, count * stroke, height);
  }

  /** The characters, what stands left, and where the reader is. @private @param {CanvasRenderingContext2D} pen @param {View} view @param {number} rem @param {Shown} shown */
  paintWords(pen, { first, end, seeds, left, top, stroke, height }, rem, shown) {
    const { carried: { info }, data } = shown;
    const style = getComputedStyle(this.root);
    pen.fillStyle = pen.strokeStyle = style.color;
    pen.font = `${Math.max(14, 0.9375 * rem)}px ${style.getPropertyValue("--rnnviz-mono")}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let column = first; column < end; column += 1) {
      const text = this.letter(shown, column, seeds);
      pen.globalAlpha = column < seeds ? 0.6 : 1;
      // a name that has no shape of its own is longer than a stroke
      pen.fillText(text.length > 2 ? "�" : text, left + (column - first + 0.5) * stroke, top / 2);
    }
    pen.globalAlpha = 1;
    pen.font = `${Math.max(14, 0.875 * rem)}px ${style.fontFamily}`;
    if (info.kind === "counts") {
      pen.textAlign = "right";
      for (let i = 0; i < info.units; i += 1) pen.fillText(String(info.units - i), left - 6, top + ((i + 0.5) / info.units) * height);
    } else {
      pen.save();
      pen.translate(left / 2, top + height / 2);
      pen.rotate(-Math.PI / 2);
      pen.fillText(data.labels.units, 0, 0);
      pen.restore();
    }
    const at = seeds + shown.at;
    if (at < first || at >= end) return;
    pen.lineWidth = 1.5;
    pen.strokeRect(left + (at - first) * stroke, 1, stroke, top + height - 2);
  }

  /** @private @param {Shown} shown @param {number} column @param {number} seeds */
  letter({ data, carried, text }, column, seeds) {
    return column < seeds ? data.seed[carried.info.start + column] : text.info.visible[text.id(column - seeds)];
  }

  // ---- pointing -----------------------------------------------------------------------------------------------------

  /** @private @param {MouseEvent} event */
  spot({ clientX, clientY }) {
    if (!this.view || !this.shown) return null;
    const { first, end, stroke, top, height, left } = this.view;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [clientX - box.left - left, clientY - box.top - top];
    const column = first + Math.floor(x / stroke);
    if (x < 0 || column < first || column >= end) return null;
    const { units } = this.shown.carried.info;
    return { column, row: clamp(Math.floor((y / height) * units), 0, units - 1), inside: y >= 0, shown: this.shown, seeds: this.view.seeds };
  }

  /** @private @param {MouseEvent} event */
  hover(event) {
    const spot = this.spot(event);
    if (!spot?.inside) {
      this.readout.textContent = "\u00a0";
      return;
    }
    const { shown, column, row, seeds } = spot;
    const { labels } = shown.data;
    const { info, values } = shown.carried;
    const unit = unitOf(info, row);
    const value = valueOf(info, values[column][unit], labels);
    const counts = info.kind === "counts";
    const character = this.letter(shown, column, seeds);
    this.readout.textContent = filled(counts ? labels.length : labels.value, { row: counts ? unit + 1 : unit, character, value });
  }

  /** @private @param {MouseEvent} event */
  picked(event) {
    const spot = this.spot(event);
    if (spot && spot.column >= spot.seeds) this.choose(spot.column - spot.seeds);
  }
}
