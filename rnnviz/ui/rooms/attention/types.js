// What show_attention of picture.py sends, and what the modules of this folder make of it.

/** @typedef {import("../../parts/js/theme.js").Side} Side */
/** @typedef {"memory" | "hidden" | "context" | "product" | "attentional" | "score" | "weight" | "own"} ArrayName */
/** @typedef {{ shape: number[], bdata: string }} Sent float32, as base64 */

/**
 * @typedef {"map" | "keys" | "step" | "place" | "weight" | "score" | "unit" | "units" | "encoder" | "decoder" | "stronger" | "back"
 *   | "forward" | "play" | "pace" | "save" | "undo" | "resetStep" | "reset" | "marked" | "missing" | "right" | "wrong" | "looks"
 *   | "writing" | "scores" | "softmax" | "sum" | "concatenation" | "tanh" | "best" | "scoresLine" | "more" | "softmaxLine" | "change"
 *   | "own" | "ownWorked" | "setSum" | "setDone" | "sumLine" | "concatenationLine" | "tanhLine" | "bestLine" | "before" | "after"
 *   | "yours" | "taken" | "noNumber" | "allZero" | "only" | "of" | "outputs" | "all"} Word
 */
/** @typedef {Record<Word, string>} Words */

/**
 * @typedef {object} Line an output, as it stands above the map
 * @property {string} name original, changed or plain
 * @property {string} title
 * @property {string[]} tokens
 * @property {number[]} different places of tokens that are not in the original
 * @property {[number, string][]} missing a place, and what the original has before it
 * @property {boolean | null} right where the truth is known
 * @property {string} said of an output that differs in nothing from the one above
 */

/**
 * @typedef {object} Edit what the reader changed of a step
 * @property {number[] | null} given weights before they were divided by their sum
 * @property {number[]} places whose weight was set
 * @property {boolean} bare whether all others are zero
 * @property {number | null} token
 */

/** @typedef {[id: number, token: string, probability: number][]} Candidates */

/**
 * @typedef {object} Data
 * @property {string} id of the reading, changes included
 * @property {string} text of the model and what it read: another one starts anew
 * @property {string[]} source
 * @property {number[]} unknown places whose token the model does not know
 * @property {string[]} target
 * @property {number[]} targetIds
 * @property {boolean} slanted whether tokens are words, which stand at a slant
 * @property {Record<ArrayName, Sent>} arrays
 * @property {number} units
 * @property {Candidates[]} candidates of each step
 * @property {Record<string, Edit>} edits by step
 * @property {Line[]} lines
 * @property {string | null} right the true output, where it is known
 * @property {string} note
 * @property {number | null} step that is chosen
 * @property {boolean} undo whether there is something to take back
 * @property {import("../../parts/js/theme.js").Scales} scales
 * @property {string} summary for who hears the page
 * @property {string} file name of what is saved
 * @property {Words} labels
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {Record<ArrayName, Float32Array[]>} Numbers rows: encoder states by place, all others by step */
/** @typedef {{ row?: number, place?: number, strip?: "encoder" | "decoder", unit?: number }} Spot what is pointed at */

/**
 * A wish of the reader, as Python hears it.
 * @typedef {{ do: "undo" } | { do: "reset", step: number | null } | { do: "token", step: number, token: number | null }
 *   | { do: "only", step: number, place: number } | { do: "all", steps: number, place: number } | { do: "weight", step: number, place: number, weight: number | null }} Wish
 */

export {};
