// The chosen sequence: what was read, in the colours of the verdict after each token; its neighbours; and those judged wrong.

import { unpacked } from "../../parts/js/arrays.js";
import { button, element, named } from "../../parts/js/dom.js";
import { number, percent } from "../../parts/js/numbers.js";
import { hexParts, shade, themeSide } from "../../parts/js/theme.js";
import { recall, remember } from "../../parts/js/link.js";
import { way } from "../../parts/js/way.js";
import { filled } from "../../parts/js/words.js";
import { probability } from "./paths.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./paths.js").Paths} Paths */

const BRIEF = 64; // letters of a text in a list
/** @type {import("./types.js").Metric[]} */
const METRICS = ["cosine", "euclid"];

export class Side {
  /** @param {(number: number) => void} choose @param {(step: number) => void} go to a step of the chosen one */
  constructor(choose, go) {
    this.choose = choose;
    this.go = go;
    this.title = element("h3", "mn-title");
    this.before = button("mn-button", "‹", () => this.step(-1));
    this.after = button("mn-button", "›", () => this.step(1));
    this.about = element("p", "mn-about");
    this.text = element("p", "mn-text");
    this.odds = element("p", "mn-odds");
    this.link = way("mn-way");
    this.nearTitle = element("h3", "mn-small");
    this.metrics = element("div", "mn-choice");
    this.metrics.setAttribute("role", "group");
    this.metric = METRICS.find((one) => one === recall("near")) ?? "cosine";
    this.near = element("ul", "mn-list");
    this.missedTitle = element("h3", "mn-small");
    this.missed = element("ul", "mn-list mn-missed");
    this.head = element("div", "mn-head", this.title, this.before, this.after);
    this.root = element("div", "mn-side", this.head, this.about, this.text, this.odds, element("p", "mn-to", this.link),
      this.nearTitle, this.metrics, this.near);
    this.below = element("div", "mn-below", this.missedTitle, this.missed);
    this.title.setAttribute("aria-live", "polite");
    this.chosen = 0;
    /** @type {HTMLElement[]} */
    this.tokens = [];
  }

  /** @param {number} by */
  step(by) {
    const count = this.paths?.count ?? 1;
    this.choose((this.chosen + by + count) % count);
  }

  /** @param {Data} data @param {Paths} paths */
  update(data, paths) {
    this.data = data;
    this.paths = paths;
    this.verdict = data.verdict ? unpacked(data.verdict) : null;
    named(this.before, data.labels.before);
    named(this.after, data.labels.after);
    this.nearTitle.textContent = data.labels.nearest;
    this.link.textContent = data.labels.open;
    this.link.hidden = !data.link;
    this.metrics.setAttribute("aria-label", data.labels.metric);
    this.drawMetrics();
    this.drawMissed();
  }

  drawMetrics() {
    const { labels } = /** @type {Data} */ (this.data);
    const made = METRICS.map((metric) => {
      const one = button("mn-button mn-slight", labels[metric], () => this.by(metric));
      one.setAttribute("aria-pressed", String(metric === this.metric));
      return one;
    });
    this.metrics.replaceChildren(...made);
  }

  /** @param {import("./types.js").Metric} metric */
  by(metric) {
    this.metric = metric;
    remember("near", metric === "cosine" ? null : metric);
    this.drawMetrics();
    /** @type {HTMLElement | null} */ (this.metrics.querySelector('[aria-pressed="true"]'))?.focus();
    this.drawNear();
  }

  drawNear() {
    const { who, far, ranks } = /** @type {Data} */ (this.data).nearest[this.metric];
    const [others, apart] = [unpacked(who), unpacked(far)];
    const places = Array.from({ length: ranks }, (_, rank) => this.chosen * ranks + rank);
    this.near.replaceChildren(...places.map((at) => this.entry(others[at], number(apart[at]))));
  }

  /** What a sequence is called. @param {number} i */
  called(i) {
    const { labels, names } = /** @type {Data} */ (this.data);
    return names ? names[i] : filled(labels.called, { number: i + 1 });
  }

