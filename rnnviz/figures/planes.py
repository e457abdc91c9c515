"""Curves that the reader moves: functions and their derivatives, powers of ten, eigenvalues in the complex plane.

Their limits keep still while a slider is drawn: fixed ones, or the next of a few round ones.
"""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style

LN10 = math.log(10)
FUNCTION = {"sigmoid": "#CC79A7", "tanh": "#56B4E9", "relu": "#D55E00"}
DASHES = {"sigmoid": "dash", "tanh": "solid", "relu": "dot"}
# exponents of ten between which an axis of powers jumps
STOPS = (0, 1, 3, 6, 12, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000)

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
    x, at = array["x"].values, point["x"].values
    traces = []
    for name in array["function"].values.tolist():
        colour = FUNCTION[name]
        traces.append(
            go.Scatter(
                x=x,
                y=array.sel(function=name).values,
                name=name,
                mode="lines",
                line={"color": colour, "width": 3, "dash": DASHES[name]},
                hovertemplate=f"{name}: %{{y:.4f}}<extra></extra>",
            )
        )
    for name in array["function"].values.tolist():
        traces.append(
            go.Scatter(
                x=at,
                y=point.sel(function=name).values,
                name=name,
                mode="markers",
                showlegend=False,
                marker={"color": FUNCTION[name], "size": 14, "line": {"color": [style.INK], "width": 2.5}},
                hoverinfo="skip",
            )
        )
    drawn = style.figure(*traces, axis="free", title=style.axis_title(array), height=height, legend=True)
    drawn.add_vline(float(at[0]), line={"color": style.INK, "width": 1, "dash": "dot"}, layer="below")
    for height_of in sorted(set((largest or {}).values())):
        names = ", ".join(name for name, value in largest.items() if value == height_of)
        drawn.add_hline(height_of, line={"color": style.INK, "width": 1, "dash": "dot"}, layer="below")
        drawn.add_annotation(
            x=float(x[0]),
            y=height_of,
            text=f"max {names}: {height_of:g}",
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"size": 14},
        )
    pad = 0.06 * (limits[1] - limits[0])
    drawn.update_yaxes(range=[limits[0] - pad, limits[1] + pad], title=style.axis_title(array), nticks=6)
    return drawn.update_xaxes(
        range=[float(x[0]), float(x[-1])], title="x", unifiedhovertitle={"text": "x = %{x:.2f}"}
    ).update_layout(hovermode="x unified")


def powers(
    array: xr.DataArray,
    colours: Sequence[str],
    dashes: Sequence[str] | None = None,
    point: xr.DataArray | None = None,
    across: str = "step",
    height: int = 380,
) -> go.Figure:
    """One curve for each series on an axis of powers of ten that jumps between a few round limits, rather than with the data.

    array: (series, time) or (series, another numeric dim), natural logs; the first dim's coordinate names the series. Steps
    are counted from 1 on screen. colours: for each series a kind ('rnn', …), a function ('tanh', …) or a colour. dashes: for each series.
    point: (series, same dim) with one place, marked on each curve. across: title of the horizontal axis.
    −inf is a gap: exactly zero has no place on a log axis.
    """
    series, dim = array.dims
    first = 1 if dim == "time" else 0
    names = [str(name) for name in array[series].values]
    colours = [(style.ARCHITECTURE | FUNCTION).get(colour, colour) for colour in colours]
    few = array.sizes[dim] <= WRITTEN
    traces = [
        go.Scatter(
            x=array[dim].values.astype(np.float64) + first,
            y=_exponents(row),
            name=name,
            mode="lines" if np.isfinite(row).sum() > 1 else "markers",
            line={"color": colour, "width": 3, "dash": dash},
            marker={"color": colour, "size": 9},
            customdata=[_written(value) for value in _exponents(row)] if few else None,
            hovertemplate=f"{name}: {'%{customdata}' if few else '10^%{y:.2f}'}<extra></extra>",
        )
        for row, name, colour, dash in zip(
            array.values, names, colours, dashes or ["solid"] * len(names), strict=True
        )
    ]
    for row, name, colour in zip([] if point is None else point.values, names, colours, strict=False):
        traces.append(
            go.Scatter(
                x=point[dim].values.astype(np.float64) + first,
                y=_exponents(row),
                name=name,
                mode="markers",
                showlegend=False,
                marker={"color": colour, "size": 14, "line": {"color": [style.INK], "width": 2.5}},
                hoverinfo="skip",
            )
        )
    drawn = style.figure(
        *traces, axis="free", title=style.axis_title(array), height=height, legend=True, log10=True
    )
    ends = array[dim].values[[0, -1]].astype(float) + first
    pad = 0.02 * (ends[1] - ends[0]) or 0.5
    drawn.update_xaxes(
        range=[ends[0] - pad, ends[1] + pad], title=across, nticks=10,
        unifiedhovertitle={"text": f"{across} %{{x}}"},
    )  # fmt: skip
    drawn.update_yaxes(title=style.axis_title(array), **_round_powers(array))
    return drawn.update_layout(hovermode="x unified")


