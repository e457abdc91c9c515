// How this room rounds: norms fade over many orders of magnitude, so each keeps its leading digits.

import { fixed, number, scientific } from "../../parts/js/numbers.js";

/** Four significant digits, however small. @param {number} value */
export function four(value) {
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1 ? fixed(value, 3 - Math.floor(Math.log10(size))) : number(value);
}

/** What a node has room for. @param {number} value */
export const few = (value) => (value !== 0 && Math.abs(value) < 0.0095 ? scientific(value, 0) : fixed(value, 2));
