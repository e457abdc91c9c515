// Numbers as the whole app writes them: one minus sign (U+2212), one percent, one rounding.

import { format } from "./vendor/d3-format.js";

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @type {Map<string, (value: number) => string>} */
const formats = new Map();

/** @param {string} specifier @param {number} value */
function written(specifier, value) {
  if (!Number.isFinite(value)) return value === Infinity ? "∞" : value === -Infinity ? "−∞" : "–"; // also where there is none
  let one = formats.get(specifier);
  if (!one) formats.set(specifier, (one = format(specifier)));
  return minus(one(value)).replace("e+", "e");
}

/** The sign for minus in a text that has a hyphen for it. @param {string} text */
export const minus = (text) => text.replaceAll("-", "\u2212");

/** So many digits behind the point. @param {number} value @param {number} places */
export const fixed = (value, places) => written(`.${places}f`, value);

/** The same with its sign, plus as well. @param {number} value @param {number} places */
export const signed = (value, places) => written(`+.${places}f`, value);

/** As 1.234e−5. @param {number} value @param {number} [places] behind the point */
export const scientific = (value, places = 3) => written(`.${places}e`, value);

/**
 * A number in full: four significant digits, four places behind the point below 1 so that columns align, an exponent
 * where that would show nothing; 0.0000 is exactly zero.
 * @param {number} value
 */
export function number(value) {
  if (!Number.isFinite(value)) return fixed(value, 4);
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return scientific(value);
  if (size < 0.99995) return fixed(value, 4);
  if (size < 999.95) return written(".4r", value);
  return size < 99999.5 ? fixed(value, 0) : scientific(value);
}

/** What a square has room for: two digits behind the point, fewer where there are more before it. @param {number} value */
export function brief(value) {
  const size = Math.abs(value);
  if (size >= 9999.5) return scientific(value, 0);
  return fixed(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

/** A number that may be far too small to hold, from its logarithm to base 10; nothing has the logarithm of zero. @param {number} log10 */
export function power(log10) {
  if (!Number.isFinite(log10)) return "0";
  const whole = Math.floor(log10);
  const mantissa = fixed(10 ** (log10 - whole), 3);
  return mantissa === "10.000" ? minus(`1.000e${whole + 1}`) : minus(`${mantissa}e${whole}`);
}

/** A share in percent: three digits at most, and never 0 where there is something. @param {number} share */
export function percent(share) {
  if (share < 1e-4) return share === 0 ? "0 %" : "< 0.01 %";
  return `${fixed(100 * share, share >= 0.0995 ? 1 : 2)} %`;
}

/** The number that a reader typed, with a comma or our minus as well; NaN where it is none. @param {string} text */
export function parsed(text) {
  const plain = text.trim().replace("\u2212", "-").replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}
