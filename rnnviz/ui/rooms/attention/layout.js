// Sizes of everything on the map, from the room there is; in px.

import { clamp } from "../../parts/js/numbers.js";

/**
 * @typedef {object} Layout
 * @property {number} strip width of the decoder's states
 * @property {number} number width of a step's number
 * @property {number} left width of all that stands left of the cells
 * @property {number} across width of a cell
 * @property {number} down height of a cell
 * @property {number} tail what slanted tokens need beyond the last cell
 * @property {number} states height of the encoder's states
 * @property {number} top height of all that stands above the cells
 * @property {number} width of all cells
 * @property {number} height of all cells
 * @property {{ encoder: number, decoder: number }} pools units that share a pixel
 */

const SLOPE = 0.87; // of a token at 60 degrees

/**
 * @param {import("./types.js").Data} data
 * @param {number} room
 * @param {number} u how much larger than usual the type is
 * @param {(text: string) => number} wide how wide a text is
 * @param {number} ratio pixels of the screen in one px
 * @returns {Layout}
 */
export function layoutOf({ source, target, units, slanted }, room, u, wide, ratio) {
  const strip = (room < 560 * u ? 44 : 96) * u;
  const number = wide(String(target.length)) + 14 * u;
  const token = Math.min(Math.max(...target.map(wide)), 130 * u) + 12 * u;
  const left = Math.round(strip + number + token);
  const longest = Math.min(Math.max(...source.map(wide)), 150 * u);
  const tail = slanted ? Math.round(longest * 0.5) : 0;
  const least = slanted ? 24 * u : Math.max(13 * u, longest > 14 * u ? Math.min(longest, 40 * u) : 0);
  const across = Math.floor(clamp((room - left - tail - 4) / source.length, least, 44 * u));
  const head = Math.round(slanted ? longest * SLOPE + 18 * u : 28 * u);
  const [states, down] = [Math.round(96 * u), Math.round(27 * u)];
  /** @param {number} pixels */
  const pool = (pixels) => Math.ceil(units / Math.min(units, Math.floor(pixels * ratio)));
  return {
    strip, number, left, across, down, tail, states, top: states + head + 4, width: across * source.length, height: down * target.length,
    pools: { encoder: pool(states), decoder: pool(strip) },
  };
}
