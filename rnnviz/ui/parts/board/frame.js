// The frame of the board, made once: readout and buttons, the column along the axis with the side beside it, figures below.

import { element } from "../js/dom.js";
import { scaleLegend } from "./legend.js";

/** @typedef {import("./types.js").Shown} Data */

export class Frame {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = element("section", "rv-board");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.stack = element("div", "rv-stack");
    this.line = element("div", "rv-line");
    this.band = element("div", "rv-band");
    this.band.hidden = true;
    this.timed = element("div", "rv-timed"); // all that lies along the axis
    this.colourLine = element("p", "rv-colour");
    this.life = element("span", "rv-life"); // what the colour's value means at the cursor
    this.below = element("div", "rv-below");
    this.problem = element("p", "rv-problem");
    this.problem.hidden = true;
    this.live = element("p", "rv-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.summary = element("p", "rv-hidden");
    this.summary.id = `rv-summary-${Math.random().toString(36).slice(2)}`; // an id of the page, nothing that is shown
    this.root.setAttribute("aria-describedby", this.summary.id);
    this.main = element("div", "rv-main");
    parent.append(this.root);
  }

  /** @param {import("./text.js").Text} text @param {import("./tools.js").Tools} tools @param {import("./side.js").Side} side */
  fill({ passage, strip }, { root: bar }, { root: side }) {
    this.bar = bar;
    this.passage = passage;
    this.timed.append(strip, this.stack, this.line, this.band);
    this.main.append(element("div", "rv-column", this.colourLine, passage, this.timed), side);
    this.root.append(bar, this.main, this.below, this.problem, this.live, this.summary);
  }

  /** What the parts are called. @param {Data} data */
  name({ labels, summary, tokens }) {
    const alone = !tokens.length; // figures without a text
    this.root.setAttribute("aria-label", labels.board);
    this.passage?.setAttribute("aria-label", labels.passage);
    this.summary.textContent = alone ? summary : `${summary} ${labels.keys}`;
    this.main.hidden = alone;
    if (this.bar) this.bar.hidden = alone;
    this.root.tabIndex = alone ? -1 : 0;
  }

  /** What the tokens' colours mean. @param {Data["colour"]} colour @param {import("./types.js").Look} look */
  drawColourLine(colour, look) {
    this.colourLine.hidden = !colour;
    if (!colour) return;
    const legend = element("span", "rv-legend", ...scaleLegend(colour, look));
    this.colourLine.replaceChildren(element("span", "", colour.label), legend, this.life);
  }
}
