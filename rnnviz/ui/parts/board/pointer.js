// The pointer over what lies along the axis: it carries the cursor, a click chooses, a drag with the mouse zooms in.

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Range} Range */

const STILL = 5; // px that a hand moves in a click

/**
 * What the board does with it.
 * @typedef {object} Pointed
 * @property {(target: EventTarget | null) => Figure | undefined} figureAt
 * @property {(step: number) => void} move
 * @property {(unit: number | null) => void} hover
 * @property {() => void} touch
 * @property {(range: Range | null) => void} zoom
 * @property {(figure: string, unit: number | null) => void} choose
 */

export class Pointer {
  /** @param {HTMLElement} place @param {HTMLElement} band shows a range that is drawn up @param {Axis} axis @param {Pointed} pointed */
  constructor(place, band, axis, pointed) {
    this.place = place;
    this.band = band;
    this.axis = axis;
    this.pointed = pointed;
    /** @type {{ x: number, y: number, edge: number, figure: Figure | undefined } | null} */
    this.drag = null;
    place.addEventListener("pointermove", (event) => this.moved(event));
    place.addEventListener("pointerdown", (event) => this.down(event));
    place.addEventListener("pointerup", (event) => this.up(event));
    place.addEventListener("pointercancel", () => {
      this.end();
      pointed.hover(null);
    });
    place.addEventListener("pointerleave", () => pointed.hover(null));
    place.addEventListener("dblclick", () => pointed.zoom(null));
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (this.drag && event.buttons === 0) this.end(); // released where no one told
    const { axis, band, drag, pointed } = this;
    const figure = drag ? drag.figure : pointed.figureAt(event.target); // a captured pointer's target is not what it is over
    pointed.move(axis.stepAt(event.clientX));
    pointed.hover(figure?.unitAt(event.clientY, axis) ?? null);
    if (!drag || event.pointerType !== "mouse" || Math.abs(event.clientX - drag.x) <= STILL) return;
    const [low, high] = this.drawnUp(drag.edge, event);
    band.hidden = false;
    band.style.left = `${axis.x(low)}px`;
    band.style.width = `${axis.x(high) - axis.x(low)}px`;
  }

  /** @param {PointerEvent} event */
  down(event) {
    const { target, clientX, clientY } = event;
    if (event.button !== 0 || (target instanceof Element && target.closest("button"))) return;
    this.drag = { x: clientX, y: clientY, edge: this.axis.edgeAt(clientX), figure: this.pointed.figureAt(target) };
    if (event.pointerType === "mouse") this.place.setPointerCapture(event.pointerId); // a drag may end outside
    this.pointed.touch();
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  up(event) {
    const { axis, drag, pointed } = this;
    const zooms = !this.band.hidden;
    this.end();
    if (!drag) return;
    if (zooms) {
      const [low, high] = this.drawnUp(drag.edge, event).map(Math.round);
      return pointed.zoom([low - 0.5, Math.max(high, low + 3) + 0.5]);
    }
    const { figure } = drag;
    if (!figure) {
      pointed.move(axis.stepAt(event.clientX));
      return pointed.choose("tokens", null);
    }
    if (event.clientX - this.place.getBoundingClientRect().left < axis.margins.l - 8) return; // the axis is no cell
    pointed.move(axis.stepAt(event.clientX));
    const unit = figure.unitAt(drag.y, axis);
    if (figure.meta.units && unit === null) return;
    pointed.choose(figure.id, unit ?? figure.meta.unit ?? null);
  }

  /** @param {number} edge @param {PointerEvent} event */
  drawnUp(edge, event) {
    return [edge, this.axis.edgeAt(event.clientX)].sort((a, b) => a - b);
  }

  end() {
    this.drag = null;
    this.band.hidden = true;
  }
}
