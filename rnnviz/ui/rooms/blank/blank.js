// A sentence of which each word can be left out, and what two models put there: candidates, and which side spoke for them.
// Python hears of a choice, the place of a word; text of the reader goes in through textContent only.

import { stepOf } from "../../parts/js/cursor.js";
import { button, element, mounted } from "../../parts/js/dom.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Candidate} Candidate */
/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Split} Split */

export default mounted((/** @type {HTMLElement} */ parent) => new Drawing(parent));

class Drawing {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    this.sentence = element("div", "bl-sentence");
    this.sentence.setAttribute("role", "radiogroup");
    this.sentence.addEventListener("keydown", (event) => this.key(event));
    this.panels = element("div", "bl-panels");
    this.root = element("section", "bl-root", this.sentence, this.panels);
    parent.append(this.root);
    this.revision = 0;
    this.place = -1;
    /** @type {{ word: HTMLElement, text: string }[]} */
    this.words = [];
  }

  destroy() {
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    const focused = this.sentence.contains(document.activeElement);
    this.sentence.setAttribute("aria-label", data.labels.sentence);
    this.words = data.words.map(({ text, unknown }, place) => {
      const word = button(unknown ? "bl-word bl-unknown" : "bl-word", "", () => this.choose(place));
      word.setAttribute("role", "radio");
      word.setAttribute("aria-label", `${place + 1} ${text}`);
      return { word, text };
    });
    this.sentence.replaceChildren(...this.words.map(({ word }) => word));
    this.mark(data.place, focused);
    this.panels.replaceChildren(...data.models.map((model) => panel(model, data)));
    this.root.dataset.revision = String((this.revision += 1));
    this.root.dataset.drawn = "";
  }

  // ---- the sentence: one of its words is left out -----------------------------------------------------------------

  /** @param {number} place @param {boolean} focus */
  mark(place, focus) {
    this.place = place;
    this.words.forEach(({ word, text }, i) => {
      word.setAttribute("aria-checked", String(i === place));
      word.tabIndex = i === place ? 0 : -1;
      word.textContent = i === place ? "____" : text;
    });
    if (focus) this.words[place].word.focus();
  }

  /** @param {number} place */
  choose(place) {
    if (place === this.place) return;
    this.mark(place, true); // at once; what the models say of it follows
    this.send?.trigger("choice", place);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const to = stepOf(event, this.place, this.words.length - 1, { down: true });
    if (to === null) return;
    event.preventDefault();
    this.choose(to);
  }
}

// ---- what a model says of the blank ---------------------------------------------------------------------------------

/** @param {Model} model @param {Data} data */
function panel({ title, about, hatched, candidates, split }, { labels, ticks }) {
  const table = element("table", "bl-table", ...candidates.map((one) => candidate(one, labels.own)));
  table.setAttribute("aria-label", `${title}: ${labels.candidates}`);
  const scale = element("span", "bl-ticks", ...ticks.map((tick) => element("span", "", tick)));
  const keys = split[0].parts.map(({ side }) => element("span", "bl-key", element("i", `bl-${side}`), labels[side]));
  return element(
    "div",
    hatched ? "bl-panel bl-hatched" : "bl-panel",
    element("h3", "bl-title", title),
    element("p", "bl-about", about),
    table,
    element("h4", "bl-head", labels.split),
    element("div", "bl-legend", ...keys),
    ...split.map(bars),
    element("div", "bl-scale", scale),
  );
}

/** @param {Candidate} one @param {string} mine what the word that was left out is called */
function candidate({ rank, text, share, percent, own, below }, mine) {
  const name = element("th", "bl-name", own ? `${text} ✓` : text);
  name.scope = "row";
  name.title = own ? `${text}: ${mine}` : text;
  const bar = element("span", "bl-bar");
  bar.style.width = `${100 * share}%`;
  return element(
    "tr",
    `${own ? "bl-true" : ""} ${below ? "bl-below" : ""}`,
    element("td", "bl-rank", `${rank}.`),
    name,
    element("td", "", element("span", "bl-track", bar)),
    element("td", "bl-share", percent),
  );
}

/** @param {Split} one */
function bars({ text, own, parts, sum }) {
  const name = element("span", "bl-split-name", own ? `${text} ✓` : text);
  name.title = text;
  const drawn = parts.map(({ side, from, to }) => {
    const bar = element("i", `bl-${side}`);
    bar.style.left = `${100 * from}%`;
    bar.style.width = `${100 * (to - from)}%`;
    return element("span", "bl-part", bar);
  });
  const written = parts.map(({ text: number }, i) =>
    i ? ` ${number.startsWith("−") ? "−" : "+"} ${number.replace("−", "")}` : number,
  );
  return element(
    "div",
    own ? "bl-split bl-true" : "bl-split",
    name,
    element("div", "bl-bars", ...drawn),
    element("span", "bl-sum", ...written, " = ", element("b", "", sum)),
  );
}
