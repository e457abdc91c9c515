// A link as a QR code: drawn here, nobody is asked for it.

import { shape } from "../../parts/js/dom.js";
import { qrcode } from "../../parts/js/vendor/qrcode.js";

const QUIET = 4; // modules of margin that readers of codes need
export const DENSE = 65; // modules across from which a code is hard to read from afar

/** Which modules are dark, row by row; null where the text is too long for a code. @param {string} text @returns {boolean[][] | null} */
export function modules(text) {
  for (const level of /** @type {const} */ (["M", "L"])) {
    try {
      const code = qrcode(0, level);
      code.addData(text, "Byte");
      code.make();
      const all = [...Array(code.getModuleCount()).keys()];
      return all.map((row) => all.map((column) => code.isDark(row, column)));
    } catch {
      // too long at this level
    }
  }
  return null;
}

/** Dark on white in every theme. @param {boolean[][]} dark @param {string} name */
export function drawing(dark, name) {
  const size = dark.length + 2 * QUIET;
  const svg = shape("svg", { viewBox: `0 0 ${size} ${size}`, class: "te-code", role: "img", "aria-label": name, "shape-rendering": "crispEdges" });
  shape("rect", { width: size, height: size, fill: "#ffffff" }, svg);
  const path = dark.flatMap((row, y) => row.map((is, x) => (is ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")));
  shape("path", { d: path.join(""), fill: "#000000" }, svg);
  return svg;
}
