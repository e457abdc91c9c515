// The pictures of a worked example: a table of squares, numbers and bars, or the weights over the source words.
// Drawn of plain elements; what the reader typed goes in through textContent only.

import { element, mounted } from "../js/dom.js";
import { between, hexParts, inkOn, themeSide } from "../js/theme.js";

export default mounted((parent) => new Picture(parent));

class Picture {
  constructor(parent) {
    this.root = element("div", "bh-picture");
    this.sheet = element("div", "bh-sheet");
    this.sheet.setAttribute("role", "img");
    this.probe = element("i", "bh-theme");
    this.root.append(this.sheet, this.probe);
    parent.append(this.root);
    // the theme's variables change without a call: a transition of a colour that follows them tells when
    this.probe.addEventListener("transitionend", () => this.paint());
    this.observer = new ResizeObserver(() => this.reach());
    this.observer.observe(this.root);
    this.revision = 0;
  }

  destroy() {
    this.observer.disconnect();
    this.root.remove();
  }

  update(data) {
    this.data = data;
    this.painted = []; // elements, the share of the scale that each shows, and the scale
    this.sheet.setAttribute("aria-label", data.summary);
    this.sheet.replaceChildren(...(data.weights ? this.weights(data) : [this.table(data.rows)]));
    this.paint();
    this.reach();
    this.root.dataset.revision = this.revision += 1;
    this.root.dataset.drawn = "";
  }

  // what is wider than the page can be reached by keys
  reach() {
    const wide = this.root.scrollWidth > this.root.clientWidth + 1;
    if (wide) this.root.tabIndex = 0;
    else this.root.removeAttribute("tabindex");
  }

  // ---- a table of rows of items -----------------------------------------------------------------------------------

  table(rows) {
    const table = element("table", "bh-table");
    for (const { items, rule, strong } of rows) {
      const line = element("tr", `${rule ? "bh-rule" : ""} ${strong ? "bh-strong" : ""}`);
      for (const item of items) {
        const place = element("td");
        place.append(this.item(item));
        line.append(place);
      }
      table.append(line);
    }
    return table;
  }

  item(item) {
    if ("cells" in item) return this.vector(item.cells, item.labels);
    if ("bar" in item) {
      const track = element("span", "bh-track");
      const bar = element("span", "bh-bar");
      bar.style.width = `${100 * item.bar}%`;
      this.painted.push([bar, item.bar, "probability"]);
      track.append(bar);
      return track;
    }
    return element("span", `bh-${item.kind ?? "sign"}`, item.text);
  }

  vector(cells, labels = []) {
    const vector = element("span", "bh-vector");
    cells.forEach(({ value, text, title }, i) => {
      const cell = element("span", "bh-cell", text);
      cell.title = title;
      const [low, high] = this.data.limits;
      this.painted.push([cell, Math.min(1, Math.max(0, (value - low) / (high - low))), "diverging"]);
      if (!labels.length) return vector.append(cell);
      const pair = element("span", "bh-pair");
      pair.append(element("span", "bh-label", labels[i]), cell);
      vector.append(pair);
    });
    return vector;
  }

  // ---- the weights over the source words -----------------------------------------------------------------------------

  weights({ weights, foot, keys }) {
    const chart = element("div", "bh-weights");
    const axis = element("div", "bh-axis");
    for (const share of [100, 50, 0]) axis.append(element("span", "", `${share} %`));
    chart.append(axis);
    for (const { name, share, text, cells, most } of weights) {
      const word = element("div", most ? "bh-word bh-strong" : "bh-word");
      const room = element("div", "bh-room");
      const bar = element("div", "bh-pillar");
      bar.style.height = `${100 * share}%`;
      this.painted.push([bar, share, "probability"]);
      const value = element("span", "bh-share", text);
      value.style.bottom = `${100 * share}%`;
      room.append(bar, value);
      word.append(room, element("span", "bh-name", name), this.vector(cells));
      chart.append(word);
    }
    const below = this.table(foot);
    below.classList.add("bh-foot");
    const legend = element("div", "bh-legend");
    for (const { low, high, scale } of keys) {
      const key = element("span", "bh-key");
      const strip = element("span", "bh-gradient");
      strip.dataset.scale = scale;
      key.append(low, strip, high);
      legend.append(key);
    }
    return [chart, below, legend];
  }

  // ---- colours -------------------------------------------------------------------------------------------------------

  paint() {
    const side = themeSide(this.root);
    this.root.dataset.theme = side;
    for (const [place, share, scale] of this.painted) {
      const mixed = between(this.data.scales[scale][side].map(hexParts), share);
      place.style.backgroundColor = `rgb(${mixed})`;
      if (scale === "diverging") place.style.color = inkOn(mixed);
    }
    for (const strip of this.root.querySelectorAll(".bh-gradient"))
      strip.style.background = `linear-gradient(to right, ${this.data.scales[strip.dataset.scale][side]})`;
  }
}
