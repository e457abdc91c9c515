// A cell's equations, their working in one line, its plan, and what a question hides.

import assert from "node:assert/strict";
import { test } from "node:test";

import { sharesOf } from "../../rnnviz/ui/parts/cell/sums.js";
import { head, path } from "../../rnnviz/ui/parts/cell/drawing.js";
import { nested, placeOf, weightPlace } from "../../rnnviz/ui/parts/cell/edits.js";
import { planOf, WIDTHS } from "../../rnnviz/ui/parts/cell/plan.js";
import { questionOf, Quiz } from "../../rnnviz/ui/parts/cell/quiz.js";
import { rowsOf } from "../../rnnviz/ui/parts/cell/strip.js";
import { digits, factor, plain, short, split } from "../../rnnviz/ui/parts/cell/symbols.js";
import { FOLLOWS, modelOf, product, working } from "../../rnnviz/ui/parts/cell/vectors.js";

const GATES = {
  rnn: ["hidden"],
  lstm: ["input_gate", "forget_gate", "candidate", "output_gate"],
  gru: ["reset_gate", "update_gate", "candidate"],
};

/** A cell of one step and so many units that read one number; every number of a vector is the same. */
function viewOf(kind, numbers = {}, units = 1) {
  const given = (name, value = 0) => [Array(units).fill(numbers[name] ?? value)];
  const each = (name) => [GATES[kind].map(() => Array(units).fill(numbers[name] ?? 0))];
  const view = { kind, name: kind.toUpperCase(), gates: GATES[kind], nonlinearity: "tanh", input: [[1]] };
  for (const name of ["previous_hidden", "hidden", "previous_cell", "cell", "kept", "written", "squashed", "reset_part"]) view[name] = given(name);
  for (const name of ["input_product", "recurrent_product", "input_part", "recurrent_part", "pre_activation", "activation"]) view[name] = each(name);
  view.input_bias = each("input_bias")[0];
  view.recurrent_bias = each("recurrent_bias")[0];
  return view;
}

test("what stands in braces is set low", () => {
  assert.deepEqual(split("W_{xf} x_{t}"), [
    { text: "W", low: false }, { text: "xf", low: true }, { text: " x", low: false }, { text: "t", low: true },
  ]);
  assert.equal(plain("h_{t−1}"), "h_t−1");
});

test("a cell's numbers: what is only rounding is zero, what is none is a dash, a negative factor is in brackets", () => {
  assert.equal(digits(0.76159), "0.7616");
  assert.equal(digits(-3e-17), "0.0000");
  assert.equal(digits(NaN), "–");
  assert.equal(digits(null), "–");
  assert.equal(short(-12.34), "−12.3");
  assert.equal(factor(-0.5), "(−0.5000)");
  assert.equal(product([1, -2], [0.5, 0.25], 0), "1.000·0.5000 + (−2.000)·0.2500 = 0.0000");
});

test("what a reader gives has a place in the set-up, what follows from it has none", () => {
  const lstm = modelOf(viewOf("lstm"));
  assert.deepEqual(placeOf(lstm, "x", 1, 2), ["inputs", 2, 1]);
  assert.deepEqual([placeOf(lstm, "h0", 1, 0), placeOf(lstm, "c0", 0, 0)], [["hidden", 1], ["cell", 0]]);
  assert.equal(placeOf(lstm, "h0", 1, 1), null); // it comes from the step before
  assert.deepEqual(placeOf(lstm, "bh:f", 1, 3), ["weights", "lstm", "forget_gate", "bias", 1, 1]);
  for (const id of ["h", "c", "f", "a:f", "Wx:f", "fc"]) assert.equal(placeOf(lstm, id, 0, 0), null);
  assert.deepEqual(weightPlace(modelOf(viewOf("gru")).view, "n", "h", 0, 2), ["weights", "gru", "candidate", "recurrent", 0, 2]);
  assert.deepEqual(nested(["inputs", 2, 1], -0.5), { inputs: { 2: { 1: -0.5 } } });
});

test("a cell has an equation for each gate, then those of its states", () => {
  const lines = (kind) => modelOf(viewOf(kind)).equations.map(({ items }) => items.join(" "));
  assert.deepEqual(lines("rnn"), ["h = tanh( Wx:h + bx:h + Wh:h + bh:h ) = tanh( a:h ) = h"]);
  assert.equal(lines("lstm").length, 6);
  assert.equal(lines("lstm")[4], "c = f ∘ c0 + i ∘ g = fc + ig");
  assert.equal(lines("gru")[2], "n = tanh( Wx:n + bx:n + r ∘ ( Wh:n + bh:n ) ) = tanh( a:n ) = n");
});

