"""Norms on one absolute log axis. The axis is one of exponents, so that 1e-3000 has its place as well as 1."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged, logarithms
from rnnviz.figures.words import _, named, series

DASHES = ("solid", "dash", "dot", "dashdot")


def log_norms(
    array: xr.DataArray,
    kinds: Sequence[str],
    band: xr.DataArray | None = None,
    title: str = "",
    height: int = 320,
    axis: str = "time",
    dashes: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
) -> go.Figure:
    """One curve for each series, on an axis of powers of ten.

    array: (series, time), natural logs; its first dim's coordinate names the series. kinds: for each series 'rnn', 'gru',
    'lstm' or a colour. band: (bound, series, time), the lower and the upper. axis: 'time' under a token strip, else 'free'.
    dashes: one of DASHES for each series; without them, the second series of a colour is dashed, and so on. -inf is a gap:
    exactly zero has no place on a log axis. limits: exponents that the axis holds, whatever is drawn. Norms as
    `stats.gradients.norm` makes them are drawn as well; their logs are taken. Raises ValueError for other dims, and where an
    array may hold either.

    >>> import numpy as np, rnnviz, xarray as xr
    >>> logs = xr.DataArray([[-4605.17, 0.0]], dims=("series", "time"), coords={"series": ["LSTM"]})
    >>> drawn = rnnviz.figures.log_norms(logs.assign_attrs(long_name="norm", units="1"), kinds=["lstm"])
    >>> drawn.data[0].y.round(1)  # exponents of ten
    array([-2000.,     0.])
    """
    array = logarithms(arranged(array, None, "time", of="log_norms"), of="log_norms")
    names = [series(str(name)) for name in array[array.dims[0]].values]
    if len(kinds) != len(names):
        raise ValueError(f"log_norms wants a kind for each of the {len(names)} series; got {len(kinds)}")
    colours = [style.ARCHITECTURE.get(kind, kind) for kind in kinds]
    dashes = dashes or [DASHES[colours[:i].count(c) % len(DASHES)] for i, c in enumerate(colours)]
    counted = axis == "free"  # Plotly's own hover shows the number that is there: counted from 1
    place = {"x0": steps.first(array) + counted, "dx": steps.spacing(array)}
    traces = []
    for i, (name, colour, dash) in enumerate(zip(names, colours, dashes, strict=True)):
        if band is not None:
            traces += shade(band.isel({array.dims[0]: i}), place, colour)
        traces.append(
            go.Scatter(
                **place,
                y=style.exponents(array.isel({array.dims[0]: i}).values).astype(array.dtype),
                name=name,
                mode="lines",
                line={"color": colour, "width": 2.5, "dash": dash},
                hovertext=steps.said(array) if axis == "time" else None,
                hovertemplate=("%{hovertext}" if axis == "time" else name)
                + ": 10<sup>%{y:.2f}</sup>"
                + ("" if axis == "time" else "<extra></extra>"),
            )
        )
    ends = [] if limits is None else [xr.DataArray(np.multiply(limits, math.log(10)))]
    held = powers(*(ends or [array, *([] if band is None else [band])]))
    first, last = (edge + counted for edge in steps.edges(array))
    if axis == "time":
        across, more = style.time_axis(first, last) | steps.ticks(array), {}
    else:
        traces += zeros(array.values, np.arange(first, last), names, colours, held)
        across = {"title": _("step"), "range": [first - 0.5, last - 0.5]}
        across |= {"dtick": 1} if array.sizes["time"] <= 12 else {"nticks": 12}
        more = {"hovermode": "x unified"}
    return style.figure(
        *traces,
        axis=axis,
        title=title or style.axis_title(array),
        height=height,
        legend=True,
        log10=True,
        x=across,
        y={"title": style.axis_title(array)} | held,
        more=more,
        **steps.pooled(array),
    )


def log_matrix(
    array: xr.DataArray, limits: tuple[float, float] = (-8, 0), title: str = "", height: int = 420
) -> go.Figure:
    """A matrix of norms as colour: rows down, time across; natural logs in, powers of ten drawn.

    array: (row, time), rows named by a numeric coordinate, steps from 0. limits: exponents between which colour changes;
    what lies outside takes the colour of the limit, -inf is left empty. Steps are counted from 1 on the
    axes; a click gives back the row, from 0. Raises ValueError for other dims, and where the array may hold norms.
    """
    array = logarithms(arranged(array, None, "time", of="log_matrix"), of="log_matrix")
    rows, columns = array.dims
    exponents = style.exponents(array.values)
    low, high = limits
    trace = go.Heatmap(
        z=exponents.astype(np.float32),
        x=array[columns].values + 1.0,
        y=array[rows].values + 1.0,
        zmin=low,
        zmax=high,
        colorscale=style.colorscale("norm"),
        colorbar=style.power_bar(low, high),
        hovertemplate=f"{named(str(rows))} %{{y}}, {_('step')} %{{x}}: 10<sup>%{{z:.2f}}</sup><extra></extra>",
        hoverongaps=False,
    )
    return style.figure(
        trace,
        axis="free",
        title=title or style.axis_title(array),
        height=height,
        scale="norm",
        limits=[low, high],
        powers=True,
        beyond=True,
        chooses="y",
        counted=1,
        x={"title": _("step"), "nticks": 12},
        y={"title": named(str(rows)), "autorange": "reversed", "nticks": 10},
    )


def zeros(
    logs: np.ndarray, across: np.ndarray, names: Sequence[str], colours: Sequence[str], axis: style.Style
) -> list[go.Scatter]:
    """What has no place on a log axis, for the hover alone: at its lower end, unseen, where a curve is exactly 0.

    logs: (series, across). axis: as `powers` makes it.
    """
    said = _("exactly 0")
    found = []
    for row, name, colour in zip(logs, names, colours, strict=True):
        here = np.isneginf(row)
        if here.any():
            look = {"mode": "markers", "marker": {"opacity": 0, "color": colour}, "showlegend": False}
            up = np.full(int(here.sum()), axis["range"][0])
            hover = f"{name}: {said}<extra></extra>"
            found.append(go.Scatter(x=across[here], y=up, name=name, hovertemplate=hover, **look))
    return found


def shade(band: xr.DataArray, place: style.Style, colour: str) -> list[go.Scatter]:
    """The area between two bounds. band: (bound, time). place: `x0` and `dx`."""
    low, high = (style.exponents(band.isel(bound=i).values) for i in (0, 1))
    plain = place | {"mode": "lines", "line": {"width": 0, "color": colour}, "hoverinfo": "skip"}
    lower = go.Scatter(y=low, showlegend=False, **plain)
    upper = go.Scatter(y=high, showlegend=False, fill="tonexty", fillcolor=style.faint(colour), **plain)
    return [lower, upper]


def powers(*arrays: xr.DataArray) -> style.Style:
    """An axis that holds all of them; ticks at whole powers of ten, about eight of them."""
    found = np.concatenate([style.exponents(array.values).ravel() for array in arrays])
    found = found[np.isfinite(found)]
    low, high = (math.floor(found.min()), math.ceil(found.max())) if found.size else (-1, 0)
    high = max(high, low + 1)
    strides = [s * 10**k for k in range(6) for s in (1, 2, 5)]
    stride = next((s for s in strides if (high - low) / s <= 8), strides[-1])
    ticks = list(range(low // stride * stride, high + stride, stride))
    pad = 0.03 * (high - low)
    return {"range": [low - pad, high + pad], "tickvals": ticks, "ticktext": [style.power(t) for t in ticks]}
