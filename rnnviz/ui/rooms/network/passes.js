// The passes: how many steps each has, what is reached at which, and what a node shows then.

import { clamp } from "../../parts/js/numbers.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Node} Node */
/** @typedef {import("./types.js").Moment} Moment */

/** How many steps a pass has. @param {Data} data @param {import("./types.js").Pass} pass */
export function framesOf({ nodes, times }, pass) {
  if (times > 1) return times;
  return 1 + Math.max(...nodes.map((node) => (pass === "forward" ? node.depth : (node.back ?? 0))));
}

/** Where in its values a node is: rolled up the step, else its only one. @param {Data} data @param {Moment} moment */
export function timeOf({ times }, { pass, frame }) {
  if (times === 1) return 0;
  return pass === "forward" ? frame : times - 1 - frame;
}

/** At which step a node's turn comes, if ever. @param {Data} data @param {Moment} moment @param {Node} node */
export function turnOf({ times }, { pass, frame }, node) {
  if (times > 1) return frame;
  return pass === "forward" ? node.depth : node.back;
}

/** @param {Data} data @param {Moment} moment @param {Node} node */
export function isReached(data, moment, node) {
  const turn = turnOf(data, moment, node);
  return turn !== null && turn <= moment.frame;
}

/** The nodes whose turn it is. @param {Data} data @param {Moment} moment */
export const nodesAt = (data, moment) => data.nodes.filter((node) => turnOf(data, moment, node) === moment.frame);

/**
 * What a node shows: its bands as shares of a scale, and the number where it is one.
 * @param {Data} data
 * @param {Moment} moment
 * @param {Node} node
 * @param {string} choice all, mean or a unit
 * @returns {{ scale: "diverging" | "norm", shares: number[], value: number | null }}
 */
export function shownOf(data, moment, node, choice) {
  if (!isReached(data, moment, node)) return { scale: "diverging", shares: [], value: null };
  const time = timeOf(data, moment);
  if (moment.pass === "backward") {
    const value = node.gradient[time];
    const [low, high] = data.limits;
    return { scale: "norm", shares: [value > 0 ? clamp((Math.log10(value) - low) / (high - low), 0, 1) : 0], value };
  }
  const values = node.values[time];
  /** @param {number} one */
  const share = (one) => (clamp(one, -1, 1) + 1) / 2;
  if (node.unit === null && choice === "all") return { scale: "diverging", shares: values.map(share), value: null };
  const value = node.unit !== null ? values[0] : choice === "mean" ? node.mean[time] : (values[Number(choice)] ?? null);
  return { scale: "diverging", shares: value === null ? [] : [share(value)], value };
}

/**
 * All nodes in the order of computing, each after the edges that lead to it.
 * @param {Data} data
 * @returns {import("./types.js").Looked[]}
 */
export function orderOf({ nodes, edges }) {
  return [...nodes].sort((a, b) => a.depth - b.depth).flatMap((node) => [
    ...edges.flatMap((edge, i) => (edge.target === node.id ? [{ edge: i }] : [])), { node: node.id },
  ]);
}

/**
 * What an edge's width follows: the norm of its Jacobian, or the size of its one weight or of what it adds; null where it is not used.
 * @param {import("./types.js").Edge} edge
 * @param {import("./types.js").Width} width
 * @param {number} time
 */
export function sizeOf(edge, width, time) {
  const size = width === "norm" ? null : edge[width];
  return size === null ? edge.norm[time] : Math.abs(size);
}