test("every vector of an equation is there, and every one that a question may hide", () => {
  for (const kind of ["rnn", "lstm", "gru"]) {
    const { vectors, equations } = modelOf(viewOf(kind));
    for (const { items } of equations) assert.ok(items[0] in vectors);
    for (const ids of Object.values(FOLLOWS[kind])) for (const id of ids) assert.ok(id in vectors, `${kind}: ${id}`);
  }
});

test("a value's working puts its own numbers in", () => {
  const numbers = { input_product: 1, recurrent_product: -2, input_bias: 0.5, recurrent_bias: 0, pre_activation: -0.5, activation: 0.25 };
  assert.equal(working(modelOf(viewOf("lstm", numbers)), "f", 0, 0), "σ(1.000 + 0.5000 + (−2.000) + 0.0000) = σ(−0.5000) = 0.2500");
  assert.equal(working(modelOf(viewOf("gru", numbers)), "n", 0, 0), "tanh(1.000 + 0.5000 + 0.2500·((−2.000) + 0.0000)) = tanh(−0.5000) = 0.2500");
  const states = { ...numbers, previous_cell: 2, cell: 0.5625 };
  assert.equal(working(modelOf(viewOf("lstm", states)), "c", 0, 0), "0.2500·2.000 + 0.2500·0.2500 = 0.5625");
});

test("in a plan every vector stands inside the drawing, and no wire leaves it", () => {
  for (const kind of ["rnn", "lstm", "gru"])
    for (const units of [1, 3, 8])
      for (const width of Object.values(WIDTHS)) {
        const view = viewOf(kind, {}, units);
        const { vectors } = modelOf(view);
        const plan = planOf(view, width);
        for (const { id, x, y } of plan.vectors) {
          assert.ok(id in vectors);
          assert.ok(x > 0 && x < plan.width && y > 0 && y < plan.height, `${kind}: ${id}`);
        }
        for (const { points } of plan.wires) for (const [x, y] of points) assert.ok(x > 0 && x < plan.width && y > 0 && y < plan.height);
      }
});

test("a wire turns in round corners and ends in an arrow", () => {
  assert.equal(path([[0, 0], [10, 0]]), "M0,0L10,0");
  assert.equal(path([[0, 0], [20, 0], [20, 20]]), "M0,0L12,0Q20,0 20,8L20,20");
  assert.equal(head([[0, 0], [10, 0]]), "M10,0L3,4L3,-4Z");
});

test("the strip shows the input and the states of every cell", () => {
  const models = ["lstm", "gru"].map((kind) => modelOf(viewOf(kind)));
  assert.deepEqual(rowsOf(models).map(({ symbol }) => symbol), ["x_{t}", "c_{t} LSTM", "h_{t} LSTM", "h_{t} GRU"]);
});

test("a question keeps what is wished for and leaves the rest to chance", () => {
  const models = ["lstm", "rnn"].map((kind) => modelOf(viewOf(kind, {}, 3)));
  assert.deepEqual(questionOf(models, { id: "f", unit: 7 }), { place: 0, id: "f", unit: 2, answered: false });
  assert.deepEqual(questionOf(models, { place: 1, id: "f" }, () => 0), { place: 1, id: "h", unit: 0, answered: false });
  assert.equal(questionOf(models, {}, () => 0.99).unit, 2);
});

test("a question hides the value and what follows from it, of its own cell and unit alone", () => {
  const models = ["lstm", "gru"].map((kind) => modelOf(viewOf(kind, {}, 2)));
  const hides = (question, ...asked) => Quiz.prototype.hides.call({ models, question }, ...asked);
  const question = { place: 0, id: "f", unit: 1, answered: false };
  for (const id of ["a:f", "f", "fc", "c", "tc", "h"]) assert.ok(hides(question, models[0], id, 1));
  for (const id of ["i", "x", "h0", "c0"]) assert.ok(!hides(question, models[0], id, 1));
  assert.ok(!hides(question, models[0], "f", 0));
  assert.ok(!hides(question, models[1], "h", 1));
  assert.ok(!hides({ ...question, answered: true }, models[0], "f", 1));
  assert.ok(!hides(null, models[0], "f", 1));
});

test("what is kept and what is written have shares of their sizes added, whatever their signs", () => {
  assert.deepEqual(sharesOf(-3, 1), ["75.0 %", "25.0 %"]);
  assert.deepEqual(sharesOf(0, 0.2), ["0 %", "100.0 %"]);
  assert.deepEqual(sharesOf(0, 0), ["–", "–"]);
});
