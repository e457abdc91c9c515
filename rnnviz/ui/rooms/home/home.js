// A text, once for each of a few units, in the colours of that unit's hidden state. Nothing is chosen here and Python hears nothing.

import { paintToken, short } from "../../parts/board/tokens.js";
import { unpacked } from "../../parts/js/arrays.js";
import { drawn, element, mounted } from "../../parts/js/dom.js";
import { number } from "../../parts/js/numbers.js";
import { hexParts, shade, themeSide, watchPage } from "../../parts/js/theme.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Row} Row */

export default mounted((/** @type {HTMLElement} */ parent) => new Units(parent));

class Units {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element("section", "hm-root");
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
    this.root.querySelectorAll(".hm-row").forEach((row) => row.remove());
    this.root.append(...this.sent.rows.map((row) => this.row(row, stops)));
    drawn(this.root);
  }

  /** @param {Row} row @param {import("../../parts/js/theme.js").Parts[]} stops */
  row({ title, unit, right, values }, stops) {
    const { tokens, breaks, unknown, labels } = /** @type {Data} */ (this.sent);
    const numbers = unpacked(values);
    const text = element("p", "hm-text");
    text.setAttribute("aria-label", `${labels.text}: ${tokens.join("")}`);
    text.setAttribute("role", "img");
    tokens.forEach((token, step) => {
      const span = element("span", "hm-token", short(token));
      paintToken(span, token, unknown.includes(step), shade(stops, (numbers[step] + 1) / 2));
      span.title = number(numbers[step]);
      text.append(span);
      if (breaks.includes(step) && step < tokens.length - 1) text.append(element("br"));
      else if (token === "·") text.append(element("wbr"));
    });
    const head = element("p", "hm-head", element("strong", "", title), element("span", "hm-small", `${unit} · ${right}`));
    return element("div", "hm-row", head, text);
  }
}
