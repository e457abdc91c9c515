// The pictures of a worked example: a table of squares, numbers and bars, or the weights over the source words.
// Drawn of plain elements; what the reader typed goes in through textContent only.

import { drawn, element, mounted } from "../js/dom.js";
import { gradient, hexParts, shade, themeSide, watchPage } from "../js/theme.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Square} Square */

export default mounted((/** @type {HTMLElement} */ parent) => new Picture(parent));

class Picture {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.sheet = element("div", "bh-sheet");
    this.sheet.setAttribute("role", "img");
    this.root = element("div", "bh-picture", this.sheet);
    parent.append(this.root);
    this.unwatch = watchPage(this.root, { themed: () => this.paint(), resized: () => this.reach() });
    /** @type {Data | undefined} */
    this.data = undefined;
    /** @type {{ place: HTMLElement, share: number, scale: string }[]} */
    this.painted = []; // elements and the share of the scale that each shows
  }

  destroy() {
    this.unwatch();
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    this.data = data;
    this.painted = [];
    this.sheet.setAttribute("aria-label", data.summary);
    this.sheet.replaceChildren(...("weights" in data ? this.weights(data) : [this.table(data.rows)]));
    this.paint();
    this.reach();
    drawn(this.root);
  }

  // what is wider than the page can be reached by keys
  reach() {
    const wide = this.root.scrollWidth > this.root.clientWidth + 1;
    if (wide) this.root.tabIndex = 0;
    else this.root.removeAttribute("tabindex");
  }

  // ---- a table of rows of items -----------------------------------------------------------------------------------

  /** @param {Row[]} rows */
  table(rows) {
    const lines = rows.map(({ items, rule, strong }) => {
      const places = items.map((item) => element("td", "", this.item(item)));
      return element("tr", `${rule ? "bh-rule" : ""} ${strong ? "bh-strong" : ""}`, ...places);
    });
    return element("table", "bh-table", ...lines);
  }

  /** @param {Item} item */
  item(item) {
    if ("cells" in item) return this.vector(item.cells, item.labels);
    if (!("bar" in item)) return element("span", `bh-${item.kind}`, item.text);
    const bar = element("span", "bh-bar");
    bar.style.width = `${100 * item.bar}%`;
    this.painted.push({ place: bar, share: item.bar, scale: "probability" });
    return element("span", "bh-track", bar);
  }

  /** @param {Square[]} cells @param {string[]} [labels] */
  vector(cells, labels = []) {
    const [low, high] = this.data?.limits ?? [0, 1];
    const squares = cells.map(({ value, text, title }, i) => {
      const square = element("span", "bh-cell", text);
      square.title = title;
      this.painted.push({ place: square, share: (value - low) / (high - low), scale: "diverging" });
      return labels.length ? element("span", "bh-pair", element("span", "bh-label", labels[i]), square) : square;
    });
    return element("span", "bh-vector", ...squares);
  }

  // ---- the weights over the source words -----------------------------------------------------------------------------

  /** @param {import("./types.js").Weights} data */
  weights({ weights, foot, keys }) {
    const axis = element("div", "bh-axis", ...["100 %", "50 %", "0 %"].map((text) => element("span", "", text)));
    const words = weights.map(({ name, share, text, cells, most }) => {
      const bar = element("div", "bh-pillar");
      bar.style.height = `${100 * share}%`;
      this.painted.push({ place: bar, share, scale: "probability" });
      const value = element("span", "bh-share", text);
      value.style.bottom = `${100 * share}%`;
      const room = element("div", "bh-room", bar, value);
      return element("div", most ? "bh-word bh-strong" : "bh-word", room, element("span", "bh-name", name), this.vector(cells));
    });
    const below = this.table(foot);
    below.classList.add("bh-foot");
    const legend = keys.map(({ low, high, scale }) => {
      const strip = element("span", "bh-gradient");
      strip.dataset.scale = scale;
      return element("span", "bh-key", low, strip, high);
    });
    return [element("div", "bh-weights", axis, ...words), below, element("div", "bh-legend", ...legend)];
  }

  // ---- colours -------------------------------------------------------------------------------------------------------

  paint() {
    if (!this.data) return;
    const { scales } = this.data;
    const side = themeSide(this.root);
    this.root.dataset.theme = side;
    for (const { place, share, scale } of this.painted) {
      const { back, ink } = shade(scales[scale][side].map(hexParts), share);
      place.style.backgroundColor = back;
      if (scale === "diverging") place.style.color = ink;
    }
    for (const strip of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(".bh-gradient")))
      strip.style.background = gradient(scales[strip.dataset.scale ?? ""][side]);
  }
}
