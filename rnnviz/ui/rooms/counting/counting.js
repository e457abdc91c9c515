// A sentence as a table, a column for each token, one of which is chosen; below it that token's arithmetic, and where it was
// counted. Python hears of a choice, the place of a token; text of the reader goes in through textContent only.

import { stepOf } from "../../parts/js/cursor.js";
import { button, drawn, element, mounted } from "../../parts/js/dom.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Piece} Piece */

export default mounted((/** @type {HTMLElement} */ parent) => new Ledger(parent));

class Ledger {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    this.scroller = element("div", "cn-scroller");
    this.scroller.tabIndex = -1;
    this.lines = element("div", "cn-lines");
    this.text = element("div", "cn-text");
    this.root = element("section", "cn-root", element("div", "cn-top", this.scroller, this.lines), this.text);
    parent.append(this.root);
    this.place = -1;
    /** @type {{ token: HTMLElement, head: HTMLElement, cells: HTMLElement[] }[]} */
    this.columns = [];
  }

  destroy() {
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    const focused = this.scroller.contains(document.activeElement);
    const { scrollLeft } = this.scroller;
    this.scroller.replaceChildren(this.table(data));
    this.scroller.scrollLeft = scrollLeft;
    this.mark(data.place, focused);
    if (data.chosen) this.reveal(data.place);
    this.lines.replaceChildren(...data.lines.map((pieces) => element("p", "cn-line", ...pieces.map(piece))));
    this.text.hidden = !data.text;
    if (data.text) this.text.replaceChildren(...counted(data.text, data.labels));
    drawn(this.root);
  }

  /** @param {Data} data */
  table({ tokens, rows, zeros, labels }) {
    this.columns = tokens.map(({ text, unknown }, place) => {
      const token = button(unknown ? "cn-token cn-unknown" : "cn-token", text, () => this.choose(place));
      token.setAttribute("aria-label", `${place + 1} ${text}`);
      token.addEventListener("keydown", (event) => this.key(event));
      const head = element("th", "cn-head", token);
      head.scope = "col";
      return { token, head, cells: [] };
    });
    const top = element("tr", "", label(labels.token), ...this.columns.map(({ head }) => head));
    const lines = rows.map(({ label: name, cells }, row) => {
      const shown = cells.map((cell, place) => element("td", zeros[row]?.[place] ? "cn-cell cn-zero" : "cn-cell", piece(cell)));
      shown.forEach((cell, place) => this.columns[place].cells.push(cell));
      return element("tr", "", label(name), ...shown);
    });
    const table = element("table", "cn-table", top, ...lines);
    table.setAttribute("aria-label", labels.table);
    return table;
  }

  /** @param {number} place @param {boolean} focus */
  mark(place, focus) {
    this.place = place;
    this.columns.forEach(({ token, head, cells }, i) => {
      token.setAttribute("aria-pressed", String(i === place));
      token.tabIndex = i === place ? 0 : -1;
      for (const cell of [head, ...cells]) cell.classList.toggle("cn-here", i === place);
    });
    if (focus) this.columns[place].token.focus({ preventScroll: true });
  }

  // in view beside the labels, which stay where they are
  /** @param {number} place */
  reveal(place) {
    const { offsetLeft, offsetWidth } = this.columns[place].head;
    const covered = /** @type {HTMLElement} */ (this.scroller.querySelector(".cn-label")).offsetWidth;
    const { scrollLeft, clientWidth } = this.scroller;
    if (offsetLeft - covered < scrollLeft) this.scroller.scrollLeft = offsetLeft - covered;
    else if (offsetLeft + offsetWidth > scrollLeft + clientWidth) this.scroller.scrollLeft = offsetLeft + offsetWidth - clientWidth;
  }

  /** @param {number} place */
  choose(place) {
    if (place === this.place) return;
    this.mark(place, true); // at once; its arithmetic follows
    this.reveal(place);
    this.send?.trigger("choice", place);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const to = stepOf(event, this.place, this.columns.length - 1);
    if (to === null) return;
    event.preventDefault();
    this.choose(to);
  }
}

/** @param {string} text */
function label(text) {
  const made = element("th", "cn-label", text);
  made.scope = "row";
  return made;
}

/** The reader's lines, and what was counted in them. @param {NonNullable<Data["text"]>} lines @param {Data["labels"]} labels */
function counted(lines, labels) {
  const kinds = /** @type {const} */ (["context", "hit"]);
  const keys = kinds.map((kind) => element("span", "cn-key", element("i", `cn-${kind}`), labels[kind]));
  const shown = lines.map((tokens) => {
    const line = element("p", "cn-counted");
    tokens.forEach(({ text, kind }, i) => line.append(...(i ? [" "] : []), element("span", kind ? `cn-${kind}` : "", text)));
    return line;
  });
  const box = element("div", "cn-lines-counted", ...shown);
  box.tabIndex = 0; // on a telephone they scroll
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", labels.counted);
  return [element("p", "cn-legend", element("b", "", labels.counted), ...keys), box];
}

/** @param {Piece} content @returns {HTMLElement} */
function piece(content) {
  if (Array.isArray(content)) return element("span", "cn-group", ...content.map(piece));
  if (typeof content === "string") return element("span", "cn-piece", content);
  if ("strong" in content) return element("b", "cn-piece", content.strong);
  const over = element("span", "cn-over", content.over);
  const under = element("span", "cn-under", content.under);
  return element("span", "cn-fraction", over, element("span", "cn-spoken", " / "), under);
}
