// All steps of the cells in one row: a button each, with what was read and the states it left in small.

import { button, element } from "../js/dom.js";
import { digits, written } from "./symbols.js";

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Look} Look */
/** @typedef {{ symbol: string, model: Model, id: string }} Row */

/** What the strip shows: the input, then the states of every cell. @param {Model[]} models @returns {Row[]} */
export function rowsOf(models) {
  const rows = [{ symbol: "x_{t}", model: models[0], id: "x" }];
  for (const model of models) {
    const whose = models.length > 1 ? ` ${model.view.name}` : "";
    if (model.view.kind === "lstm") rows.push({ symbol: `c_{t}${whose}`, model, id: "c" });
    rows.push({ symbol: `h_{t}${whose}`, model, id: "h" });
  }
  return rows;
}

export class Strip {
  /** @param {(step: number) => void} choose */
  constructor(choose) {
    this.choose = choose;
    this.root = element("div", "cv-strip");
    this.root.setAttribute("role", "group");
    /** @type {HTMLButtonElement[]} */
    this.places = [];
    /** @type {{ mini: HTMLElement, row: Row, unit: number, t: number }[]} */
    this.minis = [];
    this.painted = "";
  }

  /** @param {Model[]} models @param {import("./types.js").Data} data */
  fill(models, { tokens, labels }) {
    const steps = models[0].view.hidden.length;
    const rows = rowsOf(models);
    this.painted = "";
    this.minis = [];
    this.root.setAttribute("aria-label", labels.steps);
    this.root.style.setProperty("--cv-steps", String(steps));
    const names = element("div", "cv-names", element("span", "cv-place", labels.step));
    if (tokens) names.append(element("span", "cv-token", "\u00a0"));
    for (const { symbol, model, id } of rows) {
      const name = element("span", "cv-rowname", written(symbol));
      name.style.setProperty("--cv-size", String(model.vectors[id].of(0).length));
      names.append(name);
    }
    this.places = Array.from({ length: steps }, (_, t) => {
      const place = button("cv-step", "", () => this.choose(t));
      place.append(element("span", "cv-place", String(t + 1)));
      if (tokens) place.append(element("span", "cv-token", tokens[t]));
      place.append(...rows.map((row) => this.column(row, t)));
      const token = tokens ? ` ${tokens[t]}` : "";
      place.setAttribute("aria-label", `${labels.step} ${t + 1}${token}: x = ${models[0].vectors.x.of(t).map(digits).join(", ")}`);
      return place;
    });
    this.root.replaceChildren(names, ...this.places);
  }

  /** @private @param {Row} row @param {number} t */
  column(row, t) {
    const minis = row.model.vectors[row.id].of(t).map(() => element("span", "cv-mini"));
    minis.forEach((mini, unit) => this.minis.push({ mini, row, unit, t }));
    return element("span", "cv-column", ...minis);
  }

  /**
   * Colours change with the theme, the numbers and a question, not with the step.
   * @param {Look} look
   * @param {boolean} waiting whether a question waits: then nothing of this step and later ones is given away
   * @param {string} side
   */
  show({ step, colour }, waiting, side) {
    this.places.forEach((place, t) => {
      if (t === step) place.setAttribute("aria-current", "step");
      else place.removeAttribute("aria-current");
    });
    const wanted = `${side} ${waiting ? step : ""}`;
    if (wanted === this.painted) return;
    this.painted = wanted;
    for (const { mini, row: { model, id }, unit, t } of this.minis) {
      const { of, range } = model.vectors[id];
      mini.style.backgroundColor = waiting && id !== "x" && t >= step ? "transparent" : colour(of(t)[unit], range).back;
    }
  }

  /** Scrolls a step into sight. @param {number} step */
  reveal(step) {
    const { offsetLeft, offsetWidth } = this.places[step];
    const { scrollLeft, clientWidth } = this.root;
    if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth) this.root.scrollLeft = offsetLeft - 60;
  }
}
