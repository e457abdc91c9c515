// Who goes to another page by a link or a button of that kind is leaving, until the page is another or the reader has stayed.

import assert from "node:assert/strict";
import { test } from "node:test";

class Element {
  /** @param {object | null} way @param {string} [pathname] */
  constructor(way, pathname) {
    this.way = way;
    this.pathname = pathname;
  }

  closest() {
    return this.way;
  }
}
class HTMLAnchorElement extends Element {}
const window = { location: { pathname: "/generate" } };
Object.assign(globalThis, { Element, HTMLAnchorElement, window });
const { heard, leaving } = await import("../../rnnviz/ui/parts/js/leaving.js");

/** @param {Element} way @param {object} [more] */
const click = (way, more = {}) => heard(/** @type {MouseEvent} */ (/** @type {unknown} */ ({ target: new Element(way), button: 0, ...more })));

test("a click on the way to another page, and nothing else, is leaving", (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  assert.equal(leaving(), false);
  heard(/** @type {MouseEvent} */ (/** @type {unknown} */ ({ target: new Element(null), button: 0 })));
  click(new HTMLAnchorElement(null, "/generate")); // to where one is
  click(new HTMLAnchorElement(null, "/gates"), { ctrlKey: true }); // in another tab
  assert.equal(leaving(), false);
  click(new HTMLAnchorElement(null, "/gates"));
  assert.equal(leaving(), true);
  window.location.pathname = "/gates";
  assert.equal(leaving(), false);
  click(new Element(null)); // a button
  now = 4999;
  assert.equal(leaving(), true);
  now = 5000;
  assert.equal(leaving(), false);
});
