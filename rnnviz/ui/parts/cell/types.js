// What show_cell of __init__.py sends, and what the modules of this folder make of it.

/** @typedef {import("../js/theme.js").Side} Side */
/** @typedef {number[][]} Vectors (time, unit) */
/** @typedef {number[][][]} Gates (time, gate, unit) */

/**
 * @typedef {object} Common
 * @property {string} name
 * @property {string} about the drawing in words
 * @property {string} nonlinearity tanh or relu
 * @property {string[]} gates in PyTorch's order
 * @property {Record<Side, string>} colour of the architecture
 * @property {Vectors} input
 * @property {Vectors} previous_hidden
 * @property {Vectors} hidden
 * @property {Gates} input_product W_x x
 * @property {Gates} recurrent_product W_h h
 * @property {Gates} input_part with its bias
 * @property {Gates} recurrent_part with its bias
 * @property {Gates} pre_activation
 * @property {Gates} activation
 * @property {number[][][]} input_weight (gate, unit, feature)
 * @property {number[][][]} recurrent_weight (gate, unit, unit)
 * @property {number[][]} input_bias (gate, unit)
 * @property {number[][]} recurrent_bias (gate, unit)
 */

/** @typedef {Common & { kind: "rnn" }} RnnView */
/** @typedef {Common & { kind: "lstm", previous_cell: Vectors, cell: Vectors, kept: Vectors, written: Vectors, squashed: Vectors }} LstmView */
/** @typedef {Common & { kind: "gru", reset_part: Vectors, kept: Vectors, written: Vectors }} GruView */
/** @typedef {RnnView | LstmView | GruView} View one cell, all its steps */
/** @typedef {View["kind"]} Kind */
/**
 * @typedef {"cell" | "drawing" | "steps" | "step" | "unit" | "input" | "output" | "first" | "back" | "forward" | "play" | "speed" | "predict"
 *   | "scroll" | "shares" | "hover" | "signed" | "sums" | "gates" | "keep" | "write" | "question" | "which" | "what" | "guess" | "reveal" | "other"
 *   | "score" | "number" | "right" | "wrong" | "change" | "edit" | "range" | "around"} Word
 */
/** @typedef {Record<Word, string>} Labels */

/**
 * @typedef {object} Data
 * @property {View[]} views cells that read the same
 * @property {string[] | null} tokens what was read at each step, where it has names
 * @property {number | null} largest number, either way, that a reader may put in; none where nothing can be changed
 * @property {{ step: number, product: string | null }} begin the step that is shown first, from 0, and the product that is open
 * @property {string | null} around a link to the network that the cell is a part of, to which the step is added
 * @property {import("../js/theme.js").Scales} scales
 * @property {Labels} labels
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {"gate" | "signed" | "cell"} Range which colours a vector has */
/** @typedef {{ symbol: string, range: Range, of: (t: number) => number[] }} Vector */
/** @typedef {{ own?: string, items: string[] }} Equation vectors by id, signs as text; own: the gate's letter */
/** @typedef {{ view: View, vectors: Record<string, Vector>, equations: Equation[] }} Model */

/**
 * How a step is shown.
 * @typedef {object} Look
 * @property {number} step
 * @property {(model: Model, id: string, unit: number) => boolean} hides whether a question is about this value
 * @property {(value: number, range: Range) => { back: string, ink: string }} colour
 */

/** @typedef {[number, number]} Point */
/** @typedef {"plain" | "keep" | "write" | "over" | "write over" | "stub"} Wire */

/**
 * Where everything stands; lengths in px at a type of 16 px. Stages, 0 to 5, are the order of computing.
 * @typedef {object} Plan
 * @property {number} width
 * @property {number} height
 * @property {{ x: number, y: number, width: number, height: number }} body
 * @property {{ id: string, x: number, y: number, width: number, stage: number, labelled: boolean }[]} vectors
 * @property {{ points: Point[], stage: number, look: Wire }[]} wires
 * @property {{ text: string, x: number, y: number }[]} boxes
 * @property {{ sign: "+" | "⊙" | "1−", x: number, y: number }[]} joins
 * @property {Point[]} dots
 * @property {{ label: Word, x: number, y: number }[]} notes
 */

export {};
