// What a figure says at the cursor.

import { fixed, number, percent, power } from "../js/numbers.js";
import { filled } from "../js/words.js";

/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Words} Words */

const FEW = 6; // rows with names of which all say their value
export const ROUNDED = "≈ "; // before a number that was sent as one of 256, or stands for several steps

/** @param {Figure} figure @param {number} step @param {number | null} unit @param {Words} words */
export function valueText(figure, step, unit, words) {
  if (figure.meta.axis === "unit") return pointText(figure, unit, words);
  if (figure.meta.axis !== "time") return "";
  return figure.parsed.data[0].type === "heatmap" ? cellText(figure, step, unit) : lineText(figure, step);
}

/**
 * For how long a gate that stayed at its value would keep half of a memory, with its formula.
 * @param {string} letter @param {number} value in [0, 1] @param {string} words
 */
export function halfLife(letter, value, words) {
  const life = Math.LN2 / Math.abs(Math.log(value)); // of 1: ∞, of 0: 0
  return filled(words, { letter, value: number(value), life: number(life) });
}

/** @param {Figure} figure @param {number | null} unit @param {Words} words */
function pointText({ meta, values, across }, unit, words) {
  const at = unit === null ? -1 : (meta.points?.indexOf(unit) ?? -1);
  if (at < 0) return "";
  if (meta.said) return meta.said[at];
  const value = values[0][at];
  if (meta.shows === "half_life") return `${words.unit} ${unit}: ${Number.isFinite(value) ? number(value) : "∞"} ${words.steps}`;
  return `${words.unit} ${unit}: ${words.open} ${percent(across[0][at])}, ${words.shut} ${percent(value)}`;
}

/** The column that is nearest to a step: a step has one of its own unless several are pooled. @param {import("./types.js").Trace} trace @param {number} step */
const columnOf = ({ x0, dx = 1 }, step) => Math.round((step - x0) / dx);

/** @param {Figure} figure @param {number} step @param {number | null} unit */
function cellText({ meta, parsed, values: [values] }, step, unit) {
  const { units = [], names = [], ticks = names, limits: [low, high] = [0, 1] } = meta;
  const columns = values.length / units.length;
  const column = columnOf(parsed.data[0], step);
  const row = unit === null ? -1 : units.indexOf(unit);
  if (column < 0 || column >= columns) return "";
  if (names.length && names.length <= FEW) return ticks.map((name, at) => `${name} ${number(values[at * columns + column])}`).join(" · ");
  if (row < 0) return "";
  const raw = values[row * columns + column];
  return values instanceof Uint8Array ? ROUNDED + fixed(low + (raw / 255) * (high - low), 2) : number(raw);
}

/** How much less a curve of exponents has than at its end. @param {ArrayLike<number>} curve @param {number} at @param {number} [end] @param {number | null} [there] what it has there, if not given in the curve */
export function against(curve, at, end, there = curve[end ?? 0]) {
  if (end === undefined || at >= end || there === null || !Number.isFinite(curve[at])) return "";
  const fallen = there - curve[at];
  const factor = Math.abs(fallen) < 5 ? number(10 ** Math.abs(fallen)) : power(Math.abs(fallen));
  return ` (${fallen < 0 ? "×" : "÷"} ${factor})`;
}

/** @param {Figure} figure @param {number} step */
function lineText({ meta, parsed, values }, step) {
  const at = columnOf(parsed.data[0], step);
  if (at < 0 || at >= values[0].length) return ""; // it is on its way
  const end = meta.end === undefined ? undefined : columnOf(parsed.data[0], meta.end);
  const written = meta.log10 ? (/** @type {number} */ value, /** @type {number} */ i) => (meta.factors ? number(10 ** value) : power(value)) + against(values[i], at, end, meta.ends?.[i]) : number;
  const rounded = meta.pooled ? ROUNDED : "";
  if (parsed.data.length === 1) return rounded + written(values[0][at], 0);
  const found = parsed.data
    .map((trace, i) => (trace.showlegend === false ? "" : `${trace.name} ${written(values[i][at], i)}`))
    .filter((text) => text !== "");
  return rounded + found.join(" · ");
}
