// The board: a strip of tokens and a column of figures that share one time axis and one cursor.
// All that moves with the pointer happens here; Python hears of a choice (figure, unit, time) and, where it holds finer
// data than was sent, of the zoom. Text of the reader goes in through textContent only.

let plotly; // one promise for the page

import { element, mounted, shape } from "../js/dom.js";
import { clamp } from "../js/numbers.js";
import { between, hexParts, inkOn, themeSide } from "../js/theme.js";

export default mounted((parent) => new Board(parent));

function loadPlotly(file) {
  plotly ??= import(new URL(file, document.baseURI)).then(() => window.Plotly);
  return plotly;
}

// exponents and indices come in plotly's own tags: these become elements, all else is text
function marked(text) {
  return text.split(/(<sup>[^<]*<\/sup>|<sub>[^<]*<\/sub>)/).map((part) => {
    const found = part.match(/^<(su[pb])>(.*)<\/su[pb]>$/);
    return found ? element(found[1], "", found[2]) : document.createTextNode(part);
  });
}

const ARRAYS = { i1: Int8Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array, u1: Uint8Array, u2: Uint16Array, i2: Int16Array, i4: Int32Array };

function decode(array) {
  // plotly's own form of a typed array: {dtype, bdata, shape}
  if (!array || !array.bdata) return array;
  const bytes = Uint8Array.from(atob(array.bdata), (c) => c.charCodeAt(0));
  return new ARRAYS[array.dtype](bytes.buffer);
}

const digits = (value) =>
  Number.isFinite(value) ? (Math.abs(value) < 1e-4 && value !== 0 ? value.toExponential(2) : value.toFixed(4)) : value === Infinity ? "∞" : "–";
const signed = (value) => digits(value).replace("-", "\u2212");
// of an exponent of ten; what is exactly zero has none
const power = (exponent) => {
  if (!Number.isFinite(exponent)) return "0";
  const whole = Math.floor(exponent);
  return `${(10 ** (exponent - whole)).toFixed(2)}e${whole}`.replace("-", "\u2212");
};
const percent = (value) => (value >= 0.0995 ? (100 * value).toFixed(1) : (100 * value).toPrecision(2)) + " %";

