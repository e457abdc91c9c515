// What show_board of __init__.py sends, and the little of plotly that the board uses.

/** @typedef {import("../js/arrays.js").Packed} Packed */
/** @typedef {import("../js/arrays.js").Typed} Typed */
/** @typedef {import("../js/theme.js").Scales} Scales */
/** @typedef {[number, number]} Range edges in steps: half a step before the first and after the last that are in view */

/**
 * @typedef {object} Data
 * @property {string} id stands for the text and what is drawn of it: another id starts with the whole text in view
 * @property {string} plotly where plotly.js is served
 * @property {string[] | Names} tokens as shown, one a step; none where figures stand without a text
 * @property {number[]} unknown steps whose token the model does not know
 * @property {SentFigure[]} figures
 * @property {Scales} scales
 * @property {{ onDark: Record<string, string>, ink: string, paper: string }} palette
 * @property {Colour<Packed> | null} colour
 * @property {Candidates<Packed> | null} candidates
 * @property {{ title: string, entries: { step: number, value: number }[] }[]} lists
 * @property {number | null} unit that is chosen
 * @property {number | null} step where the cursor stands; null: at the end, or where it was
 * @property {string} summary for who hears the page
 * @property {string} subject what was looked at, for a saved figure
 * @property {string} rows what the places of the rows stand for: with another order, all are in view
 * @property {boolean} finer whether there is more than was sent, to zoom in for
 * @property {boolean} [marking] whether a drag can mark units and steps, which Python is told
 * @property {Mark[]} [marks] what is marked
 * @property {Words} labels
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {{ first: number, last: number, units: number[] | null }} Mark steps and units; null: all of them */

/** @typedef {Data & { tokens: string[], names: string[] | Names }} Shown what came, with a token for each step; names: as they came */

/**
 * Of a long sequence, some names of its steps; see long.py.
 * @typedef {object} Names
 * @property {number} count steps
 * @property {number} every
 * @property {string[]} coarse the names of the steps that `every` divides; none where steps have no names
 * @property {{ first: number, names: string[] }[]} known those of steps one after the other
 */

/** @typedef {"board" | "passage" | "distant" | "keys" | "step" | "steps" | "unit" | "halves" | "hovering" | "rounded" | "open" | "shut" | "candidates" | "back" | "forward" | "play" | "narrower" | "wider" | "all" | "mark" | "save" | "noPlotly"} Word */
/** @typedef {Record<Word, string> & { before?: string }} Words before: what the lines on the candidates' bars are */
/** @typedef {{ id: string, spec: string, title: string | null }} SentFigure spec: plotly's JSON */

/**
 * The values that colour the tokens.
 * @template Values
 * @typedef {object} Colour
 * @property {Values} values one a step; of a long sequence bytes, 0 to 255 between the limits
 * @property {{ first: number, values: Values }} [exact] of a long sequence, those of the steps in view as they are
 * @property {number[]} limits of the scale
 * @property {string} scale
 * @property {string} label
 * @property {string} keeps the letter of a gate that keeps the old state; empty where the values are none
 */

/**
 * The best candidates at each step, `count` of them a step.
 * @template Values
 * @typedef {object} Candidates
 * @property {number} count
 * @property {Values} ids
 * @property {Values} values probabilities
 * @property {string[]} tokens that ids stand for
 * @property {Values} [before] probabilities of the same before something was changed
 * @property {string[]} [heads] of several lists under each other, as long as each other, what each is
 */

/**
 * What figures/ writes into layout.meta.
 * @typedef {object} Meta
 * @property {"time" | "unit" | "path" | "free"} axis
 * @property {number[]} [units] of a heatmap's rows, as many as were sent
 * @property {string[]} [names] what the rows are called, where they are no units: as many as `units`, which are their places
 * @property {string[]} [ticks] the same, as short as an axis has room for
 * @property {number} [first] the place of the first of them in the order of all
 * @property {number} [count] how many there are in all
 * @property {number} [pooled] how many steps two columns or more stand for, with the smallest and the largest value of these
 * @property {number} [every] of a path: from one point to the next, steps
 * @property {number | null} [unit] of a curve
 * @property {number[]} [points] units of the points
 * @property {string[]} [said] what stands at the cursor, a line for each point
 * @property {string} [shows]
 * @property {string} [scale]
 * @property {number[]} [limits]
 * @property {boolean} [beyond] whether values lie outside the limits
 * @property {boolean} [powers] whether limits are exponents of ten
 * @property {boolean} [log10] whether values are exponents of ten
 * @property {number} [end] the step that the others are compared with
 * @property {(number | null)[]} [ends] the exponents there, where a curve may not hold that step
 * @property {boolean} [factors] whether they are read as plain numbers all the same
 * @property {boolean} [legend]
 * @property {string} [chooses] the coordinate of a point that names a step
 * @property {number} [counted] what that coordinate begins with
 */

/** @typedef {Record<string, any>} Trace of plotly */
/** @typedef {Record<string, any> & { meta: Meta, height: number }} Layout of plotly */
/** @typedef {{ data: Trace[], layout: Layout }} Spec */
/** @typedef {{ curveNumber: number, pointNumber: number } & Record<string, any>} Point that plotly tells of */

/**
 * @typedef {HTMLElement & {
 *   on: (name: string, hear: (event: { points: Point[] }) => void) => void,
 *   layout?: Record<string, any>,
 * }} Plot a place that plotly has drawn in
 */

/**
 * @typedef {object} Plotly
 * @property {(plot: HTMLElement, data: Trace[], layout: object, config: object) => Promise<unknown>} react
 * @property {(plot: HTMLElement, update: object, traces: number[]) => Promise<unknown>} restyle
 * @property {(plot: HTMLElement) => void} purge
 * @property {(figure: Spec, how: object) => Promise<unknown>} downloadImage
 */

/** @typedef {import("./figure.js").Figure} Figure */
/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./axis.js").Axis} Axis */

export {};
