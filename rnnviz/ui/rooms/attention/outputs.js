// The outputs above the map, each with what differs from the one with attention.

import { element } from "../../parts/js/dom.js";
import { filled } from "../../parts/js/words.js";

/** @param {import("./types.js").Data} data */
export function outputsOf({ lines, labels, right, note }) {
  const rows = lines.map((line) => outputOf(line, labels, right));
  const legend = element("div", "ra-soft", element("mark", "ra-differs", "\u2003"), ` ${labels.marked}`);
  // its room stays, so that nothing below moves when the first difference comes
  if (!lines.some((line) => line.different.length || line.missing.length)) legend.style.visibility = "hidden";
  rows.push(legend);
  if (note) rows.push(element("div", "ra-soft", note));
  return rows;
}

/** @param {import("./types.js").Line} line @param {import("./types.js").Words} words @param {string | null} truth */
function outputOf({ name, title, tokens, different, missing, right, said }, words, truth) {
  const shown = element("span", "ra-tokens");
  const gaps = new Map(missing);
  for (let i = 0; i <= tokens.length; i += 1) {
    const left = gaps.get(i);
    if (left !== undefined) {
      const mark = element("span", "ra-missing", "‸");
      mark.title = filled(words.missing, { tokens: left });
      shown.append(mark);
    }
    if (i === tokens.length) break;
    const differs = different.includes(i);
    shown.append(element(differs ? "mark" : "span", differs ? "ra-token ra-differs" : "ra-token", tokens[i]));
  }
  const row = element("div", "ra-output", element("span", "ra-output-name", title), shown);
  row.dataset.line = name;
  if (said) row.append(element("span", "ra-soft", said));
  else if (right !== null) {
    const verdict = right ? `✓ ${words.right}` : `✗ ${filled(words.wrong, { right: truth ?? "" })}`;
    row.append(element("span", right ? "ra-right" : "ra-wrong", verdict));
  }
  return row;
}
