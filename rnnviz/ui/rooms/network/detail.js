// The numbers of the node or edge that is looked at.

import { element } from "../../parts/js/dom.js";
import { clamp, fixed } from "../../parts/js/numbers.js";
import { inkOn } from "../../parts/js/theme.js";
import { filled } from "../../parts/js/words.js";
import { four } from "./numbers.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Colour} Colour */

/**
 * Its lines, to be shown and read aloud.
 * @param {Data} data
 * @param {import("./types.js").Looked | null} looked
 * @param {number} time
 * @param {Colour} colour
 */
export function detailOf(data, looked, time, colour) {
  const node = looked && "node" in looked ? data.nodes.find(({ id }) => id === looked.node) : undefined;
  if (node) return nodeLines(data, node, time, colour);
  const edge = looked && "edge" in looked ? data.edges[looked.edge] : undefined;
  return edge ? edgeLines(data, edge, time) : [element("p", "nw-hint", data.labels.hint)];
}

/** @param {Data} data @param {Data["nodes"][number]} node @param {number} time @param {Colour} colour */
function nodeLines({ labels, times }, node, time, colour) {
  const name = times > 1 ? `${node.name}, ${labels.step} ${time + 1}` : node.name;
  const gradient = `${filled(labels.gradient, { letter: node.letter })} = ${four(node.gradient[time])}`;
  const mean = node.values[time].length > 1 ? `${labels.mean} ${four(node.mean[time])} · ` : "";
  return [
    element("p", "nw-detail-name", `${node.label}: ${name}`),
    values(node.letter, node.values[time], 1, colour),
    ...(node.cell.length ? [values("c", node.cell[time], 3, colour)] : []),
    element("p", "nw-numbers", `${mean}${gradient}`),
  ];
}

/** @param {string} letter @param {number[]} numbers @param {number} limit of the colours @param {Colour} colour */
function values(letter, numbers, limit, colour) {
  const cells = numbers.map((value) => {
    const cell = element("span", "nw-value", fixed(value, 3));
    const parts = colour("diverging", (clamp(value / limit, -1, 1) + 1) / 2);
    cell.style.backgroundColor = `rgb(${parts})`;
    cell.style.color = inkOn(parts);
    return cell;
  });
  return element("div", "nw-values", element("span", "nw-letter", letter), ...cells);
}

/** @param {Data} data @param {Data["edges"][number]} edge @param {number} time */
function edgeLines({ nodes, labels }, edge, time) {
  const [source, target] = [edge.source, edge.target].map((id) => nodes.find((node) => node.id === id)?.label);
  const norm = edge.norm[time];
  return [
    element("p", "nw-detail-name", `${source} → ${target}: ${labels.roles[edge.role]}`),
    element("p", "nw-numbers", norm === null ? labels.unused : `${labels.norm} = ${four(norm)}`),
    ...(edge.weight === null || edge.product === null
      ? []
      : [element("p", "nw-numbers", filled(labels.single, { weight: four(edge.weight), value: source ?? "", product: four(edge.product) }))]),
  ];
}
