// What below of here.py sends.

/** @typedef {{ english: string, korean: string, symbol: string, says: string }} Word says: in the reader's language */

/**
 * @typedef {object} Data
 * @property {string} lang
 * @property {Word[]} words
 * @property {string} page the address of the list of all words
 * @property {Record<"here" | "open", string>} labels
 * @property {string} unloaded said where the script did not come
 */

export {};
