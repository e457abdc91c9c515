// Where everything in a cell's drawing stands: three plans, drawn on one kind of paper.

import { ACTIVATION } from "./vectors.js";

/** @typedef {import("./types.js").Plan} Plan */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").View} View */

export const PITCH = 22;
export const RADIUS = 11; // of a join
export const WIDTHS = { full: 50, slim: 22 }; // of a square, with its number and without
const STATE = 52; // width of a state's squares, which always bear numbers
const LABEL = 20;

/** The plan of a cell whose squares are so wide. @param {View} view @param {number} width @returns {Plan} */
export const planOf = (view, width) => ({ rnn, lstm, gru })[view.kind](paper(view, width), view);

/** What all three are drawn with: what adds to a plan, and the lengths that all have. @param {View} view @param {number} width */
function paper(view, width) {
  /** @type {Plan} */
  const plan = { width: 0, height: 0, body: { x: 0, y: 26, width: 0, height: 0 }, vectors: [], wires: [], boxes: [], joins: [], dots: [], notes: [] };
  const states = view.kind === "lstm" ? ["x", "h0", "c0", "h", "c"] : ["x", "h0", "h"];
  /** @param {string} id @param {number} x @param {number} y @param {number} stage @param {boolean} [labelled] */
  const vector = (id, x, y, stage, labelled = true) =>
    plan.vectors.push({ id, x, y, width: states.includes(id) ? STATE : width, stage, labelled });
  /** @param {Point[]} points @param {number} stage @param {Plan["wires"][number]["look"]} [look] */
  const wire = (points, stage, look = "plain") => plan.wires.push({ points, stage, look });
  /** @param {string} text @param {number} x @param {number} y */
  const box = (text, x, y) => plan.boxes.push({ text, x, y });
  /** @param {Plan["joins"][number]["sign"]} sign @param {number} x @param {number} y */
  const join = (sign, x, y) => plan.joins.push({ sign, x, y });
  const H = view.hidden[0].length * PITCH - 2; // height of a state
  const X = view.input[0].length * PITCH - 2;
  const P = 18 + STATE / 2; // where what comes in stands
  const left = P + STATE / 2 + 18; // of the cell's body
  /** Sets the body's right side. @param {number} right @returns {number} where what goes out stands */
  const ends = (right) => {
    const R = right + 18 + STATE / 2;
    plan.width = R + STATE / 2 + 22;
    plan.body.x = left;
    plan.body.width = right - left;
    return R;
  };
  /** The way up and out of the cell, from a point on a wire. @param {number} x @param {number} y */
  const output = (x, y) => {
    plan.dots.push([x, y]);
    wire([[x, y], [x, 22]], 5, "over");
    plan.notes.push({ label: "output", x, y: 14 });
  };
  /** From the step before and to the next. @param {number} y @param {number} R @param {"keep" | "plain"} look */
  const inAndOut = (y, R, look) => {
    wire([[1, y], [P - STATE / 2, y]], 0, look);
    wire([[R + STATE / 2, y], [plan.width - 1, y]], 5, look);
  };
  const gap = width + (width > 30 ? 36 : 32);
  const half = width / 2;
  return { plan, vector, wire, box, join, ends, output, inAndOut, H, X, P, left, gap, width, half, top: 36 + LABEL + H / 2, first: left + 24 + half };
}

/** @typedef {ReturnType<typeof paper>} Paper */

/** @param {Paper} paper @param {View} view */
function rnn({ plan, vector, wire, box, join, ends, output, inAndOut, H, X, P, left, half, top, first }, view) {
  const plus = first + 58 + half + 30;
  const sum = plus + RADIUS + 16 + half;
  const act = sum + half + 16 + 22;
  const right = act + 22 + 44;
  const R = ends(right);
  const below = top + Math.max(H / 2, RADIUS) + 30 + H / 2;
  const low = Math.max(below, top + H / 2 + 16 + LABEL + X / 2);
  const hp = first + 58;
  box("W_{hh}", first - half + 16, top);
  box("W_{xh}", first - half + 16, below);
  wire([[P + STATE / 2, top], [first - half - 6, top]], 0);
  wire([[P + STATE / 2, low], [left + 8, low], [left + 8, below], [first - half - 6, below]], 0);
  wire([[first - half + 38, top], [hp - half, top]], 1);
  wire([[first - half + 38, below], [hp - half, below]], 1);
  vector("hp:h", hp, top, 1);
  vector("xp:h", hp, below, 1);
  wire([[hp + half, top], [plus - RADIUS, top]], 2);
  wire([[hp + half, below], [plus, below], [plus, top + RADIUS]], 2);
  join("+", plus, top);
  wire([[plus + RADIUS, top], [sum - half, top]], 2);
  vector("a:h", sum, top, 3);
  wire([[sum + half, top], [act - 22, top]], 3);
  box(view.nonlinearity, act, top);
  wire([[act + 22, top], [R - STATE / 2, top]], 4, "keep");
  output(act + 44, top);
  vector("h0", P, top, 0);
  vector("x", P, low, 0);
  vector("h", R, top, 5);
  inAndOut(top, R, "keep");
  plan.body.height = Math.max(below + H / 2, top + H / 2) + 16 - 26;
  plan.height = Math.max(low + X / 2, plan.body.y + plan.body.height) + 8;
  return plan;
}

