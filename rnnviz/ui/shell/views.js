// The views that a teacher goes through, in order: a list in this browser's own store, and which of them this tab shows. A browser that
// keeps nothing has them until the page is loaded anew.

const LIST = "rnnviz-views"; // of all tabs
const SHOWN = "rnnviz-presenting"; // of this tab
export const MOST = 48;
const LONGEST = 40_000; // characters of a link

/** @typedef {{ title: string, link: string }} View link: relative to the app's own address */

/** @type {Map<string, string>} what no store takes */
const memory = new Map();

/** @param {"localStorage" | "sessionStorage"} where @param {string} name @returns {string | null} */
function read(where, name) {
  try {
    return memory.get(name) ?? window[where].getItem(name);
  } catch {
    return memory.get(name) ?? null;
  }
}

/** @param {"localStorage" | "sessionStorage"} where @param {string} name @param {string | null} value @returns {boolean} whether it is kept */
function write(where, name, value) {
  try {
    if (value === null) window[where].removeItem(name);
    else window[where].setItem(name, value);
    memory.delete(name);
    return true;
  } catch {
    if (value === null) memory.delete(name);
    else memory.set(name, value);
    return false;
  }
}

/** @param {unknown} one @returns {one is View} */
const isView = (one) =>
  typeof one === "object" && one !== null && "title" in one && "link" in one && typeof one.title === "string" && typeof one.link === "string" &&
  inside(one.link) !== null;

/** @returns {View[]} */
export function views() {
  try {
    const found = JSON.parse(read("localStorage", LIST) ?? "[]");
    return Array.isArray(found) ? found.filter(isView).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @param {View[]} list @returns {boolean} whether the browser keeps it */
export const keep = (list) => write("localStorage", LIST, JSON.stringify(list.slice(0, MOST)));

/** Which view is shown, from 0; null where nothing is presented. @returns {number | null} */
export function shown() {
  const found = read("sessionStorage", SHOWN);
  return found !== null && /^\d{1,3}$/.test(found) ? Number(found) : null;
}

/** @param {number | null} at */
export const show = (at) => void write("sessionStorage", SHOWN, at === null ? null : String(at));

/** A link as it is kept; null where it leads out of the app. @param {string} link @returns {string | null} */
export function inside(link) {
  if (link.length > LONGEST) return null;
  const root = new URL(".", document.baseURI).href;
  try {
    const { href } = new URL(link.trim(), root);
    return link.trim() && href.startsWith(root) ? href.slice(root.length) || "./" : null;
  } catch {
    return null;
  }
}

/** The page that a kept link leads to: "" is the first. @param {string} link */
export const pageOf = (link) => link.replace(/^\.\//, "").split(/[?#]/)[0].replace(/\/$/, "");

/**
 * The next view in that direction whose page is there.
 * @param {View[]} list @param {number} at @param {number} by 1 or -1 @param {string[]} pages
 * @returns {number | null}
 */
export function following(list, at, by, pages) {
  for (let to = at + by; to >= 0 && to < list.length; to += by) if (pages.includes(pageOf(list[to].link))) return to;
  return null;
}
