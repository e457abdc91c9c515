// The pointer over what lies along the axis: it carries the cursor, a click chooses, a drag with the mouse zooms in; for two fingers see Pinch.

/** @typedef {import("./types.js").Axis} Axis */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Range} Range */
/** @typedef {{ x: number, y: number, edge: number, figure: Figure | undefined }} Drag */

const STILL = 5; // px that a hand moves in a click
const LEVEL = 14; // px that it moves up or down where steps alone are meant

/**
 * What the board does with it.
 * @typedef {object} Pointed
 * @property {(target: EventTarget | null) => Figure | undefined} figureAt
 * @property {(step: number) => void} move
 * @property {(unit: number | null) => void} hover
 * @property {() => void} touch
 * @property {(range: Range | null, rows?: Range | null) => void} zoom rows: as they are where none are given
 * @property {(figure: Figure | undefined, steps: Range | null, rows: Range | null) => boolean} mark whether a drag marked what it drew up, and so does not zoom
 * @property {(figure: string, unit: number | null) => void} choose
 */

export class Pointer {
  /** @param {HTMLElement} place @param {HTMLElement} band shows a range that is drawn up @param {Axis} axis @param {Pointed} pointed */
  constructor(place, band, axis, pointed) {
    this.place = place;
    this.band = band;
    this.axis = axis;
    this.pointed = pointed;
    /** @type {Drag | null} */
    this.drag = null;
    place.addEventListener("pointermove", (event) => this.moved(event));
    place.addEventListener("pointerdown", (event) => this.down(event));
    place.addEventListener("pointerup", (event) => this.up(event));
    place.addEventListener("pointercancel", () => {
      this.end();
      pointed.hover(null);
    });
    place.addEventListener("pointerleave", () => pointed.hover(null));
    place.addEventListener("dblclick", () => pointed.zoom(null, null));
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (!event.isPrimary) return;
    if (this.drag && event.buttons === 0) this.end(); // released where no one told
    const { axis, band, drag, pointed } = this;
    const figure = drag ? drag.figure : pointed.figureAt(event.target); // a captured pointer's target is not what it is over
    pointed.move(axis.stepAt(event.clientX));
    pointed.hover(figure?.unitAt(event.clientY, axis) ?? null);
    if (!drag || event.pointerType !== "mouse") return;
    const rows = this.rowsDrawnUp(drag, event);
    if (!rows && Math.abs(event.clientX - drag.x) <= STILL) return;
    const [low, high] = this.drawnUp(drag, event) ?? axis.range;
    band.hidden = false;
    band.style.left = `${axis.x(low)}px`;
    band.style.width = `${axis.x(high) - axis.x(low)}px`;
    const [top, bottom] = [drag.y, event.clientY].sort((a, b) => a - b);
    band.style.top = rows ? `${top - this.place.getBoundingClientRect().top}px` : "";
    band.style.bottom = rows ? "auto" : "";
    band.style.height = rows ? `${bottom - top}px` : "";
  }

  /** @param {PointerEvent} event */
  down(event) {
    const { target, clientX, clientY } = event;
    if (!event.isPrimary) return this.end(); // two fingers choose nothing: see Pinch
    if (event.button !== 0 || (target instanceof Element && target.closest("button"))) return;
    this.drag = { x: clientX, y: clientY, edge: this.axis.edgeAt(clientX), figure: this.pointed.figureAt(target) };
    if (event.pointerType === "mouse") this.place.setPointerCapture(event.pointerId); // a drag may end outside
    this.pointed.touch();
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  up(event) {
    const { axis, drag, pointed } = this;
    if (!event.isPrimary) return;
    const zooms = !this.band.hidden;
    this.end();
    if (!drag) return;
    if (zooms) {
      const rows = this.rowsDrawnUp(drag, event) ?? undefined;
      const edges = this.drawnUp(drag, event);
      if (pointed.mark(drag.figure, edges, rows ?? null)) return;
      const steps = edges?.map(Math.round);
      return pointed.zoom(steps ? [steps[0] - 0.5, Math.max(steps[1], steps[0] + 3) + 0.5] : axis.zoom, rows);
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

  /** The steps from where a drag began, none where it went up or down alone. @param {Drag} drag @param {PointerEvent} event @returns {Range | null} */
  drawnUp({ x, edge }, event) {
    if (Math.abs(event.clientX - x) <= STILL) return null;
    const other = this.axis.edgeAt(event.clientX);
    return [Math.min(edge, other), Math.max(edge, other)];
  }

  /** The rows likewise, none where it kept its height. @param {Drag} drag @param {PointerEvent} event @returns {Range | null} */
  rowsDrawnUp({ y, figure }, event) {
    if (Math.abs(event.clientY - y) <= LEVEL) return null;
    const [one, other] = [y, event.clientY].map((at) => figure?.rowEdgeAt(at, this.axis) ?? null);
    return one === null || other === null ? null : [Math.min(one, other), Math.max(one, other)];
  }

  end() {
    this.drag = null;
    this.band.hidden = true;
  }
}