/** @param {Paper} paper */
function lstm({ plan, vector, wire, box, join, ends, output, inAndOut, H, X, P, left, gap, half, top, first }) {
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
  box("tanh", t, mid - H / 2 - LABEL - 17);
  wire([[t, mid - H / 2 - LABEL - 5], [t, mid - H / 2]], 4, "stub");
  // both lines to the gates' boxes
  wire([[P + STATE / 2, row], [left + 10, row], [left + 10, yh], [o - 8, yh], [o - 8, boxes + 12]], 0);
  const turn = /** @type {Point[]} */ (low > yx ? [[left + 10, low], [left + 10, yx]] : []);
  wire([[P + STATE / 2, low], ...turn, [o + 8, yx], [o + 8, boxes + 12]], 0);
  for (const [id, x] of Object.entries({ f, i, g, o })) {
    if (x < o) {
      for (const [at, y] of [[x - 8, yh], [x + 8, yx]]) {
        wire([[at, y], [at, boxes + 12]], 0);
        plan.dots.push([at, y]);
      }
    }
    box(ACTIVATION[id], x, boxes);
    wire([[x, boxes - 12], [x, row + H / 2]], 1);
    vector(id, x, row, 1);
  }
  wire([[f, row - H / 2], [f, top + RADIUS]], 2);
  join("⊙", f, top);
  wire([[i + half, row], [middle - RADIUS, row]], 2, "write");
  wire([[g - half, row], [middle + RADIUS, row]], 2, "write");
  join("⊙", middle, row);
  wire([[middle, row - RADIUS], [middle, mid + H / 2]], 2, "write");
  vector("ig", middle, mid, 2);
  wire([[middle, mid - H / 2], [middle, top + RADIUS]], 3, "write");
  join("+", middle, top);
  vector("fc", i, top, 2);
  vector("tc", t, mid, 4);
  wire([[t, mid + H / 2], [t, row - RADIUS]], 5);
  wire([[o + half, row], [t - RADIUS, row]], 5);
  join("⊙", t, row);
  wire([[t + RADIUS, row], [R - STATE / 2, row]], 5);
  output(right - 22, row);
  vector("c0", P, top, 0);
  vector("h0", P, row, 0);
  vector("x", P, low, 0);
  vector("c", R, top, 3);
  vector("h", R, row, 5);
  inAndOut(top, R, "keep");
  inAndOut(row, R, "plain");
  plan.body.height = yx + 14 - 26;
  plan.height = Math.max(low + X / 2, yx + 14) + 8;
  return plan;
}

/** @param {Paper} paper */
function gru({ plan, vector, wire, box, join, ends, output, inAndOut, H, X, P, left, gap, width, half, top, first }) {
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
  const turn = /** @type {Point[]} */ (low > yx ? [[left - 8, low], [left - 8, yx]] : []);
  wire([[P + STATE / 2, low], ...turn, [z + 8, yx], [z + 8, boxes + 12]], 0);
  for (const [at, y] of [[r - 8, yh], [r + 8, yx], [q, yh], [xn, yx]]) {
    wire([[at, y], [at, boxes + 12]], 0);
    plan.dots.push([at, y]);
  }
  for (const [id, x] of Object.entries({ r, "hp:n": q, "xp:n": xn, z })) {
    box(ACTIVATION[id] ?? (id === "hp:n" ? "W_{hn}" : "W_{xn}"), x, boxes);
    wire([[x, boxes - 12], [x, row + H / 2]], 1);
    vector(id, x, row, 1, !id.includes(":"));
  }
  wire([[r + half, row], [reset - RADIUS, row]], 2);
  wire([[q - half, row], [reset + RADIUS, row]], 2);
  join("⊙", reset, row);
  wire([[reset, row - RADIUS], [reset, mid + H / 2]], 2);
  vector("rq", reset, mid, 2);
  wire([[reset + half, mid], [xn - RADIUS, mid]], 3);
  wire([[xn, row - H / 2], [xn, mid + RADIUS]], 3);
  join("+", xn, mid);
  wire([[xn + RADIUS, mid], [act - 22, mid]], 3);
  box("tanh", act, mid);
  wire([[act + 22, mid], [n_ - half, mid]], 3);
  vector("n", n_, mid, 3);
  wire([[n_ + half, mid], [z - RADIUS, mid]], 4, "write");
  const fork = row - H / 2 - LABEL - 6;
  wire([[z, row - H / 2], [z, mid + 34 + RADIUS]], 2);
  plan.dots.push([z, fork]);
  join("1−", z, mid + 34);
  wire([[z, mid + 34 - RADIUS], [z, mid + RADIUS]], 3, "write");
  wire([[z, fork], [over, fork], [over, top + RADIUS]], 2);
  join("⊙", over, top);
  join("⊙", z, mid);
  wire([[z + RADIUS, mid], [wn - half, mid]], 4, "write over");
  vector("zh", (over + wn) / 2, top, 2);
  vector("wn", wn, mid, 4);
  wire([[wn, mid - H / 2], [wn, top + RADIUS]], 5, "write");
  join("+", wn, top);
  output(right - 16, top);
  vector("h0", P, top, 0);
  vector("x", P, low, 0);
  vector("h", R, top, 5);
  inAndOut(top, R, "keep");
  plan.body.height = yx + 14 - 26;
  plan.height = Math.max(low + X / 2, yx + 14) + 8;
  return plan;
}
