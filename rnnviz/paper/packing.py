"""The board's data: figures as plotly's JSON, arrays as bytes, and the words of its buttons."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.utils import PlotlyJSONEncoder

from rnnviz.figures.style import INK, ON_DARK, PAPER, SCALES
from rnnviz.figures.words import _

LOOK = {"scales": SCALES, "palette": {"onDark": ON_DARK, "ink": INK, "paper": PAPER}}


@dataclass(frozen=True)
class Drawn:
    """A figure on the board. spec: plotly's JSON; title: in the reader's language."""

    id: str
    spec: str
    title: str | None = None

    @classmethod
    def of(cls, id: str, figure: go.Figure, title: str | None = None) -> "Drawn":
        # to_json would write every slash of base64 as six signs
        return cls(id, json.dumps(still(figure.to_dict()), cls=PlotlyJSONEncoder), title)


def still(sheet: dict[str, Any]) -> dict[str, Any]:
    """A figure without what plotly's hover would say of its steps: on the board, the cursor says it."""
    if sheet["layout"].get("meta", {}).get("axis") == "time":
        for trace in sheet["data"]:
            trace.pop("hovertext", None)
            trace.pop("hovertemplate", None)
    return sheet


def listed(title: str, values: xr.DataArray) -> dict[str, Any]:
    """A list of steps to go to, as stats.states.strongest finds them; see `show_board` of ui.parts.board."""
    steps = values[f"{values.name}_step"]
    pairs = zip(steps.values, values.values, strict=True)
    return {"title": title, "entries": [{"step": int(step), "value": float(value)} for step, value in pairs]}


def packed(values: np.ndarray) -> dict[str, str]:
    """An array as plotly's JSON writes one: base64 of its bytes and its type."""
    if values.dtype == np.float16:  # which the browser has no arrays of
        values = values.astype(np.float32)
    kind = {"float64": "f8", "float32": "f4", "uint16": "u2", "uint8": "u1"}[str(values.dtype)]
    return {"dtype": kind, "bdata": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()}


def colour_label(tokens: bool) -> str:
    """What the colours of the strip mean, with {value} and {unit} to be put in. tokens: whether steps have names."""
    if tokens:
        return _("Colour of the text: {value} of unit {unit}")
    return _("Colour of the steps: {value} of unit {unit}")


def keys() -> str:
    """The keys that the board hears."""
    return _(
        "Keys (first click the board, or press Tab until it has the focus): ← → move the cursor (ten steps with Shift), ↑ ↓ "
        "go to another unit, Enter chooses it, + − zoom in on steps, [ ] on units, 0 shows all, the space bar plays. With the "
        "mouse, drag across a heatmap to zoom in on steps, up or down on units, or both. On a touch screen, spread two fingers: "
        "side by side for steps, one above the other for units."
    )


def labels() -> dict[str, str]:
    return {
        "board": _("Tokens and figures under one cursor"),
        "passage": _("The text, coloured by the chosen unit"),
        "distant": _("Too many steps to write out: zoom in, and what was read stands here."),
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
        "mark": _("Mark by dragging (off: zoom by dragging)"),
        "save": _("Save this figure"),
        "noPlotly": _(
            "The drawing library could not be loaded. Reload the page; if that does not help, restart the app."
        ),
    }
