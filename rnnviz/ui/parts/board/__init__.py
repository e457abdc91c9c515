"""The board: tokens and time-aligned figures under one cursor, which moves in the browser alone."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st
import xarray as xr
from plotly.utils import PlotlyJSONEncoder

from rnnviz.figures.style import INK, ON_DARK, PAPER, SCALES
from rnnviz.ui.parts.component import component
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.server import PLOTLY_URL

HERE = Path(__file__).parent

_component = component(HERE)


@dataclass(frozen=True)
class Drawn:
    """A figure on the board. spec: plotly's JSON; title: in the reader's language."""

    id: str
    spec: str
    title: str | None = None

    @classmethod
    def of(cls, id: str, figure: go.Figure, title: str | None = None) -> "Drawn":
        # to_json would write every slash of base64 as six signs
        return cls(id, json.dumps(figure.to_dict(), cls=PlotlyJSONEncoder), title)


@dataclass(frozen=True)
class Choice:
    """What the reader clicked: a figure's id ('tokens' for the strip), a unit or None, a step or None."""

    figure: str
    unit: int | None
    time: int | None


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
) -> None:
    """Draws the board.

    id: stands for the text and what is drawn of it; another id starts with the whole text in view.
    tokens: as shown, one a step; unknown: the steps whose token the model does not know.
    colour: a curve (time,), the limits of the scale that colours the tokens, and what it is of the chosen unit.
    keeps: the letter of that curve in formulas where it is the gate that keeps the old state; its half-life is then shown at
        the cursor.
    candidates: `id` and `probability` (time, rank) and the tokens that ids stand for.
    lists: titles, and (rank,) values NAME with a coordinate `NAME_step`, as stats.states.strongest makes them.
    rows: stands for the order of the heatmaps' rows; in another one, all rows are in view again, see `rows_in_view`.
    finer: true where fewer numbers were sent than there are; then a zoom comes back, see `zoom`.
    subject: what was looked at, for the title of a saved figure. cursor: the step it stands at, None for the end.
    clicked: told what the reader clicks, before the page is run again.
    """
    data = {
        "id": id,
        "plotly": PLOTLY_URL,
        "tokens": list(tokens),
        "unknown": [int(t) for t in unknown],
        "figures": [{"id": f.id, "spec": f.spec, "title": f.title} for f in figures],
        "scales": SCALES,
        "palette": {"onDark": ON_DARK, "ink": INK, "paper": PAPER},
        "colour": None,
        "candidates": None,
        "lists": [_list(title, values) for title, values in lists],
        "unit": unit,
        "step": cursor,
        "summary": summary,
        "subject": subject,
        "rows": rows,
        "finer": finer,
        "labels": _labels(),
    }
    if colour is not None:
        values, limits, name = colour
        scale = "diverging" if limits[0] < 0 else "gate"
        data["colour"] = {
            "values": _packed(values.values),
            "limits": list(map(float, limits)),
            "scale": scale,
            "label": (
                _("Colour of the text: {value} of unit {unit}")
                if any(tokens)
                else _("Colour of the steps: {value} of unit {unit}")
            ).format(value=name, unit=unit),
            "keeps": keeps,
        }
    if candidates is not None:
        best, names = candidates
        ids = best["id"].values.astype(np.uint16)
        data["candidates"] = {
            "count": best.sizes["rank"],
            "ids": _packed(ids.ravel()),
            "values": _packed(best["probability"].values.ravel()),
            "tokens": list(names),
        }
    _component(
        data=data,
        key="board",
        on={"choice": lambda told: clicked and clicked(_choice(told))},
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


def _choice(told: object) -> Choice:
    told = told if isinstance(told, dict) else {}
    return Choice(told.get("figure", ""), told.get("unit"), told.get("time"))


def _list(title: str, values: xr.DataArray) -> dict:
    steps = values[f"{values.name}_step"]
    pairs = zip(steps.values, values.values, strict=True)
    return {"title": title, "entries": [{"step": int(step), "value": float(value)} for step, value in pairs]}


def _packed(values: np.ndarray) -> dict:
    """An array as plotly's JSON writes one: base64 of its bytes and its type."""
    kind = {"float32": "f4", "uint16": "u2"}[str(values.dtype)]
    return {"dtype": kind, "bdata": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()}


def keys() -> str:
    """The keys that the board hears."""
    return _(
        "Keys (first click the board, or press Tab until it has the focus): ← → move the cursor (ten steps with Shift), ↑ ↓ "
        "go to another unit, Enter chooses it, + − zoom in on steps, [ ] on units, 0 shows all, the space bar plays. With the "
        "mouse, drag across a heatmap to zoom in on steps, up or down on units, or both."
    )


def _labels() -> dict[str, str]:
    return {
        "board": _("Tokens and figures under one cursor"),
        "passage": _("The text, coloured by the chosen unit"),
        "keys": keys(),
        "step": _("step"),
        "steps": _("steps"),
        "unit": _("unit"),
        "halves": _("at the cursor {letter} = {value}: half-life ln 2 / −ln {letter} = {life} steps"),
        "hovering": _("unit {unit} (chosen: {chosen})"),
        "rounded": _("Rounded: zoom in for exact values"),
        "open": _("open"),
        "shut": _("shut"),
        "candidates": _("Next character"),
        "back": _("One step back"),
        "forward": _("One step forward"),
        "play": _("Play or pause"),
        "narrower": _("Zoom in"),
        "wider": _("Zoom out"),
        "all": _("Show all"),
        "save": _("Save this figure"),
        "noPlotly": _(
            "The drawing library could not be loaded. Reload the page; if that does not help, restart the app."
        ),
    }
