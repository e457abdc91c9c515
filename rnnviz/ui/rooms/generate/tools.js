// What plays and steps the texts, and how far they have come.

import { button, element, named, shape } from "../../parts/js/dom.js";
import { filled } from "../../parts/js/words.js";

/** @typedef {import("./types.js").Words} Words */
/** @typedef {"start" | "step" | "play" | "undo"} Tool */

export const PACES = [5, 20, 60, 200, Infinity]; // characters a second

const SIGNS = {
  play: "M2 0.5 11.5 6 2 11.5Z", stop: "M1 1H11V11H1Z", step: "M1 0.5 8 6 1 11.5ZM9 0.5H11V11.5H9Z", start: "M11 0.5 4 6 11 11.5ZM3 0.5H1V11.5H3Z",
};

/** Drawn, as not every machine has a letter for it. @param {keyof typeof SIGNS} name */
function sign(name) {
  const made = shape("svg", { viewBox: "0 0 12 12", "aria-hidden": "true", class: "gn-sign" });
  shape("path", { d: SIGNS[name] }, made);
  return made;
}

/**
 * Sets what can be chosen, where it has changed, and what is.
 * @param {HTMLSelectElement} select
 * @param {[value: string, text: string][]} entries
 * @param {string} value
 * @param {string} label
 */
export function offer(select, entries, value, label) {
  select.setAttribute("aria-label", label);
  const now = JSON.stringify(entries);
  if (select.dataset.entries !== now) {
    select.dataset.entries = now;
    select.replaceChildren(...entries.map(([name, text]) => new Option(text, name)));
  }
  select.value = value;
}

export class Tools {
  /** @param {(tool: Tool) => void} act @param {(pace: number) => void} speed */
  constructor(act, speed) {
    /** @param {Tool} name @param {SVGElement} [inside] */
    const tool = (name, inside) => {
      const made = button("gn-button", "", () => act(name));
      if (inside) made.append(inside);
      return made;
    };
    this.buttons = { start: tool("start", sign("start")), step: tool("step", sign("step")), play: tool("play"), undo: tool("undo") };
    this.buttons.undo.classList.add("gn-wide");
    this.speed = element("select", "gn-select");
    this.speed.addEventListener("change", () => speed(PACES[this.speed.selectedIndex]));
    this.progress = element("span", "gn-progress");
    const { start, step, play, undo } = this.buttons;
    this.root = element("div", "gn-tools", start, step, play, this.speed, this.progress, undo);
  }

  /** @param {Words} labels @param {number} pace @param {boolean} undo whether there is a change to take back */
  name(labels, pace, undo) {
    const entries = PACES.map((one) => /** @type {[string, string]} */ ([String(one), Number.isFinite(one) ? filled(labels.pace, { count: one }) : labels.fast]));
    offer(this.speed, entries, String(pace), labels.speed);
    named(this.buttons.start, labels.start);
    named(this.buttons.step, labels.step);
    this.buttons.undo.textContent = `↶ ${labels.undo}`;
    this.buttons.undo.hidden = !undo;
  }

  /**
   * @param {Words} labels
   * @param {{ playing: boolean, shown: number, ready: number, length: number, said: string }} now
   */
  show(labels, { playing, shown, ready, length, said }) {
    const next = playing ? "stop" : "play";
    if (this.buttons.play.dataset.sign !== next) {
      this.buttons.play.dataset.sign = next;
      this.buttons.play.replaceChildren(sign(next));
    }
    named(this.buttons.play, labels[next]);
    this.buttons.step.disabled = shown >= length;
    this.buttons.start.disabled = !shown;
    const progress = filled(labels.progress, { shown: Math.min(shown, ready).toLocaleString("en"), length: length.toLocaleString("en") });
    this.progress.textContent = said ? `${progress} · ${said}` : progress;
  }
}
