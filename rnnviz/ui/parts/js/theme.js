// The page's theme and type size, which change without a call, and colours that stay legible on both sides.

import { element } from "./dom.js";
import { clamp } from "./numbers.js";

/** @typedef {"light" | "dark"} Side */
/** @typedef {number[]} Parts red, green and blue, up to 255 */
/** @typedef {Record<string, Record<Side, string[]>>} Scales name -> side -> stops as #rrggbb, evenly spread */

/** @param {string} hex #rrggbb @returns {Parts} */
export const hexParts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** As the contrast of text is defined (WCAG 2), 0 to 1. @param {Parts} parts */
export function luminance(parts) {
  const [r, g, b] = parts.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The more legible of black and white on a colour. @param {Parts} parts */
export const inkOn = (parts) => (luminance(parts) > 0.179 ? "#000000" : "#ffffff");

/** The colour at a share, 0 to 1, of a scale. @param {Parts[]} stops evenly spread @param {number} share @returns {Parts} */
export function between(stops, share) {
  const at = clamp(share, 0, 1) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((v, i) => Math.round(v + (stops[low + 1][i] - v) * (at - low)));
}

/** That colour for CSS, and the ink for text on it. @param {Parts[]} stops @param {number} share */
export function shade(stops, share) {
  const mixed = between(stops, share);
  return { back: `rgb(${mixed.join(",")})`, ink: inkOn(mixed) };
}

/** A scale from left to right, as a CSS background. @param {string[]} stops */
export const gradient = (stops) => `linear-gradient(to right, ${stops.join(", ")})`;

/** Which side the page is on, read from its background, whatever way that is written. @param {Element} root @returns {Side} */
export function themeSide(root) {
  const canvas = /** @type {CanvasRenderingContext2D} */ (element("canvas").getContext("2d"));
  canvas.fillStyle = getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const colour = canvas.fillStyle;
  return luminance(hexParts(colour.startsWith("#") ? colour : "#ffffff")) < 0.179 ? "dark" : "light";
}

/** @param {Element} root @returns {{ side: Side, text: string, background: string, font: string }} */
export function readTheme(root) {
  const style = getComputedStyle(root);
  /** @param {string} name @param {string} fallback */
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    side: themeSide(root),
    text: read("--st-text-color", "#1f2328"),
    background: read("--st-background-color", "#ffffff"),
    font: read("--st-font", "sans-serif"),
  };
}

/** How much larger than usual the page's type is (projector view): all that is measured in pixels grows with it. */
export const typeSize = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;

/**
 * Tells of another theme and of another width or type size. Puts a probe into `root`, which needs a position of its own.
 * @param {HTMLElement} root
 * @param {{ themed: () => void, resized: () => void }} tell
 * @returns {() => void} ends it
 */
export function watchPage(root, { themed, resized }) {
  const probe = element("i", "rnnviz-probe");
  root.append(probe);
  // the theme's variables change without a call: a transition of a colour that follows them tells when
  probe.addEventListener("transitionend", themed);
  const observer = new ResizeObserver(resized);
  observer.observe(root);
  observer.observe(probe); // one rem wide: tells when the page's type grows
  return () => observer.disconnect();
}
