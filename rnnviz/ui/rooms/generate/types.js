// What board of texts.py and surprise_view of surprise.py send, one component for both.

/** @typedef {import("../../parts/js/theme.js").Side} Side */
/** @typedef {import("../../parts/js/theme.js").Scales} Scales */
/** @typedef {Record<Side, string>} Sides */

/**
 * @typedef {object} Writer and the piece that it has written since the browser was last told
 * @property {string} kind rnn, gru, lstm or counts
 * @property {string} title
 * @property {Sides} colour
 * @property {string} key of all that the text follows from; what follows a - are changes
 * @property {number} from the first character of the piece
 * @property {number} count characters of the piece
 * @property {string[]} tokens by id
 * @property {string[]} visible tokens by id, as names
 * @property {number[]} changed characters that the reader has put there
 * @property {number} candidates of each character
 * @property {string} ids uint16, base64; a row: its own, what was drawn, its rank, the candidates
 * @property {string} floats float32, base64; a row: the number, where the stretch of what was drawn begins, how long that is, its own
 *   probability before and after, the candidates' before, theirs after
 */

/**
 * @typedef {object} States what the shown author carried, the piece that is new
 * @property {string} key
 * @property {string} kind of the author
 * @property {number} start in the seed text
 * @property {number} from
 * @property {number} count
 * @property {number} units of counts: how many characters before are looked at
 * @property {[number, number]} limits
 * @property {number} layers
 * @property {number} layer from 1
 * @property {string} quantity
 * @property {Record<string, string>} options quantities and their names
 * @property {number[]} rows units in the order in which they are drawn; none for counts
 * @property {string} bytes (character, unit), base64
 */

/**
 * @typedef {"board" | "start" | "step" | "play" | "stop" | "undo" | "speed" | "pace" | "fast" | "progress" | "stopped" | "anew" | "written" | "show"
 *   | "layer" | "quantity" | "states" | "contexts" | "context" | "seen" | "followed" | "never" | "why" | "whyBlank" | "whyEnd" | "number"
 *   | "candidates" | "before" | "after" | "shares" | "others" | "luck" | "greedy" | "yours" | "yoursGreedy" | "branch" | "put" | "type"
 *   | "unknown" | "never_written" | "mark" | "waiting" | "seedText" | "units" | "look" | "value" | "length"} Word
 */
/** @typedef {Record<Word, string>} Words */

/**
 * @typedef {object} Writing texts that are written side by side
 * @property {"writing"} mode
 * @property {number} answer serial number of the question that is answered
 * @property {string[]} seed text, as names
 * @property {string} text the seed text
 * @property {number} length characters that are wanted
 * @property {number} opening characters that are shown at first
 * @property {number} reached characters that were shown when the page was left
 * @property {boolean} projector
 * @property {number | null} place the chosen character, from 1
 * @property {Writer[]} writers
 * @property {States} states
 * @property {boolean} undo whether there is a change to take back
 * @property {boolean} greedy
 * @property {Scales} scales
 * @property {Words} labels
 * @property {string} unloaded said where the script did not come
 */

/**
 * @typedef {object} Model that was surprised
 * @property {string} kind
 * @property {string} title
 * @property {Sides} colour
 * @property {(number | null)[]} nats of each character, none where it was not scored
 * @property {string[]} likeliest in its place
 * @property {(number | null)[]} share of the likeliest
 */

/**
 * @typedef {object} Surprised a text, and how it surprises the models
 * @property {"surprise"} mode
 * @property {string[]} characters as names
 * @property {string[]} shown
 * @property {number[]} unknown places
 * @property {number} most nats at the end of the scale
 * @property {Model[]} models
 * @property {Scales} scales
 * @property {Record<"text" | "first" | "unknown" | "hover" | "surprise" | "expected" | "legend", string>} labels
 * @property {string} unloaded said where the script did not come
 */

/** @typedef {Writing | Surprised} Data */

export {};
