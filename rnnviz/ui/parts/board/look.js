// The colours of the page, and a figure's data and layout in them.

import { hexParts, readTheme, shade } from "../js/theme.js";

/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Spec} Spec */

export class Look {
  /** @param {HTMLElement} root @param {import("./types.js").Data} data */
  constructor(root, { scales, palette }) {
    this.scales = scales;
    this.palette = palette;
    this.theme = readTheme(root);
    root.dataset.theme = this.theme.side;
  }

  /** @param {string} scale */
  stops(scale) {
    return this.scales[scale][this.theme.side];
  }

  /** A colour of figures/ on this page. @param {string} colour @param {boolean} [mark] of a line or a point */
  tint(colour, mark = false) {
    const { onDark, ink, paper } = this.palette;
    if (colour === paper) return this.theme.background;
    if (colour === ink && mark) return this.theme.text;
    return (this.theme.side === "dark" && onDark[colour]) || colour;
  }

  /** @param {number} value @param {{ scale: string, limits: number[] }} on */
  shade(value, { scale, limits: [low, high] }) {
    if (Number.isNaN(value)) value = Math.min(Math.max(0, low), high); // where there is nothing, as if it were 0
    return shade(this.stops(scale).map(hexParts), (value - low) / (high - low));
  }

  /** A copy of a figure's data and layout. @param {Figure} figure @returns {Spec} */
  themed({ spec, meta }) {
    const { data, layout } = JSON.parse(spec, (_name, value) => (typeof value === "string" ? this.tint(value) : value));
    for (const trace of data) {
      if (meta.scale && trace.type === "heatmap") {
        const stops = this.stops(meta.scale);
        trace.colorscale = stops.map((colour, i) => [i / (stops.length - 1), colour]);
      }
      if (meta.axis === "path") continue; // its line is a guide, no mark
      if (trace.line) trace.line.color = this.tint(trace.line.color, true);
      if (trace.mode === "text" && trace.textfont?.color) trace.textfont.color = this.tint(trace.textfont.color, true);
      const edge = trace.marker?.line;
      if (Array.isArray(edge?.color)) edge.color = edge.color.map((/** @type {string} */ colour) => this.tint(colour, true));
    }
    return { data, layout };
  }
}