// a character without a shape comes as its code point: too wide for one place in the text
const isCode = (token) => [...token].length > 2;
const short = (token) => (isCode(token) ? "□" : token);
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); // plotly reads tags
const DASHES = { dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" };
// plotly's marks, 9 px wide, about their middle
const SYMBOLS = {
  circle: "M4.5,0A4.5,4.5 0 1 1 -4.5,0A4.5,4.5 0 1 1 4.5,0Z",
  square: "M-4,-4H4V4H-4Z",
  diamond: "M0,-5.5L5.5,0L0,5.5L-5.5,0Z",
  "triangle-up": "M0,-5L5,4H-5Z",
  "triangle-down": "M0,5L5,-4H-5Z",
  cross: "M-1.5,-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5V-1.5H-1.5Z",
};

// a line with its mark, as it is drawn
function lineKey(trace, colour) {
  const svg = shape("svg", { class: "rv-marked", viewBox: "-16 -6 32 12" });
  const dashes = DASHES[trace.line.dash] ?? "none";
  shape("path", { d: "M-16,0H16", stroke: colour, "stroke-width": 3, "stroke-dasharray": dashes }, svg);
  shape("path", { d: SYMBOLS[trace.marker.symbol] ?? SYMBOLS.circle, fill: colour }, svg);
  return svg;
}

class Board {
  constructor(parent) {
    this.figures = new Map(); // id -> what is on screen
    this.cursor = null;
    this.hoveredUnit = null;
    this.zoom = null; // [first, last) edges in steps; null: all of it
    this.playing = null;
    this.build(parent);
  }

  // ---- the frame, made once -------------------------------------------------------------------------------------

  build(parent) {
    this.root = element("section", "rv-board");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.bar = element("div", "rv-bar");
    this.readout = element("output", "rv-readout");
    this.readout.setAttribute("aria-live", "off");
    this.tools = element("div", "rv-tools");
    this.buttons = {};
    for (const [name, sign] of [["back", "‹"], ["play", "▶"], ["forward", "›"], ["narrower", "+"], ["wider", "−"], ["all", "⤢"]]) {
      const button = element("button", "rv-button", sign);
      button.type = "button";
      button.addEventListener("click", () => this.act(name));
      this.buttons[name] = button;
      this.tools.append(button);
    }
    this.bar.append(this.readout, this.tools);
    this.main = element("div", "rv-main");
    this.column = element("div", "rv-column");
    this.colourLine = element("p", "rv-colour");
    this.passage = element("div", "rv-passage");
    this.passage.tabIndex = 0;
    this.passage.setAttribute("role", "group");
    this.strip = element("div", "rv-strip");
    this.stripCanvas = element("canvas", "rv-strip-canvas");
    this.stack = element("div", "rv-stack");
    this.line = element("div", "rv-line");
    this.band = element("div", "rv-band");
    this.band.hidden = true;
    this.timed = element("div", "rv-timed");
    this.timed.append(this.strip, this.stack, this.line, this.band);
    this.column.append(this.colourLine, this.passage, this.timed);
    this.side = element("aside", "rv-side");
    this.main.append(this.column, this.side);
    this.below = element("div", "rv-below");
    this.live = element("p", "rv-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.summary = element("p", "rv-hidden");
    this.summary.id = `rv-summary-${Math.random().toString(36).slice(2)}`; // an id of the page, nothing that is shown
    this.root.setAttribute("aria-describedby", this.summary.id);
    this.themeProbe = element("i", "rv-theme");
    this.problem = element("p", "rv-problem");
    this.problem.hidden = true;
    this.root.append(this.bar, this.main, this.below, this.problem, this.live, this.summary, this.themeProbe);
    parent.append(this.root);

    this.timed.addEventListener("pointermove", (e) => this.pointerMoved(e));
    this.timed.addEventListener("pointerdown", (e) => this.pointerDown(e));
    this.timed.addEventListener("pointerup", (e) => this.pointerUp(e));
    this.timed.addEventListener("pointercancel", () => {
      this.dragEnds();
      this.hoverUnit(null);
    });
    this.timed.addEventListener("pointerleave", () => this.hoverUnit(null));
    this.below.addEventListener("pointerleave", () => this.hoverUnit(null));
    this.timed.addEventListener("dblclick", () => this.setZoom(null));
    this.passage.addEventListener("pointermove", (e) => this.overPassage(e, false));
    this.passage.addEventListener("click", (e) => this.overPassage(e, true));
    this.root.addEventListener("keydown", (e) => this.key(e));
    // the theme's variables change without a call: a transition of a colour that follows them tells when
    this.themeProbe.addEventListener("transitionend", () => this.restyle());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.root);
    this.observer.observe(this.themeProbe); // one rem wide: tells when the page's type grows
  }

  destroy() {
    this.stop();
    clearTimeout(this.zoomTimer);
    this.observer.disconnect();
    this.revision += 1; // a drawing that has begun ends here
    for (const figure of this.figures.values()) this.retire(figure);
    this.root.remove();
  }

  // plotly speaks to a figure until its drawing has ended: only then may the figure be emptied
  retire(figure) {
    figure.gone = true;
    figure.busy.then(() => window.Plotly?.purge(figure.plot));
  }

  // keeps the end of what plotly has begun on a figure
  begun(figure, work) {
    figure.busy = Promise.allSettled([figure.busy, work]);
    return work;
  }

  // ---- what Python sends ------------------------------------------------------------------------------------------

  update(data) {
    const other = !this.data || this.data.id !== data.id;
    if (other || this.data.unit !== data.unit) this.hoveredUnit = null;
    this.data = data;
    this.steps = data.tokens.length;
    const words = data.labels;
    this.root.setAttribute("aria-label", words.board);
    this.passage.setAttribute("aria-label", words.passage);
    this.summary.textContent = this.steps ? `${data.summary} ${words.keys}` : data.summary;
    this.bar.hidden = this.main.hidden = !this.steps; // figures without a text
    this.root.tabIndex = this.steps ? 0 : -1;
    for (const [name, button] of Object.entries(this.buttons)) {
      button.title = words[name];
      button.setAttribute("aria-label", words[name]);
    }
    if (other) {
      this.zoom = null;
      this.stop();
      this.cursor = null;
    }
    if (this.cursor === null || (data.step !== null && data.step !== this.sentStep)) this.cursor = data.step ?? this.steps - 1;
    this.sentStep = data.step;
    this.cursor = clamp(this.cursor, 0, Math.max(0, this.steps - 1));
    this.colour = data.colour && { ...data.colour, values: decode(data.colour.values) };
    this.candidates = data.candidates && {
      ...data.candidates,
      ids: decode(data.candidates.ids),
      values: decode(data.candidates.values),
    };
    this.readTheme();
    this.readSize();
    this.layFigures(data.figures);
    if (this.steps) {
      this.drawSide();
      this.drawColourLine();
      this.drawPassage();
      this.drawStrip();
      this.showCursor();
    }
    this.draw();
  }

  layFigures(sent) {
    const wanted = new Set(sent.map((f) => f.id));
    for (const [id, figure] of this.figures) {
      if (wanted.has(id)) continue;
      this.retire(figure);
      figure.frame.remove();
      this.figures.delete(id);
    }
    for (const { id, spec, title } of sent) {
      const figure = this.figures.get(id) ?? this.frameFor(id);
      this.figures.delete(id); // set again, it comes last: the map keeps the order that was sent
      this.figures.set(id, figure);
      if (figure.spec !== spec) {
        figure.spec = spec;
        figure.parsed = JSON.parse(spec);
        figure.meta = figure.parsed.layout.meta;
        figure.values = figure.parsed.data.map((t) => decode(t.z ?? t.y));
        figure.across = figure.parsed.data.map((t) => decode(t.x));
        figure.stale = true;
      }
      figure.heading = title ?? figure.parsed.layout.title?.text ?? "";
      figure.title.replaceChildren(...marked(figure.heading));
      (figure.meta.axis === "time" ? this.stack : this.below).append(figure.frame);
      this.drawLegend(figure);
    }
    const timed = this.timedFigures();
    timed.forEach((figure, i) => {
      const last = i === timed.length - 1;
      if (figure.last !== last) figure.stale = true;
      figure.last = last;
    });
  }

  timedFigures() {
    return [...this.figures.values()].filter((f) => f.meta.axis === "time");
  }

  frameFor(id) {
    const frame = element("figure", "rv-figure");
    frame.dataset.figure = id;
    const head = element("figcaption", "rv-head");
    const name = element("span", "rv-name");
    const title = element("span", "rv-title");
    const legend = element("span", "rv-legend");
    const value = element("span", "rv-value");
    const save = element("button", "rv-button rv-save", "↓");
    save.type = "button";
    save.setAttribute("aria-expanded", "false");
    const menu = element("span", "rv-menu");
    menu.hidden = true;
    const holder = element("div", "rv-plot-holder");
    const plot = element("div", "rv-plot");
    plot.setAttribute("aria-hidden", "true"); // the summary and the live line speak for it
    const row = element("div", "rv-row");
    row.hidden = true;
    holder.append(plot, row);
    name.append(title, save, menu);
    head.append(name, legend, value);
    frame.append(head, holder);
    const figure = { id, frame, title, legend, value, plot, holder, row, save, busy: Promise.resolve() };
    const open = (wanted) => {
      menu.hidden = !wanted;
      save.setAttribute("aria-expanded", String(wanted));
    };
    save.addEventListener("click", () => open(menu.hidden));
    for (const format of ["png", "svg", "html"]) {
      const button = element("button", "rv-button rv-save", format.toUpperCase());
      button.type = "button";
      button.addEventListener("click", async () => {
        open(false);
        save.focus();
        await this.download(figure, format);
      });
      menu.append(button);
    }
    menu.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      open(false);
      save.focus();
    });
    return figure;
  }

  async download(figure, format) {
    const Plotly = await loadPlotly(this.data.plotly);
    const slide = this.slide(figure);
    const filename = `rnnviz-${figure.id}`;
    if (format !== "html") {
      const { width, height } = slide.layout;
      Plotly.downloadImage(slide, { format, scale: format === "png" ? 2 : 1, width, height, filename });
      return;
    }
    // one file that needs nothing else: plotly.js inside, the figure as JSON that cannot end the script
    const library = (await (await fetch(new URL(this.data.plotly, document.baseURI))).text()).replaceAll("</script", "<\\/script");
    const json = JSON.stringify(slide).replaceAll("<", "\\u003c");
    const page =
      `<!doctype html><html><head><meta charset="utf-8"><title>${escaped(figure.title.textContent)}</title></head>` +
      `<body style="margin:0;background:${this.theme.background}"><div id="figure"></div><script>${library}</script>` +
      `<script>const f = ${json}; Plotly.newPlot("figure", f.data, f.layout, { responsive: true, displaylogo: false });</script></body></html>`;
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([page], { type: "text/html" }));
    link.download = `${filename}.html`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  // what a saved picture needs that the page says around it: title, axes, colour bar, legend, background
  slide(figure) {
    const { data, layout } = this.themed(figure);
    const { meta } = figure;
    const type = (size) => ({ size, color: this.theme.text });
    const title = escaped(figure.heading).replace(/&lt;(\/?su[pb])&gt;/g, "<$1>");
    const subject = `<span style="font-size:18px">${escaped(this.data.subject)}</span>`;
    Object.assign(layout, {
      width: 1280,
      height: clamp(Math.round(layout.height * 1.6), 540, 720),
      title: { text: `${title}<br>${subject}`, font: type(24), x: 0, xanchor: "left", y: 1, yanchor: "top", pad: { t: 40, l: 30 } },
      margin: { l: 110, r: 120, t: 110, b: 110 },
      paper_bgcolor: this.theme.background,
      plot_bgcolor: this.theme.background,
      font: { ...type(18), family: this.theme.font },
      showlegend: Boolean(meta.legend),
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
    });
    const shown = figure.plot.layout;
    for (const name of ["xaxis", "yaxis"]) {
      const text = layout[name]?.title?.text;
      layout[name] = { ...layout[name], color: this.theme.text, tickfont: { size: 18 }, title: text && { text, font: type(20), standoff: 14 } };
      if (meta.axis !== "time" && shown?.[name]?.range) layout[name].range = shown[name].range; // as zoomed
    }
    if (layout.scene) {
      layout.scene.camera = shown?.scene?.camera ?? layout.scene.camera;
      for (const name of ["xaxis", "yaxis", "zaxis"]) layout.scene[name].color = this.theme.text;
    }
    const bar = { thickness: 18, outlinewidth: 0, tickfont: { size: 18 } };
    const [first] = data;
    if (first.type === "heatmap") {
      first.showscale = true;
      const [low, high] = meta.beyond ? ["≤ ", "≥ "] : ["", ""];
      const ticktext = first.colorbar.ticktext.map((t, i) => [low, "", high][i] + t.replace("-", "\u2212"));
      first.colorbar = { ...first.colorbar, ...bar, ticktext };
    }
    if (meta.axis === "path") {
      const last = this.steps - 1;
      const ends = { tickvals: [0, last], ticktext: ["1", String(last + 1)] };
      first.marker = { ...first.marker, showscale: true, colorbar: { ...bar, ...ends, title: { text: this.data.labels.step } } };
    }
    if (meta.axis === "time") {
      const [low, high] = this.range();
      const each = (layout.width - layout.margin.l - layout.margin.r) / (high - low);
      const ticks = this.ticks(low, high, Math.floor((layout.width - 230) / 64));
      if (each >= 13) {
        const numbered = new Set(ticks.tickvals);
        ticks.tickvals = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i);
        ticks.ticktext = ticks.tickvals.map((t) => escaped(short(this.data.tokens[t])) + (numbered.has(t) ? `<br>${t + 1}` : ""));
      }
      Object.assign(layout.xaxis, ticks, { range: [low, high], tickangle: 0, title: { text: this.data.labels.step, font: type(20), standoff: 14 } });
    }
    return { data, layout };
  }

  drawLegend(figure) {
    figure.save.title = this.data.labels.save;
    figure.save.setAttribute("aria-label", `${this.data.labels.save}: ${figure.title.textContent}`);
    figure.legend.replaceChildren();
    if (figure.meta.scale) {
      figure.legend.append(...this.scaleLegend(figure.meta));
    } else if (figure.meta.legend) {
      for (const trace of figure.parsed.data) {
        if (trace.showlegend === false) continue;
        const colour = this.tint(trace.marker?.color ?? trace.line.color, true);
        let key;
        if (trace.line && trace.marker?.symbol) key = lineKey(trace, colour);
        else {
          key = element("span", `rv-key ${trace.type === "bar" ? (trace.marker.pattern?.shape ? "rv-hatched" : "rv-solid") : "rv-stroke"}`);
          if (trace.line?.dash && trace.line.dash !== "solid") key.classList.add(trace.line.dash === "dot" ? "rv-dotted" : "rv-dashed");
          key.style.setProperty("--rv-key", colour);
        }
        const name = element("span");
        name.append(...marked(trace.name));
        const entry = element("span", "rv-key-name");
        entry.append(key, name);
        figure.legend.append(entry);
      }
    }
  }

  scaleLegend({ scale, limits, beyond, powers }) {
    const [low, high] = beyond ? ["≤ ", "≥ "] : ["", ""]; // values outside take the colour of the limit
    const gradient = element("span", "rv-gradient");
    gradient.style.background = `linear-gradient(to right, ${this.stops(scale).join(", ")})`;
    const end = (sign, limit) => {
      const text = element("span", "", `${sign}${powers ? (limit === 0 ? 1 : 10) : limit}`.replace("-", "\u2212"));
      if (powers && limit !== 0) text.append(element("sup", "", `${limit}`.replace("-", "\u2212")));
      return text;
    };
    return [end(low, limits[0]), gradient, end(high, limits[1])];
  }

  drawColourLine() {
    this.colourLine.hidden = !this.colour;
    if (!this.colour) return;
    const legend = element("span", "rv-legend");
    legend.append(...this.scaleLegend(this.colour));
    this.colourLine.replaceChildren(element("span", "", this.colour.label), legend);
  }

  // ---- colours ----------------------------------------------------------------------------------------------------

  readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    this.theme = {
      text: read("--st-text-color", "#1f2328"),
      background: read("--st-background-color", "#ffffff"),
      font: read("--st-font", "sans-serif"),
    };
    this.theme.side = themeSide(this.root);
    this.root.dataset.theme = this.theme.side;
  }

  readSize() {
    // the page's type may be larger than usual (projector view): all that is measured in pixels grows with it
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
    if (size !== this.size) for (const figure of this.figures.values()) figure.stale = true;
    this.size = size;
  }

  stops(scale) {
    return this.data.scales[scale][this.theme.side];
  }

  tint(colour, mark = false) {
    const { onDark, ink, paper } = this.data.palette;
    if (colour === paper) return this.theme.background;
    if (colour === ink && mark) return this.theme.text;
    return (this.theme.side === "dark" && onDark[colour]) || colour;
  }

  // a figure's data and layout in the colours of the page
  themed(figure) {
    const { data, layout } = JSON.parse(figure.spec, (_, value) => (typeof value === "string" ? this.tint(value) : value));
    for (const trace of data) {
      if (figure.meta.scale && trace.type === "heatmap") {
        const stops = this.stops(figure.meta.scale);
        trace.colorscale = stops.map((c, i) => [i / (stops.length - 1), c]);
      }
      if (figure.meta.axis === "path") continue; // its line is a guide, no mark
      if (trace.line) trace.line.color = this.tint(trace.line.color, true);
      const edge = trace.marker?.line;
      if (Array.isArray(edge?.color)) edge.color = edge.color.map((c) => this.tint(c, true));
    }
    return { data, layout };
  }

  shade(value, { scale, limits }) {
    const mixed = between(this.stops(scale).map(hexParts), (value - limits[0]) / (limits[1] - limits[0]));
    return { back: `rgb(${mixed.join(",")})`, ink: inkOn(mixed) };
  }

  restyle() {
    if (!this.data) return;
    this.readTheme();
    for (const figure of this.figures.values()) {
      figure.stale = true;
      this.drawLegend(figure);
    }
    if (this.steps) {
      this.drawColourLine();
      this.drawPassage();
      this.drawStrip();
    }
    this.draw();
  }

  // ---- geometry: the same for the strip, every figure and the line -------------------------------------------------

  margins() {
    return this.narrow() ? { l: 44 * this.size, r: 8 } : { l: 64 * this.size, r: 16 * this.size };
  }

  narrow() {
    return (this.timed.clientWidth || this.root.clientWidth) < 560;
  }

  range() {
    return this.zoom ?? [-0.5, this.steps - 0.5];
  }

  x(step) {
    const { l, r } = this.margins();
    const [low, high] = this.range();
    return l + ((step - low) / (high - low)) * (this.timed.clientWidth - l - r);
  }

  stepAt(clientX, exact = false) {
    const { l, r } = this.margins();
    const [low, high] = this.range();
    const box = this.timed.getBoundingClientRect();
    const at = low + ((clientX - box.left - l) / (box.width - l - r)) * (high - low);
    return exact ? clamp(at, low, high) : clamp(Math.round(at), Math.ceil(low), Math.floor(high));
  }

  figureAt(target) {
    return this.figures.get(target.closest?.(".rv-figure")?.dataset.figure);
  }

  rowAt(figure, clientY) {
    if (!figure?.meta.units) return null;
    const box = figure.plot.getBoundingClientRect();
    const { t, b } = this.verticalMargins(figure);
    const rows = figure.meta.units.length;
    const row = Math.floor(((clientY - box.top - t) / (box.height - t - b)) * rows);
    return row >= 0 && row < rows ? row : null;
  }

  verticalMargins(figure) {
    return { t: 6, b: figure.last ? 48 * this.size : 8 };
  }

  resized() {
    const width = this.root.clientWidth;
    const before = this.size;
    if (this.data) this.readSize();
    if (!this.data || !width || (width === this.width && before === this.size)) return;
    this.width = width;
    for (const figure of this.figures.values()) figure.stale = true;
    if (this.steps) {
      this.drawPassage();
      this.drawStrip();
    }
    this.draw();
    this.showCursor();
  }

  // ---- drawing ----------------------------------------------------------------------------------------------------

  async draw() {
    const revision = (this.revision = (this.revision ?? 0) + 1);
    this.root.removeAttribute("data-drawn");
    let Plotly;
    try {
      Plotly = await loadPlotly(this.data.plotly);
    } catch {
      this.problem.hidden = false;
      this.problem.textContent = this.data.labels.noPlotly;
      return;
    }
    if (revision !== this.revision) return; // a newer call draws
    for (const figure of this.figures.values()) {
      if (!figure.stale || figure.gone) continue;
      figure.stale = false;
      await this.drawFigure(Plotly, figure);
    }
    if (revision !== this.revision) return;
    this.showCursor();
    this.root.dataset.drawn = this.data.id;
    this.root.dataset.revision = String(revision);
  }

  async drawFigure(Plotly, figure) {
    const { data, layout } = this.themed(figure);
    const timed = figure.meta.axis === "time";
    const narrow = this.narrow();
    const { size } = this;
    const axis = { color: this.theme.text, tickfont: { size: 14 * size } };
    layout.font = { ...layout.font, size: layout.font.size * size, color: this.theme.text, family: this.theme.font };
    layout.height = Math.round(layout.height * Math.sqrt(size)); // larger type, yet the first picture stays on the screen
    delete layout.title;
    layout.width = figure.holder.clientWidth;
    layout.autosize = false;
    layout.uirevision = "kept";
    for (const name of ["xaxis", "yaxis"]) {
      const title = layout[name]?.title;
      const text = typeof title === "string" ? title : title?.text;
      layout[name] = { ...layout[name], ...axis, title: text && { text, font: { size: 14 * size } } };
    }
    for (const trace of data) if (trace.type === "heatmap") trace.showscale = false;
    if (timed) {
      const [low, high] = this.range();
      layout.margin = { ...this.margins(), ...this.verticalMargins(figure) };
      if (!figure.last) layout.height -= 28;
      if (narrow) layout.yaxis.title = undefined;
      layout.xaxis.range = [low, high];
      Object.assign(layout.xaxis, this.ticks(low, high));
      layout.xaxis.showticklabels = figure.last;
      if (!figure.last) layout.xaxis.title = undefined;
      else layout.xaxis.title = { text: this.data.labels.step, standoff: 6, font: { size: 14 * size } };
    } else {
      layout.margin = layout.scene ? { l: 0, r: 0, t: 0, b: 0 } : { l: 76 * size, r: 16, t: 8, b: 52 * size };
      if (narrow) layout.height = Math.min(layout.height, 340);
      const eye = layout.scene?.camera.eye;
      if (narrow && eye) for (const name of ["x", "y", "z"]) eye[name] *= 1.25; // room for the ticks, which do not shrink
      for (const name of layout.scene ? ["xaxis", "yaxis", "zaxis"] : []) {
        const title = { ...layout.scene[name].title, font: { size: 14 * size } };
        if (narrow) title.text = title.text.replace(/ \(.*/, "");
        Object.assign(layout.scene[name], { color: this.theme.text, gridcolor: "rgba(127,127,127,0.35)", tickfont: { size: 14 * size }, title });
      }
    }
    if (figure.meta.axis === "path") {
      const mark = { ...data[0], mode: "markers", marker: { size: layout.scene ? 8 : 15, color: "rgba(0,0,0,0)", line: { width: 3, color: this.theme.text } } };
      if (layout.scene) mark.marker.color = this.theme.text;
      data.push({ ...mark, x: [], y: [], ...(layout.scene ? { z: [] } : {}) });
    }
    const config = { displayModeBar: false, staticPlot: timed, responsive: false, doubleClick: "reset", displaylogo: false };
    await this.begun(figure, Plotly.react(figure.plot, data, layout, config));
    if (figure.gone) return;
    if (!timed && !figure.listening) {
      figure.listening = true;
      figure.plot.on("plotly_hover", (e) => this.hoverPoint(figure, e.points[0]));
      figure.plot.on("plotly_unhover", () => this.hoverUnit(null));
      figure.plot.on("plotly_click", (e) => this.clickPoint(figure, e.points[0]));
    }
    figure.marked = null;
  }

  ticks(low, high, labels = Math.floor((this.timed.clientWidth - 80 * this.size) / (56 * this.size))) {
    const room = Math.max(3, labels);
    const stride = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((s) => (high - low) / s <= room) ?? 10000;
    const at = [];
    for (let t = Math.ceil(low); t <= high; t++) if ((t + 1) % stride === 0) at.push(t);
    return { tickmode: "array", tickvals: at, ticktext: at.map((t) => String(t + 1)) };
  }

  paintToken(span, step) {
    const token = this.data.tokens[step];
    span.classList.toggle("rv-code", isCode(token));
    if (isCode(token)) span.title = token;
    span.classList.toggle("rv-unknown", this.data.unknown.includes(step));
    span.classList.toggle("rv-blank", /^[·↵⇥]$/.test(token));
    if (!this.colour) return;
    const { back, ink } = this.shade(this.colour.values[step], this.colour);
    span.style.background = back;
    span.style.color = ink;
  }

  drawStrip() {
    const [low, high] = this.range();
    const each = this.x(1) - this.x(0);
    this.strip.replaceChildren();
    if (each < 9 * this.size) {
      // too narrow for letters: colour alone, the text itself stands above in lines
      const width = this.timed.clientWidth;
      this.stripCanvas.width = width;
      const height = Math.round(14 * this.size);
      this.stripCanvas.height = height;
      const pen = this.stripCanvas.getContext("2d");
      pen.clearRect(0, 0, width, height);
      if (this.colour) {
        for (let t = Math.max(0, Math.ceil(low)); t <= Math.min(this.steps - 1, high); t++) {
          pen.fillStyle = this.shade(this.colour.values[t], this.colour).back;
          pen.fillRect(this.x(t - 0.5), 0, Math.max(1, each), height);
        }
      }
      this.strip.append(this.stripCanvas);
      this.strip.style.height = `${height}px`;
      return;
    }
    this.strip.style.height = `${30 * this.size}px`;
    for (let t = Math.max(0, Math.ceil(low)); t <= Math.min(this.steps - 1, Math.floor(high)); t++) {
      const span = element("span", "rv-token", short(this.data.tokens[t]));
      span.dataset.step = t;
      span.style.left = `${this.x(t - 0.5)}px`;
      span.style.width = `${each}px`;
      span.style.fontSize = `${clamp(each * 1.1, 14 * this.size, 18 * this.size)}px`;
      this.paintToken(span, t);
      this.strip.append(span);
    }
  }

  drawPassage() {
    const { l, r } = this.margins();
    this.passage.hidden = (this.timed.clientWidth - l - r) / this.steps >= 9 * this.size;
    this.spans = [];
    this.passage.replaceChildren();
    if (this.passage.hidden) return;
    const all = document.createDocumentFragment();
    this.data.tokens.forEach((token, t) => {
      const span = element("span", "rv-letter", short(token));
      span.dataset.step = t;
      this.paintToken(span, t);
      this.spans.push(span);
      all.append(span);
      if (token === "↵") all.append(element("br"));
    });
    this.passage.append(all);
  }

  drawSide() {
    this.side.replaceChildren();
    const words = this.data.labels;
    if (this.candidates) {
      this.side.append(element("p", "rv-side-title", words.candidates));
      this.candidateRows = Array.from({ length: this.candidates.count }, () => {
        const row = element("div", "rv-candidate");
        const token = element("span", "rv-candidate-token");
        const bar = element("span", "rv-candidate-bar");
        const fill = element("span", "rv-candidate-fill");
        bar.append(fill);
        const value = element("span", "rv-candidate-value");
        row.append(token, bar, value);
        this.side.append(row);
        return { token, fill, value };
      });
    }
    for (const list of this.data.lists ?? []) {
      this.side.append(element("p", "rv-side-title", list.title));
      for (const { step, value } of list.entries) {
        const button = element("button", "rv-entry");
        button.type = "button";
        const text = element("span", "rv-entry-text");
        const shown = (from, to) => this.data.tokens.slice(Math.max(0, from), to).map(short).join("");
        text.append(
          element("span", "rv-context", shown(step - 6, step)),
          element("b", "", shown(step, step + 1)),
          element("span", "rv-context", shown(step + 1, step + 4)),
        );
        button.append(text, element("span", "rv-entry-value", signed(value)));
        button.setAttribute("aria-label", `${words.step} ${step + 1}: ${this.data.tokens[step]}, ${signed(value)}`);
        button.addEventListener("click", () => this.moveTo(step, true));
        this.side.append(button);
      }
    }
    this.side.hidden = !this.side.childElementCount;
  }

  // ---- the cursor -------------------------------------------------------------------------------------------------

  moveTo(step, reveal = false) {
    step = clamp(step, 0, this.steps - 1);
    if (reveal && this.zoom && (step < this.zoom[0] || step > this.zoom[1])) {
      const width = this.zoom[1] - this.zoom[0];
      const low = clamp(step - width / 2, -0.5, this.steps - 0.5 - width);
      this.setZoom([low, low + width]);
    }
    if (step === this.cursor) return;
    this.cursor = step;
    this.showCursor();
  }

  hoverUnit(unit) {
    if (unit === this.hoveredUnit) return;
    this.hoveredUnit = unit;
    this.showCursor();
  }

  showCursor() {
    if (!this.data || !this.steps || this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = null;
      this.paintCursor();
    });
  }

  paintCursor() {
    const { data, cursor } = this;
    const words = data.labels;
    const unit = this.hoveredUnit ?? data.unit;
    const hovering = this.hoveredUnit !== null && data.unit !== null && this.hoveredUnit !== data.unit;
    const named = hovering ? words.hovering.replace("{unit}", unit).replace("{chosen}", data.unit) : `${words.unit} ${unit}`;
    const inside = cursor >= this.range()[0] && cursor <= this.range()[1];
    this.line.hidden = !inside;
    this.line.style.transform = `translateX(${this.x(cursor)}px)`;
    for (const span of [this.markedLetter, this.markedToken]) span?.classList.remove("rv-here");
    this.markedLetter = this.spans?.[cursor];
    this.markedToken = this.strip.querySelector(`[data-step="${cursor}"]`);
    for (const span of [this.markedLetter, this.markedToken]) span?.classList.add("rv-here");
    this.readout.replaceChildren(
      element("span", "", `${words.step} ${cursor + 1} / ${this.steps}`),
      element("b", "rv-readout-token", data.tokens[cursor]),
      ...(unit === null ? [] : [element("span", "", named)]),
    );
    const spoken = [];
    for (const figure of this.figures.values()) {
      const text = this.valueText(figure, cursor, unit);
      figure.value.textContent = text;
      figure.value.title = text.startsWith("≈") ? words.rounded : "";
      if (text && figure.meta.axis === "time") spoken.push(`${figure.title.textContent}: ${text}`);
      this.markRow(figure, unit);
      this.markPath(figure, cursor);
    }
    this.spoken = `${words.step} ${cursor + 1}, ${data.tokens[cursor]}${unit === null ? "" : `, ${named}`}. ${spoken.join("; ")}`;
    if (this.candidateRows) {
      const { count, ids, values, tokens } = this.candidates;
      this.candidateRows.forEach((row, rank) => {
        const at = cursor * count + rank;
        row.token.textContent = tokens[ids[at]];
        row.fill.style.width = `${100 * values[at]}%`;
        row.value.textContent = percent(values[at]);
      });
    }
  }

  pointText(figure, unit) {
    const at = figure.meta.points.indexOf(unit);
    if (at < 0) return "";
    const words = this.data.labels;
    const value = figure.values[0][at];
    if (figure.meta.shows === "half_life") return `${words.unit} ${unit}: ${Number.isFinite(value) ? value.toPrecision(4) : "∞"} ${words.steps}`;
    return `${words.unit} ${unit}: ${words.open} ${percent(figure.across[0][at])}, ${words.shut} ${percent(value)}`;
  }

  valueText(figure, step, unit) {
    const { meta, parsed, values } = figure;
    if (meta.axis === "unit") return this.pointText(figure, unit);
    if (meta.axis !== "time") return "";
    const first = parsed.data[0];
    if (first.type === "heatmap") {
      const row = meta.units.indexOf(unit);
      const columns = values[0].length / meta.units.length;
      const column = Math.round((step - first.x0) / first.dx);
      if (row < 0 || column < 0 || column >= columns) return "";
      const raw = values[0][row * columns + column];
      const [low, high] = meta.limits;
      return values[0] instanceof Uint8Array ? `≈ ${signed(low + (raw / 255) * (high - low)).slice(0, 5)}` : signed(raw);
    }
    const at = step - first.x0;
    const written = meta.log10 ? power : signed;
    if (parsed.data.length === 1) return written(values[0][at]);
    return parsed.data
      .map((trace, i) => (trace.showlegend === false ? null : `${trace.name} ${written(values[i][at])}`))
      .filter((text) => text !== null)
      .join(" · ");
  }

  markRow(figure, unit) {
    const { units } = figure.meta;
    const row = units ? units.indexOf(unit) : -1;
    figure.row.hidden = row < 0;
    if (row < 0) return;
    const { t, b } = this.verticalMargins(figure);
    const { l, r } = this.margins();
    const height = (figure.plot.clientHeight - t - b) / units.length;
    Object.assign(figure.row.style, {
      top: `${t + row * height - 1}px`,
      height: `${Math.max(height, 1) + 2}px`,
      left: `${l - 6}px`,
      right: `${r}px`,
    });
  }

  markPath(figure, step) {
    if (figure.meta.axis !== "path" || !figure.listening || figure.marked === step) return;
    figure.marked = step;
    const [trace] = figure.parsed.data;
    const axes = trace.type === "scatter3d" ? ["x", "y", "z"] : ["x", "y"];
    figure.points ??= {};
    if (figure.points.spec !== figure.spec) figure.points = { spec: figure.spec, ...Object.fromEntries(axes.map((a) => [a, decode(trace[a])])) };
    const place = Object.fromEntries(axes.map((a) => [a, [[figure.points[a][step]]]]));
    this.begun(figure, window.Plotly.restyle(figure.plot, place, [1]));
  }

  say() {
    this.paintCursor();
    clearTimeout(this.sayTimer);
    this.sayTimer = setTimeout(() => (this.live.textContent = this.spoken), 120);
  }

  // ---- pointer, keys, buttons -------------------------------------------------------------------------------------

  pointerMoved(event) {
    if (this.drag && event.buttons === 0) this.dragEnds(); // released where no one told
    const figure = this.drag ? this.drag.figure : this.figureAt(event.target); // a captured pointer's target is not what it is over
    this.moveTo(this.stepAt(event.clientX));
    const row = this.rowAt(figure, event.clientY);
    this.hoverUnit(row === null ? null : figure.meta.units[row]);
    if (this.drag && event.pointerType === "mouse" && Math.abs(event.clientX - this.drag.x) > 5) {
      const [low, high] = [this.drag.step, this.stepAt(event.clientX, true)].sort((a, b) => a - b);
      this.band.hidden = false;
      this.band.style.left = `${this.x(low)}px`;
      this.band.style.width = `${this.x(high) - this.x(low)}px`;
    }
  }

  pointerDown(event) {
    if (event.button !== 0 || event.target.closest("button")) return;
    this.stop();
    this.drag = { x: event.clientX, step: this.stepAt(event.clientX, true), figure: this.figureAt(event.target), y: event.clientY, target: event.target };
    if (event.pointerType === "mouse") this.timed.setPointerCapture(event.pointerId); // a drag may end outside
    this.root.focus({ preventScroll: true });
    event.preventDefault();
  }

  pointerUp(event) {
    const drag = this.drag;
    const zooms = drag && !this.band.hidden;
    this.dragEnds();
    if (!drag) return;
    if (zooms) {
      const [low, high] = [drag.step, this.stepAt(event.clientX, true)].sort((a, b) => a - b);
      this.setZoom([Math.round(low) - 0.5, Math.max(Math.round(high), Math.round(low) + 3) + 0.5]);
      return;
    }
    if (drag.figure && event.clientX - this.timed.getBoundingClientRect().left < this.margins().l - 8) return; // the axis is no cell
    const row = this.rowAt(drag.figure, drag.y);
    this.moveTo(this.stepAt(event.clientX));
    if (drag.figure && drag.figure.meta.units && row === null) return;
    this.choose(drag.figure?.id ?? "tokens", row !== null ? drag.figure.meta.units[row] : (drag.figure?.meta.unit ?? null));
  }

  dragEnds() {
    this.drag = null;
    this.band.hidden = true;
  }

  choose(figure, unit, time = this.cursor) {
    this.sentStep = time ?? this.sentStep; // Python will send this step back: the cursor is there already
    this.send.trigger("choice", { figure, unit, time });
  }

  overPassage(event, click) {
    const step = event.target.dataset?.step;
    if (step === undefined) return;
    this.moveTo(Number(step), click);
    if (click) this.choose("tokens", null);
  }

  hoverPoint(figure, point) {
    if (figure.meta.axis === "path" && point.curveNumber === 0) this.moveTo(point.pointNumber);
    if (figure.meta.axis !== "unit" || point.curveNumber !== 0) return;
    this.hoverUnit(figure.meta.points[point.pointNumber]);
  }

  clickPoint(figure, point) {
    if (figure.meta.axis === "free") {
      if (figure.meta.chooses) this.choose(figure.id, null, Math.round(point[figure.meta.chooses]) - figure.meta.counted);
      return;
    }
    if (point.curveNumber !== 0 && figure.meta.axis !== "path") return;
    if (figure.meta.axis === "path") this.choose(figure.id, null);
    else this.choose(figure.id, figure.meta.points[point.pointNumber], null);
  }

  key(event) {
    if (!this.steps || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.closest("button");
    const far = event.shiftKey ? 10 : 1;
    const units = this.timedFigures().find((f) => f.meta.units)?.meta.units;
    const row = units?.indexOf(this.hoveredUnit ?? this.data.unit) ?? -1;
    const actions = {
      ArrowLeft: () => this.moveTo(this.cursor - far, true),
      ArrowRight: () => this.moveTo(this.cursor + far, true),
      Home: () => this.moveTo(0, true),
      End: () => this.moveTo(this.steps - 1, true),
      ArrowUp: () => units && this.hoverUnit(units[Math.max(0, row - far)]),
      ArrowDown: () => units && this.hoverUnit(units[Math.min(units.length - 1, row + far)]),
      Escape: () => this.hoverUnit(null),
      "+": () => this.act("narrower"),
      "-": () => this.act("wider"),
      0: () => this.act("all"),
      ...(onButton ? {} : { " ": () => this.act("play"), Enter: () => this.choose("keyboard", this.hoveredUnit ?? this.data.unit) }),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    if (event.key !== " ") this.stop();
    action();
    this.say();
  }

  act(name) {
    const [low, high] = this.range();
    const around = (factor) => {
      const width = clamp((high - low) * factor, 4, this.steps);
      const from = clamp(this.cursor - ((this.cursor - low) / (high - low)) * width, -0.5, this.steps - 0.5 - width);
      this.setZoom(width >= this.steps ? null : [from, from + width]);
    };
    if (name !== "play") this.stop();
    if (name === "back") this.moveTo(this.cursor - 1, true);
    else if (name === "forward") this.moveTo(this.cursor + 1, true);
    else if (name === "narrower") around(0.5);
    else if (name === "wider") around(2);
    else if (name === "all") this.setZoom(null);
    else if (this.playing) this.stop();
    else this.play();
  }

  play() {
    if (this.cursor >= this.steps - 1) this.moveTo(0, true);
    this.buttons.play.textContent = "❚❚";
    this.buttons.play.setAttribute("aria-pressed", "true");
    this.playing = setInterval(() => {
      if (this.cursor >= this.steps - 1) this.stop();
      else this.moveTo(this.cursor + 1, true);
    }, 200);
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    this.buttons.play.textContent = "▶";
    this.buttons.play.setAttribute("aria-pressed", "false");
  }

  setZoom(range) {
    if (range) {
      const low = clamp(range[0], -0.5, this.steps - 0.5);
      const high = clamp(range[1], low, this.steps - 0.5);
      range = high - low >= this.steps || high <= low ? null : [low, high];
    }
    this.zoom = range;
    for (const figure of this.timedFigures()) figure.stale = true;
    this.drawStrip();
    this.showCursor();
    this.draw();
    clearTimeout(this.zoomTimer);
    if (!this.data.finer) return; // all that there is lies here already
    this.zoomTimer = setTimeout(() => this.send.state("zoom", { id: this.data.id, range: this.zoom }), 150);
  }
}
