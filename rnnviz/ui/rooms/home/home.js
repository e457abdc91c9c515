// A text, once for each of a few units, in the colours of that unit's hidden state.

import { Coloured, coloured } from "../../parts/board/coloured.js";
import { unpacked } from "../../parts/js/arrays.js";
import { element, mounted } from "../../parts/js/dom.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("../../parts/js/theme.js").Parts} Parts */

export default mounted((/** @type {HTMLElement} */ parent) => new Coloured(parent, "hm-root", rowsOf));

/** @param {Data} data @param {Parts[]} stops */
function rowsOf(data, stops) {
  return data.rows.map((row) => rowOf(data, row, stops));
}

/** @param {Data} data @param {Row} row @param {Parts[]} stops */
function rowOf({ tokens, breaks, unknown, labels }, { title, unit, right, values }, stops) {
  const numbers = unpacked(values);
  const text = element("p", "hm-text");
  text.setAttribute("aria-label", `${labels.text}: ${tokens.join("")}`);
  text.setAttribute("role", "img");
  tokens.forEach((token, step) => {
    text.append(coloured("hm-token", token, numbers[step], stops, unknown.includes(step)));
    if (breaks.includes(step) && step < tokens.length - 1) text.append(element("br"));
    else if (token === "·") text.append(element("wbr"));
  });
  const head = element("p", "hm-head", element("strong", "", title), element("span", "hm-small", `${unit} · ${right}`));
  return element("div", "hm-row", head, text);
}
