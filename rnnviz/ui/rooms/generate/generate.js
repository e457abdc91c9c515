// The scripts of explore/generate: texts that several models write side by side, or how a text surprises them.

import { mounted } from "../../parts/js/dom.js";
import { Surprise } from "./surprise.js";
import { Texts } from "./texts.js";

/** @typedef {import("./types.js").Data} Data */

export default mounted((/** @type {HTMLElement} */ parent) => new Either(parent));

/** What stands in a place is told by the first data and stays. */
class Either {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.parent = parent;
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    this.incremental = true; // texts come piece by piece
    this.behind = false;
    /** @type {Texts | undefined} */
    this.texts = undefined;
    /** @type {Surprise | undefined} */
    this.surprise = undefined;
  }

  /** @param {Data} data */
  update(data) {
    if (data.mode === "surprise") {
      this.surprise ??= new Surprise(this.parent);
      this.surprise.update(data);
      return;
    }
    this.texts ??= new Texts(this.parent);
    this.texts.send = this.send;
    this.texts.behind = this.behind;
    this.texts.update(data);
  }

  destroy() {
    this.texts?.destroy();
    this.surprise?.destroy();
  }
}
