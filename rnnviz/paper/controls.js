// What a reader of a page can choose: the picture, the module and what of it, and how the page itself looks.

import { element } from "../ui/parts/js/dom.js";

/** @typedef {import("./explorer.js").Explorer} Explorer */
/** @typedef {import("./types.js").Picture} Picture */

const PICTURES = /** @type {Picture[]} */ (["states", "gates", "gradients"]);
const ORDERS = /** @type {const} */ (["similarity", "stored", "activity"]);
const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

export class Controls {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.pictures = element("div", "rp-pictures");
    this.pictures.setAttribute("role", "group");
    /** @type {Map<Picture, HTMLButtonElement>} */
    this.buttons = new Map();
    for (const picture of PICTURES) {
      const made = element("button", "rp-picture");
      made.type = "button";
      made.addEventListener("click", () => explorer.choose({ picture }));
      this.buttons.set(picture, made);
      this.pictures.append(made);
    }
    this.module = new Choice((at) => explorer.choose({ module: at }));
    this.sequence = new Choice((at) => explorer.choose({ sequence: at }));
    this.direction = new Choice((at) => explorer.choose({ direction: at }));
    this.layer = new Choice((at) => explorer.choose({ layer: at }));
    this.order = new Choice((at) => explorer.choose({ order: ORDERS[at] }));
    this.part = new Choice((at) => explorer.choose({ part: at ? "direct" : "total" }));
    this.language = new Choice((at) => explorer.choose({ language: Object.keys(explorer.contents.languages)[at] }));
    this.theme = new Choice((at) => explorer.choose({ theme: THEMES[at] }));
    this.unit = element("input", "rp-field");
    this.unit.type = "number";
    this.unit.min = "0";
    this.unit.step = "1";
    this.unit.addEventListener("change", () => explorer.choose({ unit: Math.round(Number(this.unit.value)) || 0 }));
    this.unitName = element("span", "");
    this.unitChoice = element("label", "rp-choice", this.unitName, this.unit);
    this.what = element("div", "rp-what");
    for (const one of [this.module, this.sequence, this.direction, this.layer]) this.what.append(one.root);
    this.what.append(this.unitChoice, this.order.root, this.part.root);
    this.reading = element("div", "rp-reading", this.language.root, this.theme.root);
  }

  /** As it is chosen. */
  show() {
    const { chosen, contents, module, said, view } = this.explorer;
    const { words } = said;
    this.pictures.setAttribute("aria-label", words.picture);
    for (const [picture, made] of this.buttons) {
      made.textContent = words.pictures[picture];
      made.setAttribute("aria-pressed", String(picture === chosen.picture));
    }
    const several = contents.modules.map(({ name }) => name);
    this.module.show(words.module, several, chosen.module);
    this.sequence.show(words.sequence, module.sequences.map(({ name }) => name), chosen.sequence);
    this.direction.show(words.direction, module.directions.map((name) => words.directions[name]), chosen.direction);
    this.layer.show(words.layer, module.layers.map(String), chosen.layer);
    this.order.show(words.order, ORDERS.map((order) => words.orders[order]), ORDERS.indexOf(chosen.order), view.figures.length > 0);
    const parted = chosen.picture === "gradients" && view.figures.length > 0;
    this.part.show(words.part, [words.parts.total, words.parts.direct], chosen.part === "direct" ? 1 : 0, parted);
    const languages = Object.values(contents.languages).map(({ name }) => name);
    this.language.show(words.language, languages, Object.keys(contents.languages).indexOf(chosen.language));
    this.theme.show(words.theme, THEMES.map((theme) => words.themes[theme]), THEMES.findIndex((theme) => theme === chosen.theme));
    this.unitName.textContent = words.unit;
    this.unitChoice.hidden = !view.figures.length;
    this.unit.max = String(view.units - 1);
    this.unit.value = String(chosen.unit);
  }
}

/** One of several; out of sight where there is nothing to choose. */
class Choice {
  /** @param {(at: number) => void} chosen */
  constructor(chosen) {
    this.name = element("span", "");
    this.select = element("select", "rp-field");
    this.select.addEventListener("change", () => chosen(this.select.selectedIndex));
    this.root = element("label", "rp-choice", this.name, this.select);
  }

  /** @param {string} name @param {string[]} options @param {number} at @param {boolean} [shown] */
  show(name, options, at, shown = true) {
    this.root.hidden = !shown || options.length < 2;
    this.name.textContent = name;
    const before = [...this.select.options].map((option) => option.textContent);
    if (before.length !== options.length || before.some((text, i) => text !== options[i])) {
      this.select.replaceChildren(...options.map((text) => element("option", "", text)));
    }
    this.select.selectedIndex = at;
  }
}
