// How a token is shown.

/** A character without a shape comes as its code point: too wide for one place in the text. @param {string} token */
export const isCode = (token) => /^U\+[0-9A-F]{4,6}$/.test(token);

/** More than one character, with its dotted circle, say: a word has a width of its own. @param {string} token */
export const isWord = (token) => [...token].length > 2 && !isCode(token);

/** @param {string} token */
export const short = (token) => (isCode(token) ? "□" : token);

/** For plotly and for HTML, which read tags. @param {string} text */
export const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/**
 * @param {HTMLElement} span
 * @param {string} token
 * @param {boolean} unknown to the model
 * @param {{ back: string, ink: string } | null} colours
 */
export function paintToken(span, token, unknown, colours) {
  span.classList.toggle("rv-code", isCode(token));
  if (isCode(token)) span.title = token;
  span.classList.toggle("rv-unknown", unknown);
  span.classList.toggle("rv-blank", /^[·↵⇥]$/.test(token));
  if (!colours) return;
  span.style.background = colours.back;
  span.style.color = colours.ink;
}
