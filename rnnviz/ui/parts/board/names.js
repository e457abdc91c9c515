// What a long sequence sends of the names and the colours of its steps, put together again. See long.py.

import { unpacked } from "../js/arrays.js";
import { ROUNDED } from "./values.js";

/** @typedef {import("../js/arrays.js").Packed} Packed */
/** @typedef {import("../js/arrays.js").Typed} Typed */
/** @typedef {import("./types.js").Names} Names */

/** The names, one a step: "" where none was sent. @param {string[] | Names} sent @returns {string[]} */
export function expanded(sent) {
  if (Array.isArray(sent)) return sent;
  /** @type {string[]} */
  const found = new Array(sent.count).fill("");
  sent.coarse.forEach((name, at) => (found[at * sent.every] = name));
  for (const { first, names } of sent.known) names.forEach((name, at) => (found[first + at] = name));
  return found;
}

/** What a step is called; of one whose name was not sent, what the nearest one is called that always is.
 * @param {string[]} tokens expanded @param {string[] | Names} sent @param {number} step */
export function nameOf(tokens, sent, step) {
  if (tokens[step] || Array.isArray(sent) || !sent.coarse.length) return tokens[step];
  return ROUNDED + sent.coarse[Math.min(Math.round(step / sent.every), sent.coarse.length - 1)];
}

/**
 * The values that colour the strip as numbers, one a step, and the steps [from, to) whose values are the exact ones.
 * @param {import("./types.js").Colour<Packed>} sent
 * @returns {import("./types.js").Colour<Typed> & { sure: [number, number] }}
 */
export function coloured({ exact, ...sent }) {
  const came = unpacked(sent.values);
  if (!(came instanceof Uint8Array)) return { ...sent, values: came, sure: [0, came.length] };
  const [low, high] = sent.limits;
  const values = new Float32Array(came.length);
  for (let step = 0; step < came.length; step += 1) values[step] = low + (came[step] / 255) * (high - low);
  if (!exact) return { ...sent, values, sure: [0, 0] };
  const own = unpacked(exact.values);
  values.set(own, exact.first);
  return { ...sent, values, sure: [exact.first, exact.first + own.length] };
}
