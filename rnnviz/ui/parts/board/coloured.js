// Texts in the colours of units' hidden states. Nothing is chosen in them and Python hears nothing.

import { drawn, element } from "../js/dom.js";
import { number } from "../js/numbers.js";
import { hexParts, shade, themeSide, watchPage } from "../js/theme.js";
import { paintToken, short } from "./tokens.js";

/** @typedef {import("../js/theme.js").Parts} Parts */

/**
 * A part that is made of such texts, anew with its data and with the theme.
 * @template {{ labels: { summary: string }, scales: import("../js/theme.js").Scales, scale?: string }} Data
 */
export class Coloured {
  /**
   * @param {HTMLElement} parent
   * @param {string} className
   * @param {(data: Data, stops: Parts[]) => HTMLElement[]} made what stands in it; stops: of the colours, see `coloured`
   */
  constructor(parent, className, made) {
    this.made = made;
    this.root = element("section", className);
    parent.append(this.root);
    /** @type {Data | undefined} */
    this.sent = undefined;
    /** @type {HTMLElement[]} */
    this.shown = [];
    this.ends = watchPage(this.root, { themed: () => this.draw(), resized: () => undefined });
  }

  destroy() {
    this.ends();
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    this.sent = data;
    this.root.setAttribute("aria-label", data.labels.summary);
    this.draw();
  }

  draw() {
    if (!this.sent) return;
    const side = themeSide(this.root);
    this.root.dataset.theme = side;
    for (const old of this.shown) old.remove(); // and not all there is: the root holds what tells of another theme
    this.shown = this.made(this.sent, this.sent.scales[this.sent.scale ?? "diverging"][side].map(hexParts));
    this.root.prepend(...this.shown);
    drawn(this.root);
  }
}

/**
 * A token in the colour of a unit's value at it, which a pointer that rests on it is told.
 * @param {string} className
 * @param {string} token
 * @param {number} value -1 to 1
 * @param {Parts[]} stops
 * @param {boolean} [unknown] to the model
 */
export function coloured(className, token, value, stops, unknown = false) {
  const span = element("span", className, short(token));
  paintToken(span, token, unknown, shade(stops, (value + 1) / 2));
  span.title = number(value);
  return span;
}
