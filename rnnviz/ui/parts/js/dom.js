// How a component is made, in ten lines:
// 1. NAME.js stands beside the python that fills it and says at its end or top: export default mounted((parent) => new Picture(parent));
// 2. The class has constructor(parent), which builds its root and appends it; update(data), called at every change of data;
//    destroy(), which takes away the root and all that listens elsewhere. this.send.trigger(name, value), this.send.state(...)
//    speak to Python; they are there from the first update on. What is told is told again until Python has heard it, and heard once.
//    An answer to less than the last trigger is not drawn: the reader has moved on, and the right one is on its way. A part that
//    takes all the same, as its data come in pieces, says `incremental = true` and looks at `this.behind`.
// 3. After each update the root says so: drawn(this.root). Tests wait for it.
// 4. Imports are relative (../js/dom.js, ../../parts/js/dom.js): the browser loads the files as they stand, see shell/server.py.
// 5. What Python sends is the @typedef Data in types.js of the same folder (see parts/board/types.js): tsc checks the scripts
//    against it, and tests/js/test_scripts.py what pages really send. 6. Numbers: numbers.js, never toFixed for a reader's eyes.
// 7. Colours, the theme's changes, widths and type: theme.js (watchPage replaces a probe and an observer of your own).
// 8. What a link is to restore, though Python need not hear of it: remember and recall of link.js. 9. Play, pause, speed, less motion: Player of player.js.
//    Keys and the step chosen: stepOf and Cursor of cursor.js.
//    A button of Python's that leads to another page has a key that begins with leave_: then nothing more is told, see leaving.js.
// 10. Text of the reader goes in as text: children of element(), textContent; never innerHTML.

import { leaving } from "./leaving.js";

const LOST = 8000; // ms after which an answer no longer comes
const AGAIN = 3000; // ms after which it is told again
const RESTS = '[data-testid="stApp"][data-test-script-state="notRunning"]'; // Python is not at work on what it was told
let drawings = 0; // of all parts: one that is made anew goes on counting

/**
 * @typedef {object} Send
 * @property {(name: string, value: unknown) => void} state
 * @property {(name: string, value: unknown) => void} trigger
 */

/**
 * What Streamlit gives at every call.
 * @template Data
 * @typedef {object} Call
 * @property {Data & { heard: number }} data heard: how many triggers Python had heard when it sent this, see component.py
 * @property {HTMLElement} parentElement
 * @property {Send["state"]} setStateValue
 * @property {Send["trigger"]} setTriggerValue
 */

/**
 * @template Data
 * @typedef {object} Part
 * @property {Send} [send] set before the first update
 * @property {boolean} [incremental] whether it is given what answers an earlier trigger as well
 * @property {boolean} [behind] whether Python has yet to hear the last trigger
 * @property {(data: Data) => void} update
 * @property {() => void} destroy
 */

/** What a part tells, in order, until Python has heard it. */
class Telling {
  /** @param {number} heard how many triggers Python had heard before */
  constructor(heard) {
    this.count = heard;
    /** @type {[number: number, name: string, value: unknown][]} */
    this.unheard = [];
    this.last = -LOST; // when something was told, ms
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Send["trigger"]} */
    this.send = () => undefined;
  }

  get behind() {
    return this.unheard.length > 0 && performance.now() - this.last < LOST;
  }

  /** @param {number} heard @param {Send["trigger"]} send */
  answered(heard, send) {
    this.send = send;
    this.unheard = this.unheard.filter(([number]) => number > heard);
    if (!this.unheard.length) clearTimeout(this.timer);
  }

  /** @param {string} name @param {unknown} value */
  tell(name, value) {
    this.count += 1;
    this.last = performance.now();
    this.unheard.push([this.count, name, value]);
    this.say();
  }

  /** @private */
  say() {
    this.send("told", this.unheard);
    this.wait();
  }

  /** Streamlit may lose a trigger: of two that come while it is at work it keeps the later one. @private */
  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (document.querySelector(RESTS) ? this.say() : this.wait()), AGAIN);
  }

  end() {
    clearTimeout(this.timer);
  }
}

/**
 * One part for each place on the page, made once, told of every change of its data, and taken away with the place.
 * @template Data
 * @param {(parent: HTMLElement) => Part<Data>} make
 * @returns {(call: Call<Data>) => () => void}
 */
export function mounted(make) {
  /** @type {WeakMap<HTMLElement, { part: Part<Data>, telling: Telling }>} */
  const places = new WeakMap();
  return ({ data, parentElement, setStateValue, setTriggerValue }) => {
    const first = !places.has(parentElement);
    const place = places.get(parentElement) ?? { part: make(parentElement), telling: new Telling(data.heard) };
    const { part, telling } = place;
    places.set(parentElement, place);
    telling.answered(data.heard, setTriggerValue);
    part.send = {
      state: setStateValue,
      trigger: (name, value) => {
        if (leaving()) return;
        telling.tell(name, value);
        part.behind = true;
      },
    };
    part.behind = telling.behind;
    if (first || part.incremental || !part.behind) part.update(data);
    return () => {
      if (places.get(parentElement) === place) places.delete(parentElement);
      telling.end();
      part.destroy();
    };
  };
}

/** Says that a root shows what came last. @param {HTMLElement} root @param {string} [what] */
export function drawn(root, what = "") {
  root.dataset.revision = String((drawings += 1));
  root.dataset.drawn = what;
}

/**
 * Children are elements, or text that is shown as text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

/**
 * Of a drawing: attributes by name.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean>} [attributes]
 * @param {Node} [parent]
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function shape(tag, attributes = {}, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  parent?.appendChild(made);
  return made;
}

/**
 * A button that sends no form; `name` is what it is called where its sign says nothing.
 * @param {string} className
 * @param {string} sign
 * @param {() => void} act
 */
export function button(className, sign, act) {
  const made = element("button", className, sign);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** What a button is called, for a pointer that rests on it and for who hears the page. @param {HTMLElement} made @param {string} name */
export function named(made, name) {
  made.title = name;
  made.setAttribute("aria-label", name);
}
