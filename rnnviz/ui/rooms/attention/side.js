// The chosen step on paper: six stages from the scores to the candidates, in the network's own numbers.

import { button, element } from "../../parts/js/dom.js";
import { clamp, number, percent } from "../../parts/js/numbers.js";
import { filled } from "../../parts/js/words.js";
import { WeightRow } from "./weights.js";
import { contextWorking, formula, softmaxWorking, sum, telling, termsOf } from "./working.js";

/** @typedef {import("./types.js").Data} Data */

/**
 * What is shown.
 * @typedef {object} Shown
 * @property {Data} data
 * @property {import("./types.js").Numbers} numbers
 * @property {import("./colours.js").Colours} colours
 * @property {number} step
 * @property {number} place
 */

/** @typedef {Omit<import("./weights.js").Heard, "rebuilding"> & { take: (token: number | null) => void }} Heard take: another candidate, or the best */

export class Side {
  /** @param {Heard} heard */
  constructor(heard) {
    this.heard = heard;
    this.root = element("div", "ra-side");
    this.table = element("div", "ra-table");
    this.drawn = ""; // the step that is shown
    this.rebuilding = false;
  }

  /** @param {Shown} shown */
  draw(shown) {
    const { data, step, place } = shown;
    const key = `${data.text} ${step}`;
    const focused = document.activeElement instanceof HTMLElement && this.root.contains(document.activeElement) ? document.activeElement : null;
    const kept = focused instanceof HTMLInputElement && focused.value !== focused.dataset.shown ? focused.value : null;
    const scrolled = this.table.scrollTop;
    this.rebuilding = true;
    this.root.replaceChildren(
      element("h3", "ra-side-title", filled(data.labels.writing, { step: step + 1, token: data.target[step] })),
      scores(shown), this.softmax(shown), context(shown), concatenation(shown), squashed(shown), this.candidates(shown),
    );
    if (key === this.drawn) this.table.scrollTop = scrolled;
    else {
      const line = this.line(`[data-place="${place}"]`);
      if (line) this.table.scrollTop = Math.max(0, line.offsetTop - this.table.clientHeight / 2);
    }
    this.drawn = key;
    const again = focused?.dataset.focus && this.line(`[data-focus="${focused.dataset.focus}"]`);
    if (again) {
      if (kept !== null && again instanceof HTMLInputElement) again.value = kept;
      again.focus({ preventScroll: true });
    }
    this.rebuilding = false;
  }

  /** @private @param {string} selector @returns {HTMLElement | null} */
  line(selector) {
    return this.root.querySelector(selector);
  }

  /** @param {number} place */
  mark(place) {
    for (const line of this.root.querySelectorAll("[data-place]"))
      line.classList.toggle("ra-here", line instanceof HTMLElement && Number(line.dataset.place) === place);
  }

  /** @private @param {Shown} shown */
  softmax(shown) {
    const { data: { labels, source, unknown, edits }, numbers, colours, step, place } = shown;
    const { given } = edits[step] ?? {};
    const made = stage(2, labels.softmax, "α_{i} = e^{score i} / Σ_{j} e^{score j}", filled(labels.softmaxLine, { token: source[place] }));
    const working = softmaxWorking(numbers.score[step], place, numbers.own[step][place]);
    const worked = formula(given ? `${labels.ownWorked} ${working}` : working, "ra-formula ra-worked");
    worked.dataset.worked = "softmax";
    const set = given ?? Array.from(numbers.weight[step]);
    this.table = element("div", "ra-table");
    this.table.tabIndex = 0;
    this.table.setAttribute("role", "group");
    this.table.setAttribute("aria-label", labels.softmax);
    this.table.append(element("span", "ra-soft"), element("span", "ra-soft ra-end", labels.score), element("span", "ra-soft", "α"), element("span"));
    source.forEach((token, n) => {
      const row = {
        words: labels, token, place: n, unknown: unknown.includes(n), score: numbers.score[step][n], set: set[n], own: numbers.own[step][n],
        edited: Boolean(given), colour: (/** @type {number} */ weight) => colours.weight(weight),
      };
      this.table.append(...new WeightRow(row, { ...this.heard, rebuilding: () => this.rebuilding }).parts);
    });
    made.append(worked, element("p", "ra-line", labels.change), this.table);
    if (given) made.append(element("p", "ra-line ra-sum", divided(shown, given)));
    return made;
  }

  /** @private @param {Shown} shown */
  candidates({ data: { labels, candidates, targetIds }, step }) {
    const t = step + 1;
    const taken = targetIds[step];
    const best = candidates[step][0][0];
    const rows = candidates[step].map(([id, token, probability]) => {
      const share = element("span", "ra-candidate-fill");
      share.style.width = `${100 * probability}%`;
      const note = id !== taken ? "" : id === best ? labels.taken : labels.yours;
      const row = button("ra-candidate", "", () => {
        if (id !== taken) this.heard.take(id === best ? null : id);
      });
      row.append(
        element("span", "ra-candidate-token", token), element("span", "ra-candidate-bar", share),
        element("span", "ra-mono ra-end", percent(probability)), element("span", "ra-soft", note),
      );
      row.dataset.focus = `candidate-${id}`;
      row.dataset.candidate = String(id);
      row.setAttribute("aria-pressed", String(id === taken));
      return row;
    });
    const made = stage(6, labels.best, `ŷ_{${t}} = softmax(W_{y} s̃_{${t}} + b_{y})`, labels.bestLine);
    made.append(element("div", "ra-candidates", ...rows));
    return made;
  }
}

