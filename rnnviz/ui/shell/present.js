// A teacher's keys, while views are presented: the next one and the one before, a black screen, a large cursor. What a picture that has the
// focus does with a letter goes first; the keys of clickers (page up, page down) are ours.

import { following, show, shown, views } from "./views.js";

const BAR = "rnnviz-present";
const STYLE = `
#rnnviz-present { position: fixed; right: 0.75rem; bottom: 0.75rem; z-index: 999990; display: flex; align-items: center; gap: 2px; padding: 2px 6px;
  border-radius: 8px; font: 14px/1.4 var(--st-font, sans-serif); background: light-dark(#ffffff, #1b212b); color: light-dark(#1f2328, #e6e9ee);
  border: 1px solid light-dark(#6a7380, #8b95a3); }
#rnnviz-present button { font: inherit; color: inherit; background: none; border: 0; border-radius: 6px; min-width: 28px; min-height: 28px; cursor: pointer; }
#rnnviz-present button:hover { background: light-dark(#e6ebf0, #333c4a); }
#rnnviz-present button:disabled { opacity: 0.4; cursor: default; }
#rnnviz-black { position: fixed; inset: 0; z-index: 999999; background: #000000; cursor: none; outline: none; }
:root.rnnviz-large, :root.rnnviz-large * { cursor: url("data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><path d="M6 4v44l11-10 8 20 9-4-8-19h15z" fill="#fff" stroke="#000" stroke-width="3"/></svg>',
)}") 6 4, auto !important; }
@media print { #rnnviz-present { display: none; } }`;
// what reads page up and page down, or letters, itself
const TYPED = 'input, textarea, select, [contenteditable=""], [contenteditable="true"], [role="slider"], [role="combobox"], [role="listbox"], [role="spinbutton"], [role="menu"]';

/** @typedef {{ lang: string, pages: string[], labels: Record<"bar" | "of" | "previous" | "next" | "black" | "large" | "end" | "lifted", string> }} Data */

/** @type {Data | null} */
let data = null;
let turn = Date.now();

/** On every page: the keys, and where one is in the list. @param {{ data: Data }} call */
export function present(call) {
  if (!data) {
    window.addEventListener("keydown", early, true);
    window.addEventListener("keydown", late);
    document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  }
  data = call.data;
  draw();
}

/** Shows a view of the list, from 0; null ends it. @param {number | null} at */
export function to(at) {
  show(at);
  if (at === null) {
    document.documentElement.classList.remove("rnnviz-large");
    lift();
  }
  draw();
  const view = at === null ? undefined : views()[at];
  if (view) open(view.link);
}

/** @param {number} by */
function move(by) {
  const at = shown();
  const next = at === null || !data ? null : following(views(), at, by, data.pages);
  if (next !== null) to(next);
}

/** As Streamlit follows the browser's Back, without loading all anew; what pictures keep behind the # they read once. @param {string} link */
function open(link) {
  const url = new URL(link, new URL(".", document.baseURI));
  if (!url.searchParams.has("lang") && data) url.searchParams.set("lang", data.lang);
  url.searchParams.set("turn", String((turn += 1))); // read, though it was shown before
  const { pathname, hash } = window.location;
  window.history.pushState(null, "", url);
  if (url.pathname === pathname && (url.hash || hash)) window.location.reload();
  else window.dispatchEvent(new PopStateEvent("popstate"));
}

/** @param {KeyboardEvent} event */
function meant(event) {
  const [target] = event.composedPath();
  if (shown() === null || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return false;
  return !(target instanceof Element && target.closest(TYPED)) || isBlack();
}

/** What goes before any picture. @param {KeyboardEvent} event */
function early(event) {
  if (!meant(event)) return;
  const by = { PageDown: 1, PageUp: -1 }[event.key];
  if (isBlack()) {
    lift();
    take(event);
  }
  if (by === undefined) return;
  take(event);
  move(by);
}

/** What a picture may take first. @param {KeyboardEvent} event */
function late(event) {
  if (!meant(event)) return;
  const act = { n: () => move(1), p: () => move(-1), b: black, ".": black, l: large }[event.key];
  if (!act) return;
  take(event);
  act();
}

/** @param {Event} event */
function take(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

const isBlack = () => document.getElementById("rnnviz-black") !== null;

/** @type {Element | null} */
let focused = null;

function black() {
  if (isBlack() || !data) return;
  focused = document.activeElement;
  const screen = Object.assign(document.createElement("div"), { id: "rnnviz-black", tabIndex: -1 });
  screen.setAttribute("role", "dialog");
  screen.setAttribute("aria-label", data.labels.lifted);
  screen.addEventListener("pointerdown", lift);
  document.body.append(screen);
  screen.focus();
}

function lift() {
  if (!isBlack()) return;
  document.getElementById("rnnviz-black")?.remove();
  if (focused instanceof HTMLElement || focused instanceof SVGElement) focused.focus();
}

function large() {
  document.documentElement.classList.toggle("rnnviz-large");
  draw();
}

function draw() {
  document.getElementById(BAR)?.remove();
  const [at, list] = [shown(), views()];
  if (at === null || !data || !list.length) return;
  const { labels, pages } = data;
  const bar = Object.assign(document.createElement("aside"), { id: BAR });
  bar.setAttribute("aria-label", labels.bar);
  const place = Object.assign(document.createElement("span"), {
    textContent: labels.of.replace("{number}", String(at + 1)).replace("{count}", String(list.length)),
  });
  place.setAttribute("role", "status");
  const is = document.documentElement.classList.contains("rnnviz-large");
  bar.append(
    button("‹", labels.previous, () => move(-1), following(list, at, -1, pages) === null),
    place,
    button("›", labels.next, () => move(1), following(list, at, 1, pages) === null),
    button("■", labels.black, black),
    button("↖", labels.large, large, false, is),
    button("✕", labels.end, () => to(null)),
  );
  document.body.append(bar);
}

/** @param {string} sign @param {string} name @param {() => void} act @param {boolean} [disabled] @param {boolean} [pressed] */
function button(sign, name, act, disabled = false, pressed) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: sign, title: name, disabled });
  made.setAttribute("aria-label", name);
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", act);
  return made;
}
