// The numbers of the node or edge that is looked at.

import { element } from "../../parts/js/dom.js";
import { clamp, fixed } from "../../parts/js/numbers.js";
import { inkOn } from "../../parts/js/theme.js";
import { filled } from "../../parts/js/words.js";
import { four } from "./numbers.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Colour} Colour */

/**
 * Its lines, to be shown and read aloud, and last the way into the page of the cell, where there is one.
 * @param {Data} data
 * @param {import("./types.js").Looked | null} looked
 * @param {number} time
 * @param {Colour} colour
 * @param {HTMLAnchorElement} link which leads there; its text and its address are written here
 */
export function detailOf(data, looked, time, colour, link) {
  const node = looked && "node" in looked ? data.nodes.find(({ id }) => id === looked.node) : undefined;
  const edge = looked && "edge" in looked ? data.edges[looked.edge] : undefined;
  const lines = node ? nodeLines(data, node, time, colour) : edge ? edgeLines(data, edge, time) : [element("p", "nw-hint", data.labels.hint)];
  const zoom = (node ?? edge)?.zoom;
  if (!zoom || data.zoom === null) return lines;
  const step = (zoom.step ?? time) + 1;
  link.textContent = filled(zoom.product === null ? data.labels.zoom : data.labels.zoomed, { step });
  link.href = `${data.zoom}&cell_step=${step}${zoom.product === null ? "" : `&cell_product=${zoom.product}`}`;
  return [...lines, element("p", "", link)];
}

/** @param {Data} data @param {Data["nodes"][number]} node @param {number} time @param {Colour} colour */
function nodeLines({ labels, times, letters }, node, time, colour) {
  const step = times > 1 ? `${node.name}, ${labels.step} ${time + 1}` : node.name;
  const speaks = letters !== null && (node.role === "input" || node.role === "output");
  const name = speaks && node.unit !== null ? `${step}, ${letters[node.unit]}` : step;
  const gradient = `${filled(labels.gradient, { letter: node.letter })} = ${four(node.gradient[time])}`;
  const mean = node.values[time].length > 1 ? `${labels.mean} ${four(node.mean[time])} · ` : "";
  return [
    element("p", "nw-detail-name", `${node.label}: ${name}`),
    values(node.letter, node.values[time], 1, colour, speaks && node.unit === null ? letters : undefined),
    ...(node.cell.length ? [values("c", node.cell[time], 3, colour)] : []),
    element("p", "nw-numbers", `${mean}${gradient}`),
  ];
}

/** @param {string} letter @param {number[]} numbers @param {number} limit of the colours @param {Colour} colour @param {string[]} [names] what each stands for */
function values(letter, numbers, limit, colour, names) {
  const cells = numbers.map((value, i) => {
    const cell = element("span", "nw-value", `${names ? `${names[i]} ` : ""}${fixed(value, 4)}`);
    const parts = colour("diverging", (clamp(value / limit, -1, 1) + 1) / 2);
    cell.style.backgroundColor = `rgb(${parts})`;
    cell.style.color = inkOn(parts);
    return cell;
  });
  return element("div", "nw-values", element("span", "nw-letter", letter), ...cells);
}

/** @param {Data} data @param {Data["edges"][number]} edge @param {number} time */
function edgeLines({ nodes, labels, letters }, edge, time) {
  const ends = [edge.source, edge.target].map((id) => nodes.find((node) => node.id === id));
  const [source, target] = ends.map((node) => node?.label);
  const role = letters !== null && edge.role === "weight" && ends[1]?.role === "output" ? labels.softmax : labels.roles[edge.role];
  const norm = edge.norm[time];
  return [
    element("p", "nw-detail-name", `${source} → ${target}: ${role}`),
    element("p", "nw-numbers", norm === null ? labels.unused : `${labels.norm} = ${four(norm)}`),
    ...(edge.weight === null || edge.product === null
      ? []
      : [element("p", "nw-numbers", filled(labels.single, { weight: four(edge.weight), value: source ?? "", product: four(edge.product) }))]),
  ];
}
