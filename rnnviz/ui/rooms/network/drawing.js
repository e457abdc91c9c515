// The picture itself: nodes and edges, how one picture turns into the next, and what stands in it at a moment of a pass.

import { shape } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { calm } from "../../parts/js/player.js";
import { inkOn, typeSize } from "../../parts/js/theme.js";
import { few } from "./numbers.js";
import { isReached, nodesAt, shownOf, sizeOf, timeOf, turnOf } from "./passes.js";
import { layout, nearest, onTheWay, wayOf } from "./places.js";

/** @typedef {import("./types.js").Data} Data */
/** @typedef {import("./types.js").Node} Node */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {import("./types.js").Moment} Moment */
/**
 * @typedef {object} Shown a node in the picture
 * @property {string | undefined} kin
 * @property {Place} from
 * @property {Place} to
 * @property {Place} at between the two
 * @property {boolean} fades whether it comes out of nothing
 * @property {boolean} leaves whether it goes into another, or into nothing
 * @property {Parts} parts
 */
/** @typedef {{ group: SVGGElement, box: SVGRectElement, bands: SVGGElement, ring: SVGRectElement, label: SVGTextElement, number: SVGTextElement }} Parts */

const MORPH = 480; // ms from one stage to the next
export const WIDE = 6; // px of an edge whose Jacobian has norm 1

export class Drawing {
  /** @param {() => void} arrived called when all parts have come to rest */
  constructor(arrived) {
    this.arrived = arrived;
    /** @type {Map<string, Shown>} */
    this.shown = new Map();
    /** @type {{ edge: Data["edges"][number], group: SVGGElement, line: SVGPathElement, flow: SVGPathElement, hit: SVGPathElement }[]} */
    this.edges = [];
    /** @type {Data | null} */
    this.data = null;
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    this.scale = 1;
    this.moving = 0;
    this.svg = shape("svg", { class: "nw-svg", role: "img" });
    const arrow = shape("marker", {
      id: "nw-arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse",
      orient: "auto-start-reverse",
    }, shape("defs", {}, this.svg));
    shape("path", { d: "M0,0.5L10,5L0,9.5z", class: "nw-arrow" }, arrow);
    this.under = shape("g", {}, this.svg);
    this.over = shape("g", {}, this.svg);
  }

  destroy() {
    cancelAnimationFrame(this.moving);
  }

  // ---- from the picture before to this one --------------------------------------------------------------------------

  /** @private @param {Data} data @param {number} room */
  places(data, room) {
    this.scale = typeSize();
    const { width, height, places } = layout(data, room, this.scale);
    this.svg.setAttribute("width", String(width));
    this.svg.setAttribute("height", String(height));
    return places;
  }

  /** Another picture: what is of one kind parts or joins. @param {Data} data @param {number} room */
  change(data, room) {
    cancelAnimationFrame(this.moving);
    this.data = data;
    this.nodes = new Map(data.nodes.map((node) => [node.id, node]));
    this.svg.setAttribute("aria-label", data.summary);
    const goal = this.places(data, room);
    for (const node of this.shown.values()) if (node.leaves) node.parts.group.remove();
    const before = new Map([...this.shown].filter(([, node]) => !node.leaves));
    this.shown = new Map();
    for (const [id, to] of goal) this.comes(id, to, before);
    for (const [id, node] of before) if (!this.shown.has(id)) this.goes(id, node, goal);
    for (const { group } of this.edges) group.remove();
    this.edges = data.edges.map((edge, index) => this.edge(edge, index));
    const length = before.size === 0 || calm?.matches ? 0 : MORPH;
    const begun = performance.now();
    this.settle(0);
    /** @param {number} time */
    const turn = (time) => {
      const share = length ? clamp((time - begun) / length, 0, 1) : 1;
      this.settle(share * share * (3 - 2 * share));
      if (share < 1) this.moving = requestAnimationFrame(turn);
      else this.rest();
    };
    if (length) this.moving = requestAnimationFrame(turn);
    else turn(begun);
  }

  /** @private @param {string} id @param {Place} to @param {Map<string, Shown>} before */
  comes(id, to, before) {
    const kin = this.nodes.get(id)?.kin;
    const was = before.get(id);
    const from = was?.at ?? nearest([...before.values()].filter((one) => one.kin === kin).map((one) => one.at), to);
    this.shown.set(id, {
      kin, from: from ?? to, to, at: from ?? to, fades: from === null && before.size > 0, leaves: false, parts: was?.parts ?? this.node(id),
    });
  }

