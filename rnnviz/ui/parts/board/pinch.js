// Two fingers over what lies along the axis: what each of them took hold of stays under it, so that apart they zoom in and
// together out; side by side on steps, one above the other on the rows of a heatmap, aslant on both.

import { clamp } from "../js/numbers.js";
import { FEWEST } from "./axis.js";

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Range} Range */
/** @typedef {{ clientX: number, clientY: number, target: EventTarget | null }} Finger */
/** @typedef {{ figure: Figure | undefined, steps: Range | null, rows: Range | null }} Hold what lay under the fingers as they came down */

const APART = 40; // px between two fingers that mean this direction

/**
 * The range in which two places lie at two shares of its width, as far as it can inside the whole.
 * @param {Range} whole
 * @param {Range} places
 * @param {Range} shares from 0 to 1
 * @param {number} fewest of its width
 * @returns {Range}
 */
export function held([first, last], [one, other], [from, to], fewest) {
  const most = last - first;
  const wanted = (other - one) / (to - from);
  const width = wanted > 0 ? clamp(wanted, Math.min(fewest, most), most) : most; // fingers that have met
  const low = clamp(one - from * width, first, last - width);
  return [low, low + width];
}

export class Pinch {
  /**
   * @param {HTMLElement} place
   * @param {Axis} axis
   * @param {{ figureAt: (target: EventTarget | null) => Figure | undefined, zoom: (range: Range | null, rows: Range | null) => void }} heard
   */
  constructor(place, axis, heard) {
    this.axis = axis;
    this.heard = heard;
    /** @type {Hold | null} */
    this.hold = null;
    /** @type {Finger[]} */
    this.fingers = [];
    this.frame = 0;
    this.onMove = (/** @type {TouchEvent} */ event) => this.moved(event);
    this.onEnd = () => this.end();
    place.addEventListener("touchstart", (event) => this.down(event));
    place.addEventListener("touchmove", this.onMove, { passive: false }); // else the browser may scroll
  }

  /** @param {TouchEvent} event */
  down({ touches }) {
    this.end();
    if (touches.length !== 2) return;
    const [one, other] = touches;
    const figure = this.heard.figureAt(one.target);
    const tall = Math.abs(one.clientY - other.clientY) >= APART && figure?.meta.units && this.heard.figureAt(other.target) === figure;
    const wide = Math.abs(one.clientX - other.clientX) >= APART;
    if (!tall && !wide) return;
    this.hold = {
      figure,
      steps: wide ? [this.axis.at(one.clientX), this.axis.at(other.clientX)] : null,
      rows: tall ? this.rowsAt(figure, one, other) : null,
    };
    this.fingers = [one, other];
    for (const { target } of touches) {
      // a figure that is drawn anew may lose the part that a finger came down on: then only that part hears of it
      target.addEventListener("touchmove", /** @type {EventListener} */ (this.onMove), { passive: false });
      for (const ended of ["touchend", "touchcancel"]) target.addEventListener(ended, this.onEnd);
    }
  }

  /** @private @param {TouchEvent} event */
  moved(event) {
    if (!this.hold) return;
    event.preventDefault();
    if (event.touches.length !== 2) return;
    const before = this.fingers;
    this.fingers = [...event.touches].map(({ clientX, clientY }, i) => ({ clientX, clientY, target: before[i].target }));
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.zoom();
    });
  }

  /** @private */
  zoom() {
    const { axis, fingers: [one, other], hold } = this;
    if (!hold) return;
    const { figure, steps, rows } = hold;
    const now = axis.rows.range;
    this.heard.zoom(
      steps ? held(axis.whole, steps, sharesOf(axis.range, [axis.at(one.clientX), axis.at(other.clientX)]), FEWEST) : axis.zoom,
      rows && figure ? held([-0.5, axis.rows.count - 0.5], rows, sharesOf(now, this.rowsAt(figure, one, other)), 1) : axis.rows.zoom,
    );
  }

  /** @private @param {Figure} figure @param {Finger} one @param {Finger} other @returns {Range} */
  rowsAt(figure, one, other) {
    return [figure.rowEdgeAt(one.clientY, this.axis) ?? 0, figure.rowEdgeAt(other.clientY, this.axis) ?? 0];
  }

  /** @private */
  end() {
    if (this.frame) {
      cancelAnimationFrame(this.frame);
      this.frame = 0;
      this.zoom(); // as far as the fingers went
    }
    for (const { target } of this.fingers) {
      target?.removeEventListener("touchmove", /** @type {EventListener} */ (this.onMove));
      for (const ended of ["touchend", "touchcancel"]) target?.removeEventListener(ended, this.onEnd);
    }
    this.hold = null;
    this.fingers = [];
  }
}

/** Where two places lie in a range, from 0 to 1. @param {Range} range @param {Range} places @returns {Range} */
const sharesOf = ([low, high], [one, other]) => [(one - low) / (high - low), (other - low) / (high - low)];
