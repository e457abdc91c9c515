// The text itself: a row of tokens that bear colours, and two reviews, one above the other.

import { element } from "../../parts/js/dom.js";

/** @typedef {import("./types.js").Review} Review */

/** How far up its scale a value lies; weights by their square root, so that small ones are seen.
 * @param {import("./types.js").ScaleName} scale @param {number} value @param {number} limit */
export const share = (scale, value, limit) => (scale === "diverging" ? 0.5 + value / limit / 2 : Math.sqrt(value / limit));

/** @param {{ title: string, about?: string }} part */
export function row({ title, about }) {
  return element("div", "se-row", element("div", "se-row-title", title, element("span", "se-about", about ?? "")));
}

/** @param {import("./types.js").Strip} part @param {Review} review */
export function strip({ title, about, tokens, scale, limit, foot }, review) {
  const line = element("div", review.joined ? "se-strip se-joined" : "se-strip");
  review.slider(line, title, (place) => tokens[place].say);
  tokens.forEach(({ text, unknown, opposed, value }, place) => {
    const token = element("span", "se-token", text);
    token.classList.toggle("se-unknown", unknown);
    token.classList.toggle("se-opposed", Boolean(opposed));
    review.mark(token, place);
    review.paintedBy({ token, scale, share: share(scale, value, limit) });
    line.append(token);
    if (review.joined) line.append(" ");
    else if (text === "·" || text === "↵") line.append(element("wbr"));
  });
  const made = row({ title, about });
  made.append(line);
  if (foot) made.append(element("p", "se-foot", foot));
  return made;
}

/** Two reviews that wrap together; a gap where one has nothing. @param {import("./types.js").Aligned} part @param {Review} review */
export function aligned({ title, places }, review) {
  const made = element("div", "se-aligned");
  review.slider(made, title, (place) => places[place].say);
  places.forEach(({ texts, unknown, differs }, place) => {
    const tokens = texts.map((text, side) => {
      const token = element("span", unknown[side] ? "se-token se-unknown" : "se-token", text ?? "–");
      token.classList.toggle("se-gap", text === null);
      return token;
    });
    const column = element("span", differs ? "se-pair se-differs" : "se-pair", ...tokens);
    review.mark(column, place);
    made.append(column);
  });
  return made;
}