  /** @private @param {string} id @param {Shown} node @param {Map<string, Place>} goal */
  goes(id, node, goal) {
    const into = nearest([...goal].filter(([other]) => this.nodes.get(other)?.kin === node.kin).map(([, place]) => place), node.at);
    this.shown.set(id, { ...node, from: node.at, to: into ?? node.at, leaves: true });
  }

  /** @private @param {number} share of the way */
  settle(share) {
    for (const node of this.shown.values()) {
      node.at = onTheWay(node.from, node.to, share);
      const { x, y, wide, high } = node.at;
      node.parts.group.setAttribute("transform", `translate(${x - wide / 2},${y - high / 2})`);
      node.parts.group.setAttribute("opacity", String(node.leaves ? 1 - share : node.fades ? share : 1));
      this.outline(node);
    }
    this.under.setAttribute("opacity", String(clamp(2 * share - 1, 0, 1)));
    if (share >= 0.5) this.trace();
  }

  /** @private */
  rest() {
    for (const [id, node] of this.shown) {
      if (!node.leaves) continue;
      node.parts.group.remove();
      this.shown.delete(id);
    }
    this.arrived();
  }

  /** Another width or type size. @param {number} room */
  fit(room) {
    if (!this.data) return;
    cancelAnimationFrame(this.moving);
    for (const [id, place] of this.places(this.data, room)) this.shown.set(id, { ...this.at(id), to: place, fades: false });
    this.settle(1);
    this.rest();
  }

  // ---- parts --------------------------------------------------------------------------------------------------------

  /** @param {string} id @returns {Shown} */
  at(id) {
    return /** @type {Shown} */ (this.shown.get(id));
  }

  /** @private @param {string} id @returns {Parts} */
  node(id) {
    const group = shape("g", { class: "nw-node", "data-node": id }, this.over);
    return {
      group, box: shape("rect", { class: "nw-box" }, group), bands: shape("g", {}, group), ring: shape("rect", { class: "nw-ring" }, group),
      label: shape("text", { class: "nw-label" }, group), number: shape("text", { class: "nw-number" }, group),
    };
  }

  /** @private @param {Data["edges"][number]} edge @param {number} index */
  edge(edge, index) {
    const group = shape("g", { "data-edge": index }, this.under);
    const line = shape("path", { class: `nw-edge nw-${edge.role}` }, group);
    const flow = shape("path", { class: "nw-flow", pathLength: 1 }, group);
    const hit = shape("path", { class: "nw-hit" }, group); // a hair is hard to point at
    return { edge, group, line, flow, hit };
  }

  /** @private @param {Shown} node */
  outline({ at, parts: { box, ring } }) {
    for (const [one, grown] of /** @type {[SVGRectElement, number][]} */ ([[box, 0], [ring, 3 * this.scale]])) {
      const sizes = { x: -grown, y: -grown, width: at.wide + 2 * grown, height: at.high + 2 * grown, rx: at.round + grown };
      for (const [name, size] of Object.entries(sizes)) one.setAttribute(name, String(size));
    }
  }

  /** The lines, from where the nodes are. @private */
  trace() {
    for (const { edge: { source, target, role }, line, flow, hit } of this.edges) {
      const d = wayOf(role, this.at(source).at, this.at(target).at, this.scale, this.nodes.get(source)?.backward);
      for (const one of [line, flow, hit]) one.setAttribute("d", d);
    }
  }

  // ---- a moment of a pass -------------------------------------------------------------------------------------------

  /**
   * @param {Moment} moment
   * @param {string} choice all, mean or a unit
   * @param {import("./types.js").Colour} colour
   * @param {import("./types.js").Width} width what that of an edge follows
   * @param {boolean} flowing whether what is handed on is seen to flow
   */
  show(moment, choice, colour, width, flowing) {
    if (!this.data) return;
    for (const node of this.data.nodes) this.paint(this.data, moment, node, choice, colour);
    for (const parts of this.edges) this.flow(this.data, moment, parts, width, flowing);
  }

