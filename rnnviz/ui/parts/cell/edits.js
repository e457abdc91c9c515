// Numbers of the set-up, changed where they stand: a click on one, or Enter, opens a field over it, and Python hears what was
// typed. What follows from them comes back computed.

import { element } from "../js/dom.js";
import { parsed } from "../js/numbers.js";
import { filled } from "../js/words.js";
import { digits } from "./symbols.js";
import { letter } from "./vectors.js";

/** @typedef {import("./types.js").Model} Model */
/** @typedef {(string | number)[]} Place in the set-up, from the outside in */
/** @typedef {{ place: Place, value: number }} Offered */
/** @typedef {{ [name: string]: Nest | number }} Nest */

const WIDE = 88; // px of the field at least

/**
 * Where a number of a vector stands in the set-up; null for one that is computed.
 * @param {Model} model @param {string} id @param {number} unit @param {number} step
 * @returns {Place | null}
 */
export function placeOf({ view }, id, unit, step) {
  if (id === "x") return ["inputs", step, unit];
  if (id === "h0" || id === "c0") return step ? null : [id === "h0" ? "hidden" : "cell", unit];
  const [side, own] = id.split(":");
  if (side !== "bx" && side !== "bh") return null;
  return ["weights", view.kind, gateOf(view, own), "bias", unit, side === "bx" ? 0 : 1];
}

/**
 * The same of a weight of the gate with that letter.
 * @param {Model["view"]} view @param {string} own @param {"x" | "h"} side @param {number} unit @param {number} k
 * @returns {Place}
 */
export const weightPlace = (view, own, side, unit, k) => ["weights", view.kind, gateOf(view, own), side === "x" ? "input" : "recurrent", unit, k];

/** @param {Model["view"]} view @param {string} own */
const gateOf = (view, own) => /** @type {string} */ (view.gates.find((gate) => letter(gate, view.kind) === own));

/** As Python takes a change: names and numbers in each other, down to the value. @param {Place} place @param {number} value @returns {Nest} */
export function nested([outer, ...inner], value) {
  return { [outer]: inner.length ? nested(inner, value) : value };
}

export class Editor {
  /**
   * @param {HTMLElement} root of the cell
   * @param {(change: Nest) => void} tell
   * @param {(line: string) => void} say
   */
  constructor(root, tell, say) {
    this.root = root;
    this.tell = tell;
    this.say = say;
    /** @type {number | null} */
    this.largest = null; // of a number either way; none where nothing can be changed
    this.labels = /** @type {import("./types.js").Labels} */ ({}); // until data comes
    /** @type {WeakMap<Element, Offered>} */
    this.offered = new WeakMap();
    /** @type {Element | null} */
    this.target = null; // what the field lies over
    this.field = element("input", "cv-edit");
    this.field.type = "text";
    this.field.autocomplete = "off";
    this.field.addEventListener("input", () => this.doubt(""));
    this.field.addEventListener("blur", () => this.target && (this.take() || this.close()));
    root.addEventListener("click", ({ target }) => this.open(this.found(target)));
  }

  /**
   * A number that can be changed, if it has a place. Of those beside each other one is reached by Tab, the others from there by ↑ and ↓.
   * @param {Element} target @param {Place | null} place @param {string} name @param {number} value
   */
  offer(target, place, name, value) {
    const there = place !== null && this.largest !== null;
    target.classList.toggle("cv-editable", there);
    if (!there) {
      this.offered.delete(target);
      for (const attribute of ["role", "tabindex", "aria-label", "data-edit"]) target.removeAttribute(attribute);
      return;
    }
    this.offered.set(target, { place, value });
    const first = target.parentElement?.querySelector(".cv-editable") === target;
    const attributes = { role: "button", tabindex: first ? "0" : "-1", "aria-label": filled(this.labels.edit, { name, value: digits(value) }) };
    for (const [attribute, text] of Object.entries({ ...attributes, "data-edit": place.join(".") })) target.setAttribute(attribute, text);
  }

  /** @private @param {EventTarget | null} target */
  found = (target) => (target instanceof Element ? target.closest(".cv-editable") : null);

  /** Whether a key was meant for it. @param {KeyboardEvent} event */
  key(event) {
    if (event.target === this.field) {
      if (event.key === "Escape") this.close(true);
      else if (event.key === "Enter") this.take(true);
      else return true;
      event.preventDefault();
      return true;
    }
    const target = this.found(event.target);
    if (!target || event.ctrlKey || event.metaKey || event.altKey) return false;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by) {
      const beside = [...(target.parentElement?.querySelectorAll(".cv-editable") ?? [])];
      /** @type {HTMLElement | SVGElement | undefined} */ (beside[beside.indexOf(target) + by])?.focus();
    } else if (event.key === "Enter" || event.key === " ") this.open(target);
    else return false;
    event.preventDefault();
    return true;
  }

  /** @private @param {Element | null} target */
  open(target) {
    const offered = target && this.offered.get(target);
    if (!target || !offered) return;
    this.target = target;
    const [box, own] = [target, this.root].map((one) => one.getBoundingClientRect());
    const width = Math.max(WIDE, box.width + 16);
    const left = Math.min(Math.max(0, box.left - own.left + (box.width - width) / 2), own.width - width);
    this.field.value = String(offered.value);
    this.field.setAttribute("aria-label", target.getAttribute("aria-label") ?? "");
    this.doubt("");
    Object.assign(this.field.style, { left: `${left}px`, top: `${box.top - own.top + box.height / 2}px`, width: `${width}px` });
    this.root.append(this.field);
    this.field.focus();
    this.field.select();
  }

  /** What was typed, where it is a number that can be taken. @private @param {boolean} [again] whether what it lay over has the focus again */
  take(again = false) {
    const offered = this.target && this.offered.get(this.target);
    const value = parsed(this.field.value);
    if (!offered || !(Math.abs(value) <= (this.largest ?? 0))) {
      this.doubt(this.labels.range);
      if (again) this.field.reportValidity(); // beside the field, which may be far from the line below the drawing
      return false;
    }
    this.close(again);
    if (value !== offered.value) this.tell(nested(offered.place, value));
    return true;
  }

  /** What is wrong with what was typed, if anything. @private @param {string} line */
  doubt(line) {
    this.field.setCustomValidity(line);
    this.field.setAttribute("aria-invalid", String(line !== ""));
    if (line) this.say(line);
  }

  /** @private @param {boolean} [again] */
  close(again = false) {
    const { target } = this;
    this.target = null; // before the field loses the focus and asks for it
    this.field.remove();
    if (again && (target instanceof HTMLElement || target instanceof SVGElement)) target.focus();
  }

  /** What to give the focus back to once all is drawn anew. @returns {() => void} */
  held() {
    const place = document.activeElement instanceof Element && this.root.contains(document.activeElement) ? document.activeElement.getAttribute("data-edit") : null;
    if (place === null) return () => undefined;
    /** @returns {(HTMLElement | SVGElement)[]} */
    const same = () => [...this.root.querySelectorAll(/** @type {"g"} */ (`[data-edit="${place}"]`))]; // several cells read one input
    const which = same().indexOf(/** @type {SVGGElement} */ (document.activeElement));
    return () => same()[which]?.focus({ preventScroll: true });
  }
}
