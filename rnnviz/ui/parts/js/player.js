// One player for everything that goes step by step: play, pause, one step on or back, speed.

import { clamp } from "./numbers.js";

/** Whether the reader asks for less motion, and how to hear of a change. */
export const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)") ?? null;

/**
 * @typedef {object} Played
 * @property {() => number} step where it stands
 * @property {() => number} steps how many there are, at this moment
 * @property {(step: number) => void} go shows a step
 * @property {number} pace ms a step at speed 1
 * @property {() => void} changed playing has begun or ended, the speed is another, or playing is allowed or not
 * @property {boolean} [stills] whether less motion means no playing, steps only (as a rule); false where playing jumps from
 *   step to step and nothing moves
 */

export class Player {
  /** @param {Played} played @param {Pick<MediaQueryList, "matches" | "addEventListener" | "removeEventListener"> | null} [motion] */
  constructor(played, motion = calm) {
    this.played = played;
    this.motion = motion;
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
    this.pace = played.pace;
    this.rate = 1;
    this.heard = () => {
      if (!this.allowed) this.stop();
      played.changed();
    };
    motion?.addEventListener("change", this.heard);
  }

  get playing() {
    return this.timer !== null;
  }

  /** Whether it may be played: else its button has no place on the page. */
  get allowed() {
    return this.played.stills === false || !this.motion?.matches;
  }

  get speed() {
    return this.rate;
  }

  set speed(rate) {
    this.rate = rate;
    if (this.playing) this.wait();
    this.played.changed();
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }

  /** From where it stands, from the first step where it stands at the last. */
  play() {
    if (!this.allowed || this.played.steps() < 2) return;
    this.wait();
    this.played.changed();
    this.turn(this.atEnd() ? 0 : this.played.step() + 1);
  }

  stop() {
    if (!this.playing) return;
    clearTimeout(this.timer ?? undefined);
    this.timer = null;
    this.played.changed();
  }

  /** One step on or back by hand, which ends the playing. @param {number} by */
  move(by) {
    this.stop();
    this.to(this.played.step() + by);
  }

  /** To a step by hand, which ends the playing. @param {number} step */
  to(step) {
    this.stop();
    this.played.go(clamp(step, 0, this.played.steps() - 1));
  }

  destroy() {
    this.stop();
    this.motion?.removeEventListener("change", this.heard);
  }

  /** @private */
  atEnd() {
    return this.played.step() >= this.played.steps() - 1;
  }

  /** @private @param {number} step */
  turn(step) {
    this.played.go(step);
    if (this.atEnd()) this.stop();
  }

  /** @private */
  wait() {
    clearTimeout(this.timer ?? undefined);
    this.timer = setTimeout(() => {
      this.wait();
      this.turn(this.played.step() + 1);
    }, this.pace / this.rate);
  }
}
