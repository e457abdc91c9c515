// How a component is made, in ten lines:
// 1. NAME.js stands beside the python that fills it and says at its end or top: export default mounted((parent) => new Picture(parent));
// 2. The class has constructor(parent), which builds its root and appends it; update(data), called at every change of data;
//    destroy(), which takes away the root and all that listens elsewhere. this.send.trigger(name, value), this.send.state(...)
//    speak to Python; they are there from the first update on.
//    An answer to less than the last trigger is not drawn: the reader has moved on, and the right one is on its way. A part that
//    takes all the same, as its data come in pieces, says `incremental = true` and looks at `this.behind`.
// 3. After each update the root says so: root.dataset.revision counts up, then root.dataset.drawn is set. Tests wait for it.
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

/**
 * One part for each place on the page, made once, told of every change of its data, and taken away with the place.
 * @template Data
 * @param {(parent: HTMLElement) => Part<Data>} make
 * @returns {(call: Call<Data>) => () => void}
 */
export function mounted(make) {
  /** @type {WeakMap<HTMLElement, { part: Part<Data>, told: number, last: number }>} last: when it was told, ms */
  const places = new WeakMap();
  return ({ data, parentElement, setStateValue, setTriggerValue }) => {
    const first = !places.has(parentElement);
    const place = places.get(parentElement) ?? { part: make(parentElement), told: data.heard, last: -LOST };
    const { part } = place;
    places.set(parentElement, place);
    part.send = {
      state: setStateValue,
      trigger: (name, value) => {
        if (leaving()) return;
        place.told += 1;
        place.last = performance.now();
        part.behind = true;
        setTriggerValue(name, { value, told: place.told });
      },
    };
    part.behind = data.heard < place.told && performance.now() - place.last < LOST;
    if (first || part.incremental || !part.behind) part.update(data);
    return () => {
      if (places.get(parentElement) === place) places.delete(parentElement);
      part.destroy();
    };
  };
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
