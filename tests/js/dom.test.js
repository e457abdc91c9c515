// A part hears what answers its last trigger, and nothing that answers an earlier one.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { mounted } from "../../rnnviz/ui/parts/js/dom.js";

/** @typedef {import("../../rnnviz/ui/parts/js/dom.js").Send} Send */

let rests = true; // Python does
Object.assign(globalThis, { document: { querySelector: () => (rests ? {} : null) } });

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

/** A part that writes down what it is called with. */
function place({ incremental = false } = {}) {
  /** @type {{ send: Send | undefined, behind: boolean, incremental: boolean, seen: [value: string, behind: boolean][], update: (data: { value: string }) => void, destroy: () => void }} */
  const part = {
    send: undefined, behind: false, incremental, seen: [],
    update({ value }) {
      this.seen.push([value, this.behind]);
    },
    destroy() {},
  };
  /** @type {unknown[]} */
  const sent = [];
  const call = mounted(() => part);
  const parentElement = /** @type {HTMLElement} */ ({});
  /** @param {string} value @param {number} heard */
  const answer = (value, heard) =>
    call({ data: { value, heard }, parentElement, setStateValue: () => undefined, setTriggerValue: (_name, told) => sent.push(structuredClone(told)) });
  return { part, answer, sent };
}

test("an answer to an earlier trigger is not drawn", () => {
  const { part, answer, sent } = place();
  answer("first", 4); // the page was left and is back: four were told before
  part.send?.trigger("choice", "a");
  part.send?.trigger("choice", "b");
  assert.deepEqual(sent, [[[5, "choice", "a"]], [[5, "choice", "a"], [6, "choice", "b"]]]);
  answer("to a", 5);
  answer("to b", 6);
  answer("of something else", 6);
  assert.deepEqual(part.seen.map(([value]) => value), ["first", "to b", "of something else"]);
});

test("what comes in pieces is told all, and that Python is behind", () => {
  const { part, answer } = place({ incremental: true });
  answer("first", 0);
  part.send?.trigger("rest", 1);
  assert.equal(part.behind, true);
  answer("before", 0);
  answer("after", 1);
  assert.deepEqual(part.seen, [["first", false], ["before", true], ["after", false]]);
});

test("an answer that never comes ends the wait", (context) => {
  const { part, answer } = place();
  let now = 0;
  context.mock.method(performance, "now", () => now);
  answer("first", 0);
  part.send?.trigger("choice", "lost");
  now = 7999;
  answer("at once", 0);
  now = 8000;
  answer("later", 0);
  assert.deepEqual(part.seen.map(([value]) => value), ["first", "later"]);
});

test("what was lost is told again once Python rests, and what was heard is not", () => {
  const { part, answer, sent } = place();
  answer("first", 0);
  part.send?.trigger("edit", "a");
  part.send?.trigger("step", 7);
  answer("to a", 1);
  rests = false;
  mock.timers.tick(3000);
  assert.equal(sent.length, 2);
  rests = true;
  mock.timers.tick(3000);
  assert.deepEqual(sent[2], [[2, "step", 7]]);
  answer("to both", 2);
  mock.timers.tick(60000);
  assert.equal(sent.length, 3);
});