def eigenvalues(
    values: xr.DataArray, radius: float, limit: float = 2.1, kind: str = "rnn", height: int = 380
) -> go.Figure:
    """Eigenvalues in the complex plane, inside or outside the unit circle.

    values: (eigenvalue,), complex. radius: the spectral radius, drawn as a dotted circle. limit: of both axes, the same
    whatever the values are.
    """
    turn = np.linspace(0, 2 * np.pi, 181)
    circles = [
        go.Scatter(
            x=size * np.cos(turn), y=size * np.sin(turn), name=name, mode="lines", hoverinfo="skip",
            line={"color": colour, "width": width, "dash": dash},
        )
        for size, name, colour, width, dash in (
            (1.0, "unit circle", style.INK, 2, "solid"),
            (radius, f"spectral radius {radius:.3g}", style.ARCHITECTURE[kind], 2, "dot"),
        )
    ]  # fmt: skip
    points = go.Scatter(
        x=values.values.real,
        y=values.values.imag,
        name="eigenvalue",
        mode="markers",
        marker={
            "color": style.ARCHITECTURE[kind],
            "size": 9,
            "line": {"color": [style.INK] * values.size, "width": 1},
        },
        customdata=np.abs(values.values),
        hovertemplate="%{x:.3f} %{y:+.3f} i, |λ| = %{customdata:.3f}<extra></extra>",
    )
    drawn = style.figure(*circles, points, axis="free", title="", height=height, legend=True)
    drawn.update_xaxes(range=[-limit, limit], title="real part", scaleanchor="y", dtick=1)
    return drawn.update_yaxes(range=[-limit, limit], title="imaginary part", dtick=1)


def _exponents(logs: np.ndarray) -> np.ndarray:
    """Natural logs as exponents of ten; NaN, a gap, where nothing can be drawn."""
    logs = np.asarray(logs, np.float64)
    return np.where(np.isfinite(logs), logs / LN10, np.nan)


def _round_powers(array: xr.DataArray) -> dict:
    """Range and ticks at whole powers of ten."""
    found = _exponents(array.values)
    found = found[np.isfinite(found)]
    low, high = (-_stop(-found.min()), _stop(found.max())) if found.size else (0, 0)
    low = min(low, -1)
    stride = next(s * 10**k for k in range(7) for s in (1, 2, 5) if (high - low) / (s * 10**k) <= 9)
    ticks = list(range(math.ceil(low / stride) * stride, high + 1, stride))
    pad = 0.04 * (high - low)
    return {
        "range": [low - pad, high + pad],
        "tickvals": ticks,
        "ticktext": ["1" if t == 0 else f"10<sup>{t}</sup>".replace("-", "−") for t in ticks],
    }


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
