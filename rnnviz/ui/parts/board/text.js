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
    /** @type {HTMLElement[]} */
    this.letters = []; // of the passage
    /** @type {Map<number, HTMLElement>} */
    this.places = new Map(); // of the strip
    /** @type {HTMLElement[]} */
    this.marked = [];
  }

  /** @param {string[]} tokens @param {number[]} unknown @param {Colour | null} colour @param {Look} look */
  update(tokens, unknown, colour, look) {
    this.tokens = tokens;
    this.words = tokens.some(isWord);
    this.longest = this.words ? Math.min(LETTERS, Math.max(...tokens.map((token) => token.length))) : 1;
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
    this.passage.hidden = !named || width / this.tokens.length >= this.letter * size * this.longest;
    this.passage.classList.toggle("rv-words", this.words);
    this.letters = this.passage.hidden ? [] : this.tokens.map((_token, step) => this.token("rv-letter", step));
    this.passage.replaceChildren(
      ...this.letters.flatMap((letter, step) => [letter, ...this.after(this.tokens[step])]),
    );
  }

  /** What stands after a token in the passage. @param {string} token @returns {(Node | string)[]} */
  after(token) {
    if (token === "↵") return [element("br")];
    return this.words ? [" "] : [];
  }

  drawStrip() {
    const { axis } = this;
    const [low, high] = axis.range;
    const [first, last] = [Math.max(0, Math.ceil(low)), Math.min(this.tokens.length - 1, Math.floor(high))];
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
    for (let step = first; step <= last; step += 1) {
      const colours = this.colours(step);
      if (!colours) break;
      pen.fillStyle = colours.back;
      pen.fillRect(axis.x(step - 0.5), 0, Math.max(1, axis.each), canvas.height);
    }
    this.strip.style.height = `${canvas.height}px`;
    this.strip.replaceChildren(canvas);
  }

  /** What stands beside a step, for where the strip has no room for letters: as many signs at every step. @param {number} step @returns {[string, string]} */
  around(step) {
    if (this.passage.hidden) return ["", ""];
    /** @param {number} from @param {number} to */
    const part = (from, to) => this.tokens.slice(Math.max(0, from), to).map(short).join(this.words ? " " : "");
    if (this.words) return [`${part(step - BESIDE, step)} `, ` ${part(step + 1, step + 1 + BESIDE)}`];
    return [part(step - AROUND, step).padStart(AROUND), part(step + 1, step + 1 + AROUND).padEnd(AROUND)];
  }

  /** Where the cursor stands. @param {number} step */
  mark(step) {
    for (const span of this.marked) span.classList.remove("rv-here");
    this.marked = [this.letters[step], this.places.get(step)].filter((span) => span !== undefined);
    for (const span of this.marked) span.classList.add("rv-here");
  }
}
