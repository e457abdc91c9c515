// What is marked on the figures along the axis: a frame for each run of rows that lie next to each other, over its steps.

import { element } from "../js/dom.js";

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Mark} Mark */
/** @typedef {import("./types.js").Range} Range */

const MOST = 64; // frames of one mark

/** The rows of some units that lie next to each other, as edges: [2, 3, 4, 9] are [1.5, 4.5] and [8.5, 9.5].
 * @param {number[] | null} marked null: all @param {number[]} units in the order of the rows @param {number} first the place of the first
 * @returns {Range[]} */
export function runs(marked, units, first) {
  if (!marked) return units.length ? [[first - 0.5, first + units.length - 0.5]] : [];
  const wanted = new Set(marked);
  /** @type {Range[]} */
  const found = [];
  units.forEach((unit, at) => {
    if (!wanted.has(unit)) return;
    const row = first + at;
    const last = found.at(-1);
    if (last && last[1] === row - 0.5) last[1] = row + 0.5;
    else found.push([row - 0.5, row + 0.5]);
  });
  return found.slice(0, MOST);
}

/** Frames over one figure. @param {HTMLElement} place lies over its plot @param {Figure} figure @param {Mark[]} marks @param {Axis} axis */
export function drawMarks(place, figure, marks, axis) {
  place.replaceChildren();
  const { units } = figure.meta;
  const { t, b } = axis.vertical(figure.last);
  const height = figure.plot.clientHeight - t - b;
  const [left, right] = axis.range;
  for (const { first, last, units: marked } of marks) {
    const [from, to] = [Math.max(first - 0.5, left), Math.min(last + 0.5, right)];
    if (to <= from) continue;
    const [low, high] = units ? axis.rows.of(figure.meta) : [0, 1];
    for (const [above, below] of units ? runs(marked, units, figure.firstRow) : [/** @type {Range} */ ([0, 1])]) {
      const [top, bottom] = [Math.max(above, low), Math.min(below, high)];
      if (bottom <= top) continue;
      const frame = element("div", units ? "rv-mark" : "rv-mark rv-mark-steps");
      Object.assign(frame.style, {
        left: `${axis.x(from)}px`,
        width: `${axis.x(to) - axis.x(from)}px`,
        top: `${t + ((top - low) / (high - low)) * height}px`,
        height: `${Math.max(2, ((bottom - top) / (high - low)) * height)}px`,
      });
      place.append(frame);
    }
  }
}
