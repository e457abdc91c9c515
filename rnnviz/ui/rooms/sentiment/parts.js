// The parts of a section that only say something: verdicts, lines, the choice of a model, the readout, the legend.

import { button, element } from "../../parts/js/dom.js";
import { share } from "./strips.js";

/** @typedef {import("./types.js").Review} Review */

/** @param {import("./types.js").Headline} part */
export function headline({ items }) {
  const made = items.map(({ name, kind, dash, percent, word }) =>
    element(
      "div",
      `se-verdict se-${kind}`,
      element("div", "se-name", element("i", dash ? "se-key se-dashed" : "se-key"), name),
      element("div", "se-percent", percent, element("span", "se-word", word)),
    ),
  );
  return element("div", "se-headline", ...made);
}

/** @param {import("./types.js").Lines} part */
export function lines({ lines: said }) {
  const made = said.map(({ kind, name, text }) => {
    const line = element("p", `se-line ${kind ? `se-${kind}` : ""}`);
    if (name) line.append(element("b", "se-line-name", element("i", "se-dot"), name), " ");
    line.append(text);
    return line;
  });
  return element("div", "se-lines", ...made);
}

/** @param {import("./types.js").Picker} part @param {Review} review */
export function picker({ label, options, chosen }, review) {
  const buttons = options.map(({ value, text }) => {
    const made = button("se-button", text, () => value !== chosen && review.send?.trigger("model", value));
    made.dataset.stop = `pick-${value}`;
    made.setAttribute("aria-pressed", String(value === chosen));
    return made;
  });
  const made = element("div", "se-picker", element("span", "se-soft", label), ...buttons);
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", label);
  return made;
}

/** What the numbers of this section are at the cursor. @param {import("./types.js").Readout} part @param {Review} review */
export function readout({ says }, review) {
  const made = element("div", "se-readout");
  review.follow((place) => {
    const said = says[place].map(({ kind, dash, name, text }) => {
      const dot = kind ? element("i", dash ? "se-dot se-ring" : "se-dot") : undefined;
      return element("span", `se-say ${kind ? `se-${kind}` : ""}`, dot, `${name} `, element("b", "", text));
    });
    const name = element("b", "se-token-name", review.places[place]);
    made.replaceChildren(element("span", "se-soft", String(place + 1)), name, ...said);
  });
  return made;
}

/** @param {import("./types.js").Legend} part */
export function legend({ title, scale, limit, ticks, keys }) {
  const bar = element("span", "se-gradient");
  bar.dataset.scale = scale;
  const marks = ticks.map(({ value, text }) => {
    const mark = element("span", "se-tick", text);
    mark.style.left = `${100 * share(scale, value, limit)}%`;
    return mark;
  });
  const shown = element("span", "se-scale", bar, element("span", "se-ticks", ...marks));
  const notes = keys.map(({ mark, text }) => element("span", "se-note", element("span", `se-token ${mark}`, "abc"), ` ${text}`));
  return element("div", "se-legend", element("span", "se-soft", title), shown, ...notes);
}
