// Places of a long text under each other, in the colours of a unit's hidden state.

import { Coloured, coloured } from "../../parts/board/coloured.js";
import { unpacked } from "../../parts/js/arrays.js";
import { element, mounted } from "../../parts/js/dom.js";
import { number } from "../../parts/js/numbers.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("../../parts/js/theme.js").Parts} Parts */

export default mounted((/** @type {HTMLElement} */ parent) => new Coloured(parent, "un-root", groupsOf));

/** @param {Data} data @param {Parts[]} stops */
function groupsOf({ groups }, stops) {
  return groups.map(({ title, places }) => {
    const head = element("p", "un-head", element("strong", "", title));
    return element("div", "un-group", head, ...places.map((place) => placeOf(place, stops)));
  });
}

/** @param {Place} place @param {Parts[]} stops */
function placeOf({ tokens, at, values }, stops) {
  const numbers = unpacked(values);
  const spans = tokens.map((token, step) =>
    coloured(step === at ? "un-token un-here" : "un-token", token, numbers[step], stops),
  );
  const text = element(
    "span",
    "un-text",
    element("span", "un-before", ...spans.slice(0, at)),
    element("span", "un-after", ...spans.slice(at)),
  );
  text.setAttribute("role", "img");
  text.setAttribute("aria-label", tokens.join(""));
  return element("p", "un-place", element("span", "un-value", number(numbers[at])), text);
}
