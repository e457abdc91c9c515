// The equations of the cells with the numbers of a step put in; each matrix product opens, row by row.

import { element } from "../js/dom.js";
import { percent } from "../js/numbers.js";
import { calm } from "../js/player.js";
import { placeOf, weightPlace } from "./edits.js";
import { digits, plain, written } from "./symbols.js";
import { letter, products } from "./vectors.js";

/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Look} Look */

/** What of a new state was kept and what written, in percent of their sizes together, by unit. @param {number} kept @param {number} wrote */
export function sharesOf(kept, wrote) {
  const all = Math.abs(kept) + Math.abs(wrote);
  return all ? [kept, wrote].map((value) => percent(Math.abs(value) / all)) : ["–", "–"];
}

export class Sums {
  /** @param {() => Look} look how the step is shown at this moment @param {() => import("./edits.js").Editor} editor of what can be changed */
  constructor(look, editor) {
    this.look = look;
    this.editor = editor;
    this.root = element("div", "cv-sums");
    /** @type {{ model: Model, id: string, values: HTMLElement[], result: boolean, labels: import("./types.js").Labels }[]} */
    this.columns = [];
    /** @type {{ model: Model, ids: string[], lines: HTMLElement[], labels: import("./types.js").Labels }[]} */
    this.shares = [];
    /** @type {{ details: HTMLDetailsElement, fill: () => void, view: Model["view"], side: "x" | "h", own: string, rows: HTMLElement[] }[]} */
    this.products = [];
  }

  /** @param {Model[]} models @param {import("./types.js").Labels} labels @param {boolean} keep whether products that are open stay so */
  fill(models, labels, keep) {
    const open = keep ? this.products.map(({ details }) => details.open) : [];
    this.columns = [];
    this.shares = [];
    this.products = [];
    this.root.replaceChildren(
      ...models.map((model) => {
        const heading = models.length > 1 ? element("h3", "cv-heading", model.view.name) : undefined;
        return element("section", "cv-part", heading, ...model.equations.map((equation) => this.equation(model, equation, labels)));
      }),
    );
    this.products.forEach(({ details }, k) => (details.open = open[k] ?? false));
  }

  /** @private @param {Model} model @param {import("./types.js").Equation} equation @param {import("./types.js").Labels} labels */
  equation(model, { own, items }, labels) {
    const terms = items.map((item) =>
      item in model.vectors ? this.column(model, item, item === items[0], labels) : element("span", "cv-operator", item),
    );
    const more = own && element("div", "cv-more", this.product(model, own, "x", labels), this.product(model, own, "h", labels));
    const shares = items.includes("fc") || items.includes("zh") ? this.share(model, items, labels) : undefined;
    return element("div", "cv-equation", element("div", "cv-line-of", ...terms), shares, more || undefined);
  }

  /** @private @param {Model} model @param {string[]} items @param {import("./types.js").Labels} labels */
  share(model, items, labels) {
    /** @param {string[]} names */
    const one = (...names) => /** @type {string} */ (items.find((item) => names.includes(item)));
    const ids = [items[0], one("fc", "zh"), one("ig", "wn")];
    const lines = model.vectors[ids[0]].of(0).map(() => element("span", "cv-share"));
    this.shares.push({ model, ids, lines, labels });
    return element("p", "cv-shares", element("span", "", labels.shares), ...lines);
  }

  /** @private @param {Model} model @param {string} id @param {boolean} result @param {import("./types.js").Labels} labels */
  column(model, id, result, labels) {
    const { symbol, of } = model.vectors[id];
    const values = of(0).map(() => element("span", "cv-value"));
    this.columns.push({ model, id, values, result, labels });
    return element("span", result ? "cv-term cv-result" : "cv-term", written(symbol), element("span", "cv-values", ...values));
  }

