// What show_network of picture.py sends, and what the modules of this folder make of it.

/** @typedef {import("../../parts/js/theme.js").Side} Side */
/** @typedef {"weight" | "input" | "up" | "recurrent" | "handed" | "output" | "feedback"} EdgeRole */

/**
 * @typedef {object} Node
 * @property {string} id
 * @property {string} kin what it turns into, or comes from, at another stage
 * @property {"input" | "hidden" | "decoder" | "output"} role
 * @property {string} label
 * @property {string} letter x, h, s or y
 * @property {string} name in words
 * @property {number} column
 * @property {number} row from the bottom
 * @property {boolean} backward whether it reads from the end
 * @property {number | null} unit where a node is one unit
 * @property {number[][]} values (time, unit); one time, unless the network is rolled up
 * @property {string[]} tokens that its numbers stand for, at each time; empty where they stand for none
 * @property {Zoom} zoom
 * @property {number[]} mean of its values, at each time
 * @property {number[][]} cell (time, unit), empty where there is none
 * @property {number[]} gradient norm, at each time
 * @property {number} depth in the order of computing
 * @property {number | null} back in the order of the gradient, if it reaches the node
 */

/**
 * @typedef {object} Edge
 * @property {string} source
 * @property {string} target
 * @property {EdgeRole} role
 * @property {(number | null)[]} norm of the Jacobian at each time
 * @property {number | null} weight where it is one number
 * @property {number | null} product of the weight and the value at its source
 * @property {Zoom} zoom
 */
/** @typedef {{ step: number | null, product: string | null } | false} Zoom where in the page of the cell its numbers are: the step, from 0, null for that which is shown; and a product */
/** @typedef {"norm" | "weight" | "product"} Width what an edge's width follows */

/**
 * @typedef {"picture" | "forward" | "backward" | "back" | "on" | "speed" | "colour" | "all" | "mean" | "unit" | "step" | "more"
 *   | "forwardLine" | "backwardLine" | "again" | "value" | "norms" | "width" | "single" | "gradient" | "norm" | "unused" | "hint"
 *   | "zoom" | "zoomed" | "softmax"} Word
 */
/** @typedef {Record<Word, string> & { roles: Record<EdgeRole, string>, widths: Record<Width, string> }} Labels */

/**
 * @typedef {object} Data
 * @property {string} id of the set-up
 * @property {string} stage
 * @property {number} times steps of a network that is rolled up, else 1
 * @property {boolean} loops
 * @property {boolean} vectors whether a node is a whole state
 * @property {Node[]} nodes
 * @property {Edge[]} edges
 * @property {string[] | null} letters that the numbers of inputs and outputs stand for
 * @property {string | null} zoom a link to the page of the cell, to which a step and a product are added
 * @property {Width} width what that of an edge follows until the reader chooses
 * @property {string | null} look the node that is looked at first
 * @property {import("../../parts/js/theme.js").Scales} scales
 * @property {[number, number]} limits exponents of ten between which a gradient's colour changes
 * @property {Record<Side, string>} colour of the architecture
 * @property {Labels} labels
 * @property {string} summary for who hears the page
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {"forward" | "backward"} Pass */
/** @typedef {{ pass: Pass, frame: number }} Moment how far which pass has come */
/** @typedef {{ x: number, y: number, wide: number, high: number, round: number }} Place middle and size, in px */
/** @typedef {{ node: string } | { edge: number }} Looked what the reader looks at */
/** @typedef {(scale: string, share: number) => number[]} Colour red, green and blue at a share of a scale */

export {};
