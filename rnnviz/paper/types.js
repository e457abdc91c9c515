// What paper/contents.py writes into a page.

/** @typedef {import("../ui/parts/board/types.js").Words} BoardWords */

/** @typedef {{ dtype: string, shape: number[], from: number, size: number }} Placed an array: where its bytes lie among all */
/** @typedef {import("../ui/parts/js/arrays.js").Typed} Typed */
/** @typedef {"states" | "gates" | "gradients"} Picture */
/** @typedef {"stored" | "similarity" | "activity"} Order */
/** @typedef {"total" | "direct"} Part */

/**
 * @typedef {object} Contents
 * @property {string} name of the recording
 * @property {string} version of rnnviz
 * @property {Module[]} modules
 * @property {Record<string, { tokens: string[] }>} places by module, sequence, direction and layer: 0-0-0-0; of those without steps nothing
 * @property {Record<string, Said>} languages by code: en, ko
 * @property {Record<string, Placed>} arrays
 * @property {import("../ui/parts/js/theme.js").Scales} scales
 * @property {{ onDark: Record<string, string>, ink: string, paper: string }} palette
 */

/**
 * @typedef {object} Module
 * @property {string} name
 * @property {string} kind
 * @property {number[]} layers their numbers, from 1: of those that were kept
 * @property {string[]} directions
 * @property {{ number: number, name: string }[]} sequences those that have steps
 */

/**
 * @typedef {object} Said
 * @property {string} name of the language
 * @property {BoardWords} labels
 * @property {Words} words
 * @property {Record<string, Record<"states" | "gates" | Part, View>>} views by place
 */

/**
 * What the page itself says.
 * @typedef {object} Words
 * @property {Record<Picture, string>} pictures
 * @property {Record<Picture, string>} look what to look at
 * @property {string} picture
 * @property {string} module
 * @property {string} direction
 * @property {Record<string, string>} directions
 * @property {string} sequence
 * @property {string} layer
 * @property {string} unit
 * @property {string} order
 * @property {Record<Order, string>} orders
 * @property {Record<Order, string>} rows title of the heatmaps' rows, by order
 * @property {string} part
 * @property {Record<Part, string>} parts
 * @property {string} language
 * @property {string} theme
 * @property {Record<"auto" | "light" | "dark", string>} themes
 * @property {string} subject
 * @property {string} settings
 * @property {string} made
 */

/**
 * @typedef {object} View
 * @property {Drawn[]} figures
 * @property {Record<Order, string>} orders arrays: unit numbers
 * @property {number} units
 * @property {{ rows: string, limits: number[], scale: string, label: string, keeps: string } | null} colour
 * @property {{ title: string, steps: string, ranks: number }[]} lists
 * @property {string} summary with {unit}, {low} and {high}
 * @property {string} line
 * @property {number | null} step where the cursor begins
 */

/** @typedef {{ id: string, spec: any, title: string, rows: string[], marks: boolean }} Drawn */

export {};
