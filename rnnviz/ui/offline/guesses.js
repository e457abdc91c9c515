// Predict, then see, without a server: the answers that Python computed for the view that is shown lie beside the questions.

import { button, element } from "../parts/js/dom.js";
import { filled } from "../parts/js/words.js";
import { parsed } from "./morph.js";

/** @typedef {import("./types.js").Question} Question */
/** @typedef {import("./types.js").Words} Words */

export class Guesses {
  /** @param {Words} words */
  constructor(words) {
    this.words = words;
    /** By what was asked, so that a guess stays while its question does. @type {Map<string, number>} */
    this.made = new Map();
    this.open = false;
  }

  /** @param {HTMLElement} slot @param {HTMLElement} main whose answers are covered while a reader guesses @param {Question[]} questions */
  show(slot, main, questions) {
    this.slot = slot;
    this.main = main;
    this.questions = questions;
    const { words } = this;
    const summary = element("summary", "", ...parsed(filled(words.guess, { count: questions.length })));
    this.rows = questions.map((one) => this.row(one));
    this.waits = element("p", "co-verdict", words.waits);
    this.again = button("co-again", "", () => {
      this.made.clear();
      this.judge();
    });
    const panel = element("details", "co-fold co-guess", summary, ...this.rows.map(({ root }) => root), this.waits, this.again);
    panel.open = this.open;
    panel.addEventListener("toggle", () => {
      this.open = panel.open;
      this.judge();
    });
    slot.replaceChildren(panel);
    this.judge();
  }

  /** @private @param {Question} one */
  row(one) {
    const asks = element("div", "co-asks", ...parsed(one.asks));
    const verdict = element("p", "co-verdict");
    verdict.setAttribute("role", "status");
    /** @type {(HTMLButtonElement | HTMLInputElement)[]} */
    let inputs;
    if (one.choices) {
      inputs = one.choices.map((choice, at) => {
        const made = button("", "", () => this.guess(one, this.made.get(one.asks) === at ? null : at));
        made.append(...parsed(choice));
        return made;
      });
    } else {
      const field = element("input", "rp-field");
      field.type = "number";
      field.step = "any";
      field.placeholder = this.words.yours;
      field.setAttribute("aria-label", asks.textContent ?? "");
      field.addEventListener("change", () => this.guess(one, field.value === "" ? null : Number(field.value)));
      inputs = [field];
    }
    const options = element("div", "co-options", ...inputs);
    options.setAttribute("role", "group");
    options.setAttribute("aria-label", asks.textContent ?? "");
    return { one, inputs, verdict, root: element("div", "co-question-row", asks, options, verdict) };
  }

  /** @private @param {Question} one @param {number | null} guess */
  guess(one, guess) {
    if (guess === null) this.made.delete(one.asks);
    else this.made.set(one.asks, guess);
    this.judge();
  }

  /** @private */
  judge() {
    const { words } = this;
    let [judged, correct] = [0, 0];
    for (const { one, inputs, verdict } of this.rows ?? []) {
      const guess = this.made.get(one.asks);
      inputs.forEach((input, at) => {
        if (input instanceof HTMLInputElement) input.value = guess === undefined ? "" : String(guess);
        else input.setAttribute("aria-pressed", String(guess === at));
      });
      verdict.replaceChildren();
      if (guess === undefined) continue;
      const right = isRight(one, guess);
      judged += 1;
      correct += Number(right);
      verdict.append(element("strong", "", right ? words.right : words.wrong), " ", one.says);
    }
    const count = this.rows?.length ?? 0;
    const covers = this.open && judged < count;
    this.main?.classList.toggle("co-covered", covers);
    if (this.waits) this.waits.hidden = !covers;
    if (!this.again) return;
    this.again.hidden = !judged;
    this.again.textContent = filled(words.again, { right: correct, count });
  }
}

/** @param {Question} one @param {number} guess */
export function isRight(one, guess) {
  return one.choices ? one.right.includes(guess) : Math.abs(guess - one.value) <= one.tolerance + 1e-9;
}
