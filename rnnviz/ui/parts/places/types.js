// What Python sends.

/**
 * @typedef {object} Data
 * @property {Group[]} groups of places, each under its title
 * @property {{ summary: string, colour: string }} labels colour: what the colours mean, '' where that is said elsewhere
 * @property {number[]} limits what the ends of the scale stand for
 * @property {string} scale
 * @property {import("../js/theme.js").Scales} scales
 * @property {{ onDark: Record<string, string>, ink: string, paper: string }} palette
 * @property {string} unloaded said where the script did not come
 */

/**
 * @typedef {object} Group
 * @property {string} title '' for none
 * @property {Place[]} places
 */

/**
 * @typedef {object} Place
 * @property {string[]} tokens as shown, one a step
 * @property {number} at the first of them that is meant
 * @property {number} to the first behind it that is not
 * @property {string | null} note what stands beside it; null for the value at the first
 * @property {import("../js/arrays.js").Packed} [values] one a step; missing where nothing is coloured
 */

export {};
