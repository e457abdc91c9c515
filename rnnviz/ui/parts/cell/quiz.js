// Predict, then reveal: one value of a cell is asked for and hidden, with all that would give it away.

import { button, element } from "../js/dom.js";
import { parsed } from "../js/numbers.js";
import { digits } from "./symbols.js";
import { FOLLOWS, working } from "./vectors.js";

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Labels} Labels */
/** @typedef {{ place: number, id: string, unit: number, answered: boolean }} Question about a cell, by its place among all */

/**
 * The question that is wished for; what is left open, or is not there, is left to chance.
 * @param {Model[]} models
 * @param {{ place?: number, id?: string, unit?: number }} wish
 * @param {() => number} [chance] from 0 to below 1
 * @returns {Question}
 */
export function questionOf(models, { place = 0, id, unit }, chance = Math.random) {
  const at = place % models.length;
  const { view } = models[at];
  const ids = Object.keys(FOLLOWS[view.kind]);
  const units = view.hidden[0].length;
  return {
    place: at,
    id: id !== undefined && ids.includes(id) ? id : ids[Math.floor(chance() * ids.length)],
    unit: unit === undefined ? Math.floor(chance() * units) : Math.min(unit, units - 1),
    answered: false,
  };
}

export class Quiz {
  /** @param {() => number} step where the reader stands @param {() => void} changed what is hidden may have changed */
  constructor(step, changed) {
    this.step = step;
    this.changed = changed;
    /** @type {Question | null} */
    this.question = null;
    /** @type {Model[]} */
    this.models = [];
    this.labels = /** @type {Labels} */ ({}); // until data comes
    this.score = { right: 0, all: 0 };
    this.root = element("form", "cv-quiz");
    this.root.noValidate = true;
    this.root.hidden = true;
    this.guess = element("input", "cv-field cv-guess");
    this.verdict = element("p", "cv-verdict");
    this.count = element("span", "cv-score");
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer();
    });
  }

  get waiting() {
    return this.question !== null && !this.question.answered;
  }

  /** @param {Model} model @param {string} id @param {number} unit */
  hides(model, id, unit) {
    const asked = this.question;
    if (!asked || asked.answered || this.models[asked.place] !== model || unit !== asked.unit) return false;
    return FOLLOWS[model.view.kind][asked.id].includes(id);
  }

  /** Other numbers: the same is asked of them. @param {Model[]} models @param {Labels} labels */
  fill(models, labels) {
    this.models = models;
    this.labels = labels;
    if (this.question) this.question = questionOf(models, this.question);
    this.draw();
  }

  /** @param {{ place?: number, id?: string, unit?: number }} [wish] */
  ask(wish = {}) {
    this.question = questionOf(this.models, { place: this.question?.place, ...wish });
    this.draw();
    this.changed();
  }

  /** The same at another step. */
  again() {
    if (this.question) this.ask(this.question);
  }

  end() {
    if (!this.question) return;
    this.question = null;
    this.draw();
    this.changed();
  }

  /** @private */
  draw() {
    this.root.hidden = !this.question;
    this.root.replaceChildren();
    if (!this.question) return;
    const { labels, models } = this;
    const { place, id, unit } = this.question;
    const { view, vectors } = models[place];
    const which = models.length > 1
      ? select(labels.which, models.map((model) => model.view.name), place, (k) => this.ask({ place: k }))
      : undefined;
    const ids = Object.keys(FOLLOWS[view.kind]);
    const what = select(labels.what, ids.map((own) => vectors[own].symbol.replace("_{t}", "ₜ")), ids.indexOf(id), (k) => this.ask({ id: ids[k], unit }), ids);
    const units = view.hidden[0].map((_, k) => `${labels.unit} ${k + 1}`);
    const whose = select(labels.unit, units, unit, (k) => this.ask({ id, unit: k }));
    this.guess = Object.assign(element("input", "cv-field cv-guess"), { type: "text", inputMode: "decimal", autocomplete: "off", placeholder: "0.0" });
    this.guess.setAttribute("aria-label", labels.guess);
    const reveal = element("button", "cv-button cv-main", labels.reveal);
    reveal.type = "submit";
    this.verdict = element("p", "cv-verdict");
    this.verdict.setAttribute("aria-live", "polite");
    const ask = element("span", "cv-ask", labels.question.replace("{step}", String(this.step() + 1)));
    const fields = [which, what, whose, element("span", "", "="), this.guess, reveal].filter((field) => field !== undefined);
    this.root.append(ask, ...fields, button("cv-button", labels.other, () => this.ask()), this.count, this.verdict);
    this.tally();
  }

  /** @private */
  tally() {
    this.count.textContent = this.labels.score.replace("{right}", String(this.score.right)).replace("{all}", String(this.score.all));
  }

  /** @private */
  answer() {
    if (!this.question) return;
    const { place, id, unit } = this.question;
    const guess = parsed(this.guess.value);
    if (!Number.isFinite(guess)) {
      this.verdict.textContent = this.labels.number;
      this.guess.focus();
      return;
    }
    const value = this.models[place].vectors[id].of(this.step())[unit];
    const off = Math.abs(guess - value);
    const right = off <= 0.05;
    if (!this.question.answered) {
      this.score.all += 1;
      this.score.right += right ? 1 : 0;
    }
    this.question.answered = true;
    this.tally();
    const said = (right ? this.labels.right : this.labels.wrong).replace("{off}", digits(off)).replace("{value}", digits(value));
    const why = working(this.models[place], id, this.step(), unit);
    this.verdict.replaceChildren(element("strong", right ? "cv-right" : "cv-wrong", said), " ", element("span", "cv-why", why));
    this.changed();
  }
}

/**
 * @param {string} label
 * @param {string[]} texts of the options
 * @param {number} at which is chosen
 * @param {(at: number) => void} change
 * @param {string[]} [values] of the options: their places, if not given
 */
function select(label, texts, at, change, values = texts.map((_, k) => String(k))) {
  const made = element("select", "cv-field");
  made.setAttribute("aria-label", label);
  texts.forEach((text, k) => made.append(new Option(text, values[k])));
  made.selectedIndex = at;
  made.addEventListener("change", () => change(made.selectedIndex));
  return made;
}
