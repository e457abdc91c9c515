// A surprise, as this room writes it.

import { fixed } from "../../parts/js/numbers.js";

/** @param {number} nats */
export const natsOf = (nats) => (nats < 0.001 ? "< 0.001" : fixed(nats, 3));
