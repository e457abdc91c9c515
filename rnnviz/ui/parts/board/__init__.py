"""The board: tokens and time-aligned figures under one cursor, which moves in the browser alone."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import xarray as xr

from rnnviz.paper.packing import LOOK, Drawn, colour_label, labels, listed, packed
from rnnviz.ui.parts.board import long
from rnnviz.ui.parts.component import component
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.server import PLOTLY_URL

HERE = Path(__file__).parent

_component = component(HERE)


@dataclass(frozen=True)
class Choice:
    """What the reader clicked: a figure's id ('tokens' for the strip), a unit or None, a step or None."""

    figure: str
    unit: int | None
    time: int | None


@dataclass(frozen=True)
class Mark:
    """What is framed: the steps from the first to the last, and units; None for all of them."""

    first: int
    last: int
    units: tuple[int, ...] | None


@dataclass(frozen=True)
class Marked:
    """What the reader has marked by dragging: the first and the last step, and units; None where the drag left them open."""

    steps: tuple[int, int] | None
    units: tuple[int, ...] | None


def show_board(
    id: str,
    tokens: Sequence[str],
    unknown: Sequence[int],
    figures: Sequence[Drawn],
    *,
    summary: str,
    colour: tuple[xr.DataArray, tuple[float, float], str] | None = None,
    keeps: str = "",
    candidates: tuple[xr.Dataset, Sequence[str]] | None = None,
    lists: Sequence[tuple[str, xr.DataArray]] = (),
    unit: int | None = None,
    rows: str = "",
    finer: bool = False,
    subject: str = "",
    cursor: int | None = None,
    clicked: Callable[[Choice], None] | None = None,
    before: tuple[xr.DataArray, str] | None = None,
    heads: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    marked: Callable[[Marked], None] | None = None,
) -> None:
    """Draws the board.

    id: stands for the text and what is drawn of it; another id starts with the whole text in view.
    tokens: as shown, one a step; of a long sequence some of them are sent, see `long`. unknown: the steps whose token the model
        does not know.
    colour: a curve (time,), the limits of the scale that colours the tokens, and what it is of the chosen unit.
    keeps: the letter of that curve in formulas where it is the gate that keeps the old state; its half-life is then shown at
        the cursor.
    candidates: `id` and `probability` (time, rank) and the tokens that ids stand for.
    lists: titles, and (rank,) values NAME with a coordinate `NAME_step`, as stats.states.strongest makes them.
    rows: stands for the order of the heatmaps' rows; in another one, all rows are in view again, see `rows_in_view`.
    finer: true where fewer numbers were sent than there are, as of a long sequence; then a zoom comes back, see `zoom`.
    subject: what was looked at, for the title of a saved figure. cursor: the step it stands at, None for the end.
    clicked: told what the reader clicks, before the page is run again.
    before: of the candidates, other probabilities, (time, rank), as those before something was changed, and what they are.
    heads: of candidates that are several lists, one after the other and as long as each other, what each is.
    marks: what is framed on the figures. marked: told what the reader marks by dragging, which then zooms no more.
    """
    window, lists = zoom(id, len(tokens)), [listed(title, values) for title, values in lists]
    data = {
        "id": id,
        "plotly": PLOTLY_URL,
        "tokens": long.names(
            tokens, window, [len(tokens) - 1 if cursor is None else cursor, *long.steps(lists)]
        ),
        "unknown": [int(t) for t in unknown],
        "figures": [{"id": f.id, "spec": f.spec, "title": f.title} for f in figures],
        **LOOK,
        "colour": None,
        "candidates": None,
        "lists": lists,
        "unit": unit,
        "step": cursor,
        "summary": summary,
        "subject": subject,
        "rows": rows,
        "finer": finer or long.is_long(len(tokens)),
        "labels": labels(),
    }
    if colour is not None:
        values, limits, name = colour
        scale = "diverging" if limits[0] < 0 else "gate"
        data["colour"] = {
            **long.colours(values, limits, window),
            "limits": list(map(float, limits)),
            "scale": scale,
            "label": colour_label(any(tokens)).format(value=name, unit=unit),
            "keeps": keeps,
        }
    if candidates is not None:
        best, names = candidates
        ids = best["id"].values.astype(np.uint16)
        data["candidates"] = {
            "count": best.sizes["rank"],
            "ids": packed(ids.ravel()),
            "values": packed(best["probability"].values.ravel()),
            "tokens": list(names),
        }
        if heads:
            data["candidates"]["heads"] = list(heads)
        if before is not None:
            data["candidates"]["before"] = packed(before[0].values.astype(np.float32).ravel())
            data["labels"]["before"] = before[1]
    if marked is not None:
        data["marking"] = True
    if marks:
        data["marks"] = [dataclasses.asdict(mark) for mark in marks]
    _component(
        data=data,
        key="board",
        on={
            "choice": lambda told: clicked and clicked(_choice(told)),
            "mark": lambda told: marked and marked(_marked(told)),
        },
        on_zoom_change=lambda: None,
        default={"zoom": None},
    )


def drawn(id: str, title: str, make: Callable[..., go.Figure], *arguments, **named) -> Drawn:
    """A figure for the board, made once for what `make` is given; see shell.keeping."""
    return kept(_drawn, id, title, make, *arguments, **named)


def _drawn(id: str, title: str, make: Callable[..., go.Figure], *arguments, **named) -> Drawn:
    return Drawn.of(id, make(*arguments, **named), title)


def show_figures(id: str, figures: Sequence[Drawn], *, summary: str, subject: str = "") -> None:
    """Figures without a text: each with its own hover, and to take away like those on the board. See `show_board`."""
    show_board(id, (), (), figures, summary=summary, subject=subject)


def zoom(id: str, steps: int) -> tuple[int, int] | None:
    """The steps [first, last) that the reader has zoomed to on the board `id`; None where all are in view."""
    state = st.session_state.get("board") or {}
    found = state.get("zoom")
    if not isinstance(found, dict) or found.get("id") != id or not found.get("range"):
        return None
    first, last = found["range"]
    return max(0, int(first)), min(steps, int(last + 1.5))


def rows_in_view(id: str, order: str, count: int) -> tuple[int, int] | None:
    """The rows [first, last) of `count` that the reader has zoomed to on the board `id`, in that order; None: all of them."""
    state = st.session_state.get("board") or {}
    found = state.get("zoom")
    if (
        not isinstance(found, dict)
        or (found.get("id"), found.get("order")) != (id, order)
        or not found.get("rows")
    ):
        return None
    first, last = found["rows"]
    return max(0, int(first + 0.5)), min(count, int(last + 0.5))


def _marked(told: object) -> Marked:
    told = told if isinstance(told, dict) else {}
    steps, units = told.get("steps"), told.get("units")
    return Marked(
        (int(steps[0]), int(steps[1])) if steps else None, tuple(sorted(map(int, units))) if units else None
    )


def _choice(told: object) -> Choice:
    told = told if isinstance(told, dict) else {}
    return Choice(told.get("figure", ""), told.get("unit"), told.get("time"))
