// Under the texts: the reasons beside the states; on a phone the reasons stand under the text that they are of.

import { element } from "../../parts/js/dom.js";

const NARROW = 560; // px up to which the texts lie under each other

export class Lower {
  /** @param {HTMLElement} why the reasons @param {HTMLElement} panel the states */
  constructor(why, panel) {
    this.why = why;
    this.root = element("div", "gn-lower", why, panel);
  }

  /** What stands beside the states, if the reasons do. */
  get beside() {
    return this.why.parentNode === this.root ? this.why : null;
  }

  /** Puts the reasons where they belong; what was tapped stays where it is. @param {HTMLElement} column of their text @param {number} width @param {boolean} chosen */
  place(column, width, chosen) {
    const narrow = width <= NARROW;
    if (narrow ? column.nextSibling === this.why : this.beside) return;
    const before = column.getBoundingClientRect().top;
    if (narrow) column.after(this.why);
    else this.root.prepend(this.why);
    if (narrow && chosen) this.page.scrollBy(0, column.getBoundingClientRect().top - before);
  }

  /** On a phone: the reasons come into view under the letter that was tapped. @param {HTMLElement | undefined} letter */
  bring(letter) {
    if (this.beside) return;
    const { top, height } = this.why.getBoundingClientRect();
    const below = top + Math.min(height, window.innerHeight / 2) - window.innerHeight;
    if (below > 0 && letter) this.page.scrollBy(0, Math.min(below, letter.getBoundingClientRect().top - 80));
  }

  /** @private What scrolls. */
  get page() {
    return this.root.closest('[data-testid="stMain"]') ?? window;
  }
}
