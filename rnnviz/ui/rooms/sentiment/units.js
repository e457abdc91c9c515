// A table of the units that carry a verdict: numbers at the cursor, and each one's curve.

import { element, shape } from "../../parts/js/dom.js";
import { clamp, signed } from "../../parts/js/numbers.js";

/** @typedef {import("./types.js").Review} Review */

const PLACES = 3; // behind the point

/** @param {import("./types.js").Units} part @param {Review} review */
export function units({ title, columns, rows, sums, limit, limitOfSums, about }, review) {
  const body = element("tbody");
  for (const { unit, weight, states, curve } of rows) {
    const [state, product] = [element("td", "se-number"), element("td", "se-number")];
    const weighed = element("td", "se-number", signed(weight, PLACES));
    const drawn = element("td", "se-spark", spark(curve, limit, review));
    body.append(element("tr", "", heading("row", String(unit)), weighed, state, product, drawn));
    review.follow((place) => {
      state.textContent = signed(states[place], PLACES);
      product.textContent = signed(curve[place], PLACES);
    });
  }
  for (const { name, values } of sums) {
    const value = element("td", "se-number");
    const label = heading("row", name);
    label.colSpan = 3;
    body.append(element("tr", "se-sum", label, value, element("td", "se-spark", spark(values, limitOfSums, review))));
    review.follow((place) => (value.textContent = signed(values[place], PLACES)));
  }
  const head = element("tr", "", ...columns.map((column) => heading("col", column)));
  const table = element("table", "se-units", element("thead", "", head), body);
  table.setAttribute("aria-label", title);
  return element("div", "se-units-box", table, element("p", "se-foot", about));
}

/** @param {"row" | "col"} scope @param {string} text */
function heading(scope, text) {
  const made = element("th", "", text);
  made.scope = scope;
  return made;
}

/** A curve as wide as its cell, from −limit to limit. @param {number[]} values @param {number} limit @param {Review} review */
function spark(values, limit, review) {
  const count = values.length;
  const viewBox = `0 ${-limit} ${count} ${2 * limit}`;
  const svg = shape("svg", { viewBox, preserveAspectRatio: "none", class: "se-sparkline", "aria-hidden": true });
  shape("line", { x1: 0, x2: count, y1: 0, y2: 0, class: "se-zero" }, svg);
  const points = values.map((value, t) => `${t + 0.5},${-clamp(value, -limit, limit)}`);
  shape("polyline", { points: count > 1 ? points.join(" ") : `0,${-values[0]} 1,${-values[0]}`, class: "se-curve" }, svg);
  const cursor = shape("line", { y1: -limit, y2: limit, class: "se-cursor" }, svg);
  review.follow((place) => {
    cursor.setAttribute("x1", String(place + 0.5));
    cursor.setAttribute("x2", String(place + 0.5));
  });
  return svg;
}
