// What a link holds of a picture that Python need not hear of: where the reader stands, what is in view. It lies behind the
// address's #, beside the settings that Python writes, and goes with the page: another one begins without it.

const REST = 300; // ms: browsers refuse an address that changes many times a second

/** @type {Map<string, string | null>} what is to be written once the reader rests */
const waiting = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

let attached = true;

/** From now on nothing is read from the address, and nothing written: it belongs to someone else. */
export function detach() {
  attached = false;
}

/** @returns {URLSearchParams} */
const held = () => new URLSearchParams(window.location.hash.slice(1));

/** What the link says, null where it says nothing. @param {string} name @returns {string | null} */
export function recall(name) {
  if (!attached) return null;
  return waiting.has(name) ? /** @type {string | null} */ (waiting.get(name)) : held().get(name);
}

/** The same, as a whole number. @param {string} name @returns {number | undefined} */
export function recalledNumber(name) {
  const found = recall(name);
  return found !== null && /^\d{1,6}$/.test(found) ? Number(found) : undefined;
}

/** @param {string} name @param {string | number | null} value null: as it is without a word of it */
export function remember(name, value) {
  if (!attached) return;
  waiting.set(name, value === null ? null : String(value));
  const { pathname } = window.location;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (window.location.pathname === pathname) write();
    waiting.clear();
  }, REST);
}

/** Writes at once what waits: the reader is about to leave. */
export function flush() {
  clearTimeout(timer);
  write();
  waiting.clear();
}

function write() {
  const now = held();
  for (const [name, value] of waiting) {
    if (value === null) now.delete(name);
    else now.set(name, value);
  }
  const url = new URL(window.location.href);
  if (url.hash.slice(1) === now.toString()) return;
  url.hash = now.toString();
  window.history.replaceState(window.history.state, "", url);
}
