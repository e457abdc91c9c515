// The words of the course on a page. Each is marked where it first stands: the browser draws the mark over the text, so that what
// Streamlit has written stays as it is. A press on it opens its sentence; below the page all of them are listed, for the keys as well.

import { drawn, element, mounted } from "../../parts/js/dom.js";
import { finder, firsts } from "./finding.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Word} Word */

const MARK = "rnnviz-word"; // the mark's name in the style sheet
const MAIN = '[data-testid="stMain"]';
const SENTENCES = `${MAIN} :is([data-testid="stMarkdownContainer"], [data-testid="stCaptionContainer"]) :is(p, li)`;
// what is no sentence of the page's own, or leads elsewhere itself
const LEFT = "a, button, code, label, summary, table, h1, h2, h3, h4, .katex, [role=tab], .st-key-stop, .st-key-onward, .st-key-guess, .st-key-lesson";
const REST = 400; // ms without a change, after which a page is looked through again

class Words {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    /** @type {import("../../parts/js/dom.js").Send | undefined} */
    this.send = undefined;
    /** @type {{ word: Word, range: Range }[]} */
    this.found = [];
    this.listed = "";
    this.list = element("p", "wd-list");
    this.card = element("div", "wd-card");
    this.card.popover = "auto";
    this.root = element("div", "wd-root", this.list, this.card);
    parent.append(this.root);
    this.main = document.querySelector(MAIN);
    this.press = (/** @type {Event} */ event) => this.pressed(/** @type {MouseEvent} */ (event));
    this.main?.addEventListener("click", this.press);
    this.observer = new MutationObserver((changes) => {
      if (changes.some(({ target }) => !this.root.contains(target))) this.wait();
    });
    if (this.main) this.observer.observe(this.main, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["open"] });
  }

  destroy() {
    this.observer.disconnect();
    clearTimeout(this.timer);
    this.main?.removeEventListener("click", this.press);
    CSS.highlights?.delete(MARK);
    this.root.remove();
  }

  /** @param {Data} data */
  update(data) {
    this.data = data;
    this.how = finder(data.words, data.lang);
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), REST);
  }

  /** Looks the page through. */
  look() {
    if (!this.data || !this.how) return;
    const places = firsts(texts(), (node) => node.data, this.how);
    this.found = places.map(({ word, text, from, to }) => {
      const range = new Range();
      range.setStart(text, from);
      range.setEnd(text, to);
      return { word, range };
    });
    CSS.highlights?.set(MARK, new Highlight(...this.found.map(({ range }) => range)));
    const now = [this.data.lang, ...this.found.map(({ word }) => word.english)].join();
    if (now !== this.listed) this.show();
    this.listed = now;
    drawn(this.root);
  }

  /** The list below the page. */
  show() {
    const { labels } = /** @type {Data} */ (this.data);
    this.list.hidden = !this.found.length;
    const links = this.found.flatMap(({ word }, at) => {
      const link = this.link(word, this.called(word));
      link.title = word.says;
      return at ? [" · ", link] : [link];
    });
    this.list.replaceChildren(element("span", "wd-label", labels.here), " ", ...links);
  }

  /** @param {Word} word */
  called(word) {
    return this.data?.lang === "ko" ? word.korean : word.english;
  }

  /** To the word among all, in the same visit; a new tab gets an address. @param {Word} word @param {string} text */
  link(word, text) {
    const link = element("a", "", text);
    link.href = `${this.data?.page}?${new URLSearchParams({ words_find: word.english, lang: this.data?.lang ?? "en" })}`;
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      this.send?.trigger("word", word.english);
    });
    return link;
  }

  /** A press on a marked word opens its sentence. @param {MouseEvent} event */
  pressed(event) {
    const { clientX: x, clientY: y, target } = event;
    if (!(target instanceof Element) || target.closest(LEFT) || window.getSelection()?.isCollapsed === false) return;
    const hit = this.found.find(({ range }) =>
      [...range.getClientRects()].some((box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom),
    );
    if (hit) this.open(hit.word, hit.range.getBoundingClientRect());
  }

  /** @param {Word} word @param {DOMRect} box where it stands */
  open(word, box) {
    const { labels, lang } = /** @type {Data} */ (this.data);
    const other = lang === "ko" ? word.english : word.korean;
    const head = element("p", "", element("strong", "", this.called(word)), ` · ${other}`, word.symbol && ` · ${word.symbol}`);
    this.card.replaceChildren(head, element("p", "", word.says), element("p", "", this.link(word, `${labels.open} →`)));
    this.card.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - 336))}px`;
    this.card.style.top = `${box.bottom + 6}px`;
    this.card.showPopover();
  }
}

/** The texts of the page's own sentences that can be seen, in order. @returns {Generator<Text>} */
function* texts() {
  for (const sentence of document.querySelectorAll(SENTENCES)) {
    if (sentence.closest(LEFT) || !sentence.checkVisibility({ visibilityProperty: true })) continue;
    const walk = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = /** @type {Text} */ (walk.currentNode);
      if (!node.parentElement?.closest(LEFT)) yield node;
    }
  }
}

export default mounted((parent) => new Words(parent));
