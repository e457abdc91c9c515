// The attention map and one step of its arithmetic. All that moves with the pointer or the keys happens here, from numbers that
// were sent once for all steps; Python hears of a change ("edit") and, when the reader has come to rest, of the chosen step.
// Text of the reader goes in through textContent only.

import { element, mounted } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { between, hexParts, themeSide } from "../../parts/js/theme.js";

export default mounted((parent) => new AttentionMap(parent));

function button(className, text, label, act) {
  const made = element("button", className, text);
  made.type = "button";
  if (label) made.title = label;
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

// our own formulas: s_{3} has a 3 below the line, e^{x} an x above it
function formula(text, className = "ra-formula") {
  const made = element("span", className);
  for (const part of text.split(/([_^]\{[^}]*\})/)) {
    if (/^[_^]\{/.test(part)) made.append(element(part[0] === "_" ? "sub" : "sup", "", part.slice(2, -1)));
    else made.append(part);
  }
  return made;
}

function decode({ bdata, shape }) {
  const bytes = Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0));
  const flat = new Float32Array(bytes.buffer);
  const width = shape[1];
  return Array.from({ length: shape[0] }, (_, i) => flat.subarray(i * width, (i + 1) * width));
}

const sum = (values) => values.reduce((total, v) => total + v, 0);
const four = (value) => {
  if (value === 0) return "0";
  const text = Math.abs(value) < 1e-4 ? value.toExponential(3) : Math.abs(value) < 1 ? value.toFixed(4) : value.toPrecision(4);
  return text.replaceAll("-", "\u2212");
};
const typed = (value) => (value === 0 ? "0" : value < 1e-4 ? value.toExponential(1) : value.toFixed(4));
const percent = (value) => (value < 1e-4 ? "< 0.01 %" : `${(100 * value).toFixed(value >= 0.0995 ? 1 : 2)} %`);
const largest = (values, count) =>
  Array.from(values, (v, i) => i).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a])).slice(0, count);
const top = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
const NEAR = 5e-7; // a weight so near the network's own is the network's own
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

class AttentionMap {
  constructor(parent) {
    this.revision = 0;
    this.hover = null;
    this.playing = null;
    this.pace = 400;
    this.build(parent);
  }

  // ---- the frame, made once -------------------------------------------------------------------------------------

  build(parent) {
    this.root = element("section", "ra-root");
    this.outputs = element("div", "ra-outputs");
    this.outputs.setAttribute("role", "group");
    this.readout = element("output", "ra-readout");
    this.readout.setAttribute("aria-live", "off");
    this.buttons = {};
    const tool = (name, sign) => (this.buttons[name] = button("ra-button", sign, "", () => this.act(name)));
    this.speed = element("select", "ra-select");
    this.speed.addEventListener("change", () => {
      this.pace = Number(this.speed.value);
      if (this.playing) this.play();
    });
    this.menu = element("span", "ra-menu");
    for (const format of ["png", "svg"]) this.menu.append(button("ra-button", format.toUpperCase(), "", () => this.download(format)));
    this.menu.hidden = true;
    this.menu.addEventListener("keydown", (e) => {
      if (e.key === "Escape") this.openMenu(false);
    });
    this.tools = element("div", "ra-tools", tool("back", "‹"), tool("play", "▶"), tool("forward", "›"), this.speed, tool("save", "↓"), this.menu);
    this.edits = element("div", "ra-tools", tool("undo", ""), tool("resetStep", ""), tool("reset", ""));
    this.legend = element("div", "ra-legends");
    this.scroller = element("div", "ra-scroll");
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "group");
    this.corner = element("div", "ra-corner");
    this.topPart = element("div", "ra-top");
    this.leftPart = element("div", "ra-left");
    this.cellPart = element("div", "ra-cells");
    this.scroller.append(element("div", "ra-grid", this.corner, this.topPart, this.leftPart, this.cellPart));
    this.grid = this.scroller.firstChild;
    this.left = element("div", "ra-map", this.readout, this.scroller, this.legend);
    this.side = element("div", "ra-side");
    this.problem = element("p", "ra-problem");
    this.problem.setAttribute("role", "status");
    this.problem.hidden = true;
    this.live = element("p", "ra-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.summary = element("p", "ra-hidden");
    this.summary.id = `ra-summary-${Math.random().toString(36).slice(2)}`; // an id of the page, nothing that is shown
    this.scroller.setAttribute("aria-describedby", this.summary.id);
    this.themeProbe = element("i", "ra-theme");
    // in view while the weights below are changed
    this.head = element("div", "ra-head", this.outputs, element("div", "ra-bar", this.tools, this.edits), this.problem);
    this.root.append(
      this.head, element("div", "ra-main", this.left, this.side),
      this.live, this.summary, this.themeProbe,
    );
    parent.append(this.root);

    this.scroller.addEventListener("pointermove", (e) => this.pointed(e));
    this.scroller.addEventListener("pointerleave", () => this.point(null));
    this.scroller.addEventListener("click", (e) => this.clicked(e));
    this.scroller.addEventListener("dblclick", (e) => this.clicked(e, true));
    this.scroller.addEventListener("keydown", (e) => this.key(e));
    this.themeProbe.addEventListener("transitionend", () => this.data && this.draw());
    this.calmed = () => {
      this.stop();
      this.buttons.play.hidden = this.speed.hidden = calm.matches;
    };
    calm.addEventListener("change", this.calmed);
    this.observer = new ResizeObserver(() => {
      const stays = getComputedStyle(this.head).position === "sticky";
      this.root.style.setProperty("--ra-head", `${stays ? this.head.offsetHeight : 0}px`);
      if (!this.data || (this.root.clientWidth === this.width && this.rem() === this.size)) return;
      this.draw();
    });
    this.observer.observe(this.root);
    this.observer.observe(this.head);
    this.observer.observe(this.themeProbe); // one rem wide: tells when the page's type grows
  }

