import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Player } from "../../rnnviz/ui/parts/js/player.js";

/** A reader's wish for less motion. */
function wish() {
  /** @type {Set<() => void>} */
  const heard = new Set();
  return {
    matches: false,
    heard,
    addEventListener: (/** @type {string} */ _name, /** @type {any} */ hear) => heard.add(hear),
    removeEventListener: (/** @type {string} */ _name, /** @type {any} */ hear) => heard.delete(hear),
    /** @param {boolean} less */
    turn(less) {
      this.matches = less;
      for (const hear of heard) hear();
    },
  };
}

/** A player over five steps, and what it showed. @param {object} more */
function started(more = {}) {
  const motion = wish();
  const seen = { at: 0, /** @type {number[]} */ shown: [], changes: 0, steps: 5 };
  const player = new Player(
    {
      step: () => seen.at,
      steps: () => seen.steps,
      go: (step) => seen.shown.push((seen.at = step)),
      pace: 100,
      changed: () => (seen.changes += 1),
      ...more,
    },
    /** @type {any} */ (motion),
  );
  return { player, motion, seen };
}

// a clock that goes when it is told to: no test waits
const clock = { now: 0, last: 0, /** @type {Map<number, { due: number, act: () => void }>} */ waiting: new Map() };

beforeEach(() => {
  clock.waiting.clear();
  mock.method(globalThis, "setTimeout", (/** @type {() => void} */ act, /** @type {number} */ ms) => {
    clock.waiting.set((clock.last += 1), { due: clock.now + ms, act });
    return clock.last;
  });
  mock.method(globalThis, "clearTimeout", (/** @type {number} */ id) => clock.waiting.delete(id));
});
afterEach(() => mock.restoreAll());

/** @param {number} ms */
function pass(ms) {
  clock.now += ms;
  for (const [id, { due, act }] of [...clock.waiting]) {
    if (due > clock.now) continue;
    clock.waiting.delete(id);
    act();
  }
}

test("it plays to the last step and stops there", () => {
  const { player, seen } = started();
  player.play();
  assert.deepEqual(seen.shown, [1]);
  for (let i = 0; i < 10; i += 1) pass(100);
  assert.deepEqual(seen.shown, [1, 2, 3, 4]);
  assert.equal(player.playing, false);
});

test("from the last step it begins anew", () => {
  const { player, seen } = started();
  seen.at = 4;
  player.play();
  pass(100);
  assert.deepEqual(seen.shown, [0, 1]);
});

test("a pause holds the step, a step by hand ends the playing", () => {
  const { player, seen } = started();
  player.toggle();
  player.toggle();
  pass(500);
  assert.deepEqual(seen.shown, [1]);
  player.play();
  player.move(-1);
  pass(500);
  assert.deepEqual(seen.shown, [1, 2, 1]);
  player.move(-9);
  player.to(99);
  assert.deepEqual(seen.shown.slice(3), [0, 4]);
});

test("speed counts at once", () => {
  const { player, seen } = started();
  player.play();
  player.speed = 4;
  pass(25);
  pass(25);
  assert.deepEqual(seen.shown, [1, 2, 3]);
});

test("whoever draws the button hears of begin, end, speed and wish", () => {
  const { player, motion, seen } = started();
  player.play();
  player.stop();
  player.stop();
  player.speed = 2;
  motion.turn(true);
  assert.equal(seen.changes, 4);
});

test("less motion: nothing plays, and what plays stops; steps by hand remain", () => {
  const { player, motion, seen } = started();
  player.play();
  motion.turn(true);
  assert.deepEqual([player.playing, player.allowed], [false, false]);
  player.play();
  pass(500);
  assert.deepEqual(seen.shown, [1]);
  player.move(1);
  assert.deepEqual(seen.shown, [1, 2]);
});

test("where nothing moves between steps, it plays all the same", () => {
  const { player, motion } = started({ stills: false });
  motion.turn(true);
  player.play();
  assert.equal(player.playing, true);
});

test("one step cannot be played", () => {
  const { player, seen } = started();
  seen.steps = 1;
  player.play();
  assert.equal(player.playing, false);
});

test("once destroyed it neither plays nor listens", () => {
  const { player, motion, seen } = started();
  player.play();
  player.destroy();
  pass(500);
  assert.deepEqual(seen.shown, [1]);
  assert.equal(motion.heard.size, 0);
});
