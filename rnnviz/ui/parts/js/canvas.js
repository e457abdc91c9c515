// What is painted by pixels: a canvas's pen, and a scale as 256 colours.

import { between, hexParts } from "./theme.js";

/** @param {HTMLCanvasElement} canvas */
export const penOf = (canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

/** A scale in 256 steps: a byte's colour. @param {string[]} stops as #rrggbb, evenly spread @returns {number[][]} red, green and blue */
export function steps(stops) {
  const parts = stops.map(hexParts);
  return Array.from({ length: 256 }, (_, i) => between(parts, i / 255));
}

/** Colours as whole numbers, as an image's memory has them. @param {number[][]} colours */
export const pixels = (colours) => new Uint32Array(new Uint8Array(colours.flatMap((parts) => [...parts, 255])).buffer);
