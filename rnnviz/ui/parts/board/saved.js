// A figure to take away: a picture with what the page says around it, or a page of its own.

import { element } from "../js/dom.js";
import { clamp, minus } from "../js/numbers.js";
import { loadPlotly } from "./plotly.js";
import { escaped, short } from "./tokens.js";

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Shown} Data */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Layout} Layout */
/** @typedef {import("./types.js").Look} Look */
/** @typedef {import("./types.js").Spec} Spec */

const WIDTH = 1280;
const LABEL = 64; // px of an axis that a tick's label takes
const LETTER = 13;

/** @param {Figure} figure @param {string} format png, svg or html @param {Data} data @param {Look} look @param {Axis} axis */
export async function save(figure, format, data, look, axis) {
  const plotly = await loadPlotly(data.plotly);
  const slide = slideOf(figure, data, look, axis);
  const filename = `rnnviz-${figure.id}`;
  if (format === "html") {
    const library = await (await fetch(new URL(data.plotly, document.baseURI))).text();
    offer(pageOf(slide, library, figure.title.textContent ?? "", look.theme.background), `${filename}.html`);
    return;
  }
  const { width, height } = slide.layout;
  await plotly.downloadImage(slide, { format, scale: format === "png" ? 2 : 1, width, height, filename });
}

/** One file that needs nothing else: plotly.js inside, the figure as JSON that cannot end the script.
 * @param {Spec} slide @param {string} library @param {string} title @param {string} background */
function pageOf(slide, library, title, background) {
  const json = JSON.stringify(slide).replaceAll("<", "\\u003c");
  return (
    `<!doctype html><html><head><meta charset="utf-8"><title>${escaped(title)}</title></head>` +
    `<body style="margin:0;background:${background}"><div id="figure"></div>` +
    `<script>${library.replaceAll("</script", "<\\/script")}</script>` +
    `<script>const f = ${json}; Plotly.newPlot("figure", f.data, f.layout, { responsive: true, displaylogo: false });</script></body></html>`
  );
}

/** @param {string} page @param {string} filename */
function offer(page, filename) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** What a saved picture needs that the page says around it: title, axes, colour bar, legend, background.
 * @param {Figure} figure @param {Data} sent @param {Look} look @param {Axis} axis @returns {Spec} */
function slideOf(figure, sent, look, axis) {
  const { data, layout } = look.themed(figure);
  const { meta } = figure;
  const { text: ink, background, font } = look.theme;
  /** @param {number} size */
  const type = (size) => ({ size, color: ink });
  const heading = escaped(figure.heading).replace(/&lt;(\/?su[pb])&gt;/g, "<$1>");
  const subject = `<span style="font-size:18px">${escaped(sent.subject)}</span>`;
  Object.assign(layout, {
    width: WIDTH,
    height: clamp(Math.round(layout.height * 1.6), 540, 720),
    title: { text: `${heading}<br>${subject}`, font: type(24), x: 0, xanchor: "left", y: 1, yanchor: "top", pad: { t: 40, l: 30 } },
    margin: { l: 110, r: 120, t: 110, b: 110 },
    paper_bgcolor: background,
    plot_bgcolor: background,
    font: { ...type(18), family: font },
    showlegend: Boolean(meta.legend),
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
  });
  const shown = figure.plot.layout;
  for (const name of ["xaxis", "yaxis"]) {
    const text = layout[name]?.title?.text;
    const title = text && { text, font: type(20), standoff: 14 };
    layout[name] = { ...layout[name], color: ink, tickfont: { size: 18 }, title };
    if (!figure.timed && shown?.[name]?.range) layout[name].range = shown[name].range; // as zoomed
  }
  if (layout.scene) {
    layout.scene.camera = shown?.scene?.camera ?? layout.scene.camera;
    for (const name of ["xaxis", "yaxis", "zaxis"]) layout.scene[name].color = ink;
  }
  if (meta.units) Object.assign(layout.yaxis, axis.rows.axis(meta)); // as zoomed
  addColourBar(figure, data[0], sent);
  if (figure.timed) addSteps(layout, sent, axis, type(20));
  return { data, layout };
}

/** @param {Figure} figure @param {import("./types.js").Trace} first @param {Data} sent */
function addColourBar({ meta }, first, { tokens, labels }) {
  const bar = { thickness: 18, outlinewidth: 0, tickfont: { size: 18 } };
  if (first.type === "heatmap") {
    first.showscale = true;
    const [low, high] = meta.beyond ? ["≤ ", "≥ "] : ["", ""];
    const ticktext = first.colorbar.ticktext.map((/** @type {string} */ text, /** @type {number} */ i) => [low, "", high][i] + minus(text));
    first.colorbar = { ...first.colorbar, ...bar, ticktext };
  }
  if (meta.axis === "path") {
    const ends = { tickvals: [0, tokens.length - 1], ticktext: ["1", String(tokens.length)] };
    first.marker = { ...first.marker, showscale: true, colorbar: { ...bar, ...ends, title: { text: labels.step } } };
  }
}

/** The axis as it is in view; its tokens where they have room. @param {Layout} layout @param {Data} sent @param {Axis} axis @param {object} font */
function addSteps(layout, { tokens, labels }, axis, font) {
  const [low, high] = axis.range;
  const ticks = axis.ticks(Math.floor((WIDTH - layout.margin.l - layout.margin.r) / LABEL));
  if (tokens.every((token) => token.length < 3) && (WIDTH - layout.margin.l - layout.margin.r) / (high - low) >= LETTER) {
    const numbered = new Set(ticks.tickvals);
    const first = Math.ceil(low);
    ticks.tickvals = Array.from({ length: Math.floor(high) - first + 1 }, (_, i) => first + i);
    ticks.ticktext = ticks.tickvals.map((t) => escaped(short(tokens[t])) + (numbered.has(t) ? `<br>${t + 1}` : ""));
  }
  Object.assign(layout.xaxis, ticks, { range: [low, high], tickangle: 0, title: { text: labels.step, font, standoff: 14 } });
}
