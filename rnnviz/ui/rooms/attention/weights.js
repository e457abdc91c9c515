// The weights of a step as a table: a word to look only there, its score, a bar to drag and a number to type.

import { button, element, named } from "../../parts/js/dom.js";
import { clamp, fixed, number, parsed } from "../../parts/js/numbers.js";
import { filled } from "../../parts/js/words.js";
import { sum, typed } from "./working.js";

/** @typedef {import("./types.js").Wish} Wish */

const NEAR = 5e-7; // a weight so near the network's own is the network's own
const LEAST = 0.35; // a bar's colour has at least this share of the scale, to be seen
/** @type {Record<string, number>} */
const KEYS = { ArrowRight: 0.01, ArrowUp: 0.01, ArrowLeft: -0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 };

/** A weight that is wanted, or the network's own where it is as good as that. @param {number} value @param {number} own */
export const snapped = (value, own) => (Math.abs(value - own) < NEAR ? own : value);

/** Where a key moves a bar, or null where it is none of its keys. @param {{ key: string, shiftKey: boolean }} event @param {number} now */
export function pushed({ key, shiftKey }, now) {
  if (key === "Home") return 0;
  if (key === "End") return 1;
  if (!(key in KEYS)) return null;
  return Number(clamp(now + KEYS[key] * (shiftKey ? 10 : 1), 0, 1).toPrecision(12)); // 0.01 is not a number of computers
}

/**
 * What is to be sent when a weight changes: nothing where it does not, "zero" where no weight would be left.
 * @param {number[]} set the weights before they are divided by their sum
 * @param {ArrayLike<number>} own those of the network
 * @param {boolean} bare whether all that were not set are zero
 * @param {number} step @param {number} place @param {number} value
 * @returns {Wish | "zero" | null}
 */
export function wishOf(set, own, bare, step, place, value) {
  if (value === set[place]) return null;
  if (sum(set.map((one, i) => (i === place ? value : one))) === 0) return "zero";
  return { do: "weight", step, place, weight: !bare && value === own[place] ? null : value };
}

/**
 * @typedef {object} Row
 * @property {import("./types.js").Words} words
 * @property {string} token
 * @property {number} place
 * @property {boolean} unknown
 * @property {number} score
 * @property {number} set the weight before all are divided by their sum
 * @property {number} own the network's
 * @property {boolean} edited whether weights of this step were set
 * @property {(weight: number) => string} colour
 */

/**
 * @typedef {object} Heard
 * @property {(place: number) => void} only
 * @property {(place: number, value: number, back: () => void) => void} weigh back: shows the weight before
 * @property {(place: number | null) => void} point
 * @property {() => void} touch a bar is being moved
 * @property {(line: string) => void} say
 * @property {() => boolean} rebuilding whether parts are being replaced, which is no act of the reader
 */

export class WeightRow {
  /** @param {Row} row @param {Heard} heard */
  constructor(row, heard) {
    this.row = row;
    this.heard = heard;
    this.now = row.set;
    const { words, token, place } = row;
    this.word = button("ra-word", token, () => heard.only(place));
    named(this.word, filled(words.only, { token, place: place + 1 }));
    this.word.dataset.focus = `word-${place}`;
    this.word.dataset.place = String(place);
    if (row.unknown) this.word.classList.add("ra-unknown");
    this.bar = element("span", "ra-slider-fill");
    this.track = this.slider(filled(words.of, { token, place: place + 1 }));
    this.input = this.box(filled(words.of, { token, place: place + 1 }));
    this.move(row.set);
    this.parts = [this.word, element("span", "ra-mono ra-end", number(row.score)), this.track, this.input];
    for (const part of [this.word, this.track, this.input]) {
      part.addEventListener("pointerenter", () => heard.point(place));
      part.addEventListener("pointerleave", () => heard.point(null));
    }
  }

  /** Shows a weight. @private @param {number} value */
  move(value) {
    this.now = snapped(value, this.row.own);
    const share = clamp(this.now, 0, 1);
    this.bar.style.width = `${100 * share}%`;
    this.bar.style.background = this.row.colour(Math.max(LEAST, this.now));
    this.track.setAttribute("aria-valuenow", fixed(share, 4));
    this.track.setAttribute("aria-valuetext", number(this.now));
    this.input.value = this.input.dataset.shown = typed(this.now);
    this.input.removeAttribute("aria-invalid");
  }

  /** @private */
  weigh() {
    this.heard.weigh(this.row.place, this.now, () => this.move(this.row.set));
  }

  /** A bar that is dragged or pushed by keys. @private @param {string} label */
  slider(label) {
    const { place, own, edited, words } = this.row;
    const track = element("div", "ra-slider", this.bar);
    track.tabIndex = 0;
    track.dataset.focus = `slider-${place}`;
    track.dataset.slider = String(place);
    const about = { role: "slider", "aria-valuemin": "0", "aria-valuemax": "1", "aria-label": label };
    for (const [name, value] of Object.entries(about)) track.setAttribute(name, value);
    if (edited) {
      const mark = element("span", "ra-slider-own");
      mark.style.left = `${100 * clamp(own, 0, 1)}%`;
      mark.title = `${words.own}: ${number(own)}`;
      track.append(mark);
    }
    let [dragging, pushing] = [false, false];
    /** @param {PointerEvent} event */
    const follow = ({ clientX }) => {
      const box = track.getBoundingClientRect();
      this.move(Math.round(1000 * clamp((clientX - box.left) / box.width, 0, 1)) / 1000);
    };
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.heard.touch();
      dragging = true;
      track.setPointerCapture(event.pointerId);
      follow(event);
    });
    track.addEventListener("pointermove", (event) => dragging && follow(event));
    track.addEventListener("pointerup", () => {
      if (dragging) this.weigh();
      dragging = false;
    });
    track.addEventListener("pointercancel", () => {
      dragging = false;
      this.move(this.row.set);
    });
    track.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        dragging = pushing = false;
        this.move(this.row.set);
      }
      const to = pushed(event, this.now);
      if (to === null) return;
      event.preventDefault();
      this.heard.touch();
      this.move(to);
      pushing = true;
    });
    // held down, a key moves on; let go, the weight counts
    const letGo = () => {
      if (pushing && !this.heard.rebuilding()) this.weigh();
      pushing = false;
    };
    track.addEventListener("keyup", letGo);
    track.addEventListener("blur", letGo);
    return track;
  }

  /** @private @param {string} label */
  box(label) {
    const { place, own, words } = this.row;
    const input = Object.assign(element("input", "ra-input"), { type: "text", inputMode: "decimal", autocomplete: "off" });
    input.setAttribute("aria-label", label);
    input.dataset.focus = `input-${place}`;
    input.dataset.input = String(place);
    const commit = () => {
      if (this.heard.rebuilding() || input.value === input.dataset.shown) return;
      const value = parsed(input.value);
      if (!Number.isFinite(value) || value < 0) {
        input.setAttribute("aria-invalid", "true");
        this.heard.say(words.noNumber);
        return;
      }
      this.heard.weigh(place, snapped(value, own), () => this.move(this.row.set));
    };
    input.addEventListener("focus", () => input.select());
    input.addEventListener("change", commit);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") commit();
      if (event.key === "Escape") this.move(this.row.set);
    });
    return input;
  }
}
