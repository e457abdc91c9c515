// The map to take away, as a picture of its own.

import { penOf } from "../../parts/js/canvas.js";
import { element, shape } from "../../parts/js/dom.js";

/**
 * What is drawn.
 * @typedef {object} Drawn
 * @property {import("./types.js").Data} data
 * @property {import("./types.js").Numbers} numbers
 * @property {import("./layout.js").Layout} layout
 * @property {import("./colours.js").Colours} colours
 * @property {ReturnType<typeof import("../../parts/js/theme.js").readTheme>} theme
 * @property {string} mono the face of tokens
 * @property {number} u how much larger than usual the type is
 */

/** The map as SVG. @param {Drawn} drawn */
function pictureOf({ data, numbers, layout, colours, theme, mono, u }) {
  const { across, down, strip, number, states } = layout;
  const [left, top] = [24 + layout.left, 64 + layout.top];
  const [width, height] = [Math.max(left + layout.width + layout.tail + 24, 560), top + layout.height + 56];
  const svg = shape("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, fill: theme.text });
  /** @param {number} x @param {number} y @param {string} text @param {Record<string, string | number>} [more] */
  const write = (x, y, text, more = {}) => {
    shape("text", { x, y, "font-family": mono, "font-size": 14 * u, ...more }, svg).textContent = text;
  };
  /** @param {HTMLCanvasElement} image @param {Record<string, number>} place */
  const put = (image, place) =>
    shape("image", { ...place, preserveAspectRatio: "none", style: "image-rendering: pixelated", href: image.toDataURL() }, svg);
  /** @param {number} x @param {string} name @param {string} low @param {string} scale @param {string} high */
  const legend = (x, name, low, scale, high) => {
    const fade = shape("linearGradient", { id: `fade-${scale}` }, svg);
    const stops = data.scales[scale][theme.side];
    stops.forEach((colour, i) => shape("stop", { offset: i / (stops.length - 1), "stop-color": colour }, fade));
    const y = height - 20;
    const from = x + (name.length + low.length + 2) * 8.6 * u;
    write(x, y, `${name} ${low}`);
    shape("rect", { x: from, y: y - 11, width: 72, height: 12, fill: `url(#fade-${scale})`, stroke: theme.text, "stroke-opacity": 0.3 }, svg);
    write(from + 80, y, high);
  };
  shape("rect", { width, height, fill: theme.background }, svg);
  write(24, 32, `${data.labels.map}: ${data.text.split(" ")[0]}`, { "font-size": 20 * u, "font-weight": 600, "font-family": "sans-serif" });
  put(colours.states(numbers.memory, layout.pools.encoder, true), { x: left, y: 64, width: layout.width, height: states });
  put(colours.states(numbers.hidden, layout.pools.decoder, false), { x: 24, y: top, width: strip - 4, height: layout.height });
  data.source.forEach((token, i) => {
    const x = left + (i + 0.5) * across;
    if (data.slanted) write(x, top - 6, token, { transform: `rotate(-60 ${x} ${top - 6})` });
    else write(x, top - 8, token, { "text-anchor": "middle" });
  });
  data.target.forEach((token, t) => {
    const y = top + (t + 0.68) * down;
    write(24 + strip + number - 8, y, String(t + 1), { "text-anchor": "end", opacity: 0.72 });
    write(24 + strip + number, y, token, { "font-weight": 600 });
    numbers.weight[t].forEach((weight, i) => {
      const cell = { x: left + i * across, y: top + t * down, width: across - 1, height: down - 1 };
      shape("rect", { ...cell, fill: colours.weight(weight), stroke: theme.text, "stroke-opacity": 0.13 }, svg);
    });
  });
  legend(24, "α", "0", "probability", "1");
  legend(200, "h, s", "−1", "diverging", "1");
  return { text: new XMLSerializer().serializeToString(svg), width, height };
}

/** @param {Drawn} drawn @param {string} format png or svg */
export async function save(drawn, format) {
  const { text, width, height } = pictureOf(drawn);
  const svg = new Blob([text], { type: "image/svg+xml" });
  const blob = format === "png" ? await rastered(svg, 2 * width, 2 * height) : svg;
  const link = element("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${drawn.data.file}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** @param {Blob} svg @param {number} width @param {number} height @returns {Promise<Blob>} as PNG */
async function rastered(svg, width, height) {
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  URL.revokeObjectURL(image.src);
  const canvas = Object.assign(element("canvas"), { width, height });
  penOf(canvas).drawImage(image, 0, 0, width, height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture came")))));
}
