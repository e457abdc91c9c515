// What draw of pictures.py sends: sections, each of parts that `part` names.

/** @typedef {import("../../parts/js/theme.js").Scales} Scales */

/**
 * @typedef {object} Data
 * @property {string} id of the text: as long as it is the same the cursor stays
 * @property {boolean} joined whether tokens are words, with blanks between them
 * @property {string[]} places what stands at each
 * @property {Scales} scales
 * @property {Section[]} sections
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {{ name: string, title: string, lead: string, parts: Part[] }} Section */
/** @typedef {Headline | Lines | Picker | Readout | Row | Strip | Aligned | Legend | ChartPart | Units} Part */

/** @typedef {{ part: "headline", items: { name: string, kind: string, dash: boolean, percent: string, word: string }[] }} Headline kind: the architecture */
/** @typedef {{ part: "lines", lines: { kind?: string, name?: string, text: string }[] }} Lines */
/** @typedef {{ part: "picker", label: string, options: { value: string, text: string }[], chosen: string }} Picker */
/** @typedef {{ kind?: string, dash?: boolean, name: string, text: string }} Saying */
/** @typedef {{ part: "readout", says: Saying[][] }} Readout what the numbers are, place by place */
/** @typedef {{ part: "row", title: string, about: string }} Row */
/** @typedef {{ text: string, place: number, unknown: boolean, opposed?: boolean, value: number, say: string }} Token */

/**
 * @typedef {object} Strip
 * @property {"strip"} part
 * @property {string} title
 * @property {string} [about]
 * @property {Token[]} tokens one a place
 * @property {ScaleName} scale
 * @property {number} limit of the values
 * @property {string} [foot]
 */

/** @typedef {"diverging" | "probability"} ScaleName */
/** @typedef {{ texts: (string | null)[], differs: boolean, say: string, unknown: boolean[] }} Pair */
/** @typedef {{ part: "aligned", title: string, places: Pair[] }} Aligned */
/** @typedef {{ value: number, text: string }} Tick */

/**
 * @typedef {object} Legend
 * @property {"legend"} part
 * @property {string} title
 * @property {ScaleName} scale
 * @property {number} limit
 * @property {Tick[]} ticks
 * @property {{ mark: string, text: string }[]} keys
 */

/**
 * @typedef {object} Line
 * @property {string} kind
 * @property {string} name
 * @property {(number | null)[]} values one a place; null: none
 * @property {string[]} says
 * @property {boolean} [dash]
 * @property {number[]} [marks] places where it changes its mind
 */

/**
 * Curves, or bars, over the places.
 * @typedef {object} ChartPart
 * @property {"chart"} part
 * @property {string} title
 * @property {string[]} labels one a place
 * @property {Line[]} lines
 * @property {number} low
 * @property {number} high
 * @property {number | null} middle
 * @property {Tick[]} ticks
 * @property {number} height in rem
 * @property {string | null} above what the upper half means
 * @property {string | null} below
 * @property {boolean} [bars]
 */

/**
 * @typedef {object} Units
 * @property {"units"} part
 * @property {string} title
 * @property {string[]} columns
 * @property {{ unit: number, weight: number, states: number[], curve: number[] }[]} rows
 * @property {{ name: string, values: number[] }[]} sums
 * @property {number} limit of the curves
 * @property {number} limitOfSums
 * @property {string} about
 */

/** @typedef {import("./sentiment.js").Review} Review */

export {};
