// The map: weights as cells, the encoder's states above them, the decoder's left of them, and the cursor over all.

import { penOf } from "../../parts/js/canvas.js";
import { button, element } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { filled } from "../../parts/js/words.js";
import { layoutOf } from "./layout.js";
import { stateNames } from "./legend.js";
import { formula, strongest } from "./working.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Numbers} Numbers */
/** @typedef {import("./types.js").Spot} Spot */
/** @typedef {import("./layout.js").Layout} Layout */

/**
 * @typedef {object} Heard
 * @property {(spot: Spot | null) => void} point
 * @property {(spot: Spot, twice: boolean) => void} click
 * @property {(place: number) => void} only a token was clicked
 */

export class WeightMap {
  /** @param {Heard} heard */
  constructor(heard) {
    this.heard = heard;
    /** @type {Data | null} */
    this.data = null;
    /** @type {Numbers | null} */
    this.numbers = null;
    /** @type {Layout | null} */
    this.layout = null;
    /** @type {import("./colours.js").Colours | null} */
    this.colours = null;
    this.ink = "";
    /** @type {HTMLElement[]} */
    this.keys = [];
    /** @type {HTMLElement[]} */
    this.rows = [];
    this.marks = { top: mark(), left: mark(), column: mark(), row: mark("ra-mark ra-row-mark") };
    this.corner = element("div", "ra-corner");
    this.top = element("div", "ra-top");
    this.left = element("div", "ra-left");
    this.cells = element("div", "ra-cells");
    this.grid = element("div", "ra-grid", this.corner, this.top, this.left, this.cells);
    this.pen = penOf(element("canvas")); // of the cells
    this.root = element("div", "ra-scroll", this.grid);
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.addEventListener("pointermove", (event) => heard.point(this.spot(event)));
    this.root.addEventListener("pointerleave", () => heard.point(null));
    this.root.addEventListener("click", (event) => this.clicked(event, false));
    this.root.addEventListener("dblclick", (event) => this.clicked(event, true));
  }

  // ---- drawing --------------------------------------------------------------------------------------------------

  /**
   * @param {Data} data
   * @param {Numbers} numbers
   * @param {import("./colours.js").Colours} colours
   * @param {string} ink of the page's text
   * @param {number} room
   * @param {number} u how much larger than usual the type is
   */
  draw(data, numbers, colours, ink, room, u) {
    const pen = penOf(element("canvas"));
    pen.font = `600 ${14 * u}px ${getComputedStyle(this.root).getPropertyValue("--rnnviz-mono")}`;
    const layout = layoutOf(data, room, u, (text) => pen.measureText(text).width, window.devicePixelRatio || 1);
    Object.assign(this, { data, numbers, colours, ink, layout });
    const width = layout.width + layout.tail;
    Object.assign(this.grid.style, {
      gridTemplateColumns: `${layout.left}px ${width}px`,
      gridTemplateRows: `${layout.top}px ${layout.height}px`,
      width: `${layout.left + width}px`,
    });
    this.drawCorner(data, layout);
    this.drawTop(data, layout, u, colours.states(numbers.memory, layout.pools.encoder, true));
    this.drawLeft(data, layout, colours.states(numbers.hidden, layout.pools.decoder, false));
    const cells = canvasOf(layout.width, layout.height);
    cells.canvas.setAttribute("aria-hidden", "true");
    this.pen = cells.pen;
    this.cells.replaceChildren(cells.canvas, this.marks.column, this.marks.row);
    return layout;
  }

  /** @private @param {Data} data @param {Layout} layout */
  drawCorner(data, layout) {
    const names = stateNames(data, layout.pools);
    const encoder = element("span", "ra-corner-top", formula("h_{i}"));
    const decoder = element("span", "ra-corner-left", formula("s_{t}"));
    encoder.title = names.encoder;
    decoder.title = names.decoder;
    encoder.style.height = `${layout.states}px`;
    decoder.style.width = `${layout.strip}px`;
    this.corner.style.height = `${layout.top}px`;
    this.corner.replaceChildren(encoder, decoder);
  }

  /** @private @param {Data} data @param {Layout} layout @param {number} u @param {HTMLCanvasElement} image */
  drawTop(data, { width, states, across }, u, image) {
    const { canvas, pen } = canvasOf(width, states);
    canvas.dataset.strip = "encoder";
    pen.drawImage(image, 0, 0, width, states);
    this.keys = data.source.map((token, i) => {
      const key = button("ra-key", token, () => this.heard.only(i));
      key.title = filled(data.labels.only, { token, place: i + 1 });
      key.setAttribute("aria-label", key.title);
      key.tabIndex = -1;
      key.dataset.key = String(i);
      if (data.unknown.includes(i)) key.classList.add("ra-unknown");
      if (data.slanted) key.classList.add("ra-slanted");
      Object.assign(key.style, data.slanted
        ? { left: `${(i + 0.5) * across}px`, bottom: "4px", maxWidth: `${150 * u}px` }
        : { left: `${i * across}px`, width: `${across}px`, bottom: "2px" });
      return key;
    });
    this.top.replaceChildren(canvas, this.marks.top, ...this.keys);
  }

