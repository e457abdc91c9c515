"""A training without clipping and with it: losses and norms over the updates, the loss along one, and one gradient."""

import math
from collections.abc import Iterable

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.arranged import arranged
from rnnviz.figures.planes import LEADS
from rnnviz.figures.words import _, named, series

COLOURS = (style.VERMILION, style.SKY_BLUE)  # without clipping, with it
WIDTHS = (3, 2)  # where both are the same, both are seen
LOWEST = -4  # exponent under which a loss leaves the picture
TICKS, NARROW = 6, 2  # powers that are named, at most; exponents of an axis that needs numbers between them


def run_losses(loss: xr.DataArray, at: float, height: int = 250) -> go.Figure:
    """The loss over the updates, a curve for each run, on an axis of powers of ten.

    loss: (run, update), the first run without clipping, NaN after its end; a cross marks the last number of a run that ended
    before the others or left what can be drawn. at: the update that is looked at. A click gives back the update.
    """
    runs = _runs(loss)
    return _over_updates([*runs, *_ends(loss)], loss, at, height, floor=LOWEST)


def run_norms(norm: xr.DataArray, kept: xr.DataArray, clip: float, at: float, height: int = 250) -> go.Figure:
    """The gradient norm over the updates, on an axis of powers of ten: of each run before clipping, shaded what clipping cuts
    off the second, and the threshold as a line across.

    norm: (run, update), as in `run_losses`. kept: (update,), what clipping left of the second run's.
    """
    across, colour = norm["update"].values, COLOURS[1]
    hidden = {"x": across, "mode": "lines", "line": {"width": 0, "color": colour}, "showlegend": False}
    after = go.Scatter(y=_positive(kept.values), name=_("after clipping"), hovertemplate="%{y:.4g}", **hidden)
    cut = go.Scatter(
        y=_positive(norm.values[1]), fill="tonexty", fillcolor=style.faint(colour), hoverinfo="skip", **hidden
    )
    ends = norm["update"].values[[0, -1]]
    threshold = go.Scatter(
        x=ends,
        y=[clip, clip],
        name=_("threshold {value}").format(value=f"{clip:g}"),
        mode="lines",
        line={"color": style.INK, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    return _over_updates([*_runs(norm), after, cut, threshold, *_ends(norm)], norm, at, height, also=[clip])


def along_update(along: xr.DataArray, landed: xr.Dataset, before: float, height: int = 300) -> go.Figure:
    """The loss along an update, from the weights before it to beyond the whole of it, and where both ways land.

    along: (way, place), with `distance` (place); one way, or two where they are two lines. landed: `length` and `after`
    (way,), in the order whole, clipped. before: the loss where the update begins. Losses beyond float32 are gaps.
    Source: Pascanu, Mikolov & Bengio 2013, figure 6.
    """
    far = along["distance"].values
    traces = []
    for place in range(along.sizes["way"]):
        both = along.sizes["way"] == 2
        traces.append(
            go.Scatter(
                x=far,
                y=_positive(along.values[place]),
                name=(_("along the whole update"), _("along the clipped update"))[place] if both else "",
                mode="lines",
                line={"color": COLOURS[place] if both else style.INK, "width": 2.5},
                showlegend=both,
                hovertemplate="%{x:.3g}: %{y:.4g}<extra></extra>",
            )
        )
    marks = [
        (0.0, before, _("before the update"), style.INK, "circle"),
        (*_landing(landed, 0), _("whole update"), COLOURS[0], "diamond"),
        (*_landing(landed, 1), _("clipped update"), COLOURS[1], "square"),
    ]
    for x, y, name, colour, symbol in marks:
        traces.append(
            go.Scatter(
                x=[x],
                y=_positive([y]),
                name=name,
                mode="markers",
                line={"color": colour},
                marker={
                    "color": colour,
                    "size": 13,
                    "symbol": symbol,
                    "line": {"color": style.PAPER, "width": 1.5},
                },
                hovertemplate=name + ": %{y:.4g}<extra></extra>",
                cliponaxis=False,
            )
        )
    values: list[Iterable[float]] = [along.values.ravel(), landed["after"].values, [before]]
    pad = 0.02 * (far[-1] - far[0]) or 1.0
    return style.figure(
        *traces,
        axis="free",
        title=style.axis_title(along),
        height=height,
        legend=True,
        x={
            "title": named(along["distance"].attrs["long_name"]),
            "range": [far[0] - pad, far[-1] + pad],
            "nticks": 9,
        },
        y=_powers(values),
    )


def arrows(norm: xr.DataArray, threshold: float, height: int = 190) -> go.Figure:
    """Gradients of one direction as arrows under each other, from 0 as far as their norm, and the threshold as a line upright.

    norm: (series,), the first before clipping, the second after it. The axis ends at one of a few round numbers.
    """
    norm = arranged(norm, "series", of="arrows")
    names, title = [series(str(name)) for name in norm["series"].values], style.axis_title(norm)
    traces = [
        go.Scatter(
            x=[0.0, length],
            y=[-row, -row],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 4},
            # the tip of this mark stands where the norm is
            marker={"color": colour, "symbol": "arrow-right", "size": 16, "opacity": [0, 1]},
            hovertemplate=f"{name}: {title} = {length:.4g}<extra></extra>",
            cliponaxis=False,
        )
        for row, (name, length, colour) in enumerate(zip(names, norm.values.tolist(), COLOURS, strict=True))
    ]
    line = {"color": style.INK, "width": 1.5, "dash": "dash"}
    upright = go.Scatter(
        x=[threshold, threshold, None] * len(names),  # with gaps where the words stand
        y=[up for row in range(len(names)) for up in (0.08 - row, -0.5 - row, None)],
        name=_("threshold {value}").format(value=f"{threshold:g}"),
        mode="lines",
        line=line,
        hoverinfo="skip",
    )
    look = {
        "showarrow": False,
        "font": {"size": 14},
        "xanchor": "left",
        "yanchor": "bottom",
        "x": 0,
        "yshift": 6,
    }
    notes = [
        look | {"y": -row, "text": f"{name}: {title} = {length:.4g}"}
        for row, (name, length) in enumerate(zip(names, norm.values.tolist(), strict=True))
    ]
    end = _round(max(*norm.values.tolist(), threshold))
    return style.figure(
        upright,
        *traces,
        axis="free",
        title=title,
        height=height,
        legend=True,
        x={"title": title, "range": [0, 1.03 * end], "nticks": 7, "rangemode": "tozero"},
        y={"visible": False, "range": [-len(names) + 0.5, 0.7], "fixedrange": True},
        more={"annotations": notes},
    )


def _round(value: float) -> float:
    """The next of a few round numbers."""
    tens = 10.0 ** math.floor(math.log10(value))
    return next(lead * tens for lead in (*LEADS, 10) if lead * tens >= value * (1 - 1e-9))


def _landing(landed: xr.Dataset, place: int) -> tuple[float, float]:
    one = landed.isel(way=place)
    return one["length"].item(), one["after"].item()


def _runs(array: xr.DataArray) -> list[go.Scatter]:
    return [
        go.Scatter(
            x=array["update"].values,
            y=_positive(array.values[place]),
            name=series(str(name)),
            mode="lines",
            line={"color": COLOURS[place], "width": WIDTHS[place]},
            hovertemplate="%{y:.4g}",
        )
        for place, name in enumerate(array["run"].values)
    ]


def _ends(array: xr.DataArray) -> list[go.Scatter]:
    """A cross where a run ended early."""
    crosses = []
    for place, row in enumerate(array.values):
        there = np.flatnonzero(np.isfinite(row))
        if len(there) and there[-1] < row.size - 1:
            crosses.append(
                go.Scatter(
                    x=[array["update"].values[there[-1]]],
                    y=_positive([row[there[-1]]]),
                    mode="markers",
                    marker={"color": COLOURS[place], "symbol": "x", "size": 13},
                    name=series(str(array["run"].values[place])),
                    showlegend=False,
                    hovertemplate=_("its last number") + ": %{y:.4g}<extra></extra>",
                    cliponaxis=False,
                )
            )
    return crosses


def _over_updates(
    traces: list[go.Scatter],
    array: xr.DataArray,
    at: float,
    height: int,
    floor: int | None = None,
    also: Iterable[float] = (),
) -> go.Figure:
    across = array["update"].values
    last = max(float(across[-1]), 2.0)
    line = {"color": style.INK, "width": 2, "dash": "dot"}
    upright = {
        "type": "line",
        "x0": at,
        "x1": at,
        "xref": "x",
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "line": line,
    }
    return style.figure(
        *traces,
        axis="free",
        title=style.axis_title(array),
        height=height,
        legend=True,
        chooses="x",
        x={
            "title": _("update"),
            "range": [1 - 0.012 * last, 1.012 * last],
            "nticks": 11,
            "unifiedhovertitle": {"text": _("update") + " %{x}"},
        },
        y=_powers([array.values.ravel(), list(also)], floor),
        more={"hovermode": "x unified", "shapes": [upright]},
    )


def _positive(values: Iterable[float]) -> np.ndarray:
    """As a log axis takes them: what is 0 or no number is a gap."""
    found = np.asarray(list(values), np.float64)
    return np.where(np.isfinite(found) & (found > 0), found, np.nan)


def _powers(values: Iterable[Iterable[float]], floor: int | None = None) -> style.Style:
    """A log axis between whole powers of ten; where those are few, with others between them, and no longer than the numbers.
    floor: the lowest exponent."""
    found = np.concatenate([_positive(one) for one in values])
    logs = np.log10(found[np.isfinite(found)])
    low, high = (float(logs.min()), float(logs.max())) if logs.size else (-1.0, 0.0)
    low = max(low, floor) if floor is not None else low
    high = max(high, low + 0.3)
    if high - low < NARROW:
        pad = 0.06 * (high - low)
        exponents = range(math.floor(low), math.ceil(high) + 1)
        parts = (1, 2, 5) if high - low > 0.8 else (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
        ticks = [part * 10.0**exponent for exponent in exponents for part in parts]
        return {
            "type": "log",
            "range": [low - pad, high + pad],
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
        }
    low, high = math.floor(low), math.ceil(high)
    exponents = range(low, high + 1, max(1, math.ceil((high - low) / TICKS)))
    return {
        "type": "log",
        "range": [low, high + 0.03 * (high - low)],
        "tickvals": [10.0**exponent for exponent in exponents],
        "ticktext": [style.power(exponent) for exponent in exponents],
    }
