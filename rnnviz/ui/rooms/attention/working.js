// The arithmetic of one step as text, and what of many numbers is worth showing.

import { element } from "../../parts/js/dom.js";
import { fixed, number, scientific } from "../../parts/js/numbers.js";

/** @typedef {ArrayLike<number>} Values */

/** @param {Values} values */
export const sum = (values) => Array.from(values).reduce((total, v) => total + v, 0);

/** Places of the largest, by size. @param {Values} values @param {number} count */
export const largest = (values, count) =>
  Array.from(values, (_, i) => i).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a])).slice(0, count);

/** The place of the largest. @param {Values} values */
export const top = (values) => Array.from(values).reduce((best, v, i) => (v > values[best] ? i : best), 0);

/** The first two units, then the largest of the others. @param {Values} values */
export const telling = (values) => [...new Set([0, 1, ...largest(values, 4)])].slice(0, 5).sort((a, b) => a - b);

/** The strongest of so many units from one on. @param {Values} values @param {number} from @param {number} count */
export function strongest(values, from, count) {
  let best = from;
  for (let i = from; i < Math.min(values.length, from + count); i += 1) if (Math.abs(values[i]) > Math.abs(values[best])) best = i;
  return best;
}

/** A weight as a reader would type it. @param {number} value */
export const typed = (value) => (value === 0 ? "0" : value < 1e-4 ? scientific(value, 1) : fixed(value, 4));

/** Our own formulas: s_{3} has a 3 below the line, e^{x} an x above it. @param {string} text */
export const split = (text) =>
  text.split(/([_^]\{[^}]*\})/).filter(Boolean).map((part) => {
    const tag = /^_\{/.test(part) ? "sub" : /^\^\{/.test(part) ? "sup" : null;
    return { tag, text: tag ? part.slice(2, -1) : part };
  });

/** @param {string} text @param {string} [className] */
export const formula = (text, className = "ra-formula") =>
  element("span", className, ...split(text).map((part) => (part.tag ? element(/** @type {"sub" | "sup"} */ (part.tag), "", part.text) : part.text)));

/**
 * A score's largest terms and what the others sum to.
 * @param {Values} s @param {Values} h
 */
export function termsOf(s, h) {
  const products = Array.from(s, (v, n) => v * h[n]);
  const units = largest(products, 3);
  const terms = units.map((unit) => ({ unit, text: `${number(s[unit])} × ${number(h[unit])}`, value: products[unit] }));
  return { terms, more: s.length - units.length, rest: sum(products) - sum(terms.map(({ value }) => value)) };
}

/** One weight from all scores. @param {Values} scores @param {number} place @param {number} weight */
export function softmaxWorking(scores, place, weight) {
  const most = Math.max(...Array.from(scores));
  const total = sum(Array.from(scores, (v) => Math.exp(v - most)));
  return `α_{${place + 1}} = e^{${number(scores[place])} − ${number(most)}} / ${number(total)} = ${number(weight)}`;
}

/**
 * The context of a step: its largest parts as states, and its largest unit in numbers.
 * @param {Values} weights @param {Values} context @param {Values[]} memory
 */
export function contextWorking(weights, context, memory) {
  const parts = largest(weights, 3).filter((i) => weights[i] > 0);
  const unit = largest(context, 1)[0];
  const left = Array.from(weights).filter((weight) => weight > 0).length > parts.length ? " + …" : "";
  return {
    unit,
    terms: parts.map((i) => `${number(weights[i])} · h_{${i + 1}}`).join(" + ") + left,
    worked: `${parts.map((i) => `${number(weights[i])} × ${number(memory[i][unit])}`).join(" + ")}${left} = ${number(context[unit])}`,
  };
}
