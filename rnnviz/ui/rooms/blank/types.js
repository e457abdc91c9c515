// What picture of page.py sends.

/** @typedef {"left" | "right" | "bias"} Side the words before, the words after, neither */

/**
 * @typedef {object} Data
 * @property {{ text: string, unknown: boolean }[]} words of the sentence
 * @property {string} read the words as they were read, with blanks between
 * @property {string} known every word that the models know, with blanks between
 * @property {number} place of the one that is left out
 * @property {Model[]} models
 * @property {string[]} ticks under the bars: the ends and the middle
 * @property {Record<Side | "box" | "all" | "some" | "enter" | "sentence" | "candidates" | "own" | "split", string>} labels
 * @property {string} unloaded said where the script did not come
 */

/**
 * @typedef {object} Model
 * @property {string} title
 * @property {string} about
 * @property {boolean} hatched
 * @property {Candidate[]} candidates
 * @property {Split[]} split
 */

/** @typedef {{ rank: string, text: string, share: number, percent: string, own: boolean, below: boolean }} Candidate own: it was left out; below: not among the likeliest */
/** @typedef {{ text: string, own: boolean, sum: string, parts: Part[] }} Split */
/** @typedef {{ side: Side, from: number, to: number, text: string }} Part from, to: of the bar, 0 to 1 */

export {};
