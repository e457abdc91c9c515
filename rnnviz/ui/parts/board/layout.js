// A figure as plotly draws it on the board: in the colours, the type and the width of the page.

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Layout} Layout */
/** @typedef {import("./types.js").Look} Look */
/** @typedef {import("./types.js").Trace} Trace */

const THREE = ["xaxis", "yaxis", "zaxis"];

/** @param {Figure} figure @param {Look} look @param {Axis} axis @param {string} step the word */
export function laidOut(figure, look, axis, step) {
  const { data, layout } = look.themed(figure);
  const { size } = axis;
  const { text: ink, font } = look.theme;
  layout.font = { ...layout.font, size: layout.font.size * size, color: ink, family: font };
  layout.height = Math.round(layout.height * Math.sqrt(size)); // larger type, yet the first picture stays on the screen
  delete layout.title;
  layout.width = figure.holder.clientWidth;
  layout.autosize = false;
  layout.uirevision = "kept";
  // plotly would take the colour of what is pointed at, through which curves and text can be seen
  layout.hoverlabel = { ...layout.hoverlabel, bgcolor: look.theme.background, bordercolor: ink, font: { color: ink, family: font, size: 14 * size } };
  for (const name of ["xaxis", "yaxis"]) {
    const title = layout[name]?.title;
    const text = typeof title === "string" ? title : title?.text;
    const type = { size: 14 * size };
    layout[name] = { ...layout[name], color: ink, tickfont: type, title: text && { text, font: type } };
  }
  for (const trace of data) if (trace.type === "heatmap") trace.showscale = false;
  if (figure.meta.units) Object.assign(layout.yaxis, axis.rows.axis(figure.meta));
  if (figure.timed) alongTime(layout, figure.last, axis, step);
  else byItself(layout, axis, ink);
  if (figure.meta.axis === "path") data.push(mark(data[0], layout, ink));
  return { data, layout };
}

/** @param {Layout} layout @param {boolean} last @param {Axis} axis @param {string} step */
function alongTime(layout, last, axis, step) {
  const { size } = axis;
  layout.margin = { ...axis.margins, ...axis.vertical(last) };
  if (!last) layout.height -= 28;
  if (axis.narrow) layout.yaxis.title = undefined;
  Object.assign(layout.xaxis, axis.ticks(), {
    range: axis.range,
    showticklabels: last,
    title: last ? { text: step, standoff: 6, font: { size: 14 * size } } : undefined,
  });
}

/** @param {Layout} layout @param {Axis} axis @param {string} ink */
function byItself(layout, { size, narrow }, ink) {
  const { scene } = layout;
  layout.margin = scene ? { l: 0, r: 0, t: 0, b: 0 } : { l: 76 * size, r: 16, t: 8, b: 52 * size };
  if (narrow) layout.height = Math.min(layout.height, 340);
  if (!scene) return;
  const eye = scene.camera.eye;
  if (narrow && eye) for (const name of ["x", "y", "z"]) eye[name] *= 1.25; // room for the ticks, which do not shrink
  const type = { size: 14 * size };
  for (const name of THREE) {
    const title = { ...scene[name].title, font: type };
    if (narrow) title.text = title.text.replace(/ \(.*/, "");
    Object.assign(scene[name], { color: ink, gridcolor: "rgba(127,127,127,0.35)", tickfont: type, title });
  }
}

/** Where the cursor stands on a path: nowhere yet. @param {Trace} path @param {Layout} layout @param {string} ink @returns {Trace} */
function mark(path, { scene }, ink) {
  const flat = { size: 15, color: "rgba(0,0,0,0)", line: { width: 3, color: ink } };
  const marker = scene ? { ...flat, size: 8, color: ink } : flat;
  return { ...path, mode: "markers", marker, x: [], y: [], ...(scene ? { z: [] } : {}) };
}
