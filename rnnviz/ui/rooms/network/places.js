// Where each node stands at rest, and the ways between them; in px.

import { clamp } from "../../parts/js/numbers.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Place} Place */

/**
 * @param {Data} data
 * @param {number} room px across
 * @param {number} k how much larger than usual the type is
 * @returns {{ width: number, height: number, places: Map<string, Place> }}
 */
export function layout({ nodes, vectors, loops }, room, k) {
  const columns = nodes.map((node) => node.column);
  const [first, last] = [Math.min(...columns), Math.max(...columns)];
  const top = Math.max(...nodes.map((node) => node.row));
  const both = nodes.some((node) => node.backward);
  const least = k * (both ? 104 : vectors ? 68 : 58);
  const across = clamp((room - 72 * k) / Math.max(1, last - first + (both ? 0.42 : 0)), least, k * (both ? 160 : 148));
  const margin = k * (loops ? 110 : 32) + (both ? 0.21 * across : 0);
  const width = Math.max(room, (last - first) * across + 2 * margin);
  const up = k * (vectors ? (both ? 82 : 96) : top > 1 ? 116 : 150);
  const places = new Map(
    nodes.map((node) => {
      const aside = both && node.role === "hidden" ? (node.backward ? 0.21 : -0.21) * across : 0;
      const unit = node.unit !== null;
      const x = width / 2 + (node.column - (first + last) / 2) * across + aside;
      return [node.id, { x, y: 42 * k + (top - node.row) * up, wide: k * (unit ? 50 : 46), high: k * 50, round: k * (unit ? 25 : 7) }];
    }),
  );
  return { width, height: top * up + 84 * k, places };
}

/** The nearest of some places, if there is any. @param {Place[]} places @param {Place} place */
export function nearest(places, place) {
  /** @param {Place} one */
  const far = (one) => Math.hypot(one.x - place.x, one.y - place.y);
  return places.reduce((best, one) => (best === null || far(one) < far(best) ? one : best), /** @type {Place | null} */ (null));
}

/** A place on the way from one to another. @param {Place} from @param {Place} to @param {number} share @returns {Place} */
export function onTheWay(from, to, share) {
  /** @param {number} a @param {number} b */
  const mixed = (a, b) => a + (b - a) * share;
  return {
    x: mixed(from.x, to.x), y: mixed(from.y, to.y), wide: mixed(from.wide, to.wide), high: mixed(from.high, to.high), round: mixed(from.round, to.round),
  };
}

/**
 * The line of an edge, as an SVG path.
 * @param {import("./types.js").EdgeRole} role
 * @param {Place} from
 * @param {Place} to the same object where a node leads to itself
 * @param {number} k how much larger than usual the type is
 * @param {boolean} [backward] whether the source reads from the end
 */
export function wayOf(role, from, to, k, backward = false) {
  /** @param {Place} place @param {number} sign */
  const side = (place, sign) => place.x + (sign * place.wide) / 2;
  const gap = 2 * k;
  if (from === to) {
    const right = side(from, 1);
    return `M${right},${from.y - 14 * k}C${right + 64 * k},${from.y - 46 * k} ${right + 64 * k},${from.y + 46 * k} ${right + gap},${from.y + 14 * k}`;
  }
  if (role === "handed" && backward) {
    // over the states that lie between
    const [top, end] = [from.y - from.high / 2 - 14 * k, side(to, -1) - gap];
    const [low, turn] = [to.y - 12 * k, end - 34 * k];
    const begin = `M${from.x},${from.y - from.high / 2}C${from.x},${top} ${from.x},${top} ${from.x + 24 * k},${top}`;
    return `${begin}L${turn},${top}C${turn + 22 * k},${top} ${turn + 10 * k},${low} ${end},${low}`;
  }
  if (role === "recurrent" || role === "handed") {
    const sign = to.x > from.x ? 1 : -1;
    const [start, end] = [side(from, sign), side(to, -sign) - sign * gap];
    const bend = Math.abs(from.y - to.y) < 1 ? 0 : (end - start) / 2;
    return `M${start},${from.y}C${start + bend},${from.y} ${end - bend},${to.y} ${end},${to.y}`;
  }
  if (role === "feedback") {
    const [start, end] = [side(from, 1), side(to, -1) - gap];
    const middle = (start + end) / 2;
    const low = to.y + 16 * k;
    return `M${start},${from.y}C${middle + 10 * k},${from.y} ${middle - 14 * k},${low} ${end},${low}`;
  }
  return `M${from.x},${from.y - from.high / 2}L${to.x},${to.y + to.high / 2 + gap}`;
}
