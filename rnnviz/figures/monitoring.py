"""A training as it goes: numbers over the updates, and how far back the gradient got at each of them."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.norms import powers
from rnnviz.figures.words import _

SIDE = {"l": 72, "r": 16, "t": 36, "b": 40}  # the same for pictures that lie over each other


def over_updates(
    curves: Sequence[xr.DataArray],
    colours: Sequence[str],
    at: float | None = None,
    dashes: Sequence[str] | None = None,
    height: int = 250,
    level: float | None = None,
    title: str = "",
) -> go.Figure:
    """Curves over the updates, each with updates of its own; NaN is a gap.

    curves: each (update,), named as the legend has it; natural logs (attribute `scale`) are drawn on an axis of powers of ten,
    −inf left out. colours, dashes: one for each. at: the update that is looked at. level: where a dotted line lies across. Raises
    ValueError where curves are on unlike scales.
    """
    logs = {str(curve.attrs.get("scale", "linear")) == "natural logarithm" for curve in curves}
    if len(logs) > 1:
        raise ValueError("over_updates wants either norms or logs; got both")
    log10 = logs == {True}
    traces = []
    for place, curve in enumerate(curves):
        across = curve["update"].values
        values = style.exponents(curve.values) if log10 else curve.values
        alone = len(across) == 1
        dash = (dashes or ["solid"] * len(curves))[place]
        traces.append(
            go.Scatter(
                x=across,
                y=values,
                name=str(curve.name),
                mode="lines+markers" if alone or (len(across) <= 60 and dash != "dash") else "lines",
                line={"color": colours[place], "width": 2.5, "dash": dash},
                marker={"size": 5, "color": colours[place]},
                hovertemplate="10<sup>%{y:.2f}</sup>" if log10 else "%{y:.4g}",
            )
        )
    limits = curves[0].attrs.get("valid_range") if curves else None
    up: style.Style = {"nticks": 5}
    if log10:
        up = powers(*curves)
    elif limits is not None:
        pad = (limits[1] - limits[0]) * 0.04
        up["range"] = [limits[0] - pad, limits[1] + pad]
    shapes = [] if at is None else [upright(at)]
    shapes += [] if level is None else [style.level(level)]
    return style.figure(
        *traces,
        axis="free",
        title=title or (style.axis_title(curves[0]) if curves else ""),
        height=height,
        legend=True,
        log10=log10,
        chooses="x",
        x=_updates([curve["update"].values for curve in curves]),
        y=up,
        more={"hovermode": "x unified", "margin": SIDE, "shapes": shapes},
    )


def reached(
    log_norm: xr.DataArray, at: float | None = None, limits: tuple[float, float] = (-8, 0), height: int = 280
) -> go.Figure:
    """How much gradient there is at each distance from the last step, as colour, over the updates: the last step at the bottom.

    log_norm: (update, distance), natural logs. at: the update that is looked at. limits: exponents between which colour changes;
    what lies outside takes the colour of the limit, and −inf, nothing, is left empty.
    """
    across, distances = log_norm["update"].values, log_norm["distance"].values
    low, high = limits
    z = style.exponents(log_norm.transpose("distance", "update").values).astype(np.float32)
    heat = go.Heatmap(
        z=z,
        x=across,
        y=distances,
        zmin=low,
        zmax=high,
        colorscale=style.colorscale("norm"),
        colorbar=style.power_bar(low, high),
        hovertemplate=_("{count} steps before the last").format(count="%{y}")
        + ", "
        + _("update")
        + " %{x}: 10<sup>%{z:.2f}</sup><extra></extra>",
        hoverongaps=False,
    )
    top = float(distances[-1]) if len(distances) else 0.0
    return style.figure(
        heat,
        axis="free",
        title=style.axis_title(log_norm),
        height=height,
        scale="norm",
        limits=[low, high],
        powers=True,
        beyond=True,
        chooses="x",
        x=_updates([across]),
        y={"title": _("steps before the last"), "range": [-0.5, top + 0.5], "nticks": 6, "showgrid": False},
        more={"margin": SIDE, "shapes": [] if at is None else [upright(at)]},
    )


def profile(
    curves: Sequence[xr.DataArray],
    colours: Sequence[str],
    dashes: Sequence[str],
    limits: tuple[float, float],
    height: int = 280,
    title: str = "",
) -> go.Figure:
    """Norms over the distance from the last step, which is on the right, as on every page the end of a text is.

    curves: each (distance,), natural logs, named as the legend has it. limits: exponents that the axis holds.
    """
    traces = [
        go.Scatter(
            x=curve["distance"].values,
            y=style.exponents(curve.values),
            name=str(curve.name),
            mode="lines+markers" if curve.size <= 60 else "lines",
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"size": 5},
            hovertemplate="10<sup>%{y:.2f}</sup>",
        )
        for curve, colour, dash in zip(curves, colours, dashes, strict=True)
    ]
    last = max((float(curve["distance"].values[-1]) for curve in curves if curve.size), default=1.0)
    return style.figure(
        *traces,
        axis="free",
        title=title,
        height=height,
        legend=True,
        log10=True,
        x={"title": _("steps before the last"), "range": [last + 0.5, -0.5], "nticks": 11},
        y=powers(xr.DataArray(np.multiply(limits, np.log(10)))),
        more={"hovermode": "x unified", "margin": SIDE},
    )


def forecast(
    truth: xr.DataArray,
    said: Sequence[xr.DataArray],
    colours: Sequence[str],
    title: str = "",
    height: int = 300,
) -> go.Figure:
    """What came at each step of a series, and what had been forecast one step before.

    truth, said: each (time,), named as the legend has it; NaN is a gap. The coordinate `time` counts the steps of the whole
    series from 0; `token`, of truth, is what they are called. colours: one for each of said. The vertical axis holds what came,
    and a quarter of its range above and below, whatever was forecast.
    """
    across = truth["time"].values + 1
    names = [f" ({name})" for name in steps.tokens(truth) or ()]
    traces = [
        go.Scatter(
            x=across,
            y=curve.values,
            name=str(curve.name),
            mode="lines+markers" if curve.size <= 60 else "lines",
            line={"color": colour, "width": width, "dash": dash},
            marker={"size": 5, "color": colour},
            customdata=names or None,
            hovertemplate="%{y:.4g}" + ("%{customdata}" if names and curve is truth else ""),
        )
        for curve, colour, width, dash in (
            (truth, style.INK, 2.5, "solid"),
            *((curve, colour, 2.5, "dot") for curve, colour in zip(said, colours, strict=True)),
        )
    ]
    low, high = float(truth.min()), float(truth.max())
    pad = (high - low or 1.0) / 4
    return style.figure(
        *traces,
        axis="free",
        title=title,
        height=height,
        legend=True,
        x={"title": _("step of the series"), "range": [across[0] - 0.5, across[-1] + 0.5], "nticks": 11},
        y={"range": [low - pad, high + pad], "nticks": 5},
        more={"hovermode": "x unified", "margin": SIDE},
    )


def upright(at: float) -> style.Style:
    """The line at the update that is looked at."""
    ends = {"x0": at, "x1": at, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
    return {"type": "line", "line": {"color": style.INK, "width": 2, "dash": "dot"}} | ends


def _updates(every: Sequence[np.ndarray]) -> style.Style:
    """An axis over the updates of all curves."""
    ends = [float(across[place]) for across in every if len(across) for place in (0, -1)]
    first, last = (min(ends), max(ends)) if ends else (0.0, 1.0)
    pad = 0.02 * max(last - first, 1.0)
    return {"title": _("update"), "range": [first - pad, last + pad], "nticks": 11}
