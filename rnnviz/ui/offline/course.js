// A page of the course from a disk: its components, what can be chosen on it, and the questions to guess first. All views of the page
// lie in its file; a choice takes another of them, and nothing is asked of anybody.

import { default as board } from "../parts/board/board.js";
import { default as cell } from "../parts/cell/cell.js";
import { bytes, inflated } from "../parts/js/arrays.js";
import { recall, remember } from "../parts/js/link.js";
import { default as sheet } from "../parts/sheet/sheet.js";
import { default as blank } from "../rooms/blank/blank.js";
import { default as counting } from "../rooms/counting/counting.js";
import { default as network } from "../rooms/network/network.js";
import { Guesses } from "./guesses.js";
import { morph, parsed } from "./morph.js";

/** @typedef {import("./types.js").Contents} Contents */
/** @typedef {import("./types.js").Part} Part */
/** @typedef {import("./types.js").View} View */

const COMPONENTS = /** @type {Record<string, (call: any) => () => void>} */ ({ board, blank, cell, counting, network, sheet });
const THEME = "rnnviz-theme"; // in the browser's own storage: of all pages of the folder

class Course {
  /** @param {HTMLElement} root @param {Contents} contents */
  constructor(root, contents) {
    this.root = root;
    this.contents = contents;
    /** How many triggers a part has been answered. @type {Map<string, number>} */
    this.heard = new Map();
    /** What was drawn last in each place, and what ends it. @type {Map<HTMLElement, { of: string, end: () => void }>} */
    this.drawn = new Map();
    this.main = /** @type {HTMLElement} */ (root.querySelector("main"));
    this.guesses = new Guesses(contents.words);
    this.main.addEventListener("click", (event) => this.clicked(event));
    this.main.addEventListener("input", (event) => this.slid(event));
    this.view = this.linked();
    this.show();
    new ResizeObserver(() => this.reach()).observe(this.main);
  }

  // ---- what is chosen -----------------------------------------------------------------------------------------------

  /** The view that the link asks for, and where it asks for nothing the one that the page opens with. @returns {View} */
  linked() {
    const asked = this.contents.names.map((name) => /** @type {const} */ ([name, recall(name)])).filter(([, value]) => value !== null);
    return this.best((view) => asked.map(([name, value]) => view.held[name] === value));
  }

  /** @param {(view: View) => boolean[]} agrees the more, the earlier, the better @param {View[]} [among] @returns {View} */
  best(agrees, among = this.contents.views) {
    const rated = among.map((view) => ({ view, agreed: agrees(view).reduce((sum, one) => 2 * sum + Number(one), 0) }));
    return rated.reduce((best, one) => (one.agreed > best.agreed ? one : best)).view;
  }

  /** @param {number} axis @param {number} option */
  choose(axis, option) {
    const { names, resets, views } = this.contents;
    /** @type {Record<string, number>} */
    const wanted = { ...this.view.chosen, [axis]: option };
    for (const at of resets[axis]) delete wanted[at];
    const there = views.filter(({ chosen }) => chosen[axis] === option);
    if (there.length) this.view = this.best(({ chosen }) => resets.map((_one, at) => at in wanted && chosen[at] === wanted[at]), there);
    this.show();
    for (const name of names) remember(name, this.view === views[0] ? null : (this.view.held[name] ?? null));
  }

  /** @param {Event} event */
  clicked({ target }) {
    const pressed = target instanceof Element ? target.closest("[data-option]") : null;
    const control = pressed?.closest("[data-axis]");
    if (pressed instanceof HTMLElement && control instanceof HTMLElement) this.choose(Number(control.dataset.axis), Number(pressed.dataset.option));
  }

  /** @param {Event} event */
  slid({ target }) {
    const control = target instanceof HTMLInputElement && target.type === "range" ? target.closest("[data-axis]") : null;
    if (control instanceof HTMLElement) this.choose(Number(control.dataset.axis), Number(/** @type {HTMLInputElement} */ (target).value));
  }