  /** @private @param {Model} model @param {string} own @param {"x" | "h"} side @param {import("./types.js").Labels} labels */
  product({ view, vectors }, own, side, labels) {
    const g = view.gates.findIndex((gate) => letter(gate, view.kind) === own);
    const units = view.hidden[0].length;
    const weight = (side === "x" ? view.input_weight : view.recurrent_weight)[g];
    const name = side === "x" ? "weight_ih_l0" : "weight_hh_l0";
    const rows = weight.map(() => element("p", "cv-row"));
    const summary = element(
      "summary", "", written(vectors[`W${side}:${own}`].symbol),
      element("span", "cv-shape", `(${units}, ${weight[0].length}) · (${weight[0].length})`),
    );
    const details = element("details", "cv-product", summary, element("p", "cv-source", `${name}[${g * units}:${(g + 1) * units}]`), ...rows);
    const fill = () => {
      const { step } = this.look();
      const column = vectors[side === "x" ? "x" : "h0"].of(step);
      const sums = vectors[`W${side}:${own}`].of(step);
      rows.forEach((row, unit) => {
        const terms = products(weight[unit], column).map(([first, second], k) => {
          const factor = element("span", "cv-factor", first);
          return { factor, value: weight[unit][k], nodes: [k ? " + " : "", factor, second] };
        });
        row.replaceChildren(element("span", "cv-unit", `${labels.unit} ${unit + 1}`), ...terms.flatMap(({ nodes }) => nodes), ` = ${digits(sums[unit])}`);
        terms.forEach(({ factor, value }, k) => {
          const read = side === "x" ? labels.input : `h, ${labels.unit}`;
          const called = `W_${side}${own}, ${labels.unit} ${unit + 1}, ${read} ${k + 1}`;
          this.editor().offer(factor, weightPlace(view, own, side, unit, k), called, value);
        });
      });
    };
    this.products.push({ details, fill, view, side, own, rows });
    details.addEventListener("toggle", () => details.open && fill());
    return details;
  }

  /**
   * Opens a product as a link names it, and marks a unit's row: “xh-2” is W_xh x, unit 2; “x” is what all gates make of x.
   * @param {string | null} said
   */
  open(said) {
    const [, side, own, unit] = said?.match(/^([xh])([irfzgnoh])?(?:-(\d))?$/) ?? [];
    this.opened(this.products.filter((one) => one.side === side && (own === undefined || one.own === own)), Number(unit) - 1);
  }

  /** From a gate's square, or from h of a cell without gates, to the products that it is made of. @param {Model} model @param {string} id @param {number} unit */
  zoom(model, id, unit) {
    this.opened(this.products.filter((one) => one.view === model.view && one.own === id), unit);
  }

  /** @private @param {Sums["products"]} found @param {number} unit whose rows are marked */
  opened(found, unit) {
    if (!found.length) return;
    for (const { rows } of this.products) for (const row of rows) row.classList.remove("cv-here");
    for (const { details, rows } of found) {
      details.open = true;
      rows[unit]?.classList.add("cv-here");
    }
    found[0].details.scrollIntoView({ block: "center", behavior: calm?.matches ? "auto" : "smooth" });
  }

  show() {
    const { step, hides, colour } = this.look();
    for (const { model, id, values, result, labels } of this.columns) {
      const { of, range } = model.vectors[id];
      values.forEach((span, unit) => {
        const hidden = hides(model, id, unit);
        const value = of(step)[unit];
        span.textContent = hidden ? "?" : digits(value);
        const place = /^b[xh]:/.test(id) ? placeOf(model, id, unit, step) : null; // the states and inputs are changed in the drawing
        this.editor().offer(span, place, `${plain(model.vectors[id].symbol)}, ${labels.unit} ${unit + 1}`, value);
        if (!result) return;
        const { back, ink } = hidden ? { back: "transparent", ink: "inherit" } : colour(value, range);
        span.style.backgroundColor = back;
        span.style.color = ink;
      });
    }
    for (const { model, ids, lines, labels } of this.shares) {
      const [kept, wrote] = [ids[1], ids[2]].map((id) => model.vectors[id].of(step));
      lines.forEach((line, unit) => {
        const hidden = ids.some((id) => hides(model, id, unit));
        const [one, other] = hidden ? ["?", "?"] : sharesOf(kept[unit], wrote[unit]);
        line.textContent = `${labels.unit} ${unit + 1}: ${labels.keep} ${one}, ${labels.write} ${other}`;
      });
    }
    for (const { details, fill } of this.products) if (details.open) fill();
  }
}
