// Colours as 256 steps of a scale, for thousands of values; states as an image.

import { penOf, pixels, steps } from "../../parts/js/canvas.js";
import { element } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { strongest } from "./working.js";

/** Where a value lies between two limits, 0 to 255. @param {number} value @param {number} low @param {number} high */
export const code = (value, low, high) => Math.round(clamp((value - low) / (high - low), 0, 1) * 255);

export class Colours {
  /** @param {import("../../parts/js/theme.js").Scales} scales @param {import("../../parts/js/theme.js").Side} side */
  constructor(scales, side) {
    /** @type {Record<string, string[]>} */
    this.names = {};
    /** @type {Record<string, Uint32Array>} */
    this.pixels = {}; // the same as whole numbers, as an image's memory has them
    for (const [name, sides] of Object.entries(scales)) {
      const colours = steps(sides[side]);
      this.names[name] = colours.map((parts) => `rgb(${parts.join(",")})`);
      this.pixels[name] = pixels(colours);
    }
  }

  /** A weight. @param {number} weight */
  weight(weight) {
    return this.names.probability[code(weight, 0, 1)];
  }

  /** One row of values as an image one pixel high. @param {ArrayLike<number>} values @param {number} low @param {number} high */
  row(values, low, high) {
    return painted("ra-vector", values.length, 1, (image) => image.set(Array.from(values, (v) => this.pixels.diverging[code(v, low, high)])));
  }

  /**
   * States (place, unit) as an image with places across, or with places down; of units that share a pixel the strongest.
   * @param {Float32Array[]} states
   * @param {number} pool units that share a pixel
   * @param {boolean} across
   */
  states(states, pool, across) {
    const lines = Math.ceil(states[0].length / pool);
    const [width, height] = across ? [states.length, lines] : [lines, states.length];
    return painted("", width, height, (image) =>
      states.forEach((state, i) => {
        for (let line = 0; line < lines; line += 1) {
          const value = state[strongest(state, line * pool, pool)];
          image[across ? line * width + i : i * width + line] = this.pixels.diverging[code(value, -1, 1)];
        }
      }),
    );
  }
}

/** @param {string} className @param {number} width @param {number} height @param {(image: Uint32Array) => void} paint */
function painted(className, width, height, paint) {
  const canvas = Object.assign(element("canvas", className), { width, height });
  const pen = penOf(canvas);
  const image = pen.createImageData(width, height);
  paint(new Uint32Array(image.data.buffer));
  pen.putImageData(image, 0, 0);
  return canvas;
}
