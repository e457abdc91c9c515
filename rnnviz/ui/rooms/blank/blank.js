// A sentence of which each word can be left out, and what two models put there: candidates, and which side spoke for them.
// Python hears of a choice, the place of a word; text of the reader goes in through textContent only. While a sentence is typed
// into Streamlit's box above, its words stand here with those marked that the models do not know.

import { stepOf } from "../../parts/js/cursor.js";
import { button, drawn, element, mounted } from "../../parts/js/dom.js";
import { filled } from "../../parts/js/words.js";
import { counted, marked, split as wordsOf } from "./words.js";

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
    this.draft = element("div", "bl-sentence bl-draft");
    this.draft.hidden = true;
    this.told = element("p", "bl-told");
    this.told.setAttribute("aria-live", "polite");
    this.root = element("section", "bl-root", this.sentence, this.draft, this.told, this.panels);
    parent.append(this.root);
    /** @type {Data | undefined} */
    this.sent = undefined;
    this.known = new Set();
    this.typed = (/** @type {Event} */ { target }) => this.hear(target);
    document.addEventListener("input", this.typed);
    this.place = -1;
    /** @type {{ word: HTMLElement, text: string }[]} */
    this.words = [];
  }

  destroy() {
    document.removeEventListener("input", this.typed);
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    const focused = this.sentence.contains(document.activeElement);
    if (this.sent?.known !== data.known) this.known = new Set(data.known.split(" "));
    this.sent = data;
    this.sentence.setAttribute("aria-label", data.labels.sentence);
    this.words = data.words.map(({ text, unknown }, place) => {
      const word = button(unknown ? "bl-word bl-unknown" : "bl-word", "", () => this.choose(place));
      word.setAttribute("role", "radio");
      word.setAttribute("aria-label", `${place + 1} ${text}`);
      return { word, text };
    });
    this.sentence.replaceChildren(...this.words.map(({ word }) => word));
    this.mark(data.place, focused);
    this.show(null);
    this.panels.replaceChildren(...data.models.map((model) => panel(model, data)));
    drawn(this.root);
  }

  // ---- what is being typed ----------------------------------------------------------------------------------------

  /** @param {EventTarget | null} target */
  hear(target) {
    if (!this.sent || !(target instanceof HTMLInputElement) || target.getAttribute("aria-label") !== this.sent.labels.box) return;
    const words = wordsOf(target.value);
    this.show(words.length && words.join(" ") !== this.sent.read ? marked(target.value, this.known) : null);
  }

  /** Words that are typed and not yet read, in the place of those that were; null: none. @param {Data["words"] | null} words */
  show(words) {
    const { labels, words: read } = /** @type {Data} */ (this.sent);
    this.sentence.hidden = words !== null;
    this.draft.hidden = words === null;
    this.draft.replaceChildren(
      ...(words ?? []).map(({ text, unknown }) => element("span", unknown ? "bl-word bl-unknown" : "bl-word", text)),
    );
    this.panels.classList.toggle("bl-earlier", words !== null);
    const count = counted(words ?? read);
    const line = filled(count.words ? labels.some : labels.all, count);
    this.told.textContent = words ? `${line} ${labels.enter}` : line;
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
  const spans = parts.map(({ side, from, to }) => {
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
    element("div", "bl-bars", ...spans),
    element("span", "bl-sum", ...written, " = ", element("b", "", sum)),
  );
}
