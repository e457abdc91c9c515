// Texts that grow: pieces that come, what is asked for, what is shown of states, and why a character came.

import assert from "node:assert/strict";
import { test } from "node:test";

import { goalOf, wanted } from "../../rnnviz/ui/rooms/generate/asking.js";
import { unitOf, valueOf, windowOf } from "../../rnnviz/ui/rooms/generate/panel.js";
import { Pieces, Written, rootOf } from "../../rnnviz/ui/rooms/generate/pieces.js";
import { natsOf } from "../../rnnviz/ui/rooms/generate/nats.js";
import { causeOf, sharesOf, stretchesOf } from "../../rnnviz/ui/rooms/generate/reasons.js";
import { saidOf } from "../../rnnviz/ui/rooms/generate/surprise.js";

const packed = (array) => Buffer.from(array.buffer).toString("base64");
/** A piece of a text with two candidates: rows are [id, drawn, rank, candidates], the other numbers of a row are all the same. */
const piece = (from, rows, key = "text") => ({
  key, from, count: rows.length, candidates: 2, ids: packed(Uint16Array.from(rows.flat())),
  floats: packed(Float32Array.from(rows.flatMap(() => [0.5, 0.25, 0.5, 0.125, 0.25, 0.75, 0.125, 0.5, 0.25]))),
});
const states = (from, values) => ({ key: "states", from, count: values.length, units: 1, bytes: packed(Uint8Array.from(values)) });

test("pieces are put together, also where they overlap; one that is missing is noticed", () => {
  const text = new Written(piece(0, []));
  assert.ok(text.add(piece(0, [[3, 3, 1, 3, 4], [4, 3, 2, 3, 4]])));
  assert.ok(text.add(piece(1, [[4, 3, 2, 3, 4], [7, 7, 9, 3, 4]])));
  assert.equal(text.count, 3);
  assert.deepEqual([0, 1, 2].map((at) => text.id(at)), [3, 4, 7]);
  assert.ok(!text.add(piece(9, [[1, 1, 1, 1, 1]])));
  assert.equal(text.count, 3);
});

test("a character knows how it was chosen, and stands below the candidates if it is none", () => {
  const text = new Written(piece(0, []));
  text.add(piece(0, [[3, 4, 1, 3, 4], [7, 3, 9, 3, 4]]));
  assert.deepEqual(text.of(0), {
    id: 3, drawn: 4, rank: 1, number: 0.5, low: 0.25, length: 0.5, before: 0.125, after: 0.25,
    rows: [{ id: 3, before: 0.75, after: 0.5 }, { id: 4, before: 0.125, after: 0.25 }],
  });
  assert.deepEqual(text.of(1).rows[2], { id: 7, before: 0.125, after: 0.25, below: true });
});

test("texts and states are counted by key; what follows from other settings begins anew", () => {
  const pieces = new Pieces();
  assert.ok(pieces.differ([{ key: "a" }]));
  assert.ok(!pieces.beginAnew([{ key: "a" }])); // there was nothing before
  const writers = [piece(0, [[1, 1, 1, 1, 1]], "a"), piece(0, [[1, 1, 1, 1, 1], [2, 1, 1, 1, 1]], "b")];
  assert.ok(pieces.add({ writers, states: states(0, [7, 8, 9]) }));
  assert.equal(pieces.ready, 1);
  assert.deepEqual(pieces.counts, { a: 1, b: 2, states: 3 });
  assert.ok(!pieces.differ([{ key: "a" }, { key: "b" }]));
  assert.ok(pieces.differ([{ key: "a" }, { key: "b-5" }]));
  assert.ok(!pieces.beginAnew([{ key: "a" }, { key: "b-5" }])); // a change of the reader
  assert.ok(pieces.beginAnew([{ key: "c" }]));
  assert.ok(!pieces.add({ writers, states: states(5, [7]) }));
  assert.equal(rootOf("b-5"), "b");
});

test("as much is to lie ready as is played in a moment, and never more than is wanted in all", () => {
  const now = { length: 1000, goal: 0, shown: 100, playing: true, pace: 200 };
  assert.equal(wanted(now), 260);
  assert.equal(wanted({ ...now, pace: 5 }), 116);
  assert.equal(wanted({ ...now, pace: Infinity }), 1000);
  assert.equal(wanted({ ...now, shown: 990 }), 1000);
  assert.equal(wanted({ ...now, playing: false, goal: 128 }), 128);
});

