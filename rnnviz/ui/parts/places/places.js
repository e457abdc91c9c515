// Places of a long text under each other, in the colours of a unit's hidden state or of what is known of each step.

import { Coloured, coloured } from "../board/coloured.js";
import { paintToken, short } from "../board/tokens.js";
import { unpacked } from "../js/arrays.js";
import { element, mounted } from "../js/dom.js";
import { minus, number } from "../js/numbers.js";
import { gradient } from "../js/theme.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("../js/theme.js").Parts} Parts */

export default mounted((/** @type {HTMLElement} */ parent) => new Coloured(parent, "un-root", partsOf));

/** @param {Data} data @param {Parts[]} stops */
function partsOf(data, stops) {
  const groups = data.groups.map(({ title, places }) => {
    const head = title ? [element("p", "un-head", element("strong", "", title))] : [];
    return element("div", "un-group", ...head, ...places.map((place) => placeOf(place, data.limits, stops)));
  });
  return data.labels.colour ? [legendOf(data, stops), ...groups] : groups;
}

/** What the colours mean. @param {Data} data @param {Parts[]} stops */
function legendOf({ labels, limits }, stops) {
  const strip = element("span", "un-strip");
  strip.style.background = gradient(stops.map((parts) => `rgb(${parts.join(",")})`));
  const [low, high] = limits.map((one) => element("span", "", minus(String(one))));
  return element("p", "un-legend", element("span", "un-of", labels.colour), low, strip, high);
}

/** @param {Place} place @param {number[]} limits @param {Parts[]} stops */
function placeOf({ tokens, at, to, note, values }, [low, high], stops) {
  const numbers = values && unpacked(values);
  const spans = tokens.map((token, step) => {
    if (!numbers) {
      const span = element("span", "un-token", short(token));
      paintToken(span, token, false, null);
      return span;
    }
    const span = coloured("un-token", token, (2 * (numbers[step] - low)) / (high - low) - 1, stops);
    span.title = number(numbers[step]);
    return span;
  });
  const text = element(
    "span",
    "un-text",
    element("span", "un-before", ...spans.slice(0, at)),
    element("span", "un-after", element("span", "un-here", ...spans.slice(at, to)), ...spans.slice(to)),
  );
  text.setAttribute("role", "img");
  text.setAttribute("aria-label", tokens.join(""));
  const beside = note ?? (numbers ? number(numbers[at]) : "");
  return element("p", "un-place", element("span", "un-value", beside), text);
}
