// What places.py sends.

/**
 * @typedef {object} Data
 * @property {Group[]} groups of places, each under its title
 * @property {{ summary: string }} labels
 * @property {import("../../parts/js/theme.js").Scales} scales
 * @property {{ onDark: Record<string, string>, ink: string, paper: string }} palette
 * @property {string} unloaded said where the script did not come
 */

/**
 * @typedef {object} Group
 * @property {string} title
 * @property {Place[]} places
 */

/**
 * @typedef {object} Place
 * @property {string[]} tokens as shown, one a step
 * @property {number} at which of them the place is
 * @property {import("../../parts/js/arrays.js").Packed} values the unit's hidden state, -1 to 1, one a step
 */

export {};
