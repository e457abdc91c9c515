// Where the reader has come to rest: Python hears of it once, a moment later.

const REST = 700; // ms

/** @typedef {{ place: number | null, reached: number }} Rest place: the chosen character, from 1; reached: characters that are shown */

export class Resting {
  /** @param {(known: number) => Rest} now known: characters that were shown when Python last heard @param {(rest: [place: number, reached: number]) => void} send */
  constructor(now, send) {
    this.now = now;
    this.send = send;
    /** @type {Rest} */
    this.known = { place: null, reached: -1 }; // to Python: it has heard of nothing
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  get waits() {
    return this.timer !== undefined;
  }

  wait() {
    this.cancel();
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      const { place, reached } = this.now(this.known.reached);
      if (place === this.known.place && reached === this.known.reached) return;
      this.known = { place, reached };
      this.send([place ?? 0, reached]);
    }, REST);
  }

  /** Something else is told, or nothing any more. */
  cancel() {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
