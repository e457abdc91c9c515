// A sentence as a table, a column for each token, one of which is chosen; below it that token's arithmetic, and where it was
// counted. Python hears of a choice, the place of a token; text of the reader goes in through textContent only.

import { element, mounted } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";

export default mounted((parent) => new Ledger(parent));

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

class Ledger {
  constructor(parent) {
    this.root = element("section", "cn-root");
    this.scroller = element("div", "cn-scroller");
    this.scroller.tabIndex = -1;
    this.lines = element("div", "cn-lines");
    this.text = element("div", "cn-text");
    this.root.append(element("div", "cn-top", this.scroller, this.lines), this.text);
    parent.append(this.root);
    this.revision = 0;
  }

  destroy() {
    this.root.remove();
  }

  update(data) {
    const focused = this.scroller.contains(document.activeElement);
    const { scrollLeft } = this.scroller;
    this.data = data;
    this.scroller.replaceChildren(this.table());
    this.scroller.scrollLeft = scrollLeft;
    this.mark(data.place, focused);
    if (data.chosen) this.reveal(data.place);
    this.lines.replaceChildren(...data.lines.map((pieces) => element("p", "cn-line", ...pieces.map(piece))));
    this.drawText();
    this.root.dataset.revision = this.revision += 1;
    this.root.dataset.drawn = "";
  }

  table() {
    const { tokens, rows, zeros, labels } = this.data;
    const table = element("table", "cn-table");
    table.setAttribute("aria-label", labels.table);
    const head = element("tr");
    const corner = element("th", "cn-label", labels.token);
    corner.scope = "row";
    head.append(corner);
    this.tokens = tokens.map(({ text, unknown }, place) => {
      const button = element("button", unknown ? "cn-token cn-unknown" : "cn-token", text);
      button.type = "button";
      button.setAttribute("aria-label", `${place + 1} ${text}`);
      button.addEventListener("click", () => this.choose(place));
      button.addEventListener("keydown", (event) => this.key(event));
      const cell = element("th", "cn-head", button);
      cell.scope = "col";
      head.append(cell);
      return button;
    });
    table.append(head);
    this.columns = tokens.map(() => []);
    rows.forEach(({ label, cells }, row) => {
      const line = element("tr");
      const name = element("th", "cn-label", label);
      name.scope = "row";
      line.append(name);
      cells.forEach((cell, place) => {
        const shown = element("td", zeros[row]?.[place] ? "cn-cell cn-zero" : "cn-cell", piece(cell));
        this.columns[place].push(shown);
        line.append(shown);
      });
      table.append(line);
    });
    return table;
  }

  mark(place, focus) {
    this.place = place;
    this.tokens.forEach((token, i) => {
      token.setAttribute("aria-pressed", i === place);
      token.tabIndex = i === place ? 0 : -1;
      for (const cell of [token.parentElement, ...this.columns[i]]) cell.classList.toggle("cn-here", i === place);
    });
    const token = this.tokens[place];
    if (focus) token.focus({ preventScroll: true });
  }

  // in view beside the labels, which stay where they are
  reveal(place) {
    const head = this.tokens[place].parentElement;
    const label = this.scroller.querySelector(".cn-label").offsetWidth;
    const { scrollLeft, clientWidth } = this.scroller;
    if (head.offsetLeft - label < scrollLeft) this.scroller.scrollLeft = head.offsetLeft - label;
    else if (head.offsetLeft + head.offsetWidth > scrollLeft + clientWidth) {
      this.scroller.scrollLeft = head.offsetLeft + head.offsetWidth - clientWidth;
    }
  }

  choose(place) {
    if (place === this.place) return;
    this.mark(place, true); // at once; its arithmetic follows
    this.reveal(place);
    this.send.trigger("choice", place);
  }

  key(event) {
    const last = this.tokens.length - 1;
    const to = { Home: 0, End: last }[event.key] ?? this.place + STEPS[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    this.choose(clamp(to, 0, last));
  }

  drawText() {
    const { text, labels } = this.data;
    this.text.hidden = !text;
    if (!text) return;
    const legend = element("p", "cn-legend", element("b", "", labels.counted));
    for (const kind of ["context", "hit"]) {
      legend.append(element("span", "cn-key", element("i", `cn-${kind}`), labels[kind]));
    }
    const lines = text.map((tokens) => {
      const line = element("p", "cn-counted");
      tokens.forEach(({ text: shown, kind }, i) => line.append(...(i ? [" "] : []), element("span", kind ? `cn-${kind}` : "", shown)));
      return line;
    });
    this.text.replaceChildren(legend, element("div", "cn-lines-counted", ...lines));
  }
}

// text, what is bold, a fraction, or several of them that stay on one line
function piece(content) {
  if (Array.isArray(content)) return element("span", "cn-group", ...content.map(piece));
  if (typeof content === "string") return element("span", "cn-piece", content);
  if (content.strong !== undefined) return element("b", "cn-piece", content.strong);
  const over = element("span", "cn-over", content.over);
  const under = element("span", "cn-under", content.under);
  return element("span", "cn-fraction", over, element("span", "cn-spoken", " / "), under);
}
