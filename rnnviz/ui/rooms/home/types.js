// What pictures.py sends.

/**
 * @typedef {object} Data
 * @property {string[]} tokens of the text, as shown, one a step
 * @property {number[]} breaks the steps after which a line ends
 * @property {number[]} unknown the steps whose token the model does not know
 * @property {Row[]} rows one for each unit
 * @property {{ text: string, summary: string }} labels
 * @property {import("../../parts/js/theme.js").Scales} scales
 * @property {{ onDark: Record<string, string>, ink: string, paper: string }} palette
 * @property {string} unloaded said where the script did not come
 */

/**
 * @typedef {object} Row
 * @property {string} title what the unit knows
 * @property {string} unit its name
 * @property {string} right how well it tells that on this text
 * @property {import("../../parts/js/arrays.js").Packed} values its hidden state, -1 to 1, one a step
 */

export {};
