// The line above the pictures: what the cursor stands on, and the buttons.

import { button, element, named } from "../js/dom.js";

/** @typedef {"back" | "play" | "forward" | "narrower" | "wider" | "all" | "mark"} Tool */

/** @type {[Tool, string][]} */
const SIGNS = [["back", "‹"], ["play", "▶"], ["forward", "›"], ["narrower", "+"], ["wider", "−"], ["all", "⤢"], ["mark", "▭"]];

export class Tools {
  /** @param {(name: Tool) => void} act */
  constructor(act) {
    this.readout = element("output", "rv-readout");
    this.readout.setAttribute("aria-live", "off");
    this.buttons = SIGNS.map(([name, sign]) => /** @type {const} */ ([name, button("rv-button", sign, () => act(name))]));
    this.play = this.buttons[1][1];
    this.mark = this.buttons[6][1];
    const tools = element("div", "rv-tools", ...this.buttons.map(([, made]) => made));
    this.root = element("div", "rv-bar", this.readout, tools);
  }

  /** @param {import("./types.js").Words} words */
  update(words) {
    for (const [name, made] of this.buttons) named(made, words[name]);
  }

  /** Whether a drag marks; there is no such button where it cannot. @param {boolean} can @param {boolean} marks */
  showMarking(can, marks) {
    this.mark.hidden = !can;
    this.mark.setAttribute("aria-pressed", String(marks));
  }

  /** @param {import("../js/player.js").Player} player */
  showPlaying({ playing, allowed }) {
    this.play.hidden = !allowed;
    this.play.textContent = playing ? "❚❚" : "▶";
    this.play.setAttribute("aria-pressed", String(playing));
  }

  /** @param {string} place @param {string} token @param {string | null} unit @param {[string, string]} around what stands beside the token */
  read(place, token, unit, [before, after]) {
    const here = element("b", "rv-readout-token", token);
    /** @param {string} text */
    const beside = (text) => (text ? element("span", "rv-around", text) : "");
    this.readout.replaceChildren(element("span", "", place), element("span", "", beside(before), here, beside(after)));
    if (unit !== null) this.readout.append(element("span", "", unit));
  }
}
