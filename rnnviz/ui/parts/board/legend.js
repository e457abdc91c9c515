// What stands beside a figure's title: its scale, or the marks of its lines.

import { element, shape } from "../js/dom.js";
import { minus } from "../js/numbers.js";
import { gradient } from "../js/theme.js";

/** @typedef {import("./types.js").Look} Look */
/** @typedef {import("./types.js").Trace} Trace */

/** @type {Record<string, string>} */
const DASHES = { dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" };
/** @type {Record<string, string>} */
const SYMBOLS = {
  // plotly's marks, 9 px wide, about their middle
  circle: "M4.5,0A4.5,4.5 0 1 1 -4.5,0A4.5,4.5 0 1 1 4.5,0Z",
  square: "M-4,-4H4V4H-4Z",
  diamond: "M0,-5.5L5.5,0L0,5.5L-5.5,0Z",
  "triangle-up": "M0,-5L5,4H-5Z",
  "triangle-down": "M0,5L5,-4H-5Z",
  cross: "M-1.5,-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5V-1.5H-1.5Z",
};

/** Exponents and indices come in plotly's own tags: these become elements, all else is text. @param {string} text */
export function marked(text) {
  return text.split(/(<sup>[^<]*<\/sup>|<sub>[^<]*<\/sub>)/).map((part) => {
    const found = part.match(/^<(su[pb])>(.*)<\/su[pb]>$/);
    return found ? element(/** @type {"sup" | "sub"} */ (found[1]), "", found[2]) : document.createTextNode(part);
  });
}

/**
 * Values outside the limits take the colour of the limit.
 * @param {{ scale: string, limits: number[], beyond?: boolean, powers?: boolean }} of
 * @param {Look} look
 */
export function scaleLegend({ scale, limits, beyond, powers }, look) {
  const strip = element("span", "rv-gradient");
  strip.style.background = gradient(look.stops(scale));
  /** @param {string} sign @param {number} limit */
  const end = (sign, limit) => {
    const text = element("span", "", sign + minus(String(powers ? (limit === 0 ? 1 : 10) : limit)));
    if (powers && limit !== 0) text.append(element("sup", "", minus(String(limit))));
    return text;
  };
  return [end(beyond ? "≤ " : "", limits[0]), strip, end(beyond ? "≥ " : "", limits[1])];
}

/** @param {Trace[]} traces @param {Look} look */
export function lineLegend(traces, look) {
  return traces
    .filter((trace) => trace.showlegend !== false)
    .map((trace) => {
      const colour = look.tint(trace.marker?.color ?? trace.line.color, true);
      const key = trace.line && trace.marker?.symbol ? lineKey(trace, colour) : plainKey(trace, colour);
      return element("span", "rv-key-name", key, element("span", "", ...marked(trace.name)));
    });
}

/** A line with its mark, as it is drawn. @param {Trace} trace @param {string} colour */
function lineKey(trace, colour) {
  const svg = shape("svg", { class: "rv-marked", viewBox: "-16 -6 32 12" });
  const dashes = DASHES[trace.line.dash] ?? "none";
  shape("path", { d: "M-16,0H16", stroke: colour, "stroke-width": 3, "stroke-dasharray": dashes }, svg);
  shape("path", { d: SYMBOLS[trace.marker.symbol] ?? SYMBOLS.circle, fill: colour }, svg);
  return svg;
}

/** A line without a mark, or a bar. @param {Trace} trace @param {string} colour */
function plainKey(trace, colour) {
  const bar = trace.marker?.pattern?.shape ? "rv-hatched" : "rv-solid";
  const key = element("span", `rv-key ${trace.type === "bar" ? bar : "rv-stroke"}`);
  const dash = trace.line?.dash;
  if (dash && dash !== "solid") key.classList.add(dash === "dot" ? "rv-dotted" : "rv-dashed");
  key.style.setProperty("--rv-key", colour);
  return key;
}
