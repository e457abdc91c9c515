// The text itself: a strip of tokens along the axis, and, where letters have no room on it, the passage above in lines.

import { element } from "../js/dom.js";
import { clamp } from "../js/numbers.js";
import { isWide } from "../js/words.js";
import { isWord, paintToken, short } from "./tokens.js";

/** @typedef {import("./types.js").Look} Look */
/** @typedef {import("./types.js").Typed} Typed */
/** @typedef {import("./types.js").Colour<Typed>} Colour */

const NARROWEST = 9; // px of a letter
const WIDEST = 14; // px of a syllable of Hangul, of type as small as it gets
const LETTERS = 8; // of a word that has room on the strip: the passage above has the longer ones
const AROUND = 8; // letters on each side
const BESIDE = 2; // words on each side
const MOST = 5000; // tokens that the passage writes out: a browser stands still over many more

export class Text {
  /** @param {import("./types.js").Axis} axis */
  constructor(axis) {
    this.axis = axis;
    this.passage = element("div", "rv-passage");
    this.passage.tabIndex = 0;
    this.passage.setAttribute("role", "group");
    this.strip = element("div", "rv-strip");
    this.canvas = element("canvas", "rv-strip-canvas");
    /** @type {string[]} */
    this.tokens = [];
    this.words = false; // and not characters
    this.longest = 1; // letters that a token is to have room for
    this.letter = NARROWEST; // px that one of them needs
    this.unknown = new Set();
    /** @type {Map<number, HTMLElement>} */
    this.letters = new Map(); // of the passage, by their steps
    this.distant = ""; // said where they are too many
    /** @type {Map<number, HTMLElement>} */
    this.places = new Map(); // of the strip
    /** @type {HTMLElement[]} */
    this.marked = [];
  }

  /** @param {string[]} tokens @param {number[]} unknown @param {Colour | null} colour @param {Look} look @param {string} distant said where they are too many to be written out */
  update(tokens, unknown, colour, look, distant) {
    this.distant = distant;
    this.tokens = tokens;
    this.words = tokens.some(isWord);
    this.longest = this.words ? tokens.reduce((most, token) => Math.min(LETTERS, Math.max(most, token.length)), 1) : 1;
    this.letter = tokens.some(isWide) ? WIDEST : NARROWEST;
    this.unknown = new Set(unknown);
    this.colour = colour;
    this.look = look;
    this.draw();
  }

  draw() {
    this.drawPassage();
    this.drawStrip();
  }

  /** Other steps are in view. */
  zoomed() {
    if (this.tokens.length > MOST) this.drawPassage(); // which has those alone
    this.drawStrip();
  }

  /** The first and the last step in view. @returns {[number, number]} */
  get inView() {
    const [low, high] = this.axis.range;
    return [Math.max(0, Math.ceil(low)), Math.min(this.tokens.length - 1, Math.floor(high))];
  }

  /** @param {number} step */
  colours(step) {
    return this.colour && this.look ? this.look.shade(this.colour.values[step], this.colour) : null;
  }

  /** @param {string} className @param {number} step */
  token(className, step) {
    const span = element("span", className, short(this.tokens[step]));
    span.dataset.step = String(step);
    paintToken(span, this.tokens[step], this.unknown.has(step), this.colours(step));
    return span;
  }

  drawPassage() {
    const { width, size } = this.axis;
    const named = this.tokens.some((token) => token !== "");
    const [first, last] = this.tokens.length > MOST ? this.inView : [0, this.tokens.length - 1];
    const count = last - first + 1;
    this.passage.hidden = !named || width / count >= this.letter * size * this.longest;
    this.passage.classList.toggle("rv-words", this.words);
    this.letters.clear();
    if (count > MOST) return this.passage.replaceChildren(this.distant);
    for (let step = first; step <= last && !this.passage.hidden; step += 1) this.letters.set(step, this.token("rv-letter", step));
    this.passage.replaceChildren(
      ...[...this.letters].flatMap(([step, letter]) => [letter, ...this.after(this.tokens[step])]),
    );
  }

  /** What stands after a token in the passage. @param {string} token @returns {(Node | string)[]} */
  after(token) {
    if (token === "↵") return [element("br")];
    return this.words ? [" "] : [];
  }

  drawStrip() {
    const { axis } = this;
    const [first, last] = this.inView;
    this.places.clear();
    if (axis.each < this.letter * axis.size) return this.drawColours(first, last);
    for (let step = first; step <= last; step += 1) {
      const place = this.token("rv-token", step);
      place.style.left = `${axis.x(step - 0.5)}px`;
      place.style.width = `${axis.each}px`;
      place.style.fontSize = `${clamp(axis.each * (this.letter === WIDEST ? 1 : 1.1), 14 * axis.size, 18 * axis.size)}px`;
      this.places.set(step, place);
    }
    this.strip.style.height = `${30 * axis.size}px`;
    this.strip.replaceChildren(...this.places.values());
  }

  /** Too narrow for letters: colour alone, the text itself stands above in lines. @param {number} first @param {number} last */
  drawColours(first, last) {
    const { axis, canvas } = this;
    canvas.width = axis.place.clientWidth;
    canvas.height = Math.round(14 * axis.size);
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const each = axis.each;
    const from = axis.x(first - 0.5);
    for (let step = first; step <= last; ) {
      const next = Math.min(last + 1, step + Math.max(1, Math.floor(1 / each))); // the steps of a pixel
      const colours = this.colours(this.strongest(step, next));
      if (!colours) break;
      pen.fillStyle = colours.back;
      pen.fillRect(from + (step - first) * each, 0, Math.max(1, (next - step) * each), canvas.height);
      step = next;
    }
    this.strip.style.height = `${canvas.height}px`;
    this.strip.replaceChildren(canvas);
  }

  /** Of some steps the one whose value is the farthest from the middle of the scale. @param {number} first @param {number} end after the last */
  strongest(first, end) {
    if (!this.colour || end - first === 1) return first;
    const { limits, values } = this.colour;
    const middle = (limits[0] + limits[1]) / 2;
    let found = first;
    for (let step = first + 1; step < end; step += 1) {
      if (Math.abs(values[step] - middle) > Math.abs(values[found] - middle)) found = step;
    }
    return found;
  }

  /** What stands beside a step, for where the strip has no room for letters: as many signs at every step. @param {number} step @returns {[string, string]} */
  around(step) {
    if (!this.letters.size) return ["", ""];
    /** @param {number} from @param {number} to */
    const part = (from, to) => this.tokens.slice(Math.max(0, from), to).map(short).join(this.words ? " " : "");
    if (this.words) return [`${part(step - BESIDE, step)} `, ` ${part(step + 1, step + 1 + BESIDE)}`];
    return [part(step - AROUND, step).padStart(AROUND), part(step + 1, step + 1 + AROUND).padEnd(AROUND)];
  }

  /** Where the cursor stands. @param {number} step */
  mark(step) {
    for (const span of this.marked) span.classList.remove("rv-here");
    this.marked = [this.letters.get(step), this.places.get(step)].filter((span) => span !== undefined);
    for (const span of this.marked) span.classList.add("rv-here");
  }
}
