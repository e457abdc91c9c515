// A recurrent cell, one step at a time: its drawing, in which the values of the step stand, and its equations with the same
// numbers put in. All steps come at once; stepping, playing and predicting ask the server for nothing.

import { element, mounted, shape } from "../js/dom.js";
import { between, hexParts, inkOn, themeSide } from "../js/theme.js";

export default mounted((parent) => new Cell(parent));

// W_{xf} h_{t−1}: what stands in braces is set low
const split = (symbol) => symbol.split(/(_\{[^}]*\})/).filter(Boolean);
const low = (part) => part.match(/^_\{(.*)\}$/)?.[1];
const plain = (symbol) => symbol.replace(/[{}]/g, "");

function written(symbol, tag = "span", className = "cv-symbol") {
  const made = element(tag, className);
  for (const part of split(symbol)) made.append(low(part) === undefined ? part : element("sub", "", low(part)));
  return made;
}

function lettered(symbol, attributes, parent) {
  const text = shape("text", attributes, parent);
  let sunk = false;
  for (const part of split(symbol)) {
    const sinks = low(part) !== undefined;
    const span = shape("tspan", sinks === sunk ? {} : { dy: sinks ? 4 : -4 }, text);
    span.textContent = low(part) ?? part;
    sunk = sinks;
  }
  return text;
}

