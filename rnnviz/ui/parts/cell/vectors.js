// What a cell consists of: its vectors by id, its equations, and what follows from what.

import { digits, factor } from "./symbols.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Model} Model */
/** @typedef {import("./types.js").Vector} Vector */
/** @typedef {import("./types.js").Equation} Equation */

/** @type {Record<string, string>} */
const LETTERS = { input_gate: "i", forget_gate: "f", output_gate: "o", reset_gate: "r", update_gate: "z", hidden: "h" };

/** The letter of a gate; a candidate's is g in an LSTM, n in a GRU. @param {string} gate @param {string} kind */
export const letter = (gate, kind) => LETTERS[gate] ?? (kind === "lstm" ? "g" : "n");

/** @type {Record<string, string>} */
export const ACTIVATION = { i: "σ", f: "σ", o: "σ", r: "σ", z: "σ", g: "tanh", n: "tanh" };

/** The function that makes a gate, by its letter. @param {View} view @param {string} own */
const activationOf = (view, own) => ACTIVATION[own] ?? view.nonlinearity;

/** Each value of a step by itself: hidden together. @type {Record<import("./types.js").Kind, Record<string, string[]>>} */
export const FOLLOWS = {
  lstm: {
    i: ["a:i", "i", "ig", "c", "tc", "h"], f: ["a:f", "f", "fc", "c", "tc", "h"], g: ["a:g", "g", "ig", "c", "tc", "h"],
    o: ["a:o", "o", "h"], c: ["c", "tc", "h"], h: ["h"],
  },
  gru: {
    r: ["a:r", "r", "rq", "a:n", "n", "wn", "h"], z: ["a:z", "z", "zh", "wn", "h"], n: ["a:n", "n", "wn", "h"], h: ["h"],
  },
  rnn: { h: ["a:h", "h"] },
};

/** @param {View} view @returns {Model} */
export const modelOf = (view) => ({ view, vectors: vectorsOf(view), equations: equationsOf(view) });

/** @param {View} view @returns {Record<string, Vector>} */
export function vectorsOf(view) {
  /** @type {Record<string, Vector>} */
  const found = {};
  /** @param {string} id @param {string} symbol @param {Vector["range"]} range @param {Vector["of"]} of */
  const add = (id, symbol, range, of) => (found[id] = { symbol, range, of });
  add("x", "x_{t}", "signed", (t) => view.input[t]);
  add("h0", "h_{t−1}", "signed", (t) => view.previous_hidden[t]);
  view.gates.forEach((name, g) => {
    const own = letter(name, view.kind);
    const signed = own === "g" || own === "n" || own === "h";
    add(own, `${own}_{t}`, signed ? "signed" : "gate", (t) => view.activation[t][g]);
    add(`a:${own}`, `a_{${own}}`, "cell", (t) => view.pre_activation[t][g]);
    add(`Wx:${own}`, `W_{x${own}} x_{t}`, "cell", (t) => view.input_product[t][g]);
    add(`Wh:${own}`, `W_{h${own}} h_{t−1}`, "cell", (t) => view.recurrent_product[t][g]);
    add(`bx:${own}`, `b_{x${own}}`, "cell", () => view.input_bias[g]);
    add(`bh:${own}`, `b_{h${own}}`, "cell", () => view.recurrent_bias[g]);
    add(`xp:${own}`, `W_{x${own}} x_{t} + b_{x${own}}`, "cell", (t) => view.input_part[t][g]);
    add(`hp:${own}`, `W_{h${own}} h_{t−1} + b_{h${own}}`, "cell", (t) => view.recurrent_part[t][g]);
  });
  if (view.kind === "lstm") {
    add("c0", "c_{t−1}", "cell", (t) => view.previous_cell[t]);
    add("fc", "f_{t}∘c_{t−1}", "cell", (t) => view.kept[t]);
    add("ig", "i_{t}∘g_{t}", "signed", (t) => view.written[t]);
    add("c", "c_{t}", "cell", (t) => view.cell[t]);
    add("tc", "tanh c_{t}", "signed", (t) => view.squashed[t]);
    add("h", "h_{t}", "signed", (t) => view.hidden[t]);
  }
  if (view.kind === "gru") {
    add("rq", "r_{t}∘(…)", "cell", (t) => view.reset_part[t]);
    add("zh", "z_{t}∘h_{t−1}", "signed", (t) => view.kept[t]);
    add("wn", "(1−z_{t})∘n_{t}", "signed", (t) => view.written[t]);
    add("h", "h_{t}", "signed", (t) => view.hidden[t]);
  }
  return found;
}

/** @type {Record<import("./types.js").Kind, Equation[]>} */
const STATES = {
  rnn: [],
  lstm: [
    { items: ["c", "=", "f", "∘", "c0", "+", "i", "∘", "g", "=", "fc", "+", "ig"] },
    { items: ["h", "=", "o", "∘ tanh(", "c", ") =", "o", "∘", "tc"] },
  ],
  gru: [{ items: ["h", "= (1 −", "z", ") ∘", "n", "+", "z", "∘", "h0", "=", "wn", "+", "zh"] }],
};

/** One a gate, then those of the states. @param {View} view @returns {Equation[]} */
export function equationsOf(view) {
  const gates = view.gates.map((name) => {
    const own = letter(name, view.kind);
    const act = activationOf(view, own);
    const recurrent = [`Wh:${own}`, "+", `bh:${own}`];
    const inner = own === "n" ? ["r", "∘ (", ...recurrent, ")"] : recurrent; // the reset gate acts on what was multiplied
    return { own, items: [own, "=", `${act}(`, `Wx:${own}`, "+", `bx:${own}`, "+", ...inner, ") =", `${act}(`, `a:${own}`, ") =", own] };
  });
  return [...gates, ...STATES[view.kind]];
}

/** How one value comes about, in one line. @param {Model} model @param {string} id a gate or a state @param {number} step @param {number} unit */
export function working({ view, vectors }, id, step, unit) {
  /** @param {string} name */
  const at = (name) => vectors[name].of(step)[unit];
  /** @param {string} name */
  const f = (name) => factor(at(name));
  if (id === "c") return `${f("f")}·${f("c0")} + ${f("i")}·${f("g")} = ${digits(at("c"))}`;
  if (id === "h" && view.kind === "lstm") return `${f("o")}·tanh(${digits(at("c"))}) = ${digits(at("h"))}`;
  if (id === "h" && view.kind === "gru") return `(1 − ${f("z")})·${f("n")} + ${f("z")}·${f("h0")} = ${digits(at("h"))}`;
  const recurrent = `${f(`Wh:${id}`)} + ${f(`bh:${id}`)}`;
  const inner = id === "n" ? `${f("r")}·(${recurrent})` : recurrent;
  const act = activationOf(view, id);
  return `${act}(${f(`Wx:${id}`)} + ${f(`bx:${id}`)} + ${inner}) = ${act}(${digits(at(`a:${id}`))}) = ${digits(at(id))}`;
}

/** One row of a matrix times its vector, term by term: the weight, and what it is multiplied by. @param {number[]} row @param {number[]} column */
export const products = (row, column) => row.map((value, k) => [factor(value), `·${factor(column[k])}`]);

/** The same in one line. @param {number[]} row @param {number[]} column @param {number} sum */
export const product = (row, column, sum) => `${products(row, column).map((term) => term.join("")).join(" + ")} = ${digits(sum)}`;
