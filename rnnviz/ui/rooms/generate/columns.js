// The texts as they grow, side by side: letters that can be chosen, and frames that follow their ends.

import { button, element } from "../../parts/js/dom.js";
import { filled } from "../../parts/js/words.js";

/** @typedef {import("./types.js").Writer} Writer */
/** @typedef {import("./pieces.js").Written} Written */

/**
 * @typedef {object} Heard
 * @property {() => void} name its name was clicked
 * @property {(number: number) => void} letter one was clicked
 * @property {() => void} focus it was gone to by keys
 */

class Column {
  /** @param {Heard} heard */
  constructor(heard) {
    /** @type {Written | null} */
    this.text = null;
    this.key = "";
    /** @type {HTMLElement[]} */
    this.letters = [];
    this.follow = true;
    this.head = button("gn-name", "", heard.name);
    this.seed = element("span", "gn-seed");
    this.box = element("div", "gn-text", element("div", "gn-row", this.seed));
    this.box.tabIndex = 0;
    this.box.setAttribute("role", "group");
    this.root = element("div", "gn-column", element("h3", "gn-heading", this.head), this.box);
    this.box.addEventListener("click", ({ target }) => {
      const letter = target instanceof Element ? target.closest(".gn-letter") : null;
      if (letter instanceof HTMLElement) heard.letter(this.letters.indexOf(letter));
    });
    this.box.addEventListener("focus", () => this.box.matches(":focus-visible") && heard.focus());
    // a reader who has scrolled back is not pulled to the end
    this.box.addEventListener("scroll", () => (this.follow = this.box.scrollTop + this.box.clientHeight > this.box.scrollHeight - 24));
  }

  /**
   * Another piece, or another text.
   * @param {Writer} writer
   * @param {Written} text
   * @param {import("./types.js").Writing} data
   * @param {boolean} changed whether it is another text
   */
  fill(writer, text, { labels, text: seed, states, writers }, changed) {
    const current = writer.kind === states.kind;
    this.head.textContent = writer.title;
    this.head.title = filled(labels.show, { model: writer.title });
    this.head.setAttribute("aria-label", this.head.title);
    this.head.setAttribute("aria-pressed", String(current));
    this.root.classList.toggle("gn-current", current && writers.length > 1);
    this.box.setAttribute("aria-label", filled(labels.written, { model: writer.title }));
    this.seed.title = labels.seedText;
    const same = this.seed.textContent === seed;
    if (this.key !== writer.key || !same) {
      // what is the same stays, so that a change is seen to leave what was before it
      this.shorten(this.text && same ? this.common(text) : 0);
      if (!same) this.seed.textContent = seed;
      this.key = writer.key;
    }
    this.text = text;
    if (!changed) return;
    this.letters.forEach((letter, i) => mark(letter, writer.changed.includes(i), labels.mark));
    this.follow = true;
  }

  /** How many letters are those of another text. @private @param {Written} text */
  common(text) {
    let same = 0;
    while (same < this.letters.length && same < text.count && Number(this.letters[same].dataset.id) === text.id(same)) same += 1;
    return same;
  }

  /** @private @param {number} length */
  shorten(length) {
    for (const letter of this.letters.splice(length).reverse()) {
      while (letter.parentNode !== this.box.lastChild) this.box.lastChild?.remove();
      letter.remove();
    }
  }

  /** Brings it to so many letters. @param {number} shown @param {boolean} ends whether the end is to be seen @param {string} marked said of a change */
  grow(shown, ends, marked) {
    const { text, letters, box } = this;
    this.shorten(shown);
    if (!text || letters.length >= shown) return;
    for (let i = letters.length; i < Math.min(shown, text.count); i += 1) {
      const id = text.id(i);
      const breaks = text.info.tokens[id] === "\n";
      const letter = breaks ? element("span", "gn-letter gn-break", "↵") : element("span", "gn-letter", text.info.tokens[id]);
      letter.dataset.id = String(id);
      mark(letter, text.info.changed.includes(i), marked);
      letters.push(letter);
      box.lastChild?.appendChild(letter);
      // a line of its own: the browser need not lay out the lines before it again
      if (breaks) box.append(element("div", "gn-row"));
    }
    if (this.follow && ends) box.scrollTop = box.scrollHeight;
  }

  /** Marks a letter. @param {number} at @param {boolean} own whether its states are shown @param {boolean} reveal */
  look(at, own, reveal) {
    const letter = this.letters[at];
    const marked = this.box.querySelector(".gn-at");
    if (marked !== (letter ?? null)) {
      marked?.classList.remove("gn-at");
      letter?.classList.add("gn-at");
      if (letter && reveal) this.reveal(letter);
    }
    letter?.classList.toggle("gn-own", own);
  }

  /** @private @param {HTMLElement} letter */
  reveal(letter) {
    const [frame, own] = [this.box.getBoundingClientRect(), letter.getBoundingClientRect()];
    if (own.top < frame.top + 8) this.box.scrollTop -= frame.top + 40 - own.top;
    else if (own.bottom > frame.bottom - 8) this.box.scrollTop += own.bottom - frame.bottom + 40;
  }
}

export class Columns {
  /** @param {(kind: string) => Heard} heard by the column of an author */
  constructor(heard) {
    this.heard = heard;
    this.root = element("div", "gn-columns");
    /** @type {Map<string, Column>} */
    this.columns = new Map();
  }

  /** @param {string} kind of the author @returns {Column} */
  of(kind) {
    return /** @type {Column} */ (this.columns.get(kind));
  }

  /** @param {import("./types.js").Writing} data @param {import("./pieces.js").Pieces} pieces @param {boolean} changed whether there are other texts */
  fill(data, pieces, changed) {
    const { writers } = data;
    const before = [...this.columns.keys()].join();
    this.columns = new Map(writers.map(({ kind }) => [kind, this.columns.get(kind) ?? new Column(this.heard(kind))]));
    for (const writer of writers) this.of(writer.kind).fill(writer, pieces.of(writer), data, changed);
    this.root.dataset.count = String(writers.length);
    if (before !== [...this.columns.keys()].join()) this.root.replaceChildren(...[...this.columns.values()].map((column) => column.root));
  }

  /** @param {Writer[]} writers @param {import("./types.js").Side} side */
  recolour(writers, side) {
    for (const { kind, colour } of writers) this.of(kind).root.style.setProperty("--gn-own", colour[side]);
  }

  /** @param {number} shown @param {boolean} ends whether the ends are to be seen @param {string} marked said of a change */
  grow(shown, ends, marked) {
    for (const column of this.columns.values()) column.grow(shown, ends, marked);
  }

  /** Marks a letter of each. @param {number} at @param {string} kind of the author whose states are shown @param {boolean} reveal */
  look(at, kind, reveal) {
    for (const [one, column] of this.columns) column.look(at, one === kind, reveal);
  }
}

/** @param {HTMLElement} letter @param {boolean} changed by the reader @param {string} said */
function mark(letter, changed, said) {
  letter.classList.toggle("gn-changed", changed);
  letter.title = changed ? said : "";
}
