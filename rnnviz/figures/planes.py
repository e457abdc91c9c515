"""Curves that the reader moves: functions and their derivatives, powers of ten, eigenvalues in the complex plane.

Their limits keep still while a slider is drawn: fixed ones, or the next of a few round ones.
"""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.arranged import arranged
from rnnviz.figures.norms import shade, zeros
from rnnviz.figures.words import _, series

FUNCTION = {"sigmoid": style.PURPLE, "tanh": style.SKY_BLUE, "relu": style.VERMILION}
DASHES = {"sigmoid": "dash", "tanh": "solid", "relu": "dot"}
# exponents of ten between which an axis of powers jumps
LEADS = (1, 1.5, 2, 3, 4, 6, 8)
STOPS = (0, 1, 2, 3, 4, 6, 8, *(int(lead * 10**power) for power in range(1, 7) for lead in LEADS))

FEW = 12  # points that are each shown
MARKS = 9  # marks on a curve of more points
WRITTEN = 200  # points whose numbers are sent as words too


def functions(
    array: xr.DataArray,
    point: xr.DataArray,
    limits: tuple[float, float],
    largest: dict[str, float] | None = None,
    height: int = 320,
) -> go.Figure:
    """Functions over x, and on each of them the reader's point.

    array: (function, x). point: (function, x) with one x. limits: of the vertical axis. largest: for each function the
    height of a guide at its maximum.
    """
    array = arranged(array, "function", "x", of="functions")
    names, x, at = array["function"].values.tolist(), array["x"].values, point["x"].values
    lines = [
        go.Scatter(
            x=x,
            y=array.sel(function=name).values,
            name=name,
            mode="lines",
            line={"color": FUNCTION[name], "width": 3, "dash": DASHES[name]},
            hovertemplate=f"{name}: %{{y:.4f}}<extra></extra>",
        )
        for name in names
    ]
    heights = point.sel(function=names).values[:, 0]
    marks = _marks(np.repeat(at, len(names)), heights, [FUNCTION[name] for name in names])
    drawn = style.figure(
        *lines, marks, axis="free", title=style.axis_title(array), height=height, legend=True
    )
    guide = {"type": "line", "layer": "below", "line": {"color": style.INK, "width": 1, "dash": "dot"}}
    shapes = [guide | {"yref": "paper", "x0": at[0], "x1": at[0], "y0": 0, "y1": 1}]
    notes = []
    largest = largest or {}
    for level in sorted(set(largest.values())):
        shapes.append(guide | {"xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level})
        of = ", ".join(name for name, value in largest.items() if value == level)
        notes.append(
            {
                "text": _("max {names}: {value:g}").format(names=of, value=level),
                "x": x[0],
                "y": level,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 14},
            }
        )
    pad = 0.06 * (limits[1] - limits[0])
    return drawn.update_layout(
        shapes=shapes,
        annotations=notes,
        hovermode="x unified",
        xaxis={"range": [x[0], x[-1]], "title": "x", "unifiedhovertitle": {"text": "x = %{x:.2f}"}},
        yaxis={"range": [limits[0] - pad, limits[1] + pad], "title": style.axis_title(array), "nticks": 6},
    )


def powers(
    array: xr.DataArray,
    colours: Sequence[str],
    dashes: Sequence[str] | None = None,
    point: xr.DataArray | None = None,
    across: str = "",
    height: int = 380,
    symbols: Sequence[str] | None = None,
    band: xr.DataArray | None = None,
    holds: Sequence[str] | None = None,
) -> go.Figure:
    """One curve for each series on an axis of powers of ten that jumps between a few round limits, rather than with the data.

    array: (series, time) or (series, another numeric dim), natural logs; the first dim's coordinate names the series. Steps
    are counted from 1 on screen. colours: for each series a kind ('rnn', …), a function ('tanh', …) or a colour. dashes:
    for each series. point: (series, same dim) with one place, marked on each curve. across: title of the horizontal axis, else
    'step'. symbols: for each series plotly's name of a mark that tells it from those of like colour, or ''. band: (bound, series,
    time), the lower and the upper. holds: names of the series that the axis is made for, by default all; where another
    leaves it upwards an arrow says how far it goes. −inf is a gap: exactly zero has no place on a log axis, and
    is said where one points at it.
    """
    across = across or _("step")
    rows, dim = array.dims
    first = 1 if dim == "time" else 0
    names = [series(str(name)) for name in array[rows].values]
    colours = [(style.ARCHITECTURE | FUNCTION).get(colour, colour) for colour in colours]
    few = array.sizes[dim] <= WRITTEN
    symbols = symbols or [""] * len(names)
    traces = []
    if band is not None:
        for i, colour in enumerate(colours):
            traces += shade(band.isel({rows: i}), {"x0": first, "dx": 1}, colour)
    traces += [
        go.Scatter(
            x=array[dim].values.astype(np.float64) + first,
            y=style.exponents(row),
            name=name,
            mode="lines" if np.isfinite(row).sum() > FEW and not symbol else "lines+markers",
            line={"color": colour, "width": 3, "dash": dash},
            marker={"color": colour, "size": 8}
            | ({"symbol": symbol, "size": 9, "maxdisplayed": MARKS} if symbol else {}),
            customdata=[_written(value) for value in style.exponents(row)] if few else None,
            hovertemplate=f"{name}: {'%{customdata}' if few else '10<sup>%{y:.2f}</sup>'}<extra></extra>",
        )
        for row, name, colour, dash, symbol in zip(
            array.values, names, colours, dashes or ["solid"] * len(names), symbols, strict=True
        )
    ]
    if point is not None:
        at = np.full(len(names), float(point[dim].values[0]) + first)
        traces.append(_marks(at, style.exponents(point.values[:, 0]), colours))
    drawn = style.figure(
        *traces, axis="free", title=style.axis_title(array), height=height, legend=True, log10=True
    )
    ends = array[dim].values[[0, -1]].astype(float) + first
    pad = 0.02 * (ends[1] - ends[0]) or 0.5
    held = array if holds is None else array.sel({rows: list(holds)})
    axis = _round_powers(*(each for each in (held, band) if each is not None))
    drawn.add_traces(zeros(array.values, array[dim].values.astype(np.float64) + first, names, colours, axis))
    return drawn.update_layout(
        hovermode="x unified",
        xaxis={
            "range": [ends[0] - pad, ends[1] + pad],
            "title": across,
            "nticks": 10,
            "unifiedhovertitle": {"text": f"{across} %{{x}}"},
        },
        yaxis={"title": style.axis_title(array)} | axis,
        annotations=_leaving(array, first, axis["range"][1]),
    )


def _leaving(array: xr.DataArray, first: int, top: float) -> list[style.Style]:
    """An arrow, with the greatest power of ten, where a curve goes out over the top of the axis. array: as for `powers`."""
    across = array[array.dims[1]].values.astype(np.float64) + first
    texts, edges = [], []
    for name, row in zip(array[array.dims[0]].values, array.values, strict=True):
        up = style.exponents(row)
        beyond = up > top
        if beyond.any() and not beyond.all():
            texts.append(f"{series(str(name))} ↑ {style.power(round(float(np.nanmax(up))))}")
            edges.append(across[:-1][beyond[1:] != beyond[:-1]][-1])
    if not texts:
        return []
    right = np.mean(edges) > across.mean()  # beside all of them, where there is more room
    place = {"x": float(min(edges) if right else max(edges)), "xanchor": "right" if right else "left"}
    place |= {"xshift": -10 if right else 10, "y": top, "yanchor": "top"}
    look = {"showarrow": False, "font": {"size": 14}}
    return [place | look | {"text": text, "yshift": -20 * row} for row, text in enumerate(texts)]


def eigenvalues(
    values: xr.DataArray, radius: float, limit: float = 2.1, kind: str = "rnn", height: int = 340
) -> go.Figure:
    """Eigenvalues in the complex plane, inside or outside the unit circle.

    values: (eigenvalue,), complex. radius: the spectral radius, drawn as a dotted circle. limit: of both axes, the same
    whatever the values are.
    """
    values = arranged(values, "eigenvalue", of="eigenvalues")
    turn = np.linspace(0, 2 * np.pi, 181)
    circles = [
        go.Scatter(
            x=size * np.cos(turn),
            y=size * np.sin(turn),
            name=name,
            mode="lines",
            hoverinfo="skip",
            line={"color": colour, "width": width, "dash": dash},
        )
        for size, name, colour, width, dash in (
            (1.0, _("unit circle"), style.INK, 2, "solid"),
            (
                radius,
                _("spectral radius {radius:.3g}").format(radius=radius),
                style.ARCHITECTURE[kind],
                2,
                "dot",
            ),
        )
    ]
    points = go.Scatter(
        x=values.values.real,
        y=values.values.imag,
        name=_("eigenvalue"),
        mode="markers",
        showlegend=False,
        marker={
            "color": style.ARCHITECTURE[kind],
            "size": 9,
            "line": {"color": [style.INK] * values.size, "width": 1},
        },
        customdata=np.abs(values.values),
        hovertemplate="%{x:.3f} %{y:+.3f} i, |λ| = %{customdata:.3f}<extra></extra>",
    )
    drawn = style.figure(*circles, points, axis="free", title="", height=height, legend=True)
    return drawn.update_layout(
        xaxis={"range": [-limit, limit], "title": _("real part"), "scaleanchor": "y", "dtick": 1},
        yaxis={"range": [-limit, limit], "title": _("imaginary part"), "dtick": 1},
    )


def _marks(across: np.ndarray, up: np.ndarray, colours: Sequence[str]) -> go.Scatter:
    """The reader's place on each curve."""
    edge = {"color": [style.INK] * len(up), "width": 2.5}
    return go.Scatter(
        x=across,
        y=up,
        mode="markers",
        showlegend=False,
        marker={"color": list(colours), "size": 14, "line": edge},
        cliponaxis=False,  # whole at the end of an axis too
        hoverinfo="skip",
    )


def _round_powers(*arrays: xr.DataArray) -> style.Style:
    """Range and ticks at whole powers of ten, for all of them."""
    found = np.concatenate([style.exponents(array.values).ravel() for array in arrays])
    found = found[np.isfinite(found)]
    low, high = (-_stop(-found.min()), _stop(found.max())) if found.size else (0, 0)
    low = min(low, high - 1)
    stride = next(s * 10**k for k in range(7) for s in (1, 2, 5) if (high - low) / (s * 10**k) <= 9)
    ticks = list(range(math.ceil(low / stride) * stride, high + 1, stride))
    pad = 0.04 * (high - low)
    return {"range": [low - pad, high + pad], "tickvals": ticks, "ticktext": [style.power(t) for t in ticks]}


def _stop(exponent: float) -> int:
    return next((stop for stop in STOPS if stop >= exponent - 1e-9), math.ceil(exponent))


def _written(exponent: float) -> str:
    """As a reader writes it: '2.41 · 10⁻³⁰¹', with plotly's own tag for the exponent."""
    if not math.isfinite(exponent):
        return ""
    whole = math.floor(exponent)
    if -3 <= whole < 4:
        return f"{10**exponent:.4g}"
    return f"{10 ** (exponent - whole):.2f} · 10<sup>{whole}</sup>".replace("-", "−")