  // ---- what is shown ------------------------------------------------------------------------------------------------

  show() {
    const { html, parts, questions } = this.view;
    morph(this.main, parsed(this.contents.pool[html]));
    for (const [slot, { end }] of this.drawn) {
      if (slot.isConnected) continue;
      this.drawn.delete(slot);
      end();
    }
    for (const slot of this.main.querySelectorAll("[data-part]")) this.fill(/** @type {HTMLElement} */ (slot), parts);
    const guess = this.main.querySelector("[data-guess]");
    if (guess instanceof HTMLElement) this.guesses.show(guess, this.main, questions);
    this.reach();
    this.root.dataset.shown = String(this.contents.views.indexOf(this.view));
  }

  /** What is wider than the page scrolls, with the keys as well. */
  reach() {
    for (const wide of /** @type {NodeListOf<HTMLElement>} */ (this.main.querySelectorAll(".co-table, .co-formula"))) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      else wide.removeAttribute("tabindex");
    }
  }

  /** @param {HTMLElement} slot @param {Record<string, Part>} parts */
  fill(slot, parts) {
    const key = /** @type {string} */ (slot.dataset.part);
    const { name, axis, data } = parts[key];
    const heard = this.heard.get(key) ?? 0;
    if (this.drawn.get(slot)?.of === `${data} ${heard}`) return;
    const end = COMPONENTS[name]({
      data: { ...this.unpacked(this.contents.sent[data]), heard },
      parentElement: slot,
      setStateValue: () => undefined,
      /** @param {string} _name @param {[number: number, name: string, value: any][]} unheard */
      setTriggerValue: (_name, unheard) => {
        const [number, , value] = unheard[unheard.length - 1];
        if (number <= (this.heard.get(key) ?? 0)) return;
        this.heard.set(key, number);
        const place = typeof value === "number" ? value : value?.time;
        setTimeout(() => (axis === null || typeof place !== "number" ? this.show() : this.choose(axis, place)));
      },
    });
    this.drawn.set(slot, { of: `${data} ${heard}`, end });
  }

  /** What a component is sent: long texts lie once for all views, and a figure goes as text. @param {unknown} value @returns {any} */
  unpacked(value) {
    if (Array.isArray(value)) return value.map((one) => this.unpacked(one));
    if (value === null || typeof value !== "object") return value;
    if ("$" in value) return this.contents.pool[Number(value.$)];
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => {
        const whole = this.unpacked(one);
        return [name, name === "spec" ? JSON.stringify(whole) : whole];
      }),
    );
  }
}

/** The theme that was chosen, on this page and on all others. @param {HTMLElement} root */
function theme(root) {
  const select = root.querySelector("select");
  if (!select) return;
  const kept = stored() ?? "auto";
  root.dataset.side = kept;
  select.value = kept;
  select.addEventListener("change", () => {
    root.dataset.side = select.value;
    try {
      window.localStorage.setItem(THEME, select.value);
    } catch {
      // a browser that keeps nothing
    }
  });
}

function stored() {
  try {
    return window.localStorage.getItem(THEME);
  } catch {
    return null;
  }
}

/** The other language at the same place. @param {HTMLElement} root */
function languages(root) {
  for (const link of root.querySelectorAll("a[hreflang]")) {
    link.addEventListener("click", () => link.setAttribute("href", link.getAttribute("href")?.split("#")[0] + window.location.hash));
  }
}

export async function open() {
  const root = /** @type {HTMLElement} */ (document.querySelector(".co-page"));
  document.documentElement.classList.add("co-alive");
  theme(root);
  languages(root);
  const packed = document.getElementById("rnnviz-contents")?.textContent;
  if (!packed) return;
  const course = new Course(root, JSON.parse(new TextDecoder().decode(await inflated(bytes(packed)))));
  window.addEventListener("hashchange", () => {
    course.view = course.linked();
    course.show();
  });
}