  /** A short line of it. @param {number} i */
  brief(i) {
    const { apart, texts } = /** @type {Data} */ (this.data);
    if (!texts) return this.called(i);
    const whole = apart ? texts[i] : texts[i].replaceAll("·", " ");
    return whole.length > BRIEF ? `${whole.slice(0, BRIEF - 1)}…` : whole;
  }

  /** @param {number} i @param {string} [more] */
  entry(i, more) {
    const says = /** @type {Data} */ (this.data).says[i];
    const made = button("mn-entry", "", () => this.choose(i));
    made.append(element("span", "mn-brief", this.brief(i)));
    made.append(element("span", "mn-soft", [says, more].filter(Boolean).join(" · ")));
    made.dataset.sequence = String(i);
    return element("li", "", made);
  }

  drawMissed() {
    const { labels, missed } = /** @type {Data} */ (this.data);
    this.missedTitle.hidden = missed === null;
    this.missed.hidden = !missed?.length;
    if (missed === null) return;
    const all = this.paths?.count ?? 0;
    this.missedTitle.textContent = missed.length ? filled(labels.missed, { count: missed.length, all }) : labels.none;
    this.missed.replaceChildren(...missed.map((i) => this.entry(i)));
  }

  /** @param {number} chosen */
  show(chosen) {
    const { data, paths } = this;
    if (!data || !paths) return;
    this.chosen = chosen;
    const { labels } = data;
    this.title.textContent = this.called(chosen);
    this.about.textContent = [data.says[chosen], filled(labels.steps, { count: paths.lengths[chosen] })].filter(Boolean).join(" · ");
    this.drawText();
    this.drawNear();
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (this.missed.querySelectorAll("[data-sequence]")))
      one.setAttribute("aria-pressed", String(one.dataset.sequence === String(chosen)));
    const place = String(data.numbers[chosen] ?? "");
    if (data.link) this.link.href = data.link.replace("{number}", place).replace("{text}", encodeURIComponent(this.plain(chosen)));
  }

  /** What was read, as it can be read again. @param {number} i */
  plain(i) {
    const { apart, texts } = /** @type {Data} */ (this.data);
    const text = texts?.[i] ?? "";
    return apart ? text : text.replaceAll("·", " ");
  }

  /** The tokens, each in the colour of the verdict after it. */
  drawText() {
    const { data, paths, chosen } = this;
    if (!data || !paths) return;
    const text = data.texts?.[chosen];
    this.text.hidden = text === undefined;
    this.tokens = [];
    if (text === undefined) return;
    const stops = data.scales.diverging[themeSide(this.root)].map(hexParts);
    const tokens = data.apart ? text.split(data.apart) : [...text];
    this.tokens = tokens.map((token, step) => {
      const span = element("span", "mn-token", token);
      const praise = this.praiseAt(step);
      if (praise !== null) {
        const { back, ink } = shade(stops, praise);
        span.style.background = back;
        span.style.color = ink;
        span.title = percent(praise);
      }
      span.addEventListener("click", () => this.go(Math.min(step, paths.lengths[chosen] - 1)));
      return span;
    });
    const between = data.apart ? " " : "";
    this.text.replaceChildren(...this.tokens.flatMap((span) => (between || span.textContent === "·" ? [span, between || element("wbr")] : [span])));
  }

  /** The probability of praise after a step of the chosen one, null where nobody said. @param {number} step */
  praiseAt(step) {
    const { chosen, paths, verdict } = this;
    if (!paths || !verdict || step >= paths.lengths[chosen]) return null;
    return probability(verdict[paths.drawnAt(chosen, step)]);
  }

  /** Where the cursor stands in it. @param {number} step with what lies between two */
  mark(step) {
    const { data, paths, chosen } = this;
    if (!data || !paths) return;
    const here = Math.min(Math.floor(step + 1e-6), paths.lengths[chosen] - 1);
    this.tokens.forEach((span, i) => span.classList.toggle("mn-here", i === here));
    const praise = this.praiseAt(here);
    this.odds.hidden = praise === null;
    if (praise !== null) this.odds.textContent = filled(data.labels.praise, { share: percent(praise) });
  }
}