  /** @private @param {Data} data @param {Moment} moment @param {Node} node @param {string} choice @param {import("./types.js").Colour} colour */
  paint(data, moment, node, choice, colour) {
    const { to, parts: { group, bands, label, number } } = this.at(node.id);
    const k = this.scale;
    const unit = node.unit !== null;
    const reached = isReached(data, moment, node);
    group.classList.toggle("nw-waiting", !reached);
    group.classList.toggle("nw-here", reached && data.times === 1 && turnOf(data, moment, node) === moment.frame);
    const { scale, shares, value } = shownOf(data, moment, node, choice);
    const colours = shares.map((share) => colour(scale, share));
    const [left, top] = unit ? [0, 0] : [5 * k, 21 * k];
    const [wide, high] = [to.wide - 2 * left, to.high - top - left];
    const width = wide / colours.length;
    bands.replaceChildren(
      ...colours.map((parts, i) =>
        shape("rect", { x: left + i * width, y: top, width, height: high, fill: `rgb(${parts})`, rx: unit ? to.round : 0, class: "nw-band" }),
      ),
      ...(unit || !colours.length ? [] : [shape("rect", { x: left, y: top, width: wide, height: high, class: "nw-frame" })]),
    );
    const ink = colours.length === 1 ? inkOn(colours[0]) : "";
    const token = node.tokens[timeOf(data, moment)]; // what a network says stands there once it is computed
    label.textContent = token && (reached || node.role === "input") ? `${node.label} “${token}”` : node.label;
    label.setAttribute("x", String(to.wide / 2));
    label.setAttribute("y", String(unit ? (value === null ? 30 * k : 22 * k) : 16 * k));
    label.style.fill = unit ? ink : "";
    number.textContent = value === null ? "" : few(value);
    number.setAttribute("x", String(to.wide / 2));
    number.setAttribute("y", String(unit ? 38 * k : top + high / 2 + 5 * k));
    number.style.fill = ink;
  }

  /**
   * @private
   * @param {Data} data
   * @param {Moment} moment
   * @param {{ edge: Data["edges"][number], line: SVGPathElement, flow: SVGPathElement }} parts
   * @param {import("./types.js").Width} follows
   * @param {boolean} flowing
   */
  flow(data, moment, { edge, line, flow }, follows, flowing) {
    const [source, target] = [edge.source, edge.target].map((id) => /** @type {Node} */ (this.nodes.get(id)));
    const forward = moment.pass === "forward";
    const size = sizeOf(edge, follows, timeOf(data, moment));
    const least = edge.role === "weight" ? 0.3 : 0.75; // there are hundreds of single weights
    const width = clamp(WIDE * (size ?? 0), least, 18) * this.scale;
    line.style.strokeWidth = `${width}px`;
    const reached = size !== null && isReached(data, moment, source) && isReached(data, moment, target);
    line.classList.toggle("nw-waiting", !reached);
    if (edge.role !== "weight") {
      // on the way back the arrow turns round
      line.setAttribute(forward ? "marker-end" : "marker-start", "url(#nw-arrow)");
      line.removeAttribute(forward ? "marker-start" : "marker-end");
    }
    const arrives = data.times > 1 || turnOf(data, moment, forward ? target : source) === moment.frame;
    flow.classList.remove("nw-flows");
    flow.style.strokeWidth = `${Math.max(width, 2.5 * this.scale)}px`;
    if (!(flowing && reached && arrives)) return;
    flow.getBoundingClientRect(); // so that the motion begins anew
    flow.style.setProperty("--nw-from", forward ? "1" : "-1");
    flow.classList.add("nw-flows");
  }

  /** The middle of what is computed at a moment, in px from the left. @param {Moment} moment */
  middle(moment) {
    const here = this.data ? nodesAt(this.data, moment).map((node) => this.at(node.id).to.x) : [];
    return here.reduce((sum, x) => sum + x, 0) / (here.length || 1);
  }

  /** @param {import("./types.js").Looked | null} looked */
  mark(looked) {
    for (const one of this.svg.querySelectorAll(".nw-looked")) one.classList.remove("nw-looked");
    if (!looked) return;
    const found = "node" in looked ? this.shown.get(looked.node)?.parts.group : this.edges[looked.edge]?.line;
    found?.classList.add("nw-looked");
  }
}
