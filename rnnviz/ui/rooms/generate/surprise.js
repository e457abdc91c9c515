// How a text surprises each model, character by character.

import { stepOf } from "../../parts/js/cursor.js";
import { drawn, element } from "../../parts/js/dom.js";
import { percent } from "../../parts/js/numbers.js";
import { gradient, hexParts, shade, themeSide, watchPage } from "../../parts/js/theme.js";
import { filled } from "../../parts/js/words.js";
import { natsOf } from "./nats.js";

/** @typedef {import("./types.js").Surprised} Data */
/** @typedef {import("./types.js").Model} Model */

/** What is said of one character. @param {Data} data @param {Model} model @param {number} at */
export function saidOf({ labels, characters, unknown }, { nats, likeliest, share }, at) {
  const own = nats[at];
  if (!at) return labels.first;
  if (own === null) return unknown.includes(at) ? labels.unknown : "";
  const line = filled(labels.surprise, { character: characters[at], nats: natsOf(own), share: percent(Math.exp(-own)) });
  if (likeliest[at] === characters[at]) return line;
  return `${line}; ${filled(labels.expected, { character: likeliest[at], share: percent(share[at] ?? 0) })}`;
}

export class Surprise {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {Data | null} */
    this.data = null;
    /** @type {{ root: HTMLElement, letters: HTMLElement[], said: HTMLElement, model: Model }[]} */
    this.panels = [];
    /** @type {number | null} */
    this.at = null;
    this.legend = element("div", "gn-legend");
    this.grid = element("div", "gn-columns");
    this.root = element("section", "gn-root gn-surprise", this.legend, this.grid);
    parent.append(this.root);
    this.unwatch = watchPage(this.root, { themed: () => this.recolour(), resized: () => {} });
  }

  destroy() {
    this.unwatch();
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    if (this.data?.characters.join("") !== data.characters.join("")) this.at = null;
    this.data = data;
    this.grid.dataset.count = String(data.models.length);
    this.panels = data.models.map((model) => this.panel(data, model));
    this.grid.replaceChildren(...this.panels.map(({ root }) => root));
    this.recolour();
    drawn(this.root);
  }

  /** @private @param {Data} data @param {Model} model */
  panel({ shown, unknown, labels }, model) {
    const odd = new Set(unknown);
    const letters = shown.map((character, i) => element("span", odd.has(i) ? "gn-letter gn-unknown" : "gn-letter", character));
    const box = element("div", "gn-text", ...letters);
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", filled(labels.text, { model: model.title }));
    box.addEventListener("pointerover", ({ target }) => {
      const at = letters.findIndex((letter) => letter === target);
      if (at >= 0) this.look(at);
    });
    box.addEventListener("keydown", (event) => {
      const to = stepOf(event, this.at ?? (event.key === "ArrowLeft" ? 1 : -1), letters.length - 1);
      if (to === null) return;
      event.preventDefault();
      this.look(to);
    });
    const said = element("p", "gn-said", labels.hover);
    const heading = element("h3", "gn-heading", element("span", "gn-name", model.title));
    return { root: element("div", "gn-column", heading, box, said), letters, said, model };
  }

  /** @private */
  recolour() {
    if (!this.data) return;
    const { scales, most, labels } = this.data;
    const side = themeSide(this.root);
    const stops = scales.surprise[side].map(hexParts);
    for (const { root, letters, model } of this.panels) {
      root.style.setProperty("--gn-own", model.colour[side]);
      letters.forEach((letter, i) => {
        const nats = model.nats[i];
        if (nats === null) return;
        const { back, ink } = shade(stops, nats / most);
        letter.style.background = back;
        letter.style.color = ink;
      });
    }
    const bar = element("i", "gn-bar");
    bar.style.background = gradient(scales.surprise[side]);
    this.legend.replaceChildren(element("span", "gn-key", labels.legend, " 0", bar, `${most}+`));
    if (this.at !== null) this.look(this.at);
  }

  /** The same character in all of them. @private @param {number} at */
  look(at) {
    if (!this.data) return;
    this.at = at;
    for (const { root, letters, said, model } of this.panels) {
      for (const marked of root.querySelectorAll(".gn-at")) marked.classList.remove("gn-at");
      letters[at].classList.add("gn-at");
      said.textContent = saidOf(this.data, model, at);
    }
  }
}
