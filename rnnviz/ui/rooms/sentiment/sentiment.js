// Reviews and what networks say of them: curves, token strips and a table of units under one cursor, a place in the text.
// The cursor moves here alone; Python hears of another model. Text of the reader goes in through textContent only.

import { stepOf } from "../../parts/js/cursor.js";
import { drawn, element, mounted } from "../../parts/js/dom.js";
import { recalledNumber, remember } from "../../parts/js/link.js";
import { gradient, hexParts, shade, themeSide, typeSize, watchPage } from "../../parts/js/theme.js";
import { Chart } from "./chart.js";
import { headline, legend, lines, picker, readout } from "./parts.js";
import { aligned, row, strip } from "./strips.js";
import { units } from "./units.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {(place: number) => void} Follow */
/** @typedef {{ token: HTMLElement, scale: string, share: number }} Painted share: how far up its scale */

export default mounted((/** @type {HTMLElement} */ parent) => new Review(parent));

export class Review {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    /** @type {Data | undefined} */
    this.data = undefined;
    this.body = element("div", "se-body");
    this.root = element("section", "se-root", this.body);
    parent.append(this.root);
    this.measure = /** @type {CanvasRenderingContext2D} */ (element("canvas").getContext("2d"));
    this.place = 0;
    this.rem = 16;
    /** @type {string[]} */
    this.places = [];
    /** @type {HTMLElement[][]} */
    this.tokens = []; // what is marked at each place
    /** @type {Painted[]} */
    this.painted = [];
    /** @type {{ node: HTMLElement, says: (place: number) => string }[]} */
    this.sliders = [];
    /** @type {Chart[]} */
    this.charts = [];
    /** @type {Follow[]} */
    this.followers = []; // what else follows the cursor
    this.unwatch = watchPage(this.root, { themed: () => this.paint(), resized: () => this.layout() });
  }

  destroy() {
    this.unwatch();
    this.root.remove();
  }

  /** Nothing is drawn of these places yet. @param {string[]} places */
  begin(places) {
    this.places = places;
    this.tokens = places.map(() => []);
    this.painted = [];
    this.sliders = [];
    this.charts = [];
    this.followers = [];
  }

  /** @param {Data} data */
  update(data) {
    const focused = document.activeElement;
    const stop = focused instanceof HTMLElement && this.body.contains(focused) ? focused.dataset.stop : undefined;
    const last = data.places.length - 1;
    if (!this.data) this.place = (recalledNumber("place") ?? last + 1) - 1;
    else if (data.id !== this.data.id) this.place = last;
    this.data = data;
    this.begin(data.places);
    this.body.replaceChildren(...data.sections.map((section) => this.section(section)));
    this.paint();
    this.layout();
    this.move(Math.min(this.place, last));
    if (stop !== undefined) /** @type {HTMLElement | null} */ (this.body.querySelector(`[data-stop="${stop}"]`))?.focus();
    drawn(this.root);
  }

  get joined() {
    return Boolean(this.data?.joined);
  }

  /** @param {import("./types.js").Section} section */
  section({ name, title, lead, parts }) {
    const made = element("div", "se-section");
    made.dataset.section = name;
    if (title) made.append(element("h3", "se-title", title));
    if (lead) made.append(element("p", "se-lead", lead));
    made.append(...parts.map((part) => this.part(part)));
    return made;
  }

  /** @param {import("./types.js").Part} part */
  part(part) {
    switch (part.part) {
      case "headline":
        return headline(part);
      case "lines":
        return lines(part);
      case "picker":
        return picker(part, this);
      case "readout":
        return readout(part, this);
      case "row":
        return row(part);
      case "strip":
        return strip(part, this);
      case "aligned":
        return aligned(part, this);
      case "legend":
        return legend(part);
      case "units":
        return units(part, this);
      case "chart": {
        const chart = new Chart(this, part);
        this.charts.push(chart);
        return chart.node;
      }
    }
  }

  // ---- the cursor ------------------------------------------------------------------------------------------------

  /** @param {number} place */
  move(place) {
    for (const token of this.tokens[this.place] ?? []) token.classList.remove("se-here");
    this.place = place;
    remember("place", place === this.places.length - 1 ? null : place + 1);
    for (const token of this.tokens[place]) token.classList.add("se-here");
    for (const chart of this.charts) chart.mark();
    for (const follow of this.followers) follow(place);
    for (const { node, says } of this.sliders) {
      node.setAttribute("aria-valuenow", String(place + 1));
      node.setAttribute("aria-valuetext", `${place + 1} ${this.places[place]}: ${says(place)}`);
    }
  }

  /** @param {Follow} follow */
  follow(follow) {
    this.followers.push(follow);
  }

  /** What stands at a place, and carries the cursor there. @param {HTMLElement} token @param {number} place */
  mark(token, place) {
    token.addEventListener("pointerenter", () => this.move(place));
    token.addEventListener("click", () => this.move(place));
    this.tokens[place].push(token);
  }

  /** A place on the way of Tab; arrow keys move the cursor there. @param {HTMLElement} node @param {string} label @param {(place: number) => string} says */
  slider(node, label, says) {
    node.setAttribute("role", "slider");
    node.setAttribute("aria-label", label);
    node.setAttribute("aria-valuemin", "1");
    node.setAttribute("aria-valuemax", String(this.places.length));
    node.tabIndex = 0;
    node.dataset.stop = String(this.sliders.length);
    node.addEventListener("keydown", (event) => {
      const to = stepOf(event, this.place, this.places.length - 1, { down: true, far: true });
      if (to === null) return;
      event.preventDefault();
      this.move(to);
    });
    this.sliders.push({ node, says });
  }

  // ---- theme and room --------------------------------------------------------------------------------------------

  /** @param {Painted} painted */
  paintedBy(painted) {
    this.painted.push(painted);
  }

  paint() {
    if (!this.data) return;
    const side = themeSide(this.root);
    this.root.dataset.theme = side;
    const { scales } = this.data;
    const stops = Object.fromEntries(Object.keys(scales).map((name) => [name, scales[name][side].map(hexParts)]));
    for (const { token, scale, share } of this.painted) {
      const { back, ink } = shade(stops[scale], share);
      token.style.background = back;
      token.style.color = ink;
    }
    for (const bar of /** @type {NodeListOf<HTMLElement>} */ (this.body.querySelectorAll(".se-gradient")))
      bar.style.background = gradient(scales[bar.dataset.scale ?? ""][side]);
  }

  layout() {
    if (!this.data) return;
    this.rem = 16 * typeSize();
    for (const chart of this.charts) chart.draw();
  }

  /** px of the widest of some tokens. @param {string[]} texts @param {number} type px */
  widest(texts, type) {
    this.measure.font = `${type}px ${getComputedStyle(this.root).getPropertyValue("--rnnviz-mono")}`;
    return Math.max(...texts.map((text) => this.measure.measureText(text).width));
  }
}
