// What folder.py puts into a page.

/**
 * @typedef {object} Contents
 * @property {number[][]} resets by axis, as python numbers what can be chosen: those that fall back with it
 * @property {string[]} names of what a link holds, the first before all
 * @property {View[]} views the one that the page opens with first
 * @property {string[]} pool long texts, each once
 * @property {object[]} sent what components are sent, each once
 * @property {Words} words
 */

/**
 * @typedef {object} View
 * @property {Record<string, number>} chosen by the number of an axis that can be seen, the option
 * @property {Record<string, string>} held what a link to it holds, as in the app
 * @property {number} html place in the pool
 * @property {Record<string, Part>} parts by their key
 * @property {Question[]} questions
 */

/** @typedef {{ name: string, axis: number | null, data: number }} Part axis: what a click in it chooses; data: place in what is sent */

/**
 * @typedef {object} Question
 * @property {string} asks HTML
 * @property {string} says
 * @property {string[]} [choices] HTML; without them, a number
 * @property {number[]} right places in choices
 * @property {number} value
 * @property {number} tolerance
 */

/** @typedef {Record<"guess" | "yours" | "right" | "wrong" | "waits" | "again", string>} Words guess is HTML */

export {};