/** What became of weights that were set. @param {Shown} shown @param {number[]} given */
function divided({ data: { labels }, numbers, step, place }, given) {
  const total = sum(given);
  if (Math.abs(total - 1) <= 1e-6) return labels.setDone;
  const values = { sum: number(total), set: number(given[place]), weight: number(numbers.weight[step][place]), place: place + 1 };
  return `${filled(labels.setSum, values)} ${labels.setDone}`;
}

/** @param {Shown} shown */
function scores({ data: { labels, source }, numbers, colours, step, place }) {
  const [t, i] = [step + 1, place + 1];
  const [s, h] = [numbers.hidden[step], numbers.memory[place]];
  const { terms, more, rest } = termsOf(s, h);
  const lines = element("div", "ra-terms");
  /** @param {string} name @param {string} product @param {number} value */
  const line = (name, product, value) =>
    lines.append(element("span", "ra-soft", name), element("span", "ra-mono", product), element("span", "ra-mono ra-end", number(value)));
  for (const { unit, text, value } of terms) line(`${labels.unit} ${unit}`, text, value);
  line(filled(labels.more, { count: more }), "", rest);
  lines.append(
    element("span", "ra-total", formula(`s_{${t}} · h_{${i}}`)), element("span", "ra-total"),
    element("b", "ra-mono ra-end ra-total", number(numbers.score[step][place])),
  );
  const made = stage(1, labels.scores, `score_{i} = s_{${t}} · h_{i}`, filled(labels.scoresLine, { token: source[place] }));
  made.append(vector(labels, colours, `s_{${t}}`, s), vector(labels, colours, `h_{${i}}`, h), lines);
  return made;
}

/** @param {Shown} shown */
function context({ data: { labels }, numbers, colours, step }) {
  const name = `a_{${step + 1}}`;
  const a = numbers.context[step];
  const { unit, terms, worked } = contextWorking(numbers.weight[step], a, numbers.memory);
  const made = stage(3, labels.sum, `${name} = Σ_{i} α_{i} h_{i}`, labels.sumLine);
  made.append(
    formula(`${name} = ${terms}`, "ra-formula ra-worked"), vector(labels, colours, name, a), table(labels, telling(a), [[name, a]]),
    formula(`${labels.unit} ${unit}: ${worked}`, "ra-formula ra-worked"),
  );
  return made;
}

/** @param {Shown} shown */
function concatenation({ data: { labels, units }, numbers, colours, step }) {
  const t = step + 1;
  const [a, s] = [numbers.context[step], numbers.hidden[step]];
  /** @param {Float32Array} values */
  const few = (values) => Array.from(values.slice(0, 3), number).join("  ");
  const made = stage(4, labels.concatenation, `[a_{${t}}; s_{${t}}]`, filled(labels.concatenationLine, { units }));
  made.append(
    vector(labels, colours, `a_{${t}}`, a), vector(labels, colours, `s_{${t}}`, s), formula(`[ ${few(a)} … ;  ${few(s)} … ]`, "ra-formula ra-worked"),
  );
  return made;
}

/** @param {Shown} shown */
function squashed({ data: { labels }, numbers, colours, step }) {
  const t = step + 1;
  const [before, after] = [numbers.product[step], numbers.attentional[step]];
  const product = `W_{c} [a_{${t}}; s_{${t}}]`;
  const made = stage(5, labels.tanh, `s̃_{${t}} = tanh(${product})`, labels.tanhLine);
  made.append(
    vector(labels, colours, `${product}   (≤ −3 … ≥ 3)`, before, 3), vector(labels, colours, `s̃_{${t}}`, after),
    table(labels, telling(before), [[labels.before, before], [labels.after, after]]),
  );
  return made;
}

/** @param {number} count @param {string} title @param {string} rule @param {string} line */
function stage(count, title, rule, line) {
  const heading = element("h4", "ra-stage-title", element("span", "ra-stage-number", String(count)), element("span", "", title), formula(rule));
  const made = element("section", "ra-stage", heading, element("p", "ra-line", line));
  made.dataset.stage = String(count);
  return made;
}

/**
 * A whole vector as one row of colour; over it, a unit and its number.
 * @param {import("./types.js").Words} words
 * @param {import("./colours.js").Colours} colours
 * @param {string} name
 * @param {Float32Array} values
 * @param {number} [limit] of the colours
 */
function vector(words, colours, name, values, limit = 1) {
  const canvas = colours.row(values, -limit, limit);
  const shown = element("span", "ra-vector-value");
  canvas.addEventListener("pointermove", ({ clientX }) => {
    const box = canvas.getBoundingClientRect();
    const unit = clamp(Math.floor(((clientX - box.left) / box.width) * values.length), 0, values.length - 1);
    shown.textContent = `${words.unit} ${unit}: ${number(values[unit])}`;
  });
  canvas.addEventListener("pointerleave", () => (shown.textContent = ""));
  return element("div", "ra-vector-row", element("div", "ra-vector-head", formula(name), shown), canvas);
}

/**
 * Unit numbers over their values.
 * @param {import("./types.js").Words} words
 * @param {number[]} units
 * @param {[string, Float32Array][]} columns
 */
function table(words, units, columns) {
  const made = element("div", "ra-numbers");
  made.style.setProperty("--ra-count", String(units.length));
  /** @param {string | Node} name @param {string[]} cells @param {string} className */
  const line = (name, cells, className) =>
    made.append(element("span", "ra-numbers-name", name), ...cells.map((cell) => element("span", className, cell)));
  line(words.unit, units.map(String), "ra-soft");
  for (const [name, values] of columns) line(formula(name), units.map((unit) => number(values[unit])), "ra-mono");
  return made;
}
