// What pictures.py sends.

/**
 * @typedef {object} Data
 * @property {string} id of what was read, and by whom
 * @property {string} paths base64: the states that are drawn, three bytes each, see paths.js; sequence after sequence
 * @property {number[]} box the lowest across and up, then the highest
 * @property {Packed} counts states that are drawn, one a sequence
 * @property {Packed} lengths steps, one a sequence
 * @property {number} every of how many steps one is drawn; the last one always is
 * @property {Packed | null} verdict log odds of praise after each state that is drawn, see probability of paths.js
 * @property {string[] | null} names of the sequences, where they have any
 * @property {string[] | null} texts what was read, its tokens in one text
 * @property {string} apart what stands between two tokens there
 * @property {string[]} says a line on each sequence
 * @property {Grouping[]} groupings the ways to colour the sequences
 * @property {Record<Metric, { who: Packed, far: Packed, ranks: number }>} nearest other sequences and how far they are, so many of each sequence
 * @property {number[] | null} missed sequences that are judged wrong; null: nobody knows
 * @property {string[]} axes titles
 * @property {string} link of the page on one sequence, with {text} or {number} to be put in; '' for none
 * @property {number[]} numbers of the sequences there
 * @property {Words} labels
 * @property {import("../../parts/js/theme.js").Scales} scales
 * @property {{ onDark: Record<string, string>, ink: string, paper: string }} palette
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {import("../../parts/js/arrays.js").Packed} Packed */
/** @typedef {Record<"summary" | "colour" | "by" | "share" | "step" | "back" | "forward" | "metric" | "cosine" | "euclid" | "play" | "cursor" | "atShare" | "atStep" | "before" | "after" | "called" | "steps" | "nearest" | "missed" | "none" | "praise" | "low" | "high" | "open" | "mean", string>} Words */

/**
 * @typedef {object} Grouping
 * @property {string} key
 * @property {string} title
 * @property {{ name: string, colour: string, count: number }[]} groups
 * @property {number | null} grey the group that is what is left, under the others and without a mean; null: none is
 * @property {Packed} of which group each sequence is in; 255: none
 * @property {{ step: Mean, share: Mean }} means
 */

/**
 * The mean path of each group, group after group.
 * @typedef {object} Mean
 * @property {Packed} at the step from 0, or the share of the length
 * @property {Packed} mean two a point
 * @property {Packed} spread three a point: variance across, covariance, variance up
 * @property {Packed} count of sequences
 */

/** @typedef {"step" | "share"} By */
/** @typedef {"cosine" | "euclid"} Metric */

export {};
