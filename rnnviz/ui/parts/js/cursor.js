// The cursor that all views of a component share: a step of so many, where the keys lead, and who follows.

import { clamp } from "./numbers.js";

/** @type {Record<string, number>} */
const ACROSS = { ArrowRight: 1, ArrowLeft: -1 };
/** @type {Record<string, number>} */
const DOWN = { ArrowDown: 1, ArrowUp: -1 };
/** @type {Record<string, number>} */
const FAR = { PageDown: 10, PageUp: -10 };

/**
 * The step that a key leads to, or null where it is none of the cursor's keys.
 * @param {{ key: string, shiftKey?: boolean, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean }} event
 * @param {number} at
 * @param {number} last
 * @param {{ down?: boolean, far?: boolean, shift?: number }} [more] down: up and down lead as well; far: page up and down do;
 *   shift: how many steps the arrows go with Shift
 */
export function stepOf(event, at, last, { down = false, far = false, shift = 1 } = {}) {
  const { key } = event;
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (key === "Home") return 0;
  if (key === "End") return last;
  const by = ACROSS[key] ?? (down ? DOWN[key] : undefined);
  if (by !== undefined) return clamp(at + by * (event.shiftKey ? shift : 1), 0, last);
  return far && key in FAR ? clamp(at + FAR[key], 0, last) : null;
}

export class Cursor {
  /** @param {(at: number, before: number) => void} follow called after every move */
  constructor(follow) {
    this.follow = follow;
    this.steps = 0;
    this.at = -1; // nowhere yet
  }

  get last() {
    return Math.max(0, this.steps - 1);
  }

  /** Another text: nobody is told. @param {number} steps @param {number} [at] where it was, if not given */
  reset(steps, at = this.at) {
    this.steps = steps;
    this.at = clamp(at, 0, this.last);
  }

  /** @param {number} to @returns {boolean} whether it moved */
  move(to) {
    const before = this.at;
    this.at = clamp(to, 0, this.last);
    if (this.at === before) return false;
    this.follow(this.at, before);
    return true;
  }
}
