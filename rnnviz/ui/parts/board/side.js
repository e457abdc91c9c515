// What belongs to the choice: the candidates at the cursor, and lists of steps to go to.

import { element } from "../js/dom.js";
import { number, percent } from "../js/numbers.js";
import { isWord, short } from "./tokens.js";

/** @typedef {import("./types.js").Shown} Data */
/** @typedef {import("./types.js").Typed} Typed */
/** @typedef {import("./types.js").Candidates<Typed>} Candidates */

export class Side {
  /** @param {(step: number) => void} go */
  constructor(go) {
    this.go = go;
    this.root = element("aside", "rv-side");
    /** @type {{ token: HTMLElement, fill: HTMLElement, before: HTMLElement, value: HTMLElement }[]} */
    this.rows = [];
    /** @type {Candidates | null} */
    this.candidates = null;
  }

  /** @param {Data} data @param {Candidates | null} candidates */
  update({ tokens, lists, labels }, candidates) {
    this.candidates = candidates;
    this.rows = [];
    this.root.replaceChildren();
    if (candidates) {
      this.root.append(element("p", "rv-side-title", labels.candidates));
      if (candidates.before) this.root.append(element("p", "rv-side-note", labels.before ?? ""));
      const { count, heads = [] } = candidates;
      const each = count / Math.max(1, heads.length);
      for (let rank = 0; rank < count; rank += 1) {
        if (heads.length && rank % each === 0) this.root.append(element("p", "rv-side-note", heads[rank / each]));
        this.rows.push(this.candidate());
      }
    }
    for (const { title, entries } of lists) {
      this.root.append(element("p", "rv-side-title", title));
      for (const entry of entries) this.root.append(this.entry(entry, tokens, labels.step));
    }
    this.root.hidden = !this.root.childElementCount;
  }

  candidate() {
    const token = element("span", "rv-candidate-token");
    const fill = element("span", "rv-candidate-fill");
    const value = element("span", "rv-candidate-value");
    const before = element("span", "rv-candidate-before");
    before.hidden = !this.candidates?.before;
    this.root.append(element("div", "rv-candidate", token, element("span", "rv-candidate-bar", fill, before), value));
    return { token, fill, before, value };
  }

  /** @param {{ step: number, value: number }} entry @param {string[]} tokens @param {string} word */
  entry({ step, value }, tokens, word) {
    const between = tokens.some(isWord) ? " " : "";
    /** @param {number} from @param {number} to */
    const shown = (from, to) => tokens.slice(Math.max(0, from), to).map(short).join(between);
    const text = element(
      "span",
      "rv-entry-text",
      element("span", "rv-context", shown(step - 6, step) + between),
      element("b", "", shown(step, step + 1)),
      element("span", "rv-context", between + shown(step + 1, step + 4)),
    );
    const place = tokens[step] === "" ? element("span", "rv-entry-text", `${word} ${step + 1}`) : text;
    const made = element("button", "rv-entry", place, element("span", "rv-entry-value", number(value)));
    made.type = "button";
    made.setAttribute("aria-label", `${word} ${step + 1}: ${tokens[step]}, ${number(value)}`);
    made.addEventListener("click", () => this.go(step));
    return made;
  }

  /** The candidates at a step. @param {number} step */
  show(step) {
    if (!this.candidates) return;
    const { count, ids, values, tokens, before } = this.candidates;
    this.rows.forEach((row, rank) => {
      const at = step * count + rank;
      row.token.textContent = tokens[ids[at]];
      row.fill.style.width = `${100 * values[at]}%`;
      row.value.textContent = percent(values[at]);
      if (before) row.before.style.left = `${100 * before[at]}%`;
      if (before) row.before.title = percent(before[at]);
    });
  }
}
