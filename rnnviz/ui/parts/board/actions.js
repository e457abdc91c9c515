// What the reader does on the board: pointer, keys and buttons move the cursor, choose, zoom and play.

import { stepOf } from "../js/cursor.js";
import { Pinch } from "./pinch.js";
import { Pointer } from "./pointer.js";

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./types.js").Figure} Figure */
/** @typedef {import("./types.js").Point} Point */

const FAR = 10; // steps or units that Shift goes

/** Hears all that is done on a board's frame. @param {Board} board */
export function listen(board) {
  const { axis, frame, player, text } = board;
  new Pointer(frame.timed, frame.band, axis, {
    figureAt: (target) => board.figureAt(target),
    move: (step) => board.moveTo(step),
    hover: (unit) => board.hoverUnit(unit),
    touch: () => {
      player.stop();
      frame.root.focus({ preventScroll: true });
    },
    zoom: (range, rows) => board.setZoom(range, rows),
    mark: (figure, steps, rows) => board.marking && board.mark(figure, steps, rows),
    choose: (figure, unit) => board.choose(figure, unit),
  });
  new Pinch(frame.timed, axis, { figureAt: (target) => board.figureAt(target), zoom: (range, rows) => board.setZoom(range, rows) });
  frame.below.addEventListener("pointerleave", () => board.hoverUnit(null));
  text.passage.addEventListener("pointermove", (event) => overPassage(board, event, false));
  text.passage.addEventListener("click", (event) => overPassage(board, event, true));
  frame.root.addEventListener("keydown", (event) => key(board, event));
}

/** @param {Board} board @param {Event} event @param {boolean} click */
function overPassage(board, { target }, click) {
  const step = target instanceof HTMLElement ? target.dataset.step : undefined;
  if (step === undefined) return;
  board.moveTo(Number(step), click);
  if (click) board.choose("tokens", null);
}

/** @param {Board} board @param {Figure} figure @param {Point | null} point */
export function hoverPoint(board, { meta }, point) {
  if (!point) return board.hoverUnit(null);
  if (point.curveNumber !== 0) return;
  if (meta.axis === "path") board.moveTo(point.pointNumber * (meta.every ?? 1));
  if (meta.axis === "unit") board.hoverUnit(meta.points?.[point.pointNumber] ?? null);
}

/** @param {Board} board @param {Figure} figure @param {Point} point */
export function clickPoint(board, { id, meta }, point) {
  if (meta.axis === "free") {
    if (meta.chooses) board.choose(id, null, Math.round(point[meta.chooses]) - (meta.counted ?? 0));
  } else if (meta.axis === "path") board.choose(id, null);
  else if (point.curveNumber === 0) board.choose(id, meta.points?.[point.pointNumber] ?? null, null);
}

/** @param {Board} board @param {KeyboardEvent} event */
function key(board, event) {
  const { cursor, player } = board;
  if (!cursor.steps || event.ctrlKey || event.metaKey || event.altKey) return;
  const to = stepOf(event, cursor.at, cursor.last, { shift: FAR });
  const wanted = to === null ? actsOf(board, event)[event.key] : () => board.moveTo(to, true);
  if (!wanted) return;
  event.preventDefault();
  if (event.key !== " ") player.stop();
  wanted();
  board.say();
}

/** By key, what is no step of the cursor. @param {Board} board @param {KeyboardEvent} event @returns {Record<string, () => void>} */
function actsOf(board, { shiftKey, target }) {
  const { rows } = board.axis;
  const heatmap = board.timedFigures().find(({ meta }) => meta.units);
  const [low, high] = heatmap ? rows.of(heatmap.meta) : [0, 0];
  const first = heatmap?.firstRow ?? 0;
  const all = heatmap?.meta.units ?? [];
  const units = all.filter((_unit, at) => first + at >= low && first + at <= high);
  const unit = board.hoveredUnit ?? board.data.unit;
  const row = unit === null ? -1 : units.indexOf(unit);
  const place = row < 0 || unit === null ? (low + high) / 2 : first + all.indexOf(unit); // what stays in view
  const far = shiftKey ? FAR : 1;
  const onButton = target instanceof Element && target.closest("button");
  return {
    ArrowUp: () => units.length && board.hoverUnit(units[Math.max(0, row - far)]),
    ArrowDown: () => units.length && board.hoverUnit(units[Math.min(units.length - 1, row + far)]),
    Escape: () => board.hoverUnit(null),
    "[": () => units.length && board.setZoom(board.axis.zoom, rows.scaled(0.5, place)),
    "]": () => units.length && board.setZoom(board.axis.zoom, rows.scaled(2, place)),
    "+": () => act(board, "narrower"),
    "-": () => act(board, "wider"),
    0: () => act(board, "all"),
    ...(onButton ? {} : { " ": () => act(board, "play"), Enter: () => board.choose("keyboard", unit) }),
  };
}

/** @param {Board} board @param {import("./tools.js").Tool} name */
export function act(board, name) {
  const { axis, cursor, player } = board;
  if (name === "play") return player.toggle();
  if (name === "back") return player.move(-1);
  if (name === "forward") return player.move(1);
  player.stop();
  if (name === "mark") board.setMarking(!board.marking);
  else if (name === "all") board.setZoom(null, null);
  else board.setZoom(axis.scaled(name === "narrower" ? 0.5 : 2, cursor.at));
}
