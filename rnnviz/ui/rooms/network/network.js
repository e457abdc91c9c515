// The network as one picture that changes from stage to stage, and the passes played over it. Everything that can be shown
// was sent once; stepping, playing and looking need no server. Text goes in through textContent only.

const MORPH = 480; // ms from one stage to the next
const PACE = 800; // ms a step at speed 1
const WIDE = 6; // px of an edge whose Jacobian has norm 1

import { element, mounted, shape } from "../../parts/js/dom.js";
import { clamp } from "../../parts/js/numbers.js";
import { between, hexParts, inkOn, themeSide } from "../../parts/js/theme.js";

export default mounted((parent) => new Picture(parent));

const minus = (text) => text.replace(/-/g, "\u2212");
const four = (value) => (value === 0 ? "0" : minus(Math.abs(value) < 1e-4 ? value.toExponential(3) : value.toPrecision(4)));
const few = (value) => (value !== 0 && Math.abs(value) < 0.0095 ? minus(value.toExponential(0)) : minus(value.toFixed(2)));
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
const mixed = (from, to, share) => from + (to - from) * share;
const PLACE = ["x", "y", "wide", "high", "round"];

class Picture {
  constructor(parent) {
    this.now = new Map(); // id -> where a node stands and what draws it
    this.pass = "forward";
    this.frame = 0;
    this.looked = null; // the node or edge whose numbers are shown
    this.revision = 0;
    this.build(parent);
  }

  // ---- the frame, made once -----------------------------------------------------------------------------------------

