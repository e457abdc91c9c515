// Places of a long text under each other, in the colours of a unit's hidden state. Nothing is chosen here and Python hears nothing.

import { paintToken, short } from "../../parts/board/tokens.js";
import { unpacked } from "../../parts/js/arrays.js";
import { drawn, element, mounted } from "../../parts/js/dom.js";
import { number } from "../../parts/js/numbers.js";
import { hexParts, shade, themeSide, watchPage } from "../../parts/js/theme.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("../../parts/js/theme.js").Parts} Parts */

export default mounted((/** @type {HTMLElement} */ parent) => new Places(parent));

class Places {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element("section", "un-root");
    parent.append(this.root);
    /** @type {Data | undefined} */
    this.sent = undefined;
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
    const stops = this.sent.scales.diverging[side].map(hexParts);
    this.root.replaceChildren(
      ...this.sent.groups.map(({ title, places }) => {
        const head = element("p", "un-head", element("strong", "", title));
        return element("div", "un-group", head, ...places.map((place) => this.place(place, stops)));
      }),
    );
    drawn(this.root);
  }

  /** @param {Place} place @param {Parts[]} stops */
  place({ tokens, at, values }, stops) {
    const numbers = unpacked(values);
    const spans = tokens.map((token, step) => {
      const span = element("span", step === at ? "un-token un-here" : "un-token", short(token));
      paintToken(span, token, false, shade(stops, (numbers[step] + 1) / 2));
      span.title = number(numbers[step]);
      return span;
    });
    const text = element(
      "span",
      "un-text",
      element("span", "un-before", ...spans.slice(0, at)),
      element("span", "un-after", ...spans.slice(at)),
    );
    text.setAttribute("role", "img");
    text.setAttribute("aria-label", tokens.join(""));
    return element("p", "un-place", element("span", "un-value", number(numbers[at])), text);
  }
}
