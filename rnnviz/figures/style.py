"""One palette, one set of scales and one layout for every figure. The board swaps the two sides of a scale in the dark."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures.words import _, named

Style = dict[str, Any]
"""What plotly takes for a marker, a line or an axis."""

# after Okabe & Ito 2008: told apart by the colour-blind
ARCHITECTURE = {"rnn": "#E69F00", "gru": "#009E73", "lstm": "#0072B2"}
PURPLE, SKY_BLUE, VERMILION = "#CC79A7", "#56B4E9", "#D55E00"  # further architectures, and what is none
SEVERAL = (
    SKY_BLUE,
    VERMILION,
    "#009E73",
    PURPLE,
    "#E69F00",
    "#0072B2",
)  # curves side by side that are no architectures
GREY = "#8A929C"
EARLY = "#868E98"  # where a path begins
# the same hues on a dark background: the board puts the one for the other
ON_DARK = {"#009E73": "#22B88D", "#0072B2": "#3D9BD8", EARLY: "#6B737E"}
PAPER = "#FEFEFE"  # the page between two marks that overlap
INK = "#7F7F7F"  # axes and guides: legible on light and on dark
GRID = "rgba(127,127,127,0.18)"  # the same, faint
NOTHING = "rgba(0,0,0,0)"

# stops from the lower to the upper limit; the middle of a diverging scale is the page's background
SCALES = {
    "diverging": {
        "light": ["#8c3a06", "#d55e00", "#f2b68a", "#ffffff", "#8fc1e3", "#0072b2", "#003f6b"],
        "dark": ["#ffc59e", "#e8741c", "#7a3a0d", "#11151c", "#0b466b", "#2f93d1", "#bfe2fa"],
    },
    # of norms and other sizes, in powers of ten
    "norm": {
        "light": ["#ffffff", "#d3e6e2", "#96c5bd", "#559f95", "#1f746b", "#004840"],
        "dark": ["#11151c", "#123a3a", "#1e6660", "#3f988c", "#83c9bb", "#dcf5ee"],
    },
    "gate": {
        "light": ["#ffffff", "#d9d5ea", "#a99fd0", "#7465ae", "#432c7d", "#1f0d4d"],
        "dark": ["#11151c", "#2c2352", "#54429a", "#8576cc", "#b9b0e6", "#f1eeff"],
    },
    "probability": {
        "light": ["#ffffff", "#f7dcea", "#e7a9cb", "#cc6fa4", "#933c72", "#4d1239"],
        "dark": ["#11151c", "#3f1a33", "#7a3361", "#b95c94", "#e3a2c8", "#fde8f4"],
    },
}


def limits_of(array: xr.DataArray, limits: tuple[float, float] | None) -> tuple[float, float]:
    """The given limits, or the array's `valid_range`. Raises ValueError where there is neither: never from the data."""
    if limits is None:
        limits = array.attrs.get("valid_range")
    if limits is None:
        raise ValueError(f"{array.name or 'the array'} has no valid_range; give limits=(low, high)")
    return float(limits[0]), float(limits[1])


def scale_of(low: float) -> str:
    """'diverging' where values go below zero, else 'gate'."""
    return "diverging" if low < 0 else "gate"


def colorscale(name: str) -> list[list[float | str]]:
    """A scale for a light background, as plotly takes it."""
    stops = SCALES[name]["light"]
    return [[i / (len(stops) - 1), colour] for i, colour in enumerate(stops)]


def figure(
    *traces: go.Bar | go.Heatmap | go.Scatter | go.Scatter3d,
    axis: str,
    title: str,
    height: int,
    x: Style | None = None,
    y: Style | None = None,
    more: Style | None = None,
    **meta: object,
) -> go.Figure:
    """A sheet with the house's margins and type. axis, meta: see the package's docstring; x, y, more: of axes and layout."""
    lines = {"zeroline": False, "linecolor": INK, "tickcolor": INK, "automargin": False}
    layout = {
        "meta": {"axis": axis} | meta,
        "title": {"text": title, "font": {"size": 15}},
        "height": height,
        "margin": {"l": 64, "r": 16, "t": 36, "b": 36},
        "font": {"size": 14},
        "paper_bgcolor": NOTHING,
        "plot_bgcolor": NOTHING,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "template": "none",
        "xaxis": {"showgrid": False} | lines | (x or {}),
        "yaxis": {"gridcolor": GRID} | lines | (y or {}),
    }
    return go.Figure(list(traces), layout | (more or {}))  # in one piece: updates take five times as long


def faint(colour: str) -> str:
    """A colour '#RRGGBB' that lets four fifths of what is below through."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.2)"


def level(height: float) -> Style:
    """A dotted line across, for `shapes` of a layout."""
    line = {"color": INK, "width": 1, "dash": "dot"}
    ends = {"x0": 0, "x1": 1, "xref": "x domain", "y0": height, "y1": height, "yref": "y"}
    return {"type": "line", "line": line} | ends


def time_axis(start: float, stop: float) -> Style:
    """A numeric axis over the steps start … stop - 1, counted from 1 on screen; labels on round steps."""
    steps = int(stop - start)
    stride = next(
        s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if steps / s <= 14 or s == 5000
    )
    shown = list(range(int(start) + (-int(start) - 1) % stride, int(stop), stride))
    return {
        "range": [start - 0.5, stop - 0.5],
        "tickvals": shown,
        "ticktext": [str(t + 1) for t in shown],
        "title": _("step"),
    }


def exponents(logs: np.ndarray) -> np.ndarray:
    """Natural logs as exponents of ten; NaN, a gap, where nothing can be drawn."""
    logs = np.asarray(logs, np.float64)
    return np.where(np.isfinite(logs), logs / math.log(10), np.nan)


def power(exponent: float) -> str:
    """A power of ten as a tick has it, with plotly's own tag."""
    return "1" if exponent == 0 else f"10<sup>{exponent:g}</sup>".replace("-", "−")


def power_bar(low: float, high: float) -> Style:
    """The colour bar of exponents of ten, named at its ends."""
    return {"tickvals": [low, high], "ticktext": [power(low), power(high)], "thickness": 12}


def axis_title(array: xr.DataArray) -> str:
    """`long_name (units)` in the reader's language; a plain number has no unit to name."""
    name, units = named(array.attrs.get("long_name", array.name or "")), array.attrs.get("units", "1")
    return name if units == "1" else f"{name} ({named(units)})"
