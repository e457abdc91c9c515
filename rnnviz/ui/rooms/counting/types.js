// What ledger of sheet.py sends.

/** @typedef {string | { over: string, under: string } | { strong: string }} Single text, a fraction, what is bold */
/** @typedef {Single | Single[]} Piece several of them stay on one line */

/**
 * @typedef {object} Data
 * @property {{ text: string, unknown: boolean }[]} tokens
 * @property {{ label: string, cells: Piece[] }[]} rows a cell for each token
 * @property {boolean[][]} zeros by row, the cells that hold a zero
 * @property {number} place of the chosen token
 * @property {boolean} chosen whether the reader chose it
 * @property {Piece[][]} lines of formulas
 * @property {{ text: string, kind: "" | "context" | "hit" }[][] | null} text the reader's lines, where they are shown
 * @property {Record<"sentence" | "table" | "counted" | "context" | "hit" | "token", string>} labels
 * @property {string} unloaded said where the script did not come
 */

export {};
