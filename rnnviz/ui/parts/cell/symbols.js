// Symbols and numbers as the cell writes them: in W_{xf} h_{t−1} what stands in braces is set low.

import { element, shape } from "../js/dom.js";
import { brief, number } from "../js/numbers.js";

/** @param {string} symbol @returns {{ text: string, low: boolean }[]} */
export const split = (symbol) =>
  symbol.split(/(_\{[^}]*\})/).filter(Boolean).map((part) => {
    const low = part.match(/^_\{(.*)\}$/)?.[1];
    return { text: low ?? part, low: low !== undefined };
  });

/** As it is read aloud. @param {string} symbol */
export const plain = (symbol) => symbol.replace(/[{}]/g, "");

/** In a line of text. @param {string} symbol */
export function written(symbol) {
  const made = element("span", "cv-symbol");
  for (const { text, low } of split(symbol)) made.append(low ? element("sub", "", text) : text);
  return made;
}

/** In a drawing. @param {string} symbol @param {Record<string, string | number>} attributes @param {Element} parent */
export function lettered(symbol, attributes, parent) {
  const made = shape("text", attributes, parent);
  let sunk = false;
  for (const { text, low } of split(symbol)) {
    shape("tspan", low === sunk ? {} : { dy: low ? 4 : -4 }, made).textContent = text;
    sunk = low;
  }
}

/** Below a billionth of a thousandth there is nothing but rounding. @param {number} value */
const rounded = (value) => (Math.abs(value) < 1e-12 ? 0 : value);

/** A number in full. @param {number} value */
export const digits = (value) => (Number.isFinite(value) ? number(rounded(value)) : "–");

/** What a square has room for. @param {number} value */
export const short = (value) => (Number.isFinite(value) ? brief(rounded(value)) : "–");

/** In a product. @param {number} value */
export const factor = (value) => (value < 0 ? `(${digits(value)})` : digits(value));