test("another text is wanted as far as the one before was shown, a longer one goes on", () => {
  const data = { length: 500, opening: 128 };
  const now = { changed: false, longer: false, goal: 20, shown: 300, chosen: null };
  assert.equal(goalOf(data, now), 20);
  assert.equal(goalOf(data, { ...now, changed: true }), 300);
  assert.equal(goalOf({ ...data, length: 200 }, { ...now, changed: true }), 200);
  assert.equal(goalOf(data, { ...now, changed: true, chosen: 400 }), 401);
  assert.equal(goalOf(data, { ...now, shown: 1, goal: 1, longer: true }), 128);
});

test("states are shown up to the end, or around the character that is chosen", () => {
  assert.deepEqual(windowOf(10, 100, null), [90, 100]);
  assert.deepEqual(windowOf(10, 4, null), [0, 4]);
  assert.deepEqual(windowOf(10, 100, 50), [45, 55]);
  assert.deepEqual(windowOf(10, 100, 2), [0, 10]);
  assert.deepEqual(windowOf(10, 100, 99), [90, 100]);
});

test("a byte is a value between the limits, or how well a context is known", () => {
  const gate = { kind: "gru", limits: [-1, 1], units: 3, rows: [2, 0, 1] };
  assert.equal(valueOf(gate, 0, {}), "≈ −1.00");
  assert.equal(valueOf(gate, 255, {}), "≈ 1.00");
  assert.equal(unitOf(gate, 0), 2);
  const counts = { kind: "counts", limits: [0, 1], units: 5, rows: [] };
  assert.equal(valueOf(counts, 128, { never: "never", seen: "seen", followed: "followed" }), "seen");
  assert.equal(unitOf(counts, 0), 4);
});

const NAME = (id) => "?abcd"[id];

test("the line shows every candidate, the others, and always what was drawn", () => {
  const rows = [{ id: 1, before: 0.5, after: 0.6 }, { id: 2, before: 0.3, after: 0 }, { id: 3, before: 0.1, after: 0.2, below: true }];
  const one = { rows, drawn: 1, low: 0, length: 0.6 };
  assert.deepEqual(stretchesOf(one, NAME, "others"), [
    { kind: "gn-hit", from: 0, length: 0.6, text: "a" }, { kind: "gn-others", from: 0.6, length: 0.4, text: "others" },
  ]);
  const other = stretchesOf({ ...one, drawn: 3, low: 0.7, length: 0.2 }, NAME, "others");
  assert.deepEqual(other[2], { kind: "gn-hit", from: 0.7, length: 0.2, text: "c" });
});

test("a choice is told in numbers: the reader's, the likeliest, or the number that was drawn", () => {
  const labels = { luck: "{value} in {low} to {high}: {character}", yours: "yours; had drawn {character}", greedy: "likeliest", yoursGreedy: "yours; {character}" };
  const one = { number: 0.5, drawn: 2, low: 0.25, length: 0.5, before: 0.125, after: 0, rank: 3 };
  assert.equal(causeOf(one, false, false, labels, NAME), "0.5000 in 0.2500 to 0.7500: b");
  assert.equal(causeOf(one, true, false, labels, NAME), "yours; had drawn b");
  assert.equal(causeOf(one, false, true, labels, NAME), "likeliest");
  assert.equal(causeOf(one, true, true, labels, NAME), "yours; b");
  assert.equal(sharesOf(one, { shares: "{before} ({rank}, {nats}) {after}" }), "12.5 % (3, 2.079) 0 %");
});

test("a surprise is told with what was expected instead; the first character has none", () => {
  const labels = { first: "first", unknown: "unknown", surprise: "{character}: {nats}, {share}", expected: "rather {character}, {share}" };
  const data = { labels, characters: ["x", "y", "z", "w"], unknown: [2] };
  const model = { nats: [null, Math.LN2, null, 0], likeliest: ["x", "a", "a", "w"], share: [null, 0.75, null, 1] };
  assert.deepEqual([0, 1, 2, 3].map((at) => saidOf(data, model, at)), ["first", "y: 0.693, 50.0 %; rather a, 75.0 %", "unknown", "w: < 0.001, 100.0 %"]);
  assert.equal(natsOf(0.001), "0.001");
});
