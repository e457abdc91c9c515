// Why a character came: the number that was drawn, the candidates, and another character in its place.

import { button, element, named } from "../../parts/js/dom.js";
import { fixed, percent } from "../../parts/js/numbers.js";
import { filled } from "../../parts/js/words.js";
import { natsOf } from "./nats.js";

/** @typedef {import("./types.js").Words} Words */
/** @typedef {import("./types.js").Writer} Writer */
/** @typedef {ReturnType<import("./pieces.js").Written["of"]>} Choice */
/** @typedef {(id: number) => string} Names */

/**
 * The stretches of 0 to 1 that the number can fall into; text where there is room for it.
 * @param {Choice} choice
 * @param {Names} name
 * @param {string} others
 */
export function stretchesOf({ rows, drawn, low, length }, name, others) {
  const found = [];
  let from = 0;
  for (const { id, after } of rows.filter((row) => !row.below && row.after > 0)) {
    found.push({ kind: id === drawn ? "gn-hit" : "", from, length: after, text: name(id) });
    from += after;
  }
  if (from < 1 - 1e-4) found.push({ kind: "gn-others", from, length: 1 - from, text: others });
  if (!rows.some(({ id, below }) => id === drawn && !below)) found.push({ kind: "gn-hit", from: low, length, text: name(drawn) });
  return found;
}

export class Reasons {
  /** @param {(character: string) => void} change another character is wanted */
  constructor(change) {
    this.change = change;
    this.root = element("div", "gn-why");
    this.shown = ""; // whose reasons are shown
  }

  /**
   * @param {Writer} author
   * @param {import("./pieces.js").Written} text
   * @param {number} at
   * @param {Words} labels
   * @param {boolean} greedy
   */
  show(author, text, at, labels, greedy) {
    const focused = document.activeElement instanceof HTMLElement && this.root.contains(document.activeElement) ? document.activeElement : null;
    const key = `${author.key}/${at}`;
    if (focused?.matches("input") && this.shown === key) return; // the reader is typing
    this.shown = key;
    if (at < 0) {
      this.root.replaceChildren(element("p", "gn-note", labels.waiting));
      return;
    }
    const choice = text.of(at);
    /** @type {Names} */
    const name = (id) => (id ? author.visible[id] : "�");
    this.root.replaceChildren(
      headOf(author, choice, at, labels, name),
      element("p", "gn-note", sharesOf(choice, labels)),
      ...(greedy ? [] : [lineOf(choice, labels, name)]),
      element("p", "gn-note", causeOf(choice, author.changed.includes(at), greedy, labels, name)),
      this.table(choice, author, labels, name),
      this.form(author, labels),
    );
    const again = focused?.dataset.id && this.root.querySelector(`[data-id="${focused.dataset.id}"]`);
    if (again instanceof HTMLElement) again.focus();
  }

  /** @private @param {Choice} choice @param {Writer} author @param {Words} labels @param {Names} name */
  table(choice, author, labels, name) {
    const head = element("tr", "", element("th", "gn-who", element("span", "gn-hidden", labels.candidates)), element("th", "", labels.before), element("th", "", labels.after));
    for (const cell of head.cells) /** @type {HTMLTableCellElement} */ (cell).scope = "col";
    const rows = choice.rows.map((candidate) => this.row(candidate, choice, author, labels, name(candidate.id)));
    const table = element("table", "gn-table", head, ...rows);
    table.setAttribute("aria-label", labels.candidates);
    return table;
  }

  /** @private @param {import("./pieces.js").Candidate} candidate @param {Choice} choice @param {Writer} author @param {Words} labels @param {string} shown */
  row({ id, before, after, below }, choice, author, labels, shown) {
    const name = element("th", "gn-who");
    name.scope = "row";
    if (id && id !== choice.id) {
      const put = button("gn-put", shown, () => this.change(author.tokens[id]));
      named(put, filled(labels.put, { character: shown }));
      put.dataset.id = String(id);
      name.append(put);
    } else {
      name.append(element("span", "gn-put", id ? `${shown} ✓` : shown));
      if (!id) name.title = labels.never_written;
    }
    /** @param {string} what @param {number} share */
    const cell = (what, share) => {
      const bar = element("span", `gn-share gn-${what}`);
      bar.style.width = `${100 * share}%`;
      return element("td", "", element("span", "gn-track", bar), element("span", "gn-number", percent(share)));
    };
    return element("tr", `${id === choice.id ? "gn-true" : ""} ${below ? "gn-below" : ""}`, name, cell("before", before), cell("after", after));
  }

  /** @private @param {Writer} author @param {Words} labels */
  form(author, labels) {
    const input = element("input", "gn-input");
    const said = element("span", "gn-note");
    input.setAttribute("aria-label", labels.type);
    input.maxLength = 1;
    input.addEventListener("input", () => (said.textContent = ""));
    const form = element("form", "gn-form", element("span", "gn-note", labels.branch), input, said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [character] = Array.from(input.value);
      if (character === undefined) return;
      if (author.tokens.indexOf(character) < 1) said.textContent = filled(labels.unknown, { character });
      else {
        input.blur();
        this.change(character);
      }
    });
    return form;
  }
}

/** @param {Writer} author @param {Choice} choice @param {number} at @param {Words} labels @param {Names} name */
function headOf(author, choice, at, labels, name) {
  const token = author.tokens[choice.id];
  const asked = token === " " ? labels.whyBlank : token === "\n" ? labels.whyEnd : filled(labels.why, { character: name(choice.id) });
  const about = filled(labels.number, { number: at + 1, model: author.title });
  return element("div", "gn-head", element("h3", "gn-title", asked), element("p", "gn-note", about));
}

/** @param {Choice} choice @param {Words} labels */
export const sharesOf = ({ before, after, rank }, labels) =>
  filled(labels.shares, { before: percent(before), rank, nats: natsOf(-Math.log(before)), after: percent(after) });

/**
 * What decided: the number, the reader, or that it is the likeliest.
 * @param {Choice} choice @param {boolean} yours @param {boolean} greedy @param {Words} labels @param {Names} name
 */
export function causeOf({ number, drawn, low, length }, yours, greedy, labels, name) {
  const values = { value: fixed(number, 4), character: name(drawn), low: fixed(low, 4), high: fixed(low + length, 4) };
  if (yours) return filled(greedy ? labels.yoursGreedy : labels.yours, values);
  return greedy ? labels.greedy : filled(labels.luck, values);
}

/** 0 to 1: the candidates side by side, and where the number fell. @param {Choice} choice @param {Words} labels @param {Names} name */
function lineOf(choice, labels, name) {
  const parts = stretchesOf(choice, name, labels.others).map(({ kind, from, length, text }) => {
    const part = element("i", `gn-stretch ${kind}`, length > 0.06 ? text : "");
    part.style.left = `${100 * from}%`;
    part.style.width = `${100 * length}%`;
    return part;
  });
  const mark = element("i", "gn-mark");
  mark.style.left = `${100 * choice.number}%`;
  const track = element("div", "gn-line", ...parts, mark);
  track.setAttribute("aria-hidden", "true");
  return track;
}