  destroy() {
    this.stop();
    clearTimeout(this.restTimer);
    clearTimeout(this.sayTimer);
    calm.removeEventListener("change", this.calmed);
    this.observer.disconnect();
    this.root.remove();
  }

  // ---- what Python sends ----------------------------------------------------------------------------------------

  update(data) {
    const other = !this.data || this.data.text !== data.text;
    const redo = other || this.data.id !== data.id || JSON.stringify(this.data.labels) !== JSON.stringify(data.labels);
    const wished = data.step !== null && data.step !== this.sentStep;
    if (other) this.stop();
    const touched = this.touched;
    this.data = data;
    this.touched = null;
    this.root.removeAttribute("aria-busy");
    this.problem.hidden = true;
    this.buttons.undo.disabled = !data.undo;
    if (other || wished) {
      clearTimeout(this.restTimer);
      this.step = data.step ?? 0;
    }
    this.sentStep = other ? data.step : (data.step ?? this.sentStep);
    this.step = clamp(this.step, 0, data.target.length - 1);
    if (!redo && !wished) return;
    if (redo) {
      const { arrays } = data;
      this.numbers = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, decode(array)]));
      this.hover = null;
    }
    if (other || !touched) this.place = top(this.numbers.weight[this.step]);
    this.place = clamp(this.place, 0, data.source.length - 1);
    const words = data.labels;
    this.scroller.setAttribute("aria-label", words.map);
    this.outputs.setAttribute("aria-label", words.outputs);
    this.summary.textContent = `${data.summary} ${words.keys}`;
    for (const name of ["back", "play", "forward", "save"]) {
      this.buttons[name].title = words[name];
      this.buttons[name].setAttribute("aria-label", words[name]);
    }
    for (const name of ["undo", "resetStep", "reset"]) this.buttons[name].textContent = words[name];
    this.speed.replaceChildren(
      ...[200, 400, 600].map((ms) => {
        const option = element("option", "", `${ms} ms`);
        option.value = ms;
        option.selected = ms === this.pace;
        return option;
      }),
    );
    this.speed.setAttribute("aria-label", fill(words.pace, { time: this.pace }));
    this.calmed();
    if (other) this.scroller.scrollTo(0, 0);
    this.draw();
    if (other || wished) this.reveal();
  }

  rem() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
  }

  // ---- colours --------------------------------------------------------------------------------------------------

  readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    this.theme = { text: read("--st-text-color", "#1f2328"), background: read("--st-background-color", "#ffffff") };
    this.theme.side = themeSide(this.root);
    this.root.dataset.theme = this.theme.side;
    this.tables = {};
    this.pixels = {}; // the same as whole numbers, as an image's memory has them
    for (const [name, sides] of Object.entries(this.data.scales)) {
      const stops = sides[this.theme.side].map(hexParts);
      this.tables[name] = Array.from({ length: 256 }, (_, i) => between(stops, i / 255));
      const bytes = new Uint8Array(this.tables[name].flatMap((rgb) => [...rgb, 255]));
      this.pixels[name] = new Uint32Array(bytes.buffer);
    }
  }

  shade(scale, value, low, high) {
    return this.tables[scale][this.code(value, low, high)];
  }

  code(value, low, high) {
    return Math.round(clamp((value - low) / (high - low), 0, 1) * 255);
  }

  // ---- drawing --------------------------------------------------------------------------------------------------

  draw() {
    this.root.removeAttribute("data-drawn");
    this.revision += 1;
    this.width = this.root.clientWidth;
    this.size = this.rem();
    this.readTheme();
    this.drawOutputs();
    this.lay();
    this.drawTop();
    this.drawLeft();
    this.drawCells();
    this.drawLegend();
    this.chosen();
    this.root.dataset.drawn = this.data.id;
    this.root.dataset.revision = String(this.revision);
  }

  drawOutputs() {
    const words = this.data.labels;
    let marks = false;
    const rows = this.data.lines.map((line) => {
      const tokens = element("span", "ra-tokens");
      const missing = new Map(line.missing);
      const gap = (i) => {
        if (!missing.has(i)) return;
        marks = true;
        const mark = element("span", "ra-missing", "‸");
        mark.title = fill(words.missing, { tokens: missing.get(i) });
        tokens.append(mark);
      };
      line.tokens.forEach((token, i) => {
        gap(i);
        const differs = line.different.includes(i);
        marks ||= differs;
        tokens.append(element(differs ? "mark" : "span", differs ? "ra-token ra-differs" : "ra-token", token));
      });
      gap(line.tokens.length);
      const row = element("div", "ra-output", element("span", "ra-output-name", line.title), tokens);
      row.dataset.line = line.name;
      if (line.right !== null) {
        const sign = line.right ? `✓ ${words.right}` : `✗ ${fill(words.wrong, { right: this.data.right })}`;
        row.append(element("span", line.right ? "ra-right" : "ra-wrong", sign));
      }
      return row;
    });
    if (marks) rows.push(element("div", "ra-soft", element("mark", "ra-differs", "\u2003"), ` ${words.marked}`));
    if (this.data.note) rows.push(element("div", "ra-soft", this.data.note));
    this.outputs.replaceChildren(...rows);
  }

  // sizes of everything, from the room there is
  lay() {
    const { source, target, units } = this.data;
    const u = this.size;
    const pen = element("canvas").getContext("2d");
    const mono = getComputedStyle(this.root).getPropertyValue("--rnnviz-mono");
    pen.font = `600 ${14 * u}px ${mono}`;
    const widest = (tokens) => Math.max(...tokens.map((token) => pen.measureText(token).width));
    const room = this.left.clientWidth;
    const narrow = room < 560 * u;
    const strip = (narrow ? 44 : 96) * u;
    const number = pen.measureText(String(target.length)).width + 14 * u;
    const token = Math.min(widest(target), 130 * u) + 12 * u;
    const left = Math.round(strip + number + token);
    const sourceWidth = Math.min(widest(source), 150 * u);
    const slope = 0.87; // 60 degrees
    const tail = this.data.slanted ? Math.round(sourceWidth * 0.5) : 0;
    const least = this.data.slanted ? 24 * u : Math.max(13 * u, sourceWidth > 14 * u ? Math.min(sourceWidth, 40 * u) : 0);
    const across = Math.floor(clamp((room - left - tail - 4) / source.length, least, 44 * u));
    const head = Math.round(this.data.slanted ? sourceWidth * slope + 18 * u : 28 * u);
    const states = Math.round(96 * u);
    this.at = {
      strip, number, token, left, across, tail, head, states, down: Math.round(27 * u), narrow,
      width: across * source.length, height: Math.round(27 * u) * target.length, top: states + head + 4,
    };
    Object.assign(this.grid.style, {
      gridTemplateColumns: `${left}px ${this.at.width + tail}px`,
      gridTemplateRows: `${this.at.top}px ${this.at.height}px`,
      width: `${left + this.at.width + tail}px`,
    });
    const pool = (pixels) => Math.ceil(units / Math.min(units, Math.floor(pixels * (window.devicePixelRatio || 1))));
    this.pools = { encoder: pool(states), decoder: pool(strip) };
  }

  canvas(width, height) {
    const made = element("canvas", "ra-canvas");
    const ratio = window.devicePixelRatio || 1;
    made.width = Math.round(width * ratio);
    made.height = Math.round(height * ratio);
    Object.assign(made.style, { width: `${width}px`, height: `${height}px` });
    const pen = made.getContext("2d");
    pen.scale(ratio, ratio);
    pen.imageSmoothingEnabled = false;
    return [made, pen];
  }

  // states (place, unit) as an image with places across, or with places down; of units that share a pixel the stronger
  stateImage(rows, pool, across) {
    const lines = Math.ceil(this.data.units / pool);
    const small = element("canvas");
    [small.width, small.height] = across ? [rows.length, lines] : [lines, rows.length];
    const pen = small.getContext("2d");
    const image = pen.createImageData(small.width, small.height);
    const pixels = new Uint32Array(image.data.buffer);
    rows.forEach((row, i) => {
      for (let line = 0; line < lines; line++) {
        const value = row[this.strongest(row, line * pool, pool)];
        pixels[across ? line * small.width + i : i * small.width + line] = this.pixels.diverging[this.code(value, -1, 1)];
      }
    });
    pen.putImageData(image, 0, 0);
    return small;
  }

  strongest(row, from, count) {
    let best = from;
    for (let i = from; i < Math.min(row.length, from + count); i++) if (Math.abs(row[i]) > Math.abs(row[best])) best = i;
    return best;
  }

  drawTop() {
    const { at, data } = this;
    const [canvas, pen] = this.canvas(at.width, at.states);
    canvas.dataset.strip = "encoder";
    pen.drawImage(this.stateImage(this.numbers.memory, this.pools.encoder, true), 0, 0, at.width, at.states);
    this.keys = data.source.map((token, i) => {
      const name = fill(data.labels.only, { token, place: i + 1 });
      const key = button("ra-key", token, name, () => this.only(i));
      key.tabIndex = -1;
      key.dataset.key = i;
      if (data.unknown.includes(i)) key.classList.add("ra-unknown");
      if (data.slanted) key.classList.add("ra-slanted");
      Object.assign(key.style, data.slanted
        ? { left: `${(i + 0.5) * at.across}px`, bottom: "4px", maxWidth: `${150 * this.size}px` }
        : { left: `${i * at.across}px`, width: `${at.across}px`, bottom: "2px" });
      return key;
    });
    this.topMark = element("div", "ra-mark");
    this.topPart.replaceChildren(canvas, this.topMark, ...this.keys);
    const many = (pool) => (pool > 1 ? `, ${fill(data.labels.stronger, { count: pool })}` : "");
    this.corner.replaceChildren();
    this.corner.style.height = `${at.top}px`;
    this.stateNames = {
      encoder: `${data.labels.encoder}: ${data.units} ${data.labels.units}${many(this.pools.encoder)}`,
      decoder: `${data.labels.decoder}: ${data.units} ${data.labels.units}${many(this.pools.decoder)}`,
    };
    const encoder = element("span", "ra-corner-top", formula("h_{i}"));
    const decoder = element("span", "ra-corner-left", formula("s_{t}"));
    encoder.title = this.stateNames.encoder;
    decoder.title = this.stateNames.decoder;
    encoder.style.height = `${at.states}px`;
    decoder.style.width = `${at.strip}px`;
    this.corner.append(encoder, decoder);
  }

  drawLeft() {
    const { at, data } = this;
    const [canvas, pen] = this.canvas(at.strip - 4, at.height);
    canvas.dataset.strip = "decoder";
    pen.drawImage(this.stateImage(this.numbers.hidden, this.pools.decoder, false), 0, 0, at.strip - 4, at.height);
    const differs = data.lines.find((line) => line.name === "changed")?.different ?? [];
    this.rows = data.target.map((token, t) => {
      const name = element("span", differs.includes(t) ? "ra-row-token ra-differs" : "ra-row-token", token);
      const row = element("div", "ra-row", element("span", "ra-number", `${t + 1}`), name);
      if (data.edits[t]) row.classList.add("ra-edited");
      Object.assign(row.style, { top: `${t * at.down}px`, height: `${at.down}px`, left: `${at.strip}px`, width: `${at.left - at.strip}px` });
      return row;
    });
    this.leftMark = element("div", "ra-mark");
    this.leftPart.replaceChildren(canvas, ...this.rows, this.leftMark);
  }

  drawCells() {
    const { at } = this;
    const [canvas, pen] = this.canvas(at.width, at.height);
    canvas.setAttribute("aria-hidden", "true");
    this.cells = pen;
    this.rowMark = element("div", "ra-mark ra-row-mark");
    this.columnMark = element("div", "ra-mark");
    this.cellPart.replaceChildren(canvas, this.columnMark, this.rowMark);
    this.paintCells();
  }

  paintCells() {
    const { at, cells, numbers } = this;
    const last = this.playing ? this.step : numbers.weight.length - 1;
    const gap = at.across > 8 ? 1 : 0;
    cells.clearRect(0, 0, at.width, at.height);
    cells.globalAlpha = 0.13;
    cells.fillStyle = this.theme.text;
    cells.fillRect(0, 0, at.width, (last + 1) * at.down);
    cells.globalAlpha = 1;
    numbers.weight.slice(0, last + 1).forEach((row, t) => {
      row.forEach((weight, i) => {
        cells.fillStyle = `rgb(${this.shade("probability", weight, 0, 1).join(",")})`;
        cells.fillRect(i * at.across, t * at.down, at.across - gap, at.down - gap);
      });
    });
    this.rows.forEach((row, t) => row.classList.toggle("ra-later", t > last));
  }

  gradient(scale) {
    const stops = this.data.scales[scale][this.theme.side];
    const bar = element("span", "ra-gradient");
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    return bar;
  }

  drawLegend() {
    const words = this.data.labels;
    const legend = (name, low, scale, high) => element("span", "ra-legend", element("span", "", name), element("span", "ra-scale", low, this.gradient(scale), high));
    this.legend.replaceChildren(
      legend(`${words.weight} α`, "0", "probability", "1"),
      legend(this.stateNames.encoder, "−1", "diverging", "1"),
      ...(this.pools.encoder === this.pools.decoder ? [element("span", "ra-legend", words.decoder)] : [element("span", "ra-legend", this.stateNames.decoder)]),
    );
  }

  // ---- the cursor -----------------------------------------------------------------------------------------------

  chosen() {
    this.buttons.resetStep.disabled = !this.data.edits[this.step];
    this.buttons.reset.disabled = !Object.keys(this.data.edits).length;
    this.drawSide();
    this.paintCursor();
  }

  paintCursor() {
    const { at, data, numbers } = this;
    const words = data.labels;
    const row = this.hover?.row ?? this.step;
    const place = this.hover?.place ?? this.place;
    const box = (mark, left, topAt, width, height) => Object.assign(mark.style, { left: `${left}px`, top: `${topAt}px`, width: `${width}px`, height: `${height}px` });
    box(this.topMark, place * at.across, 0, at.across, at.top);
    box(this.columnMark, place * at.across, 0, at.across, at.height);
    box(this.leftMark, 0, row * at.down, at.left, at.down);
    box(this.rowMark, 0, row * at.down, at.width, at.down);
    this.keys.forEach((key, i) => key.classList.toggle("ra-here", i === place));
    this.rows.forEach((line, t) => {
      line.classList.toggle("ra-here", t === row);
      line.classList.toggle("ra-chosen", t === this.step);
    });
    const looks = fill(words.looks, { target: data.target[row], source: data.source[place] });
    const value = `α = ${four(numbers.weight[row][place])}, ${words.score} ${four(numbers.score[row][place])}`;
    let unit = "";
    if (this.hover?.unit !== undefined) {
      const { strip, unit: n } = this.hover;
      const state = strip === "encoder" ? numbers.memory[place][n] : numbers.hidden[row][n];
      unit = `${strip === "encoder" ? "h" : "s"}, ${words.unit} ${n}: ${four(state)}`;
    }
    this.readout.replaceChildren(
      element("span", "", `${words.step} ${row + 1}/${data.target.length}`),
      ...(unit ? [element("b", "", unit)] : [element("b", "ra-mono", looks), element("span", "ra-mono", value)]),
    );
    this.spoken = `${words.step} ${row + 1}: ${looks}, ${words.place} ${place + 1}, ${value}`;
    this.side.querySelectorAll("[data-place]").forEach((line) => line.classList.toggle("ra-here", Number(line.dataset.place) === place));
  }

  point(hover) {
    const same = (a, b) => a?.row === b?.row && a?.place === b?.place && a?.unit === b?.unit;
    if (!this.data || same(hover, this.hover)) return;
    this.hover = hover;
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paintCursor());
  }

  spot(event) {
    const { at, data } = this;
    const inside = (part) => {
      const box = part.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const row = () => clamp(Math.floor(inside(this.leftPart).y / at.down), 0, data.target.length - 1);
    const place = () => clamp(Math.floor(inside(this.topPart).x / at.across), 0, data.source.length - 1);
    if (this.cellPart.contains(event.target)) return { row: row(), place: place() };
    if (this.leftPart.contains(event.target)) {
      if (event.target.dataset.strip !== "decoder") return { row: row() };
      const first = Math.floor((inside(event.target).x / (at.strip - 4)) * Math.ceil(data.units / this.pools.decoder)) * this.pools.decoder;
      return { row: row(), strip: "decoder", unit: this.strongest(this.numbers.hidden[row()], clamp(first, 0, data.units - 1), this.pools.decoder) };
    }
    if (event.target.dataset?.key !== undefined) return { place: Number(event.target.dataset.key) };
    if (event.target.dataset?.strip === "encoder") {
      const first = Math.floor((inside(event.target).y / at.states) * Math.ceil(data.units / this.pools.encoder)) * this.pools.encoder;
      return { place: place(), strip: "encoder", unit: this.strongest(this.numbers.memory[place()], clamp(first, 0, data.units - 1), this.pools.encoder) };
    }
    return null;
  }

  pointed(event) {
    if (this.data) this.point(this.spot(event));
  }

  clicked(event, twice = false) {
    if (event.target.closest("button")) return;
    const spot = this.spot(event);
    if (!spot || (spot.row === undefined && spot.place === undefined)) return;
    this.stop();
    if (spot.row !== undefined) this.choose(spot.row, spot.place);
    else this.choose(this.step, spot.place);
    if (twice && spot.row !== undefined && spot.place !== undefined) this.only(spot.place);
  }

  choose(step, place) {
    step = clamp(step, 0, this.data.target.length - 1);
    const moved = step !== this.step;
    if (!moved && place === undefined) return;
    this.step = step;
    this.place = place ?? top(this.numbers.weight[step]);
    this.chosen();
    this.reveal();
    if (!moved) return;
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.tellStep(), 700);
  }

  // the address follows once the reader rests
  tellStep() {
    if (this.playing || this.sentStep === this.step) return;
    this.sentStep = this.step;
    this.send.trigger("step", this.step);
  }

  // scrolls inside the map alone
  reveal() {
    const { at, scroller } = this;
    const x = this.place * at.across;
    const y = this.step * at.down;
    const [wide, high] = [scroller.clientWidth - at.left, scroller.clientHeight - at.top];
    if (x < scroller.scrollLeft) scroller.scrollLeft = x;
    if (x + at.across > scroller.scrollLeft + wide) scroller.scrollLeft = x + at.across - wide;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    if (y + at.down > scroller.scrollTop + high) scroller.scrollTop = y + at.down - high;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.scroller) return;
    const far = event.shiftKey ? 10 : 1;
    const aside = (by) => this.choose(this.step, clamp(this.place + by, 0, this.data.source.length - 1));
    const actions = {
      ArrowUp: () => this.choose(this.step - far),
      ArrowDown: () => this.choose(this.step + far),
      ArrowLeft: () => aside(-far),
      ArrowRight: () => aside(far),
      Home: () => this.choose(0),
      End: () => this.choose(this.data.target.length - 1),
      Enter: () => this.only(this.place),
      " ": () => this.act("play"),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    if (event.key !== " ") this.stop();
    this.hover = null;
    actions[event.key]();
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => (this.live.textContent = this.spoken), 120);
  }

  act(name) {
    if (name === "play") return this.playing ? this.stop() : this.play();
    if (name === "save") return this.openMenu(this.menu.hidden);
    this.stop();
    if (name === "back") this.choose(this.step - 1);
    if (name === "forward") this.choose(this.step + 1);
    if (name === "undo") this.tell({ do: "undo" });
    if (name === "resetStep") this.tell({ do: "reset", step: this.step });
    if (name === "reset") this.tell({ do: "reset", step: null });
  }

  play() {
    if (calm.matches) return;
    clearInterval(this.playing);
    this.hover = null;
    const last = this.data.target.length - 1;
    this.playing = setInterval(() => {
      if (this.step >= last) return this.stop();
      this.choose(this.step + 1);
      this.paintCells();
    }, this.pace);
    if (this.step >= last) this.choose(0);
    this.paintCells();
    this.buttons.play.textContent = "❚❚";
    this.buttons.play.setAttribute("aria-pressed", "true");
  }

  stop() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = null;
    this.buttons.play.textContent = "▶";
    this.buttons.play.setAttribute("aria-pressed", "false");
    this.paintCells();
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.tellStep(), 700);
  }

  // ---- the chosen step on paper ---------------------------------------------------------------------------------

  drawSide() {
    const { data, numbers, step: t } = this;
    const words = data.labels;
    const focused = this.side.contains(document.activeElement) ? document.activeElement : null;
    const [name, kept] = [focused?.dataset.focus, focused?.tagName === "INPUT" && focused.value !== focused.dataset.shown ? focused.value : null];
    const scrolled = this.table?.scrollTop ?? 0;
    const sameStep = this.drawnStep === `${data.text} ${t}`;
    this.drawnStep = `${data.text} ${t}`;
    this.rebuilding = true;
    const title = element("h3", "ra-side-title", fill(words.writing, { step: t + 1, token: data.target[t] }));
    this.stages = [this.scoresStage(), this.softmaxStage(), this.sumStage(), this.concatenationStage(), this.tanhStage(), this.bestStage()];
    this.side.replaceChildren(title, ...this.stages);
    if (sameStep) this.table.scrollTop = scrolled;
    else {
      const line = this.table.querySelector(`[data-place="${this.place}"]`);
      if (line) this.table.scrollTop = Math.max(0, line.offsetTop - this.table.clientHeight / 2);
    }
    const again = name && this.side.querySelector(`[data-focus="${name}"]`);
    if (again) {
      if (kept !== null) again.value = kept;
      again.focus({ preventScroll: true });
    }
    this.rebuilding = false;
  }

  stage(number, title, rule, line) {
    const made = element("section", "ra-stage");
    made.dataset.stage = number;
    const heading = element("h4", "ra-stage-title", element("span", "ra-stage-number", String(number)), element("span", "", title), formula(rule));
    made.append(heading);
    if (line) made.append(element("p", "ra-line", line));
    return made;
  }

  // a whole vector as one row of colour; over it, a unit and its number
  vector(name, values, low = -1, high = 1) {
    const canvas = element("canvas", "ra-vector");
    canvas.width = values.length;
    canvas.height = 1;
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(values.length, 1);
    new Uint32Array(image.data.buffer).set(Array.from(values, (v) => this.pixels.diverging[this.code(v, low, high)]));
    pen.putImageData(image, 0, 0);
    const shown = element("span", "ra-vector-value");
    canvas.addEventListener("pointermove", (e) => {
      const box = canvas.getBoundingClientRect();
      const i = clamp(Math.floor(((e.clientX - box.left) / box.width) * values.length), 0, values.length - 1);
      shown.textContent = `${this.data.labels.unit} ${i}: ${four(values[i])}`;
    });
    canvas.addEventListener("pointerleave", () => (shown.textContent = ""));
    const made = element("div", "ra-vector-row", element("div", "ra-vector-head", formula(name), shown), canvas);
    return made;
  }

  // unit numbers over their values
  numbersOf(units, columns) {
    const table = element("div", "ra-numbers");
    table.style.setProperty("--ra-count", units.length);
    const line = (name, cells, className = "") => table.append(element("span", "ra-numbers-name", name), ...cells.map((c) => element("span", className, c)));
    line(this.data.labels.unit, units.map(String), "ra-soft");
    for (const [name, values] of columns) line(formula(name), units.map((n) => four(values[n])), "ra-mono");
    return table;
  }

  // the first few units, then the largest of the others
  telling(values) {
    return [...new Set([0, 1, ...largest(values, 4)])].slice(0, 5).sort((a, b) => a - b);
  }

  scoresStage() {
    const { data, numbers, step: t, place: i } = this;
    const words = data.labels;
    const [s, h] = [numbers.hidden[t], numbers.memory[i]];
    const made = this.stage(1, words.scores, `score_{i} = s_{${t + 1}} · h_{i}`, fill(words.scoresLine, { token: data.source[i] }));
    const products = Array.from(s, (v, n) => v * h[n]);
    const picked = largest(products, 3);
    const rest = sum(products) - sum(picked.map((n) => products[n]));
    const lines = element("div", "ra-terms");
    const line = (name, product, value) => lines.append(element("span", "ra-soft", name), element("span", "ra-mono", product), element("span", "ra-mono ra-end", value));
    for (const n of picked) line(`${words.unit} ${n}`, `${four(s[n])} × ${four(h[n])}`, four(products[n]));
    line(fill(words.more, { count: s.length - picked.length }), "", four(rest));
    const total = formula(`s_{${t + 1}} · h_{${i + 1}}`);
    lines.append(element("span", "ra-total", total), element("span", "ra-total"), element("b", "ra-mono ra-end ra-total", four(numbers.score[t][i])));
    made.append(this.vector(`s_{${t + 1}}`, s), this.vector(`h_{${i + 1}}`, h), lines);
    return made;
  }

  softmaxStage() {
    const { data, numbers, step: t, place: i } = this;
    const words = data.labels;
    const scores = Array.from(numbers.score[t]);
    const most = Math.max(...scores);
    const total = sum(scores.map((v) => Math.exp(v - most)));
    const made = this.stage(2, words.softmax, "α_{i} = e^{score i} / Σ_{j} e^{score j}", fill(words.softmaxLine, { token: data.source[i] }));
    const edit = data.edits[t];
    const whole = edit?.given ? `${words.ownWorked} ` : "";
    const worked = formula(`${whole}α_{${i + 1}} = e^{${four(scores[i])} − ${four(most)}} / ${four(total)} = ${four(numbers.own[t][i])}`, "ra-formula ra-worked");
    worked.dataset.worked = "softmax";
    made.append(worked, element("p", "ra-line", words.change));
    this.table = element("div", "ra-table");
    this.table.tabIndex = 0;
    this.table.setAttribute("role", "group");
    this.table.setAttribute("aria-label", words.softmax);
    this.table.append(element("span", "ra-soft", ""), element("span", "ra-soft ra-end", words.score), element("span", "ra-soft", "α"), element("span"));
    this.set = edit?.given ? [...edit.given] : Array.from(numbers.weight[t]);
    data.source.forEach((token, n) => this.table.append(...this.weightRow(token, n, Boolean(edit?.given))));
    made.append(this.table);
    this.sumLine = element("p", "ra-line ra-sum");
    if (edit?.given) {
      const total = sum(this.set);
      const divided = { sum: four(total), set: four(this.set[i]), weight: four(numbers.weight[t][i]), place: i + 1 };
      this.sumLine.append(Math.abs(total - 1) > 1e-6 ? `${fill(words.setSum, divided)} ${words.setDone}` : words.setDone);
      made.append(this.sumLine);
    }
    return made;
  }

  weightRow(token, n, edited) {
    const { data, numbers, step: t } = this;
    const words = data.labels;
    const own = numbers.own[t][n];
    const word = button("ra-word", token, fill(words.only, { token, place: n + 1 }), () => this.only(n));
    word.dataset.focus = `word-${n}`;
    word.dataset.place = n;
    if (data.unknown.includes(n)) word.classList.add("ra-unknown");
    const score = element("span", "ra-mono ra-end", four(numbers.score[t][n]));
    const track = element("div", "ra-slider");
    track.tabIndex = 0;
    track.dataset.focus = `slider-${n}`;
    track.dataset.slider = n;
    for (const [name, value] of [["role", "slider"], ["aria-valuemin", 0], ["aria-valuemax", 1], ["aria-label", fill(words.of, { token, place: n + 1 })]]) track.setAttribute(name, value);
    const bar = element("span", "ra-slider-fill");
    track.append(bar);
    if (edited) {
      const mark = element("span", "ra-slider-own");
      mark.style.left = `${100 * clamp(own, 0, 1)}%`;
      mark.title = `${words.own}: ${four(own)}`;
      track.append(mark);
    }
    const input = element("input", "ra-input");
    input.type = "text";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.setAttribute("aria-label", fill(words.of, { token, place: n + 1 }));
    input.dataset.focus = `input-${n}`;
    input.dataset.input = n;
    const show = (value) => {
      bar.style.width = `${100 * clamp(value, 0, 1)}%`;
      bar.style.background = `rgb(${this.shade("probability", Math.max(0.35, value), 0, 1).join(",")})`;
      track.setAttribute("aria-valuenow", clamp(value, 0, 1).toFixed(4));
      track.setAttribute("aria-valuetext", four(value));
      input.value = input.dataset.shown = typed(value);
      input.removeAttribute("aria-invalid");
    };
    show(this.set[n]);
    let now = this.set[n];
    const move = (value) => {
      now = Math.abs(value - own) < NEAR ? own : value;
      show(now);
    };
    const back = () => move(this.set[n]);
    // a bar that is dragged or pushed by keys
    const at = (e) => {
      const box = track.getBoundingClientRect();
      return Number(clamp((e.clientX - box.left) / box.width, 0, 1).toFixed(3));
    };
    let [dragging, moved] = [false, false];
    track.addEventListener("pointerdown", (e) => {
      if (e.button !== 0) return;
      this.stop();
      dragging = true;
      track.setPointerCapture(e.pointerId);
      move(at(e));
    });
    track.addEventListener("pointermove", (e) => dragging && move(at(e)));
    track.addEventListener("pointerup", () => {
      if (dragging) this.setWeight(n, now, back);
      dragging = false;
    });
    track.addEventListener("pointercancel", () => {
      dragging = false;
      back();
    });
    track.addEventListener("keydown", (e) => {
      const by = { ArrowRight: 0.01, ArrowUp: 0.01, ArrowLeft: -0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 }[e.key];
      const to = { Home: 0, End: 1 }[e.key] ?? (by === undefined ? undefined : Number(clamp(now + by * (e.shiftKey ? 10 : 1), 0, 1).toPrecision(12)));
      if (e.key === "Escape") {
        dragging = moved = false;
        back();
      }
      if (to === undefined) return;
      e.preventDefault();
      this.stop();
      move(to);
      moved = true;
    });
    // held down, a key moves on; let go, the weight counts
    const letGo = () => {
      if (moved && !this.rebuilding) this.setWeight(n, now, back);
      moved = false;
    };
    track.addEventListener("keyup", letGo);
    track.addEventListener("blur", letGo);
    const commit = () => {
      if (this.rebuilding || input.value === input.dataset.shown) return;
      const text = input.value.trim().replace(",", ".").replace("\u2212", "-");
      const value = Number(text);
      if (text === "" || !Number.isFinite(value) || value < 0) {
        input.setAttribute("aria-invalid", "true");
        this.say(words.noNumber);
        return;
      }
      this.setWeight(n, Math.abs(value - own) < NEAR ? own : value, back);
    };
    input.addEventListener("focus", () => input.select());
    input.addEventListener("change", commit);
    input.addEventListener("keydown", (e) => {
      if (e.key === "Enter") commit();
      if (e.key === "Escape") back();
    });
    for (const part of [word, track, input]) {
      part.addEventListener("pointerenter", () => this.point({ row: t, place: n }));
      part.addEventListener("pointerleave", () => this.point(null));
    }
    return [word, score, track, input];
  }

  sumStage() {
    const { data, numbers, step: t } = this;
    const weights = numbers.weight[t];
    const a = numbers.context[t];
    const made = this.stage(3, data.labels.sum, `a_{${t + 1}} = Σ_{i} α_{i} h_{i}`, data.labels.sumLine);
    const parts = largest(weights, 3).filter((i) => weights[i] > 0);
    const unit = largest(a, 1)[0];
    const left = weights.filter((weight) => weight > 0).length > parts.length;
    const terms = parts.map((i) => `${four(weights[i])} · h_{${i + 1}}`).join(" + ") + (left ? " + …" : "");
    const worked = parts.map((i) => `${four(weights[i])} × ${four(numbers.memory[i][unit])}`).join(" + ") + (left ? " + …" : "");
    made.append(
      formula(`a_{${t + 1}} = ${terms}`, "ra-formula ra-worked"), this.vector(`a_{${t + 1}}`, a), this.numbersOf(this.telling(a), [[`a_{${t + 1}}`, a]]),
      formula(`${data.labels.unit} ${unit}: ${worked} = ${four(a[unit])}`, "ra-formula ra-worked"),
    );
    return made;
  }

  concatenationStage() {
    const { data, numbers, step: t } = this;
    const [a, s] = [numbers.context[t], numbers.hidden[t]];
    const made = this.stage(4, data.labels.concatenation, `[a_{${t + 1}}; s_{${t + 1}}]`, fill(data.labels.concatenationLine, { units: data.units }));
    const few = (values) => Array.from(values.slice(0, 3), four).join("  ");
    made.append(
      this.vector(`a_{${t + 1}}`, a), this.vector(`s_{${t + 1}}`, s),
      formula(`[ ${few(a)} … ;  ${few(s)} … ]`, "ra-formula ra-worked"),
    );
    return made;
  }

  tanhStage() {
    const { data, numbers, step: t } = this;
    const [before, after] = [numbers.product[t], numbers.attentional[t]];
    const made = this.stage(5, data.labels.tanh, `s̃_{${t + 1}} = tanh(W_{c} [a_{${t + 1}}; s_{${t + 1}}])`, data.labels.tanhLine);
    made.append(
      this.vector(`W_{c} [a_{${t + 1}}; s_{${t + 1}}]   (≤ −3 … ≥ 3)`, before, -3, 3), this.vector(`s̃_{${t + 1}}`, after),
      this.numbersOf(this.telling(before), [[data.labels.before, before], [data.labels.after, after]]),
    );
    return made;
  }

  bestStage() {
    const { data, step: t } = this;
    const words = data.labels;
    const made = this.stage(6, words.best, `ŷ_{${t + 1}} = softmax(W_{y} s̃_{${t + 1}} + b_{y})`, words.bestLine);
    const list = element("div", "ra-candidates");
    const [first] = data.candidates[t];
    const taken = data.targetIds[t];
    for (const [id, token, probability] of data.candidates[t]) {
      const bar = element("span", "ra-candidate-bar", element("span", "ra-candidate-fill"));
      bar.firstChild.style.width = `${100 * probability}%`;
      const note = id !== taken ? "" : id === first[0] ? words.taken : words.yours;
      const row = button("ra-candidate", "", "", () => id !== taken && this.tell({ do: "token", step: t, token: id === first[0] ? null : id }));
      row.append(element("span", "ra-candidate-token", token), bar, element("span", "ra-mono ra-end", percent(probability)), element("span", "ra-soft", note));
      row.dataset.focus = `candidate-${id}`;
      row.dataset.candidate = id;
      row.setAttribute("aria-pressed", String(id === taken));
      list.append(row);
    }
    made.append(list);
    return made;
  }

  // ---- what the reader changes ----------------------------------------------------------------------------------

  only(place) {
    this.stop();
    this.place = place;
    this.tell({ do: "only", step: this.step, place });
  }

  setWeight(place, value, back) {
    const { step: t, data } = this;
    if (value === this.set[place]) return;
    const after = this.set.with(place, value);
    if (sum(after) === 0) {
      back();
      this.say(data.labels.allZero);
      return;
    }
    this.place = place;
    const own = !data.edits[t]?.bare && value === this.numbers.own[t][place];
    this.tell({ do: "weight", step: t, place, weight: own ? null : value });
  }

  tell(wish) {
    this.problem.hidden = true;
    this.root.setAttribute("aria-busy", "true");
    this.touched = true;
    clearTimeout(this.restTimer);
    this.told = (this.told ?? 0) + 1; // so that the same wish twice is heard twice
    this.sentStep = this.step;
    this.send.trigger("edit", { ...wish, at: this.step, count: this.told });
  }

  say(line) {
    this.problem.textContent = line;
    this.problem.hidden = false;
  }

  // ---- the map to take away -------------------------------------------------------------------------------------

  openMenu(wanted) {
    this.menu.hidden = !wanted;
    this.buttons.save.setAttribute("aria-expanded", String(wanted));
    if (!wanted) this.buttons.save.focus();
  }

  picture() {
    const { at, data, numbers, theme } = this;
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const put = (tag, attributes, text) => {
      const made = document.createElementNS(space, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text !== undefined) made.textContent = text;
      svg.append(made);
      return made;
    };
    const mono = getComputedStyle(this.root).getPropertyValue("--rnnviz-mono").replaceAll('"', "'");
    const [left, topAt] = [24 + at.left, 64 + at.top];
    const [width, height] = [Math.max(left + at.width + at.tail + 24, 560), topAt + at.height + 56];
    svg.setAttribute("xmlns", space);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.setAttribute("fill", theme.text);
    put("rect", { width, height, fill: theme.background });
    const write = (x, y, text, more = {}) => put("text", { x, y, "font-family": mono, "font-size": 14 * this.size, ...more }, text);
    write(24, 32, `${data.labels.map}: ${data.text.split(" ")[0]}`, { "font-size": 20 * this.size, "font-weight": 600, "font-family": "sans-serif" });
    const image = (rows, pool, across, x, y, w, h) =>
      put("image", { x, y, width: w, height: h, preserveAspectRatio: "none", style: "image-rendering: pixelated", href: this.stateImage(rows, pool, across).toDataURL() });
    image(numbers.memory, this.pools.encoder, true, left, 64, at.width, at.states);
    image(numbers.hidden, this.pools.decoder, false, 24, topAt, at.strip - 4, at.height);
    data.source.forEach((token, i) => {
      const x = left + (i + 0.5) * at.across;
      if (data.slanted) write(x, topAt - 6, token, { transform: `rotate(-60 ${x} ${topAt - 6})` });
      else write(x, topAt - 8, token, { "text-anchor": "middle" });
    });
    data.target.forEach((token, t) => {
      const y = topAt + (t + 0.68) * at.down;
      write(24 + at.strip + at.number - 8, y, String(t + 1), { "text-anchor": "end", opacity: 0.72 });
      write(24 + at.strip + at.number, y, token, { "font-weight": 600 });
      numbers.weight[t].forEach((weight, i) => {
        const rgb = this.shade("probability", weight, 0, 1).join(",");
        put("rect", { x: left + i * at.across, y: topAt + t * at.down, width: at.across - 1, height: at.down - 1, fill: `rgb(${rgb})`, stroke: theme.text, "stroke-opacity": 0.13 });
      });
    });
    const bar = (x, name, low, scale, high) => {
      const stops = data.scales[scale][theme.side];
      const fade = document.createElementNS(space, "linearGradient");
      fade.id = `fade-${scale}`;
      stops.forEach((colour, i) => {
        const stop = document.createElementNS(space, "stop");
        stop.setAttribute("offset", i / (stops.length - 1));
        stop.setAttribute("stop-color", colour);
        fade.append(stop);
      });
      svg.append(fade);
      const y = height - 20;
      write(x, y, `${name} ${low}`);
      const from = x + (name.length + low.length + 2) * 8.6 * this.size;
      put("rect", { x: from, y: y - 11, width: 72, height: 12, fill: `url(#fade-${scale})`, stroke: theme.text, "stroke-opacity": 0.3 });
      write(from + 80, y, high);
    };
    bar(24, "α", "0", "probability", "1");
    bar(200, "h, s", "−1", "diverging", "1");
    return { text: new XMLSerializer().serializeToString(svg), width, height };
  }

  async download(format) {
    this.openMenu(false);
    const { text, width, height } = this.picture();
    let blob = new Blob([text], { type: "image/svg+xml" });
    if (format === "png") {
      const address = URL.createObjectURL(blob);
      const image = new Image();
      image.src = address;
      await image.decode();
      URL.revokeObjectURL(address);
      const canvas = element("canvas");
      [canvas.width, canvas.height] = [2 * width, 2 * height];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      blob = await new Promise((done) => canvas.toBlob(done));
    }
    const link = element("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${this.data.file}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}
