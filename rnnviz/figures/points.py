"""Points: the state's path along its principal components, and how saturated the gates are."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps as read
from rnnviz.figures import style
from rnnviz.figures.arranged import arranged, check_holds
from rnnviz.figures.words import _, named

LETTERED = 120  # steps up to which each bears what was read


def path(
    points: xr.DataArray, kind: str = "lstm", height: int = 420, tokens: Sequence[str] | None = None
) -> go.Figure:
    """The state's way through time, one point a step, lighter early and darker late.

    points: (time, component) with two or three components and their `share` of the variance, as stats.states.path makes them.
    tokens: what was read at each step, written at its point where there are few; the coordinate `token`, if not given. Of points
    that are every k-th step (stats.pixels.thinned) `layout.meta` says k as `every`.
    Raises ValueError for another number of components, and for other dims.
    """
    points = arranged(points, "time", "component", of="path")
    count = points.sizes["component"]
    if count not in (2, 3):
        raise ValueError(f"a path is drawn along 2 or 3 components; got {count}")
    # in three dimensions titles have less room
    said = _("component {n} ({share} of variance)") if count == 2 else _("component {n} ({share})")
    titles = [said.format(n=i + 1, share=f"{share:.0%}") for i, share in enumerate(points["share"].values)]
    steps, every = points.sizes["time"], int(points.attrs.get("every", 1))
    look = {
        "mode": "lines+markers",
        "line": {"color": style.INK, "width": 1.5 if count == 2 else 3},
        "marker": {
            "size": (7 if steps <= 300 else 4) if count == 2 else 4,
            "color": np.arange(0, steps * every, every, dtype=np.float32),
            "colorscale": [[0, style.EARLY], [1, style.ARCHITECTURE[kind]]],
        },
        "hoverinfo": "none",
    }
    names = None
    if steps <= LETTERED:
        names = read.tokens(points) if tokens is None else [read.escaped(token) for token in tokens]
    if names is not None:
        look |= {
            "mode": "lines+markers+text",
            "text": names,
            "textposition": "top center",
            "textfont": {"size": 13},
        }
    values = points.transpose("component", "time").values
    thin: style.Style = {"every": every} if every > 1 else {}
    if count == 2:
        flat = go.Scatter(x=values[0], y=values[1], **look)
        across, up = ({"title": title} for title in titles)
        return style.figure(flat, axis="path", title="", height=height, x=across, y=up, **thin)
    trace = go.Scatter3d(x=values[0], y=values[1], z=values[2], **look)
    axes = {
        f"{name}axis": {"title": {"text": text}, "color": style.INK, "nticks": 5}
        for name, text in zip("xyz", titles, strict=True)
    }
    scene = axes | {
        "camera": {"eye": {"x": 1.55, "y": 1.55, "z": 0.9}, "center": {"x": 0, "y": 0, "z": -0.12}}
    }
    more = {"scene": scene, "margin": {"l": 0, "r": 0, "t": 36, "b": 0}}
    return style.figure(trace, axis="path", title="", height=height + 80, more=more, **thin)


def saturation(
    shares: xr.Dataset, kind: str, chosen: int | None = None, title: str = "", height: int = 420
) -> go.Figure:
    """Each unit at its share of open (across) and shut (up) steps; on the diagonal it is never in between.

    shares: `open` and `shut`, each (unit,), as stats.gates.saturation makes them. chosen: the unit to mark.
    Karpathy, Johnson & Fei-Fei 2015, figure 3.
    """
    check_holds(shares, "open", "shut", of="saturation", made="stats.gates.saturation")
    across, up = (arranged(shares[name], "unit", of="saturation") for name in ("open", "shut"))
    units = _units(up)
    marker = markers(units, chosen, kind, edge=1.0)  # tells dots apart that overlap
    trace = go.Scatter(x=across.values, y=up.values, mode="markers", marker=marker, hoverinfo="none")
    diagonal = go.Scatter(
        x=[0, 1],
        y=[1, 0],
        mode="lines",
        line={"color": style.INK, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    x, y = (
        {"range": [-0.03, 1.03], "title": named(array.attrs["long_name"]), "tickformat": ".0%"}
        for array in (across, up)
    )
    return style.figure(
        trace, diagonal, axis="unit", title=title, height=height, x=x, y=y, points=units, shows="saturation"
    )


def half_lives(steps: xr.DataArray, kind: str, chosen: int | None = None, height: int = 300) -> go.Figure:
    """The memory length of each unit, in the order given, on a log axis.

    steps: (unit,), steps, as stats.gates.half_life makes them; zero and infinity have no place on a log axis and are
    left out. chosen: the unit to mark.

    >>> import rnnviz, xarray as xr
    >>> steps = xr.DataArray([1.0, 6.58, 20.0], dims="unit", attrs={"long_name": "memory length", "units": "steps"})
    >>> drawn = rnnviz.figures.half_lives(steps, kind="lstm")
    >>> drawn.layout.title.text, drawn.layout.yaxis.type
    ('', 'log')
    """
    steps = arranged(steps, "unit", of="half_lives")
    units = _units(steps)
    trace = go.Scatter(
        x0=1, dx=1, y=steps.values, mode="markers", marker=markers(units, chosen, kind), hoverinfo="none"
    )
    ticks = [lead * 10.0**power for power in range(-3, 7) for lead in (1, 3)]
    return style.figure(
        trace,
        axis="unit",
        title="",
        height=height,
        points=units,
        shows="half_life",
        x={"title": _("units, longest memory first")},
        y={
            "type": "log",
            "tickvals": ticks,
            "ticktext": [f"{t:g}" for t in ticks],
            "title": style.axis_title(steps),
        },
    )


def _units(array: xr.DataArray) -> list[int]:
    return [int(u) for u in array["unit"].values] if "unit" in array.coords else list(range(array.size))


def markers(units: list[int], chosen: int | None, kind: str, edge: float = 0.0) -> style.Style:
    """A dot for each unit, the chosen one larger. edge: of a line around each, which tells dots apart that overlap."""
    marked = [u == chosen for u in units]
    return {
        "color": style.ARCHITECTURE[kind],
        "opacity": 1,
        "size": [16 if m else 9 for m in marked],
        "line": {
            "color": [style.INK if m else style.PAPER for m in marked],
            "width": [2.5 if m else edge for m in marked],
        },
    }
