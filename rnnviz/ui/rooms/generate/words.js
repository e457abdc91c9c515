// Texts and numbers as this room writes them.

import { fixed } from "../../parts/js/numbers.js";

/** A text with words in braces; what is not given stays. @param {string} text @param {Record<string, string | number>} values */
export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

/** @param {number} nats */
export const natsOf = (nats) => (nats < 0.001 ? "< 0.001" : fixed(nats, 3));
