// The next piece: asked for where too little lies ready, once at a time.

const AHEAD = 0.8; // seconds of text that are to lie ready
const LEAST = 16; // characters
const LOST = 8000; // ms after which an answer no longer comes

/**
 * How many characters are to lie ready.
 * @param {{ length: number, goal: number, shown: number, playing: boolean, pace: number }} now goal: what is wanted at rest; pace: characters a second
 */
export function wanted({ length, goal, shown, playing, pace }) {
  const ahead = playing ? (Number.isFinite(pace) ? Math.max(LEAST, pace * AHEAD) : length) : 0;
  return Math.min(length, Math.max(goal, shown + ahead));
}

/**
 * How many characters are wanted at rest once other data has come: another text as far as the one before was shown, a longer one
 * as far as a text is shown at first.
 * @param {{ length: number, opening: number }} data
 * @param {{ changed: boolean, longer: boolean, goal: number, shown: number, chosen: number | null }} now
 */
export function goalOf({ length, opening }, { changed, longer, goal, shown, chosen }) {
  const same = changed ? Math.max(goal, Math.min(shown, length), chosen === null ? 0 : chosen + 1) : goal;
  return longer ? Math.max(same, opening) : same;
}

export class Asking {
  /** @param {(serial: number) => void} send @param {() => void} again where an answer did not come */
  constructor(send, again) {
    this.send = send;
    this.again = again;
    this.serial = 0;
    this.waits = false;
    this.missing = 0;
  }

  /** @param {number} serial of the question that is answered */
  hear(serial) {
    if (serial >= this.serial) this.waits = false;
  }

  ask() {
    if (this.waits) return;
    this.waits = true;
    this.serial += 1;
    this.send(this.serial);
    clearTimeout(this.missing);
    this.missing = window.setTimeout(() => {
      this.waits = false;
      this.again();
    }, LOST);
  }

  destroy() {
    this.waits = true;
    clearTimeout(this.missing);
  }
}