  build(parent) {
    this.root = element("section", "nw-picture");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.bar = element("div", "nw-bar");
    this.buttons = {};
    const tools = element("div", "nw-tools");
    for (const name of ["forward", "backward", "back", "on"]) {
      const button = element("button", "nw-button");
      button.type = "button";
      button.addEventListener("click", () => this.act(name));
      this.buttons[name] = button;
      tools.append(button);
    }
    this.choices = {};
    for (const name of ["speed", "colour"]) {
      const label = element("label", "nw-choice");
      const words = element("span", "nw-choice-name");
      const select = element("select", "nw-select");
      label.append(words, select);
      this.choices[name] = { words, select };
      tools.append(label);
    }
    this.choices.colour.select.addEventListener("change", () => this.show());
    this.readout = element("p", "nw-readout");
    this.readout.setAttribute("aria-live", "polite");
    this.bar.append(tools, this.readout);
    this.holder = element("div", "nw-holder");
    this.svg = shape("svg", { class: "nw-svg", role: "img" });
    const arrow = shape("marker", {
      id: "nw-arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse",
      orient: "auto-start-reverse",
    });
    arrow.append(shape("path", { d: "M0,0.5L10,5L0,9.5z", class: "nw-arrow" }));
    const defs = shape("defs");
    defs.append(arrow);
    this.under = shape("g");
    this.over = shape("g");
    this.svg.append(defs, this.under, this.over);
    this.holder.append(this.svg);
    this.more = element("p", "nw-more");
    this.legend = element("div", "nw-legend");
    this.detail = element("div", "nw-detail");
    this.probe = element("i", "nw-theme");
    this.root.append(this.bar, this.holder, this.more, this.legend, this.detail, this.probe);
    parent.append(this.root);

    this.root.addEventListener("keydown", (event) => this.key(event));
    this.svg.addEventListener("pointerover", (event) => this.over_(event));
    this.svg.addEventListener("pointerdown", (event) => this.over_(event));
    // the theme's variables change without a call: a transition of a colour that follows them tells when
    this.probe.addEventListener("transitionend", () => this.show());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.root);
    this.observer.observe(this.probe); // one rem wide: tells when the page's type grows
  }

  destroy() {
    this.stop();
    cancelAnimationFrame(this.moving);
    this.observer.disconnect();
    this.root.remove();
  }

  // ---- what Python sends --------------------------------------------------------------------------------------------

  update(data) {
    const other = !this.data || this.data.id !== data.id;
    const said = JSON.stringify(data.labels);
    this.data = data;
    this.nodes = new Map(data.nodes.map((node) => [node.id, node]));
    if (other || this.said !== said) this.words(said);
    if (!other) return this.show();
    this.stop();
    this.pass = "forward";
    this.frame = this.frames() - 1;
    this.looked = null;
    this.svg.setAttribute("aria-label", data.summary);
    this.morph();
    this.show();
    this.root.dataset.stage = data.stage;
    this.root.dataset.revision = this.revision += 1;
  }

  words(said) {
    const words = this.data.labels;
    this.said = said;
    this.root.setAttribute("aria-label", words.picture);
    const signs = { forward: `▶ ${words.forward}`, backward: `◀ ${words.backward}`, back: "‹", on: "›" };
    for (const [name, button] of Object.entries(this.buttons)) {
      button.textContent = signs[name];
      if (name === "back" || name === "on") button.setAttribute("aria-label", words[name]);
      button.title = words[name];
    }
    const { speed, colour } = this.choices;
    for (const [name, { words: shown, select }] of Object.entries(this.choices)) {
      shown.textContent = words[name];
      select.setAttribute("aria-label", words[name]);
    }
    const old = [speed.select.value || "1", colour.select.value || "all"];
    speed.select.replaceChildren(...["0.5", "1", "2", "4"].map((value) => new Option(`${value}×`, value)));
    const units = Math.max(...this.data.nodes.map((node) => node.values[0].length));
    const each = Array.from({ length: units > 1 ? units : 0 }, (_none, i) => new Option(`${words.unit} ${i + 1}`, i));
    colour.select.replaceChildren(
      new Option(words.all, "all"), ...(units > 1 ? [new Option(words.mean, "mean")] : []), ...each,
    );
    speed.select.value = old[0];
    colour.select.value = [...colour.select.options].some((option) => option.value === old[1]) ? old[1] : "all";
    colour.select.closest("label").hidden = units < 2;
    this.more.textContent = words.more;
  }

  // ---- places -------------------------------------------------------------------------------------------------------

  // where each node stands at rest, in px
  places() {
    const { nodes } = this.data;
    const k = (this.scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);
    const columns = nodes.map((node) => node.column);
    const rows = nodes.map((node) => node.row);
    const [first, last] = [Math.min(...columns), Math.max(...columns)];
    const top = Math.max(...rows);
    const both = nodes.some((node) => node.backward);
    const least = k * (both ? 104 : this.data.vectors ? 68 : 58);
    const room = this.holder.clientWidth || 600;
    const across = clamp((room - 72 * k) / Math.max(1, last - first + (both ? 0.42 : 0)), least, k * (both ? 160 : 148));
    this.across = across;
    const margin = k * (this.data.loops ? 110 : 32) + (both ? 0.21 * across : 0);
    const wide = Math.max(room, (last - first) * across + 2 * margin);
    const up = k * (this.data.vectors ? (both ? 82 : 96) : top > 1 ? 116 : 150);
    this.svg.setAttribute("width", wide);
    this.svg.setAttribute("height", top * up + 84 * k);
    this.size = [wide, top * up + 84 * k];
    const found = new Map();
    for (const node of nodes) {
      const aside = both && node.role === "hidden" ? (node.backward ? 0.21 : -0.21) * across : 0;
      const unit = node.unit !== null;
      found.set(node.id, {
        x: wide / 2 + (node.column - (first + last) / 2) * across + aside,
        y: 42 * k + (top - node.row) * up,
        wide: k * (unit ? 50 : 46),
        high: k * 50,
        round: k * (unit ? 25 : 7),
      });
    }
    return found;
  }

  // from the picture before to this one: what is of one kind parts or joins
  morph() {
    cancelAnimationFrame(this.moving);
    const goal = this.places();
    const before = new Map([...this.now].filter(([, node]) => !node.leaving));
    const kin = (id) => this.nodes.get(id)?.kin;
    const near = (list, place) =>
      list.reduce((best, one) => (!best || Math.hypot(one.x - place.x, one.y - place.y) < Math.hypot(best.x - place.x, best.y - place.y) ? one : best), null);
    const first = before.size === 0;
    for (const node of this.now.values()) if (node.leaving) node.group.remove();
    this.now = new Map();
    for (const [id, to] of goal) {
      const was = before.get(id);
      const from = was?.at ?? near([...before.values()].filter((one) => one.kin === kin(id)).map((one) => one.at), to);
      const start = from ? { ...from } : { ...to, y: to.y };
      this.now.set(id, {
        kin: kin(id), from: start, to, at: { ...start }, shown: from || first ? 1 : 0, group: was?.group ?? this.group(id), leaving: false,
      });
    }
    for (const [id, was] of before) {
      if (this.now.has(id)) continue;
      const into = near([...goal].filter(([other]) => kin(other) === was.kin).map(([, place]) => place), was.at);
      this.now.set(id, { ...was, from: { ...was.at }, to: into ?? was.at, leaving: true });
    }
    this.edges?.forEach(({ group }) => group.remove());
    this.edges = this.data.edges.map((edge, index) => {
      const group = shape("g", { "data-edge": index });
      const line = shape("path", { class: `nw-edge nw-${edge.role}` });
      const flow = shape("path", { class: "nw-flow", pathLength: 1 });
      const hit = shape("path", { class: "nw-hit" }); // a hair is hard to point at
      if (edge.role !== "weight") line.setAttribute("marker-end", "url(#nw-arrow)");
      group.append(line, flow, hit);
      this.under.append(group);
      return { edge, group, line, flow, hit };
    });
    const begun = performance.now();
    const length = first || calm() ? 0 : MORPH;
    delete this.root.dataset.still;
    const turn = (time) => {
      const share = length ? clamp((time - begun) / length, 0, 1) : 1;
      this.settle(share < 1 ? share * share * (3 - 2 * share) : 1);
      if (share < 1) this.moving = requestAnimationFrame(turn);
      else this.arrived();
    };
    this.settle(0);
    if (length) this.moving = requestAnimationFrame(turn);
    else turn(begun);
  }

  settle(share) {
    for (const node of this.now.values()) {
      for (const name of PLACE) node.at[name] = mixed(node.from[name], node.to[name], share);
      const { x, y, wide, high } = node.at;
      node.group.setAttribute("transform", `translate(${x - wide / 2},${y - high / 2})`);
      node.group.setAttribute("opacity", node.leaving ? 1 - share : node.shown ? 1 : share);
      this.shape(node);
    }
    this.under.setAttribute("opacity", clamp(2 * share - 1, 0, 1));
    if (share >= 0.5) this.trace();
  }

  arrived() {
    for (const [id, node] of this.now) {
      if (!node.leaving) continue;
      node.group.remove();
      this.now.delete(id);
    }
    this.reach();
    this.root.dataset.still = "";
  }

  group(id) {
    const group = shape("g", { class: "nw-node", "data-node": id });
    const [box, bands, ring] = [shape("rect", { class: "nw-box" }), shape("g"), shape("rect", { class: "nw-ring" })];
    group.append(box, bands, ring, shape("text", { class: "nw-label" }), shape("text", { class: "nw-number" }));
    this.over.append(group);
    return group;
  }

  shape({ group, at }) {
    const [box, , ring] = group.children;
    for (const one of [box, ring]) {
      const grown = one === ring ? 3 * this.scale : 0;
      one.setAttribute("x", -grown);
      one.setAttribute("y", -grown);
      one.setAttribute("width", at.wide + 2 * grown);
      one.setAttribute("height", at.high + 2 * grown);
      one.setAttribute("rx", at.round + grown);
    }
  }

  // the lines, from where the nodes are
  trace() {
    for (const { edge, line, flow, hit } of this.edges) {
      const path = this.way(edge);
      for (const one of [line, flow, hit]) one.setAttribute("d", path);
    }
  }

  way({ source, target, role }) {
    const [from, to] = [this.now.get(source).at, this.now.get(target).at];
    const k = this.scale;
    const side = (place, sign) => place.x + (sign * place.wide) / 2;
    const gap = 2 * k;
    if (source === target) {
      const right = side(from, 1);
      return `M${right},${from.y - 14 * k}C${right + 64 * k},${from.y - 46 * k} ${right + 64 * k},${from.y + 46 * k} ${right + gap},${from.y + 14 * k}`;
    }
    if (role === "handed" && this.nodes.get(source).backward) {
      // over the states that lie between
      const [top, end] = [from.y - from.high / 2 - 14 * k, side(to, -1) - gap];
      const [low, turn] = [to.y - 12 * k, end - 34 * k];
      return `M${from.x},${from.y - from.high / 2}C${from.x},${top} ${from.x},${top} ${from.x + 24 * k},${top}L${turn},${top}C${turn + 22 * k},${top} ${turn + 10 * k},${low} ${end},${low}`;
    }
    if (role === "recurrent" || role === "handed") {
      const sign = to.x > from.x ? 1 : -1;
      const [start, end] = [side(from, sign), side(to, -sign) - sign * gap];
      const bend = Math.abs(from.y - to.y) < 1 ? 0 : (end - start) / 2;
      return `M${start},${from.y}C${start + bend},${from.y} ${end - bend},${to.y} ${end},${to.y}`;
    }
    if (role === "feedback") {
      const [start, end] = [side(from, 1), side(to, -1) - gap];
      const middle = (start + end) / 2;
      const low = to.y + 16 * k;
      return `M${start},${from.y}C${middle + 10 * k},${from.y} ${middle - 14 * k},${low} ${end},${low}`;
    }
    return `M${from.x},${from.y - from.high / 2}L${to.x},${to.y + to.high / 2 + gap}`;
  }

  resized() {
    if (!this.data) return;
    const key = `${this.holder.clientWidth} ${getComputedStyle(document.documentElement).fontSize}`;
    if (key === this.fitted) return;
    this.fitted = key;
    cancelAnimationFrame(this.moving);
    for (const [id, place] of this.places()) {
      const node = this.now.get(id);
      node.to = place;
      node.shown = 1;
    }
    this.settle(1);
    this.arrived();
    this.show();
  }

  reach() {
    this.more.hidden = this.holder.scrollWidth <= this.holder.clientWidth + 1;
    if (this.more.hidden) this.holder.removeAttribute("tabindex");
    else this.holder.tabIndex = 0; // what is wider than the page can be reached by keys
  }

  // ---- the passes ---------------------------------------------------------------------------------------------------

  frames() {
    const { nodes, times } = this.data;
    if (times > 1) return times;
    return 1 + Math.max(...nodes.map((node) => (this.pass === "forward" ? node.depth : (node.back ?? 0))));
  }

  // where in its values a node is: at the rolled stage the step, else its only one
  time() {
    return this.data.times > 1 ? (this.pass === "forward" ? this.frame : this.data.times - 1 - this.frame) : 0;
  }

  turn(node) {
    if (this.data.times > 1) return this.frame;
    return this.pass === "forward" ? node.depth : node.back;
  }

  act(name) {
    if (name === "back" || name === "on") {
      this.stop();
      return this.go(this.frame + (name === "on" ? 1 : -1));
    }
    const playing = this.timer && this.pass === name;
    this.stop();
    if (playing) return;
    const last = this.frames() - 1;
    const fresh = this.pass !== name || this.frame >= last;
    this.pass = name;
    if (fresh) this.frame = -1;
    this.playing(name);
    this.play();
  }

  play() {
    if (this.frame >= this.frames() - 1) return this.stop();
    this.go(this.frame + 1);
    this.timer = setTimeout(() => this.play(), PACE / this.choices.speed.select.value);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.playing(null);
  }

  playing(name) {
    this.root.dataset.playing = name ?? "";
    for (const pass of ["forward", "backward"]) {
      const on = name === pass;
      this.buttons[pass].textContent = `${on ? "❚❚" : pass === "forward" ? "▶" : "◀"} ${this.data?.labels[pass] ?? ""}`;
      this.buttons[pass].setAttribute("aria-pressed", on);
    }
  }

  go(frame) {
    const next = clamp(frame, 0, this.frames() - 1);
    const moved = next !== this.frame;
    this.frame = next;
    this.show(moved);
  }

  key(event) {
    if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = event.target instanceof HTMLButtonElement;
    const acts = {
      ArrowLeft: () => this.act("back"), ArrowRight: () => this.act("on"),
      Home: () => (this.stop(), this.go(0)), End: () => (this.stop(), this.go(this.frames() - 1)),
      ArrowUp: () => this.look(1), ArrowDown: () => this.look(-1),
      " ": button ? null : () => this.act(this.pass),
      f: () => this.act("forward"), b: () => this.act("backward"),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  // ---- what is looked at --------------------------------------------------------------------------------------------

  over_(event) {
    const found = event.target.closest("[data-node], [data-edge]");
    if (!found) return;
    const { node, edge } = found.dataset;
    this.look(0, node !== undefined ? { node } : { edge: Number(edge) });
  }

  // by keys through all nodes in the order of computing, each after the ways that lead to it
  look(by, found) {
    if (by) {
      const nodes = [...this.data.nodes].sort((a, b) => a.depth - b.depth);
      const list = nodes.flatMap((node) => [
        ...this.data.edges.flatMap((edge, i) => (edge.target === node.id ? [{ edge: i }] : [])), { node: node.id },
      ]);
      const same = (one) => this.looked && one.node === this.looked.node && one.edge === this.looked.edge;
      const at = list.findIndex(same);
      found = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length];
    }
    this.looked = found;
    this.tell(by !== 0);
  }

  tell(aloud) {
    const words = this.data.labels;
    const time = this.time();
    const { node: id, edge: index } = this.looked ?? {};
    this.svg.querySelectorAll(".nw-looked").forEach((one) => one.classList.remove("nw-looked"));
    const said = [];
    if (id !== undefined && this.nodes.has(id)) {
      const node = this.nodes.get(id);
      this.now.get(id).group.classList.add("nw-looked");
      const title = element("p", "nw-detail-name", `${node.label}: ${this.named(node, time)}`);
      said.push(title);
      const row = (letter, values, limit) => {
        const line = element("div", "nw-values");
        line.append(element("span", "nw-letter", letter));
        for (const value of values) {
          const cell = element("span", "nw-value", minus(value.toFixed(3)));
          const colour = this.colour("diverging", (clamp(value / limit, -1, 1) + 1) / 2);
          cell.style.backgroundColor = `rgb(${colour})`;
          cell.style.color = inkOn(colour);
          line.append(cell);
        }
        said.push(line);
      };
      row(node.letter, node.values[time], 1);
      if (node.cell.length) row("c", node.cell[time], 3);
      const numbers = [];
      if (node.values[time].length > 1) numbers.push(`${words.mean} ${four(node.mean[time])}`);
      numbers.push(`${filled(words.gradient, { letter: node.letter })} = ${four(node.gradient[time])}`);
      said.push(element("p", "nw-numbers", numbers.join(" · ")));
    } else if (index !== undefined && this.data.edges[index]) {
      const edge = this.data.edges[index];
      this.edges[index].line.classList.add("nw-looked");
      const [source, target] = [this.nodes.get(edge.source), this.nodes.get(edge.target)];
      said.push(element("p", "nw-detail-name", `${source.label} → ${target.label}: ${words.roles[edge.role]}`));
      const norm = edge.norm[time];
      said.push(element("p", "nw-numbers", norm === null ? words.unused : `${words.norm} = ${four(norm)}`));
    } else said.push(element("p", "nw-hint", words.hint));
    this.detail.replaceChildren(...said);
    if (aloud) this.readout.textContent = said.map((one) => one.textContent).join(". ");
  }

  named(node, time) {
    return this.data.times > 1 ? `${node.name}, ${this.data.labels.step} ${time + 1}` : node.name;
  }

  // ---- colours and the state of the pass ----------------------------------------------------------------------------

  colour(scale, share) {
    return between(this.data.scales[scale][this.side].map(hexParts), share);
  }

  show(flowing = false) {
    if (!this.data) return;
    this.side = themeSide(this.root);
    this.root.style.setProperty("--nw-own", this.data.colour[this.side]);
    this.root.dataset.pass = this.pass;
    this.root.dataset.frame = this.frame;
    for (const node of this.data.nodes) this.paint(node);
    this.ways(flowing);
    this.say();
    this.keys();
    this.tell(false);
  }

  reached(node) {
    const turn = this.turn(node);
    return turn !== null && turn <= this.frame;
  }

  paint(node) {
    const { group, to } = this.now.get(node.id);
    const [, bands, , label, number] = group.children;
    const k = this.scale;
    const unit = node.unit !== null;
    const reached = this.reached(node);
    const time = this.time();
    group.classList.toggle("nw-waiting", !reached);
    group.classList.toggle("nw-here", reached && this.turn(node) === this.frame && this.data.times === 1);
    const choice = this.choices.colour.select.value || "all";
    let shares = [];
    let value = null;
    let scale = "diverging";
    if (reached && this.pass === "forward") {
      const values = node.values[time];
      if (unit || choice === "mean") value = unit ? values[0] : node.mean[time];
      else if (choice !== "all") value = values[Number(choice)] ?? null;
      shares = (value === null ? (choice === "all" ? values : []) : [value]).map((one) => (clamp(one, -1, 1) + 1) / 2);
    } else if (reached) {
      value = node.gradient[time];
      const [low, high] = this.data.limits;
      shares = [value > 0 ? clamp((Math.log10(value) - low) / (high - low), 0, 1) : 0];
      scale = "norm";
    }
    const colours = shares.map((share) => this.colour(scale, share));
    const [left, top] = unit ? [0, 0] : [5 * k, 21 * k];
    const [wide, high] = [to.wide - 2 * left, to.high - top - left];
    bands.replaceChildren(
      ...colours.map((colour, i) =>
        shape("rect", {
          x: left + (i * wide) / colours.length, y: top, width: wide / colours.length, height: high, fill: `rgb(${colour})`,
          rx: unit ? to.round : 0, class: "nw-band",
        }),
      ),
      ...(unit || !colours.length ? [] : [shape("rect", { x: left, y: top, width: wide, height: high, class: "nw-frame" })]),
    );
    const ink = colours.length === 1 ? inkOn(colours[0]) : "";
    label.textContent = node.label;
    label.setAttribute("x", to.wide / 2);
    label.setAttribute("y", unit ? (value === null ? 30 * k : 22 * k) : 16 * k);
    label.style.fill = unit ? ink : "";
    number.textContent = value === null ? "" : few(value);
    number.setAttribute("x", to.wide / 2);
    number.setAttribute("y", unit ? 38 * k : top + high / 2 + 5 * k);
    number.style.fill = ink;
  }

  ways(flowing) {
    const time = this.time();
    const forward = this.pass === "forward";
    for (const { edge, line, flow } of this.edges) {
      const [source, target] = [this.nodes.get(edge.source), this.nodes.get(edge.target)];
      const norm = edge.norm[time];
      const least = edge.role === "weight" ? 0.3 : 0.75; // there are hundreds of single weights
      const width = clamp(WIDE * (norm ?? 0), least, 18) * this.scale;
      line.style.strokeWidth = `${width}px`;
      const reached = norm !== null && this.reached(source) && this.reached(target);
      line.classList.toggle("nw-waiting", !reached);
      const arrives = this.data.times > 1 || this.turn(forward ? target : source) === this.frame;
      flow.classList.remove("nw-flows");
      flow.style.strokeWidth = `${Math.max(width, 2.5 * this.scale)}px`;
      if (!(flowing && reached && arrives)) continue;
      flow.getBoundingClientRect(); // so that the motion begins anew
      flow.style.setProperty("--nw-from", forward ? 1 : -1);
      flow.classList.add("nw-flows");
    }
    if (!flowing || this.more.hidden) return;
    const here = this.data.nodes.filter((node) => this.turn(node) === this.frame).map((node) => this.now.get(node.id).to.x);
    const middle = here.reduce((sum, x) => sum + x, 0) / (here.length || 1);
    this.holder.scrollTo({ left: middle - this.holder.clientWidth / 2, behavior: calm() ? "auto" : "smooth" });
  }

  say() {
    const words = this.data.labels;
    const here = this.data.nodes.filter((node) => this.turn(node) === this.frame).map((node) => node.label);
    const line = this.data.times > 1 ? words.again : words[`${this.pass}Line`];
    this.readout.textContent = filled(line, {
      pass: words[this.pass], n: this.frame + 1, count: this.frames(), step: this.time() + 1, nodes: here.join(", "),
    });
    this.buttons.back.disabled = this.frame <= 0;
    this.buttons.on.disabled = this.frame >= this.frames() - 1;
  }

  // what the colours and widths mean
  keys() {
    const words = this.data.labels;
    const [low, high] = this.data.limits;
    const forward = this.pass === "forward";
    const strip = (from, to, scale, text) => {
      const key = element("span", "nw-key");
      const colours = element("span", "nw-gradient");
      colours.style.background = `linear-gradient(to right, ${this.data.scales[scale][this.side]})`;
      key.append(element("span", "", text), from, colours, to);
      return key;
    };
    const raised = (power) => {
      const made = element("span", "", "10");
      made.append(element("sup", "", minus(String(power))));
      return power === 0 ? "1" : made;
    };
    const widths = element("span", "nw-key");
    widths.append(words.widths);
    for (const norm of [0.1, 0.5, 1]) {
      const line = element("span", "nw-width");
      line.style.height = `${Math.max(0.75, WIDE * norm) * this.scale}px`;
      widths.append(line, String(norm));
    }
    const first = forward ? strip("\u22121", "1", "diverging", words.value) : strip(raised(low), raised(high), "norm", words.norms);
    this.legend.replaceChildren(first, widths);
  }
}
