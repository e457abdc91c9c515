// What stays in view while the weights below are changed: the outputs, the tools, and what was wrong with a wish.

import { button, element, named } from "../../parts/js/dom.js";
import { filled } from "../../parts/js/words.js";

const PACES = [200, 400, 600]; // ms a step
const OF_STEPS = /** @type {const} */ (["back", "play", "forward", "save"]);
const OF_CHANGES = /** @type {const} */ (["all", "undo", "resetStep", "reset"]);

/** @typedef {(typeof OF_STEPS)[number] | (typeof OF_CHANGES)[number]} Tool */

export class Head {
  /**
   * @param {number} pace that is chosen first
   * @param {object} heard
   * @param {(tool: Exclude<Tool, "save">) => void} heard.act
   * @param {(pace: number) => void} heard.speed
   * @param {(format: string) => void} heard.save
   */
  constructor(pace, { act, speed, save }) {
    /** @param {string} sign @param {() => void} press */
    const tool = (sign, press) => button("ra-button", sign, press);
    this.buttons = {
      back: tool("‹", () => act("back")), play: tool("▶", () => act("play")), forward: tool("›", () => act("forward")),
      save: tool("↓", () => this.open(this.menu.hidden)),
      all: tool("", () => act("all")), undo: tool("", () => act("undo")), resetStep: tool("", () => act("resetStep")), reset: tool("", () => act("reset")),
    };
    this.speed = element("select", "ra-select");
    this.speed.append(...PACES.map((ms) => new Option(`${ms} ms`, String(ms), ms === pace, ms === pace)));
    this.speed.addEventListener("change", () => speed(Number(this.speed.value)));
    this.menu = element("span", "ra-menu");
    for (const format of ["png", "svg"]) {
      const choose = () => {
        this.open(false);
        save(format);
      };
      this.menu.append(tool(format.toUpperCase(), choose));
    }
    this.menu.hidden = true;
    this.menu.addEventListener("keydown", (event) => event.key === "Escape" && this.open(false));
    this.outputs = element("div", "ra-outputs");
    this.outputs.setAttribute("role", "group");
    this.problem = element("p", "ra-problem");
    this.problem.setAttribute("role", "status");
    this.problem.hidden = true;
    const [back, play, forward, saved] = OF_STEPS.map((name) => this.buttons[name]);
    const steps = element("div", "ra-tools", back, play, forward, this.speed, saved, this.menu);
    const changes = element("div", "ra-tools", ...OF_CHANGES.map((name) => this.buttons[name]));
    this.root = element("div", "ra-head", this.outputs, element("div", "ra-bar", steps, changes), this.problem);
  }

  /** @param {import("./types.js").Words} words */
  name(words) {
    this.outputs.setAttribute("aria-label", words.outputs);
    for (const name of OF_STEPS) named(this.buttons[name], words[name]);
    for (const name of OF_CHANGES) this.buttons[name].textContent = words[name];
    this.speed.setAttribute("aria-label", filled(words.pace, { time: this.speed.value }));
  }

  /** @param {import("../../parts/js/player.js").Player} player */
  played({ playing, allowed }) {
    this.buttons.play.hidden = this.speed.hidden = !allowed;
    this.buttons.play.textContent = playing ? "❚❚" : "▶";
    this.buttons.play.setAttribute("aria-pressed", String(playing));
  }

  /** What was wrong with a wish, until the next. @param {string} [line] */
  say(line) {
    this.problem.textContent = line ?? "";
    this.problem.hidden = line === undefined;
  }

  /** The formats that the map can be saved in. @private @param {boolean} wanted */
  open(wanted) {
    this.menu.hidden = !wanted;
    this.buttons.save.setAttribute("aria-expanded", String(wanted));
    if (!wanted) this.buttons.save.focus();
  }
}
