// What picture of __init__.py sends.

/** @typedef {import("../js/theme.js").Scales} Scales */

/**
 * @typedef {object} Common
 * @property {string} summary for those who do not see it
 * @property {[number, number]} limits of the scale of the squares
 * @property {Scales} scales
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {Common & { rows: Row[] }} Table */
/** @typedef {Common & { weights: Weight[], foot: Row[], keys: Key[] }} Weights the weights over the source words */
/** @typedef {Table | Weights} Data */

/** @typedef {{ items: Item[], rule: boolean, strong: boolean }} Row rule: a line above it, as over a sum; strong: it is the largest */
/** @typedef {{ value: number, text: string, title: string }} Square */
/** @typedef {{ cells: Square[], labels: string[] }} Vector labels: what stands over each */
/** @typedef {Vector | { bar: number } | { text: string, kind: "text" | "number" | "sign" }} Item bar: a share, 0 to 1 */
/** @typedef {{ name: string, share: number, text: string, cells: Square[], labels: string[], most: boolean }} Weight */
/** @typedef {{ low: string, high: string, scale: string }} Key */

export {};
