// What the colours and widths mean.

import { element } from "../../parts/js/dom.js";
import { minus } from "../../parts/js/numbers.js";
import { gradient } from "../../parts/js/theme.js";
import { WIDE } from "./drawing.js";

/**
 * @param {import("./types.js").Data} data
 * @param {import("./types.js").Pass} pass
 * @param {import("./types.js").Side} side
 * @param {import("./types.js").Width} width what that of an edge follows
 * @param {number} k how much larger than usual the type is
 */
export function legendOf({ labels, limits, scales }, pass, side, width, k) {
  /** @param {string} scale @param {string} text @param {string | Node} from @param {string | Node} to */
  const strip = (scale, text, from, to) => {
    const colours = element("span", "nw-gradient");
    colours.style.background = gradient(scales[scale][side]);
    return element("span", "nw-key", element("span", "", text), from, colours, to);
  };
  const widths = element("span", "nw-key", `${labels.width}: ${labels.widths[width]}`);
  for (const norm of [0.1, 0.5, 1]) {
    const line = element("span", "nw-width");
    line.style.height = `${Math.max(0.75, WIDE * norm) * k}px`;
    widths.append(line, String(norm));
  }
  const [low, high] = limits.map(powerOfTen);
  return [pass === "forward" ? strip("diverging", labels.value, "\u22121", "1") : strip("norm", labels.norms, low, high), widths];
}

/** @param {number} exponent */
const powerOfTen = (exponent) => (exponent === 0 ? "1" : element("span", "", "10", element("sup", "", minus(String(exponent)))));