  /** @private @param {Data} data @param {Layout} layout @param {HTMLCanvasElement} image */
  drawLeft(data, { strip, height, down, left }, image) {
    const { canvas, pen } = canvasOf(strip - 4, height);
    canvas.dataset.strip = "decoder";
    pen.drawImage(image, 0, 0, strip - 4, height);
    const differs = data.lines.find((line) => line.name === "changed")?.different ?? [];
    this.rows = data.target.map((token, t) => {
      const name = element("span", differs.includes(t) ? "ra-row-token ra-differs" : "ra-row-token", token);
      const row = element("div", "ra-row", element("span", "ra-number", `${t + 1}`), name);
      if (data.edits[t]) row.classList.add("ra-edited");
      Object.assign(row.style, { top: `${t * down}px`, height: `${down}px`, left: `${strip}px`, width: `${left - strip}px` });
      return row;
    });
    this.left.replaceChildren(canvas, ...this.rows, this.marks.left);
  }

  /** The rows that are written, up to one. @param {number} last */
  paint(last) {
    const { numbers, layout, colours, pen } = this;
    if (!numbers || !layout || !colours) return;
    const { across, down, width, height } = layout;
    const gap = across > 8 ? 1 : 0;
    pen.clearRect(0, 0, width, height);
    pen.globalAlpha = 0.13;
    pen.fillStyle = this.ink;
    pen.fillRect(0, 0, width, (last + 1) * down);
    pen.globalAlpha = 1;
    numbers.weight.slice(0, last + 1).forEach((row, t) =>
      row.forEach((weight, i) => {
        pen.fillStyle = colours.weight(weight);
        pen.fillRect(i * across, t * down, across - gap, down - gap);
      }),
    );
    this.rows.forEach((row, t) => row.classList.toggle("ra-later", t > last));
  }

  /** @param {number} row @param {number} place @param {number} chosen step */
  mark(row, place, chosen) {
    if (!this.layout) return;
    const { across, down, width, height, left, top } = this.layout;
    move(this.marks.top, place * across, 0, across, top);
    move(this.marks.column, place * across, 0, across, height);
    move(this.marks.left, 0, row * down, left, down);
    move(this.marks.row, 0, row * down, width, down);
    this.keys.forEach((key, i) => key.classList.toggle("ra-here", i === place));
    this.rows.forEach((line, t) => {
      line.classList.toggle("ra-here", t === row);
      line.classList.toggle("ra-chosen", t === chosen);
    });
  }

  // ---- pointing -------------------------------------------------------------------------------------------------

  /** What an event points at. @private @param {PointerEvent | MouseEvent} event @returns {Spot | null} */
  spot({ target, clientX, clientY }) {
    const { data, numbers, layout } = this;
    if (!data || !numbers || !layout || !(target instanceof HTMLElement)) return null;
    /** @param {Element} part */
    const inside = (part) => {
      const box = part.getBoundingClientRect();
      return { x: clientX - box.left, y: clientY - box.top };
    };
    const row = clamp(Math.floor(inside(this.left).y / layout.down), 0, data.target.length - 1);
    const place = clamp(Math.floor(inside(this.top).x / layout.across), 0, data.source.length - 1);
    /** @param {"encoder" | "decoder"} strip @param {Float32Array} state @param {number} share of the strip */
    const unitAt = (strip, state, share) => {
      const pool = layout.pools[strip];
      return strongest(state, clamp(Math.floor(share * Math.ceil(data.units / pool)) * pool, 0, data.units - 1), pool);
    };
    if (this.cells.contains(target)) return { row, place };
    if (target.dataset.strip === "decoder")
      return { row, strip: "decoder", unit: unitAt("decoder", numbers.hidden[row], inside(target).x / (layout.strip - 4)) };
    if (this.left.contains(target)) return { row };
    if (target.dataset.key !== undefined) return { place: Number(target.dataset.key) };
    if (target.dataset.strip === "encoder")
      return { place, strip: "encoder", unit: unitAt("encoder", numbers.memory[place], inside(target).y / layout.states) };
    return null;
  }

  /** @private @param {MouseEvent} event @param {boolean} twice */
  clicked(event, twice) {
    if (event.target instanceof Element && event.target.closest("button")) return;
    const spot = this.spot(event);
    if (spot) this.heard.click(spot, twice);
  }

  /** Scrolls inside the map alone. @param {number} step @param {number} place */
  reveal(step, place) {
    if (!this.layout) return;
    const { across, down, left, top } = this.layout;
    const { root } = this;
    const [x, y] = [place * across, step * down];
    const [wide, high] = [root.clientWidth - left, root.clientHeight - top];
    if (x < root.scrollLeft) root.scrollLeft = x;
    if (x + across > root.scrollLeft + wide) root.scrollLeft = x + across - wide;
    if (y < root.scrollTop) root.scrollTop = y;
    if (y + down > root.scrollTop + high) root.scrollTop = y + down - high;
  }
}

/** A line over the map that follows the cursor. */
function mark(className = "ra-mark") {
  return element("div", className);
}

/** @param {HTMLElement} made @param {number} left @param {number} top @param {number} width @param {number} height */
function move(made, left, top, width, height) {
  Object.assign(made.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
}

/** A canvas with as many pixels as the screen has there. @param {number} width @param {number} height */
function canvasOf(width, height) {
  const canvas = element("canvas", "ra-canvas");
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const pen = penOf(canvas);
  pen.scale(ratio, ratio);
  pen.imageSmoothingEnabled = false;
  return { canvas, pen };
}