const RAISED = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((sign, k) => [k, sign])) };
const minus = (text) => text.replace(/-/g, "\u2212");
// four significant digits; below a billionth of a thousandth there is nothing but rounding
function digits(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return "–";
  if (size < 1e-12) return "0.0000";
  if (size >= 99999.5 || size < 0.00005) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${minus(mantissa)}·10${[...String(Number(exponent))].map((sign) => RAISED[sign]).join("")}`;
  }
  return minus(value.toFixed(size < 0.99995 ? 4 : size < 9.9995 ? 3 : size < 99.995 ? 2 : size < 999.95 ? 1 : 0));
}
// what a square has room for
function short(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return "–";
  if (size < 0.005) return "0.00";
  return minus(size < 9.995 ? value.toFixed(2) : size < 99.95 ? value.toFixed(1) : size < 9999.5 ? value.toFixed(0) : value.toExponential(0));
}
const factor = (value) => (value < 0 ? `(${digits(value)})` : digits(value));

const LIMITS = { gate: [0, 1], signed: [-1, 1], cell: [-3, 3] };
const SPEEDS = [0.5, 1, 2, 4];

// ---- what a cell consists of: vectors by id, equations, what follows from what ---------------------------------------

// of each gate: its letter, its place in PyTorch's order
const LETTERS = { input_gate: "i", forget_gate: "f", output_gate: "o", reset_gate: "r", update_gate: "z", hidden: "h" };
const letter = (gate, kind) => LETTERS[gate] ?? (kind === "lstm" ? "g" : "n");

// id -> {symbol, range, of(t) -> values}; the arrays of `view` are (time, gate, unit) or (time, unit)
function vectorsOf(view) {
  const found = {};
  const add = (id, symbol, range, of) => (found[id] = { symbol, range, of });
  const by = (name) => (t) => view[name][t];
  const gate = (name, g) => (t) => view[name][t][g];
  add("x", "x_{t}", "signed", by("input"));
  add("h0", "h_{t−1}", "signed", by("previous_hidden"));
  view.gates.forEach((name, g) => {
    const own = letter(name, view.kind);
    const signed = own === "g" || own === "n" || own === "h";
    add(own, `${own}_{t}`, signed ? "signed" : "gate", gate("activation", g));
    add(`a:${own}`, `a_{${own}}`, "cell", gate("pre_activation", g));
    add(`Wx:${own}`, `W_{x${own}} x_{t}`, "cell", gate("input_product", g));
    add(`Wh:${own}`, `W_{h${own}} h_{t−1}`, "cell", gate("recurrent_product", g));
    add(`bx:${own}`, `b_{x${own}}`, "cell", () => view.input_bias[g]);
    add(`bh:${own}`, `b_{h${own}}`, "cell", () => view.recurrent_bias[g]);
    add(`xp:${own}`, `W_{x${own}} x_{t} + b_{x${own}}`, "cell", gate("input_part", g));
    add(`hp:${own}`, `W_{h${own}} h_{t−1} + b_{h${own}}`, "cell", gate("recurrent_part", g));
  });
  if (view.kind === "lstm") {
    add("c0", "c_{t−1}", "cell", by("previous_cell"));
    add("fc", "f_{t}∘c_{t−1}", "cell", by("kept"));
    add("ig", "i_{t}∘g_{t}", "signed", by("written"));
    add("c", "c_{t}", "cell", by("cell"));
    add("tc", "tanh c_{t}", "signed", by("squashed"));
    add("h", "h_{t}", "signed", by("hidden"));
  }
  if (view.kind === "gru") {
    add("rq", "r_{t}∘(…)", "cell", by("reset_part"));
    add("zh", "z_{t}∘h_{t−1}", "signed", by("kept"));
    add("wn", "(1−z_{t})∘n_{t}", "signed", by("written"));
    add("h", "h_{t}", "signed", by("hidden"));
  }
  return found;
}

// what tells the value of another: hidden together
const FOLLOWS = {
  lstm: {
    i: ["a:i", "i", "ig", "c", "tc", "h"], f: ["a:f", "f", "fc", "c", "tc", "h"], g: ["a:g", "g", "ig", "c", "tc", "h"],
    o: ["a:o", "o", "h"], c: ["c", "tc", "h"], h: ["h"],
  },
  gru: {
    r: ["a:r", "r", "rq", "a:n", "n", "wn", "h"], z: ["a:z", "z", "zh", "wn", "h"], n: ["a:n", "n", "wn", "h"], h: ["h"],
  },
  rnn: { h: ["a:h", "h"] },
};

const ACTIVATION = { i: "σ", f: "σ", o: "σ", r: "σ", z: "σ", g: "tanh", n: "tanh" };
const ACTIVATIONS = (view, own) => ACTIVATION[own] ?? view.nonlinearity;

// an equation: signs as text, vectors by id
function equationsOf(view) {
  const gates = view.gates.map((name) => {
    const own = letter(name, view.kind);
    const f = ACTIVATIONS(view, own);
    const tail = [") =", `${f}(`, `a:${own}`, ") =", own];
    const sum = [own, "=", `${f}(`, `Wx:${own}`, "+", `bx:${own}`, "+"];
    const recurrent = [`Wh:${own}`, "+", `bh:${own}`];
    if (own === "n") return { own, items: [...sum, "r", "∘ (", ...recurrent, ")", ...tail] };
    return { own, items: [...sum, ...recurrent, ...tail] };
  });
  const states = {
    rnn: [],
    lstm: [
      { items: ["c", "=", "f", "∘", "c0", "+", "i", "∘", "g", "=", "fc", "+", "ig"] },
      { items: ["h", "=", "o", "∘ tanh(", "c", ") =", "o", "∘", "tc"] },
    ],
    gru: [{ items: ["h", "= (1 −", "z", ") ∘", "n", "+", "z", "∘", "h0", "=", "wn", "+", "zh"] }],
  };
  return [...gates, ...states[view.kind]];
}

// ---- where everything stands; lengths in px at a type of 16 px ----------------------------------------------------------

const PITCH = 22;
const STATE = 52; // width of a state's squares, which always bear numbers
const LABEL = 20;
const RADIUS = 11;
const LARGEST = 1.3; // a drawing that has room grows

// wires: [points, stage, look]; vectors: [id, x, y, width, stage, label?]; boxes: [text, x, y, stage]
function planOf(view, width) {
  const [n, m] = [view.hidden[0].length, view.input[0].length];
  const H = n * PITCH - 2;
  const X = m * PITCH - 2;
  const half = width / 2;
  const plan = { vectors: [], wires: [], boxes: [], joins: [], dots: [], notes: [] };
  const vector = (id, x, y, stage, label = true) => plan.vectors.push([id, x, y, id in { x: 1, h0: 1, c0: 1, h: 1 } || (id === "c" && view.kind === "lstm") ? STATE : width, stage, label]);
  const wire = (points, stage, look = "plain") => plan.wires.push([points, stage, look]);
  const box = (text, x, y, stage) => plan.boxes.push([text, x, y, stage]);
  const join = (sign, x, y, stage) => plan.joins.push([sign, x, y, stage]);
  const P = 18 + STATE / 2;
  const left = P + STATE / 2 + 18; // of the cell's body
  const gap = width + (width > 30 ? 36 : 32);
  const top = 36 + LABEL + H / 2;
  const first = left + 24 + half;
  const ends = (right, y, stage) => {
    const R = right + 18 + STATE / 2;
    plan.width = R + STATE / 2 + 22;
    plan.body = [left, 26, right - left];
    return R;
  };
  const output = (x, y, stage) => {
    plan.dots.push([x, y]);
    wire([[x, y], [x, 22]], stage, "over");
    plan.notes.push(["output", x, 14]);
  };
  const inAndOut = (y, R, look) => {
    wire([[1, y], [P - STATE / 2, y]], 0, look);
    wire([[R + STATE / 2, y], [plan.width - 1, y]], 5, look);
  };

  if (view.kind === "rnn") {
    const plus = first + 58 + half + 30;
    const sum = plus + RADIUS + 16 + half;
    const act = sum + half + 16 + 22;
    const right = act + 22 + 44;
    const R = ends(right);
    const below = top + Math.max(H / 2, RADIUS) + 30 + H / 2;
    const low = Math.max(below, top + H / 2 + 16 + LABEL + X / 2);
    const hp = first + 58;
    box("W_{hh}", first - half + 16, top, 1);
    box("W_{xh}", first - half + 16, below, 1);
    wire([[P + STATE / 2, top], [first - half - 6, top]], 0);
    wire([[P + STATE / 2, low], [left + 8, low], [left + 8, below], [first - half - 6, below]], 0);
    wire([[first - half + 38, top], [hp - half, top]], 1);
    wire([[first - half + 38, below], [hp - half, below]], 1);
    vector("hp:h", hp, top, 1);
    vector("xp:h", hp, below, 1);
    wire([[hp + half, top], [plus - RADIUS, top]], 2);
    wire([[hp + half, below], [plus, below], [plus, top + RADIUS]], 2);
    join("+", plus, top, 2);
    wire([[plus + RADIUS, top], [sum - half, top]], 2);
    vector("a:h", sum, top, 3);
    wire([[sum + half, top], [act - 22, top]], 3);
    box(view.nonlinearity, act, top, 4);
    wire([[act + 22, top], [R - STATE / 2, top]], 4, "keep");
    output(act + 44, top, 5);
    vector("h0", P, top, 0);
    vector("x", P, low, 0);
    vector("h", R, top, 5);
    inAndOut(top, R, "keep");
    plan.body.push(Math.max(below + H / 2, top + H / 2) + 16 - 26);
    plan.height = Math.max(low + X / 2, plan.body[1] + plan.body[3]) + 8;
    return plan;
  }

  if (view.kind === "lstm") {
    const [f, i, g, o, t] = [0, 1, 2, 3, 4].map((k) => first + k * gap);
    const middle = (i + g) / 2;
    const right = t + half + 46;
    const R = ends(right);
    const mid = top + Math.max(H / 2 + 10, 48) + LABEL + H / 2;
    const row = mid + H / 2 + 12 + LABEL + H / 2;
    const boxes = row + H / 2 + 25;
    const [yh, yx] = [boxes + 34, boxes + 54];
    const low = Math.max(yx, row + H / 2 + 16 + LABEL + X / 2);
    // the line of the cell state
    wire([[P + STATE / 2, top], [f - RADIUS, top]], 0, "keep");
    wire([[f + RADIUS, top], [i - half, top]], 2, "keep");
    wire([[i + half, top], [middle - RADIUS, top]], 2, "keep");
    wire([[middle + RADIUS, top], [R - STATE / 2, top]], 3, "keep");
    wire([[t, top], [t, mid - H / 2 - LABEL - 29]], 4);
    plan.dots.push([t, top]);
    box("tanh", t, mid - H / 2 - LABEL - 17, 4);
    wire([[t, mid - H / 2 - LABEL - 5], [t, mid - H / 2]], 4, "stub");
    // both lines to the gates' boxes
    wire([[P + STATE / 2, row], [left + 10, row], [left + 10, yh], [o - 8, yh], [o - 8, boxes + 12]], 0);
    wire([[P + STATE / 2, low], ...(low > yx ? [[left + 10, low], [left + 10, yx]] : []), [o + 8, yx], [o + 8, boxes + 12]], 0);
    for (const [id, x] of [["f", f], ["i", i], ["g", g], ["o", o]]) {
      if (x < o) {
        for (const [at, y] of [[x - 8, yh], [x + 8, yx]]) {
          wire([[at, y], [at, boxes + 12]], 0);
          plan.dots.push([at, y]);
        }
      }
      box(ACTIVATION[id], x, boxes, 1);
      wire([[x, boxes - 12], [x, row + H / 2]], 1);
      vector(id, x, row, 1);
    }
    wire([[f, row - H / 2], [f, top + RADIUS]], 2);
    join("⊙", f, top, 2);
    wire([[i + half, row], [middle - RADIUS, row]], 2, "write");
    wire([[g - half, row], [middle + RADIUS, row]], 2, "write");
    join("⊙", middle, row, 2);
    wire([[middle, row - RADIUS], [middle, mid + H / 2]], 2, "write");
    vector("ig", middle, mid, 2);
    wire([[middle, mid - H / 2], [middle, top + RADIUS]], 3, "write");
    join("+", middle, top, 3);
    vector("fc", i, top, 2);
    vector("tc", t, mid, 4);
    wire([[t, mid + H / 2], [t, row - RADIUS]], 5);
    wire([[o + half, row], [t - RADIUS, row]], 5);
    join("⊙", t, row, 5);
    wire([[t + RADIUS, row], [R - STATE / 2, row]], 5);
    output(right - 22, row, 5);
    vector("c0", P, top, 0);
    vector("h0", P, row, 0);
    vector("x", P, low, 0);
    vector("c", R, top, 3);
    vector("h", R, row, 5);
    inAndOut(top, R, "keep");
    inAndOut(row, R, "plain");
    plan.body.push(yx + 14 - 26);
    plan.height = Math.max(low + X / 2, yx + 14) + 8;
    return plan;
  }

  const [r, q, xn] = [0, 1, 2].map((k) => first + k * gap);
  const reset = (r + q) / 2;
  const act = xn + 48;
  const n_ = act + 22 + 14 + half;
  const z = n_ + half + 14 + RADIUS;
  const over = z + 30;
  const wn = over + RADIUS + 14 + width + 14 + RADIUS;
  const right = wn + Math.max(half, RADIUS) + 40;
  const R = ends(right);
  const mid = top + Math.max(H / 2 + 10, 48) + LABEL + H / 2;
  const row = mid + Math.max(H / 2 + 12, 72) + LABEL + H / 2;
  const boxes = row + H / 2 + 25;
  const [yh, yx] = [boxes + 34, boxes + 54];
  const low = Math.max(yx, top + H / 2 + 16 + LABEL + X / 2);
  // the line of the state
  wire([[P + STATE / 2, top], [over - RADIUS, top]], 0, "keep");
  wire([[over + RADIUS, top], [(over + wn) / 2 - half, top]], 2, "keep");
  wire([[(over + wn) / 2 + half, top], [wn - RADIUS, top]], 3, "keep");
  wire([[wn + RADIUS, top], [R - STATE / 2, top]], 5, "keep");
  // both lines to the boxes: W_hn reads h alone, W_xn reads x alone
  wire([[left + 10, top], [left + 10, yh], [z - 8, yh], [z - 8, boxes + 12]], 0);
  plan.dots.push([left + 10, top]);
  wire([[P + STATE / 2, low], ...(low > yx ? [[left - 8, low], [left - 8, yx]] : []), [z + 8, yx], [z + 8, boxes + 12]], 0);
  for (const [at, y] of [[r - 8, yh], [r + 8, yx], [q, yh], [xn, yx]]) {
    wire([[at, y], [at, boxes + 12]], 0);
    plan.dots.push([at, y]);
  }
  for (const [id, x, text] of [["r", r, "σ"], ["hp:n", q, "W_{hn}"], ["xp:n", xn, "W_{xn}"], ["z", z, "σ"]]) {
    box(text, x, boxes, 1);
    wire([[x, boxes - 12], [x, row + H / 2]], 1);
    vector(id, x, row, 1, !id.includes(":"));
  }
  wire([[r + half, row], [reset - RADIUS, row]], 2);
  wire([[q - half, row], [reset + RADIUS, row]], 2);
  join("⊙", reset, row, 2);
  wire([[reset, row - RADIUS], [reset, mid + H / 2]], 2);
  vector("rq", reset, mid, 2);
  wire([[reset + half, mid], [xn - RADIUS, mid]], 3);
  wire([[xn, row - H / 2], [xn, mid + RADIUS]], 3);
  join("+", xn, mid, 3);
  wire([[xn + RADIUS, mid], [act - 22, mid]], 3);
  box("tanh", act, mid, 3);
  wire([[act + 22, mid], [n_ - half, mid]], 3);
  vector("n", n_, mid, 3);
  wire([[n_ + half, mid], [z - RADIUS, mid]], 4, "write");
  const fork = row - H / 2 - LABEL - 6;
  wire([[z, row - H / 2], [z, mid + 34 + RADIUS]], 2);
  plan.dots.push([z, fork]);
  join("1−", z, mid + 34, 2);
  wire([[z, mid + 34 - RADIUS], [z, mid + RADIUS]], 3, "write");
  wire([[z, fork], [over, fork], [over, top + RADIUS]], 2);
  join("⊙", over, top, 2);
  join("⊙", z, mid, 4);
  wire([[z + RADIUS, mid], [wn - half, mid]], 4, "write over");
  vector("zh", (over + wn) / 2, top, 2);
  vector("wn", wn, mid, 4);
  wire([[wn, mid - H / 2], [wn, top + RADIUS]], 5, "write");
  join("+", wn, top, 5);
  output(right - 16, top, 5);
  vector("h0", P, top, 0);
  vector("x", P, low, 0);
  vector("h", R, top, 5);
  inAndOut(top, R, "keep");
  plan.body.push(yx + 14 - 26);
  plan.height = Math.max(low + X / 2, yx + 14) + 8;
  return plan;
}

// right angles with round corners
function path(points) {
  let d = `M${points[0]}`;
  for (let k = 1; k < points.length - 1; k += 1) {
    const [[ax, ay], [x, y], [bx, by]] = points.slice(k - 1, k + 2);
    const r = Math.min(8, Math.hypot(x - ax, y - ay) / 2, Math.hypot(bx - x, by - y) / 2);
    const near = (px, py) => [x + r * Math.sign(px - x), y + r * Math.sign(py - y)];
    d += `L${near(ax, ay)}Q${[x, y]} ${near(bx, by)}`;
  }
  return `${d}L${points.at(-1)}`;
}

function head(points) {
  const [[ax, ay], [x, y]] = points.slice(-2);
  const [dx, dy] = [Math.sign(x - ax), Math.sign(y - ay)];
  return `M${x},${y}L${x - 7 * dx + 4 * dy},${y - 7 * dy + 4 * dx}L${x - 7 * dx - 4 * dy},${y - 7 * dy - 4 * dx}Z`;
}

// ---- the component ------------------------------------------------------------------------------------------------------

class Cell {
  constructor(parent) {
    this.step = 0;
    this.speed = 1;
    this.playing = null;
    this.question = null;
    this.score = { right: 0, all: 0 };
    this.root = element("section", "cv");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.bar = element("div", "cv-bar");
    this.title = element("output", "cv-title");
    this.title.setAttribute("aria-live", "off");
    this.tools = element("div", "cv-tools");
    this.buttons = {};
    for (const [name, sign] of [["first", "«"], ["back", "‹"], ["play", "▶"], ["forward", "›"], ["speed", "1×"], ["predict", ""]]) {
      const button = element("button", "cv-button", sign);
      button.type = "button";
      button.addEventListener("click", () => this.act(name));
      this.buttons[name] = button;
      this.tools.append(button);
    }
    this.bar.append(this.title, this.tools);
    this.strip = element("div", "cv-strip");
    this.strip.setAttribute("role", "group");
    this.quiz = element("form", "cv-quiz");
    this.quiz.noValidate = true;
    this.quiz.hidden = true;
    this.views = element("div", "cv-views");
    this.readout = element("p", "cv-readout");
    this.legend = element("div", "cv-legend");
    this.sums = element("div", "cv-sums");
    this.live = element("p", "cv-hidden");
    this.live.setAttribute("aria-live", "polite");
    this.probe = element("i", "cv-theme");
    this.root.append(this.bar, this.strip, this.quiz, this.views, this.readout, this.legend, this.sums, this.live, this.probe);
    parent.append(this.root);
    // the theme's variables change without a call: a transition of a colour that follows them tells when
    this.probe.addEventListener("transitionend", () => this.recolour());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.root);
    this.observer.observe(this.probe); // one rem wide: tells when the page's type grows
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.quiz.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer();
    });
    this.revision = 0;
  }

  destroy() {
    this.pause();
    this.observer.disconnect();
    this.root.remove();
  }

  update(data) {
    const known = this.data && this.data.views.map((view) => view.kind).join() === data.views.map((view) => view.kind).join();
    this.data = data;
    this.labels = data.labels;
    this.steps = data.views[0].hidden.length;
    this.step = Math.min(this.step, this.steps - 1);
    this.revision += 1;
    this.models = data.views.map((view) => ({ view, vectors: vectorsOf(view), equations: equationsOf(view) }));
    this.root.setAttribute("aria-label", this.labels.cell);
    const names = { first: "first", back: "back", forward: "forward", play: "play", speed: "speed" };
    for (const [name, label] of Object.entries(names)) this.buttons[name].setAttribute("aria-label", this.labels[label]);
    for (const [name, label] of Object.entries(names)) this.buttons[name].title = this.labels[label];
    this.buttons.predict.textContent = this.labels.predict;
    this.buttons.predict.setAttribute("aria-pressed", String(Boolean(this.question)));
    this.strip.setAttribute("aria-label", this.labels.steps);
    if (this.steps < 2) this.pause();
    this.side = this.themed();
    this.open = known ? [...this.sums.querySelectorAll("details")].map((one) => one.open) : [];
    this.draw();
    this.stripped();
    this.calculated();
    this.keyed();
    if (this.question) this.ask(this.question.id, this.question.unit);
    this.show();
    this.root.dataset.revision = this.revision;
    this.root.dataset.drawn = "";
  }

  // ---- theme and room -----------------------------------------------------------------------------------------------

  themed() {
    const side = themeSide(this.root);
    this.root.dataset.theme = side;
    this.stops = Object.fromEntries(Object.entries(this.data.scales).map(([name, sides]) => [name, sides[side].map(hexParts)]));
    return side;
  }

  recolour() {
    if (!this.data) return;
    this.side = this.themed();
    for (const { svg, view } of this.models) svg.style.setProperty("--cv-own", view.colour[this.side]);
    this.keyed();
    this.show();
  }

  get room() {
    return this.root.clientWidth / (this.probe.offsetWidth / 16);
  }

  resized() {
    if (!this.data) return;
    if (this.room === this.drawnFor) return;
    this.draw();
    this.show();
  }

  // numbers on all squares where they fit side by side
  wide() {
    const [full, slim] = [50, 22].map((width) => this.models.map(({ view }) => planOf(view, width).width));
    const beside = (widths) => widths.reduce((a, b) => a + b + 24) <= this.room;
    // side by side without numbers, if that fits; under each other with them, if it does not
    return beside(full) || (Math.max(...full) <= this.room && !beside(slim));
  }

  reach() {
    for (const { frame, hint } of this.models) {
      const beyond = frame.scrollWidth > frame.clientWidth + 1;
      hint.hidden = !beyond;
      if (beyond) frame.tabIndex = 0;
      else frame.removeAttribute("tabindex");
    }
  }

  colour(value, range) {
    const [lowest, highest] = LIMITS[range];
    const stops = this.stops[range === "gate" ? "gate" : "diverging"];
    const mixed = between(stops, (value - lowest) / (highest - lowest) || 0);
    return { fill: `rgb(${mixed})`, ink: inkOn(mixed) };
  }

  // ---- the drawing --------------------------------------------------------------------------------------------------

  draw() {
    this.roomy = this.wide();
    this.drawnFor = this.room;
    this.views.replaceChildren();
    for (const model of this.models) {
      const { view, vectors } = model;
      const plan = planOf(view, this.roomy ? 50 : 22);
      const figure = element("figure", "cv-figure");
      const caption = element("figcaption", "cv-name", view.name);
      const frame = element("div", "cv-frame");
      const hint = element("p", "cv-hint", this.labels.scroll);
      frame.setAttribute("role", "group");
      frame.setAttribute("aria-label", `${view.name}. ${this.labels.drawing}`);
      const svg = shape("svg", { viewBox: `0 0 ${plan.width} ${plan.height}`, role: "img", "aria-label": view.about, class: "cv-svg" });
      const scale = this.models.length > 1 ? 1 : Math.min(LARGEST, Math.max(1, this.room / plan.width));
      svg.style.width = `${(scale * plan.width) / 16}rem`;
      svg.style.height = `${(scale * plan.height) / 16}rem`;
      svg.style.setProperty("--cv-own", view.colour[this.side]);
      const [bx, by, bw, bh] = plan.body;
      shape("rect", { x: bx, y: by, width: bw, height: bh, rx: 14, class: "cv-body" }, svg);
      model.moving = [];
      // what passes over another wire is drawn later, on a gap of its own
      const order = [...plan.wires].sort((a, b) => a[2].includes("over") - b[2].includes("over"));
      for (const [points, stage, look] of order) {
        const kind = look.split(" ")[0] === "over" ? "plain" : look.split(" ")[0];
        if (look.includes("over")) shape("path", { d: path(points), class: "cv-gap" }, svg);
        shape("path", { d: path(points), class: `cv-wire cv-${kind}` }, svg);
        if (kind !== "stub") shape("path", { d: head(points), class: `cv-head cv-${kind}-head` }, svg);
        const flow = shape("path", { d: path(points), class: "cv-flow", pathLength: 1 }, svg);
        model.moving.push({ made: flow, stage, flows: true });
      }
      for (const [x, y] of plan.dots) shape("circle", { cx: x, cy: y, r: 3, class: "cv-dot" }, svg);
      for (const [text, x, y] of plan.boxes) {
        const wide = text.length > 1 ? 44 : 34;
        shape("rect", { x: x - wide / 2, y: y - 12, width: wide, height: 24, rx: 6, class: "cv-box" }, svg);
        lettered(text, { x, y: y + 5, class: "cv-inside" }, svg);
      }
      for (const [sign, x, y] of plan.joins) {
        shape("circle", { cx: x, cy: y, r: RADIUS, class: "cv-join" }, svg);
        if (sign === "1−") shape("text", { x, y: y + 5, class: "cv-inside" }, svg).textContent = "1−";
        else if (sign === "+") shape("path", { d: `M${x - 6},${y}H${x + 6}M${x},${y - 6}V${y + 6}`, class: "cv-sign" }, svg);
        else shape("circle", { cx: x, cy: y, r: 2.5, class: "cv-point" }, svg);
      }
      for (const [text, x, y] of plan.notes) shape("text", { x, y, class: "cv-note" }, svg).textContent = this.labels[text];
      model.squares = [];
      for (const [id, x, y, width, stage, labelled] of plan.vectors) {
        const group = shape("g", { class: "cv-vector", "data-id": id }, svg);
        const size = vectors[id].of(0).length;
        const start = y - (size * PITCH - 2) / 2;
        for (let unit = 0; unit < size; unit += 1) {
          const square = shape("g", { "data-unit": unit }, group);
          const rect = shape("rect", { x: x - width / 2, y: start + unit * PITCH, width, height: PITCH - 2, rx: 3, class: "cv-square" }, square);
          const text = width > 30 ? shape("text", { x, y: start + unit * PITCH + 15, class: "cv-number" }, square) : null;
          square.addEventListener("pointerenter", () => this.tell(model, id, unit));
          square.addEventListener("click", () => this.tell(model, id, unit));
          model.squares.push({ id, unit, rect, text, square });
        }
        const inside = x > bx && x < bx + bw;
        if (labelled) lettered(vectors[id].symbol, { x, y: start - 6, class: inside ? "cv-label cv-inner" : "cv-label" }, group);
        model.moving.push({ made: group, stage });
      }
      svg.addEventListener("pointerleave", () => this.tell());
      model.svg = svg;
      model.frame = frame;
      model.hint = hint;
      frame.append(svg);
      figure.append(caption, hint, frame);
      this.views.append(figure);
    }
    this.reach();
  }

  tell(model, id, unit) {
    if (!model) return (this.readout.textContent = this.labels.hover);
    const { symbol, of } = model.vectors[id];
    const what = id === "x" ? this.labels.input : this.labels.unit;
    const value = this.hides(model, id, unit) ? "?" : digits(of(this.step)[unit]);
    this.readout.replaceChildren(written(symbol), ` · ${what} ${unit + 1} · ${value}`);
  }

  keyed() {
    this.legend.replaceChildren();
    const gated = this.models.find(({ view }) => view.kind !== "rnn"); // an RNN has no gates, and keeps nothing apart
    for (const [range, text] of [["signed", this.labels.signed], ["cell", this.labels.sums], ["gate", this.labels.gates]]) {
      if (range === "gate" && !gated) continue;
      const key = element("span", "cv-key");
      const strip = element("span", "cv-gradient");
      strip.style.background = `linear-gradient(to right, ${this.data.scales[range === "gate" ? "gate" : "diverging"][this.side]})`;
      const [lowest, highest] = LIMITS[range];
      key.append(element("span", "cv-of", text), minus(String(lowest)), strip, String(highest));
      this.legend.append(key);
    }
    for (const [look, text] of [["keep", this.labels.keep], ["write", this.labels.write]]) {
      if (!gated) continue;
      const key = element("span", "cv-key");
      const line = shape("svg", { viewBox: "0 0 32 8", class: "cv-line", "aria-hidden": "true" }, key);
      line.style.setProperty("--cv-own", gated.view.colour[this.side]);
      shape("path", { d: "M0,4H32", class: `cv-wire cv-${look}` }, line);
      key.append(text);
      this.legend.append(key);
    }
  }

  // ---- the steps ----------------------------------------------------------------------------------------------------

  stripped() {
    this.strip.replaceChildren();
    this.strip.style.setProperty("--cv-steps", this.steps);
    const rows = [["x_{t}", this.models[0], "x"]];
    for (const model of this.models) {
      const many = this.models.length > 1 ? ` ${model.view.name}` : "";
      if (model.view.kind === "lstm") rows.push([`c_{t}${many}`, model, "c"]);
      rows.push([`h_{t}${many}`, model, "h"]);
    }
    const names = element("div", "cv-names");
    names.append(element("span", "cv-place", this.labels.step));
    if (this.data.tokens) names.append(element("span", "cv-token", "\u00a0"));
    for (const [symbol, model, id] of rows) {
      const name = element("span", "cv-rowname");
      name.append(written(symbol));
      name.style.setProperty("--cv-size", model.vectors[id].of(0).length);
      names.append(name);
    }
    this.strip.append(names);
    this.places = [];
    this.minis = [];
    for (let t = 0; t < this.steps; t += 1) {
      const place = element("button", "cv-step");
      place.type = "button";
      place.append(element("span", "cv-place", String(t + 1)));
      if (this.data.tokens) place.append(element("span", "cv-token", this.data.tokens[t]));
      for (const [, model, id] of rows) {
        const column = element("span", "cv-column");
        const values = model.vectors[id].of(t);
        for (let unit = 0; unit < values.length; unit += 1) {
          const mini = element("span", "cv-mini");
          this.minis.push({ mini, model, id, unit, t });
          column.append(mini);
        }
        place.append(column);
      }
      const token = this.data.tokens ? ` ${this.data.tokens[t]}` : "";
      place.setAttribute("aria-label", `${this.labels.step} ${t + 1}${token}: x = ${this.models[0].vectors.x.of(t).map(digits).join(", ")}`);
      place.addEventListener("click", () => {
        this.pause();
        this.go(t);
      });
      this.places.push(place);
      this.strip.append(place);
    }
  }

  // ---- the equations ------------------------------------------------------------------------------------------------

  calculated() {
    this.sums.replaceChildren();
    this.shown = []; // what changes with the step: {model, id, made: spans, squares}
    this.worked = []; // rows of products, filled while they are open
    let count = 0;
    for (const model of this.models) {
      const { view } = model;
      const part = element("section", "cv-part");
      if (this.models.length > 1) part.append(element("h3", "cv-heading", view.name));
      for (const { own, items } of model.equations) {
        const block = element("div", "cv-equation");
        const line = element("div", "cv-line-of");
        for (const item of items) {
          if (item in model.vectors) line.append(this.column(model, item, item === items[0]));
          else line.append(element("span", "cv-operator", item));
        }
        block.append(line);
        if (own) {
          const more = element("div", "cv-more");
          for (const side of ["x", "h"]) {
            const details = this.product(model, own, side);
            details.open = this.open[count] ?? false;
            count += 1;
            more.append(details);
          }
          block.append(more);
        }
        part.append(block);
      }
      this.sums.append(part);
    }
  }

  column(model, id, squares) {
    const { symbol, of } = model.vectors[id];
    const column = element("span", squares ? "cv-term cv-result" : "cv-term");
    const values = element("span", "cv-values");
    const made = of(0).map(() => element("span", "cv-value"));
    values.append(...made);
    column.append(written(symbol), values);
    this.shown.push({ model, id, made, squares });
    return column;
  }

  // one matrix product, opened on demand: rows times column
  product(model, own, side) {
    const { view } = model;
    const g = view.gates.findIndex((gate) => letter(gate, view.kind) === own);
    const units = view.hidden[0].length;
    const weight = view[side === "x" ? "input_weight" : "recurrent_weight"][g];
    const details = element("details", "cv-product");
    const summary = element("summary");
    const name = side === "x" ? "weight_ih_l0" : "weight_hh_l0";
    summary.append(
      written(side === "x" ? `W_{x${own}} x_{t}` : `W_{h${own}} h_{t−1}`),
      element("span", "cv-shape", `(${units}, ${weight[0].length}) · (${weight[0].length})`),
    );
    const source = element("p", "cv-source", `${name}[${g * units}:${(g + 1) * units}]`);
    const rows = weight.map(() => element("p", "cv-row"));
    details.append(summary, source, ...rows);
    const fill = () => {
      const column = model.vectors[side === "x" ? "x" : "h0"].of(this.step);
      const sums = model.vectors[`W${side}:${own}`].of(this.step);
      rows.forEach((row, unit) => {
        const terms = weight[unit].map((value, k) => `${factor(value)}·${factor(column[k])}`);
        row.replaceChildren(element("span", "cv-unit", `${this.labels.unit} ${unit + 1}`), `${terms.join(" + ")} = ${digits(sums[unit])}`);
      });
    };
    this.worked.push({ details, fill });
    details.addEventListener("toggle", () => details.open && fill());
    return details;
  }

  // ---- one step -----------------------------------------------------------------------------------------------------

  hides(model, id, unit, t = this.step) {
    const asked = this.question;
    if (!asked || asked.answered || asked.model !== model) return false;
    if (id === "h0" || id === "c0" || id === "x") return false;
    return unit === asked.unit && t === this.step && FOLLOWS[model.view.kind][asked.id].includes(id);
  }

  show() {
    for (const model of this.models) {
      for (const { id, unit, rect, text, square } of model.squares) {
        const vector = model.vectors[id];
        const value = vector.of(this.step)[unit];
        const hidden = this.hides(model, id, unit);
        const { fill, ink } = hidden ? { fill: "transparent", ink: "var(--st-text-color)" } : this.colour(value, vector.range);
        rect.style.fill = fill;
        square.classList.toggle("cv-asked", hidden);
        if (!text) continue;
        text.textContent = hidden ? "?" : short(value);
        text.style.fill = ink;
      }
    }
    for (const { model, id, made, squares } of this.shown) {
      const vector = model.vectors[id];
      const values = vector.of(this.step);
      made.forEach((span, unit) => {
        const hidden = this.hides(model, id, unit);
        span.textContent = hidden ? "?" : digits(values[unit]);
        if (!squares) return;
        const { fill, ink } = hidden ? { fill: "transparent", ink: "inherit" } : this.colour(values[unit], vector.range);
        span.style.backgroundColor = fill;
        span.style.color = ink;
      });
    }
    // the strip changes with the theme, the numbers and a question, not with the step
    const strip = [this.side, this.revision, this.question && !this.question.answered ? this.step : ""].join();
    if (strip !== this.stripShown) this.paintStrip();
    this.stripShown = strip;
    this.places.forEach((place, t) => {
      if (t === this.step) place.setAttribute("aria-current", "step");
      else place.removeAttribute("aria-current");
    });
    for (const { details, fill } of this.worked) if (details.open) fill();
    const token = this.data.tokens ? ` · ${this.data.tokens[this.step]}` : "";
    this.title.textContent = `${this.labels.step} ${this.step + 1} / ${this.steps}${token}`;
    this.buttons.back.disabled = this.buttons.first.disabled = this.step === 0;
    this.buttons.forward.disabled = this.step === this.steps - 1;
    this.buttons.play.textContent = this.playing ? "⏸" : "▶";
    this.buttons.play.setAttribute("aria-pressed", String(Boolean(this.playing)));
    this.tell();
    this.root.dataset.step = this.step + 1;
    if (!this.playing) this.live.textContent = this.spoken();
  }

  paintStrip() {
    const waiting = this.question && !this.question.answered;
    for (const { mini, model, id, unit, t } of this.minis) {
      const vector = model.vectors[id];
      const hidden = waiting && id !== "x" && t >= this.step;
      mini.style.backgroundColor = hidden ? "transparent" : this.colour(vector.of(t)[unit], vector.range).fill;
    }
  }

  spoken() {
    const said = [`${this.labels.step} ${this.step + 1} / ${this.steps}`];
    for (const model of this.models) {
      if (this.models.length > 1) said.push(model.view.name);
      const ids = ["x", "h0", ...(model.view.kind === "lstm" ? ["c0"] : [])];
      ids.push(...model.equations.map(({ items }) => items[0]));
      for (const id of ids) {
        const { symbol, of } = model.vectors[id];
        const values = of(this.step).map((value, unit) => (this.hides(model, id, unit) ? "?" : digits(value)));
        said.push(`${plain(symbol)} = ${values.join(", ")}`);
      }
    }
    return said.join("; ");
  }

  go(step) {
    const wanted = Math.min(this.steps - 1, Math.max(0, step));
    if (wanted === this.step) return;
    const onward = wanted > this.step;
    const place = this.places[wanted];
    const [from, to] = [place.offsetLeft, place.offsetLeft + place.offsetWidth];
    if (from < this.strip.scrollLeft || to > this.strip.scrollLeft + this.strip.clientWidth) this.strip.scrollLeft = from - 60;
    this.step = wanted;
    if (this.question) this.ask(this.question.id, this.question.unit);
    this.show();
    if (onward) this.move();
  }

  // the values arrive in the order in which they are computed: six stages, within 600 ms
  move() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const model of this.models)
      for (const { made, stage, flows } of model.moving) {
        const timing = { duration: 260, delay: 60 * stage, fill: "backwards", easing: "ease-out" };
        if (flows)
          made.animate([{ strokeDashoffset: 0.3, opacity: 1 }, { strokeDashoffset: -1, opacity: 1 }], { ...timing, fill: "none" });
        else made.animate([{ opacity: 0.15 }, { opacity: 1 }], timing);
      }
  }

  // ---- playing and keys ---------------------------------------------------------------------------------------------

  act(name) {
    if (name === "play") return this.playing ? this.pause() : this.play();
    if (name === "speed") {
      this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length];
      this.buttons.speed.textContent = `${this.speed}×`;
      return this.playing && this.play();
    }
    this.pause();
    if (name === "predict") return this.question ? this.ask(null) : this.ask();
    this.go({ first: 0, back: this.step - 1, forward: this.step + 1 }[name]);
  }

  play() {
    clearInterval(this.playing);
    if (this.question) this.ask(null);
    if (this.step === this.steps - 1) this.step = -1;
    this.playing = setInterval(() => {
      this.go(this.step + 1);
      if (this.step === this.steps - 1) this.pause();
    }, 1400 / this.speed);
    this.go(this.step + 1);
  }

  pause() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = null;
    if (this.data) this.show();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    if (tag === "INPUT" || tag === "SELECT" || (event.key === " " && (tag === "BUTTON" || tag === "SUMMARY"))) return;
    const frame = event.target.classList.contains("cv-frame");
    const act = {
      ArrowRight: () => this.go(this.step + 1), ArrowLeft: () => this.go(this.step - 1),
      Home: () => this.go(0), End: () => this.go(this.steps - 1), " ": () => this.act("play"),
    }[event.key];
    if (!act || (frame && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    if (event.key !== " ") this.pause();
    act();
  }

  // ---- predict, then reveal -----------------------------------------------------------------------------------------

  // what of the first cell is asked: the given one, the same as before, or one by chance; null ends it
  ask(id, unit) {
    if (id === null) {
      this.question = null;
    } else {
      const model = this.models.includes(this.question?.model) ? this.question.model : this.models[(this.question?.place ?? 0) % this.models.length];
      const ids = Object.keys(FOLLOWS[model.view.kind]);
      const units = model.view.hidden[0].length;
      const own = ids.includes(id) ? id : ids[Math.floor(Math.random() * ids.length)];
      this.question = {
        model, place: this.models.indexOf(model), id: own,
        unit: unit === undefined ? Math.floor(Math.random() * units) : Math.min(unit, units - 1), answered: false,
      };
    }
    this.buttons.predict.setAttribute("aria-pressed", String(Boolean(this.question)));
    this.asked();
    this.show();
  }

  asked() {
    this.quiz.replaceChildren();
    this.quiz.hidden = !this.question;
    if (!this.question) return;
    const { model, place, id, unit } = this.question;
    const select = (label, options, value, change) => {
      const made = element("select", "cv-field");
      made.setAttribute("aria-label", label);
      for (const [option, text] of options) {
        const entry = element("option", "", text);
        entry.value = option;
        made.append(entry);
      }
      made.value = value;
      made.addEventListener("change", () => change(made.value));
      return made;
    };
    const fields = [];
    if (this.models.length > 1)
      fields.push(
        select(this.labels.which, this.models.map(({ view }, k) => [k, view.name]), place, (k) => {
          this.question = { model: this.models[k], place: Number(k) };
          this.ask();
        }),
      );
    fields.push(
      select(this.labels.what, Object.keys(FOLLOWS[model.view.kind]).map((own) => [own, model.vectors[own].symbol.replace("_{t}", "ₜ")]), id, (own) => this.ask(own, unit)),
      select(this.labels.unit, model.view.hidden[0].map((_, k) => [k, `${this.labels.unit} ${k + 1}`]), unit, (k) => this.ask(id, Number(k))),
    );
    this.guess = element("input", "cv-field cv-guess");
    this.guess.type = "text";
    this.guess.inputMode = "decimal";
    this.guess.autocomplete = "off";
    this.guess.placeholder = "0.0";
    this.guess.setAttribute("aria-label", this.labels.guess);
    const reveal = element("button", "cv-button cv-main", this.labels.reveal);
    reveal.type = "submit";
    const other = element("button", "cv-button", this.labels.other);
    other.type = "button";
    other.addEventListener("click", () => this.ask());
    this.verdict = element("p", "cv-verdict");
    this.verdict.setAttribute("aria-live", "polite");
    this.count = element("span", "cv-score");
    this.quiz.append(element("span", "cv-ask", this.labels.question.replace("{step}", this.step + 1)), ...fields, element("span", "", "="), this.guess, reveal, other, this.count, this.verdict);
    this.scored();
  }

  scored() {
    this.count.textContent = this.labels.score.replace("{right}", this.score.right).replace("{all}", this.score.all);
  }

  answer() {
    const { model, id, unit } = this.question;
    const typed = this.guess.value.trim().replace("\u2212", "-").replace(",", ".");
    const guess = Number(typed);
    if (typed === "" || !Number.isFinite(guess)) {
      this.verdict.textContent = this.labels.number;
      return this.guess.focus();
    }
    const value = model.vectors[id].of(this.step)[unit];
    const off = Math.abs(guess - value);
    const right = off <= 0.05;
    if (!this.question.answered) {
      this.score.all += 1;
      this.score.right += right ? 1 : 0;
    }
    this.question.answered = true;
    this.scored();
    const said = (right ? this.labels.right : this.labels.wrong).replace("{off}", digits(off)).replace("{value}", digits(value));
    this.verdict.replaceChildren(element("strong", right ? "cv-right" : "cv-wrong", said), " ", element("span", "cv-why", this.why(model, id, unit)));
    this.show();
  }

  // the working of one unit, in one line
  why(model, id, unit) {
    const { view, vectors } = model;
    const at = (name) => vectors[name].of(this.step)[unit];
    const f = (name) => factor(at(name));
    if (id === "c") return `${f("f")}·${f("c0")} + ${f("i")}·${f("g")} = ${digits(at("c"))}`;
    if (id === "h" && view.kind === "lstm") return `${f("o")}·tanh(${digits(at("c"))}) = ${digits(at("h"))}`;
    if (id === "h" && view.kind === "gru") return `(1 − ${f("z")})·${f("n")} + ${f("z")}·${f("h0")} = ${digits(at("h"))}`;
    const recurrent = `${f(`Wh:${id}`)} + ${f(`bh:${id}`)}`;
    const inner = id === "n" ? `${f("r")}·(${recurrent})` : recurrent;
    const act = ACTIVATIONS(view, id);
    return `${act}(${f(`Wx:${id}`)} + ${f(`bx:${id}`)} + ${inner}) = ${act}(${digits(at(`a:${id}`))}) = ${digits(at(id))}`;
  }
}
