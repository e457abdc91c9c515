"""One unit over a corpus, units and tokens that go together, and the states as a small machine."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged, check_holds
from rnnviz.figures.words import _, named

FEWEST = 0.05  # share of a transition that is drawn


def distribution(shares: xr.DataArray, kind: str, height: int = 200) -> go.Figure:
    """How often a unit has which value. shares: (bin,), as studies.corpus.unit.distribution makes them. kind: 'rnn', 'gru' or
    'lstm', whose colour is taken."""
    shares = arranged(shares, "bin", of="distribution")
    middle = shares["bin"].values
    bars = go.Bar(
        x=middle,
        y=shares.values,
        marker={"color": style.ARCHITECTURE[kind], "line": {"width": 0}},
        hovertemplate="%{x:.2f}: %{y:.2%}<extra></extra>",
    )
    return style.figure(
        bars,
        axis="free",
        title="",
        height=height,
        x={"title": named("hidden state h"), "nticks": 9},
        y={"tickformat": ".0%", "title": style.axis_title(shares), "nticks": 5},
        more={"bargap": 0.05},
    )


def autocorrelation(curve: xr.DataArray, half: float, kind: str, height: int = 220) -> go.Figure:
    """How alike a unit is to itself some steps before. curve: (lag,), as studies.corpus.unit.autocorrelation makes it.
    half: where a half is left, which is marked if it is there."""
    curve = arranged(curve, "lag", of="autocorrelation")
    line = go.Scatter(
        x=curve["lag"].values,
        y=curve.values,
        mode="lines",
        line={"color": style.ARCHITECTURE[kind], "width": 2.5},
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )
    traces = [line]
    if math.isfinite(half):
        traces.append(
            go.Scatter(
                x=[half],
                y=[0.5],
                mode="markers",
                marker={"color": style.VERMILION, "size": 11},
                hovertemplate="%{x:.3g}<extra></extra>",
            )
        )
    low = min(0.0, float(np.nanmin(curve.values, initial=0.0)))
    return style.figure(
        *traces,
        axis="free",
        title="",
        height=height,
        x={"title": named(curve["lag"].attrs["long_name"]), "nticks": 10},
        y={"title": style.axis_title(curve), "range": [low - 0.05, 1.05], "nticks": 5},
        more={"shapes": [style.level(0.5), style.level(0.0)]},
    )


def effects(change: xr.DataArray, count: int = 8, height: int = 260) -> go.Figure:
    """The next tokens that are raised and lowered the most. change: (candidate,), whose coordinate says what they are called."""
    change = arranged(change, "candidate", of="effects")
    order = np.argsort(-change.values, kind="stable")
    count = min(count, len(order) // 2)
    chosen = np.concatenate([order[:count], order[len(order) - count :]])
    values = change.values[chosen]
    names = [steps.escaped(str(name)) for name in change["candidate"].values[chosen]]
    places = list(range(len(chosen)))
    bars = go.Bar(
        x=places,
        y=values,
        marker={
            "color": [style.SKY_BLUE if value > 0 else style.VERMILION for value in values],
            "line": {"width": 0},
        },
        customdata=names,
        hovertemplate="%{customdata}: %{y:.3g}<extra></extra>",
    )
    return style.figure(
        bars,
        axis="free",
        title="",
        height=height,
        x={"tickvals": places, "ticktext": names, "title": _("next character")},
        y={"title": style.axis_title(change), "nticks": 5},
        more={"shapes": [style.level(0)], "bargap": 0.2},
    )


def co_clusters(found: xr.Dataset, height: int = 460) -> go.Figure:
    """How far each token moves each unit, units and tokens in the order of their groups, with lines between these.

    found: `response` (unit, token), `unit_group`, `token_group`, as studies.corpus.grouping.groups makes them.
    """
    check_holds(
        found,
        "response",
        "unit_group",
        "token_group",
        of="co_clusters",
        made="studies.corpus.grouping.groups",
    )
    response = arranged(found["response"], "unit", "token", of="co_clusters")
    bound = float(f"{np.quantile(np.abs(response.values), 0.995):.1g}") or 1.0
    names = [steps.escaped(str(name)) for name in response["token"].values]
    across = np.flatnonzero(np.diff(found["token_group"].values)) + 0.5
    down = np.flatnonzero(np.diff(found["unit_group"].values)) + 0.5
    line = {"color": style.INK, "width": 1}
    shapes = [
        {"type": "line", "line": line, "x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
        for x in across.tolist()
    ] + [
        {"type": "line", "line": line, "x0": 0, "x1": 1, "xref": "x domain", "y0": y, "y1": y, "yref": "y"}
        for y in down.tolist()
    ]
    trace = go.Heatmap(
        z=response.values.astype(np.float32),
        zmin=-bound,
        zmax=bound,
        colorscale=style.colorscale("diverging"),
        colorbar={"thickness": 12, "nticks": 5},
        zsmooth=False,
        hoverinfo="none",
    )
    return style.figure(
        trace,
        axis="free",
        title=style.axis_title(response),
        height=height,
        scale="diverging",
        limits=[-bound, bound],
        x={"tickvals": list(range(len(names))), "ticktext": names},
        y={"title": _("unit, by its group"), "autorange": "reversed", "showticklabels": False},
        more={"shapes": shapes},
    )


def state_machine(found: xr.Dataset, titles: Sequence[str], height: int = 480) -> go.Figure:
    """Clusters of states on a circle, the larger the more often, and how often one follows another, the wider the more.

    found: `transition` (state, to) and `share` (state,), as studies.corpus.machine.build makes them. titles: of the clusters.
    Transitions of less than one in twenty are left out.
    """
    check_holds(found, "transition", "share", of="state_machine", made="studies.corpus.machine.build")
    share, follows = found["share"].values, found["transition"].values
    count = len(share)
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    x, y = np.cos(angles), np.sin(angles)
    sizes = 22 + 38 * np.sqrt(share / share.max())
    arrows = []
    for start, stop in zip(*np.nonzero(follows >= FEWEST), strict=True):
        if start == stop:
            continue
        # beside the straight line, so that there and back lie apart; from rim to rim
        away = np.array([x[stop] - x[start], y[stop] - y[start]])
        length = float(np.hypot(*away))
        beside = 0.035 * np.array([-away[1], away[0]]) / length
        gaps = sizes[[start, stop]] / 2 / (0.42 * height) + 0.02
        begin = np.array([x[start], y[start]]) + away * gaps[0] / length + beside
        end = np.array([x[stop], y[stop]]) - away * gaps[1] / length + beside
        often = float(follows[start, stop])
        arrows.append(
            {
                "x": float(end[0]),
                "y": float(end[1]),
                "ax": float(begin[0]),
                "ay": float(begin[1]),
                "xref": "x",
                "yref": "y",
                "axref": "x",
                "ayref": "y",
                "text": "",
                "showarrow": True,
                "arrowhead": 2,
                "arrowsize": 0.8,
                "arrowwidth": 1 + 6 * often,
                "arrowcolor": style.INK,
                "opacity": 0.25 + 0.7 * often,
            }
        )
    said = [
        "<br>".join(
            [
                title,
                *(
                    f"→ {titles[to]}: {follows[state, to]:.0%}"
                    for to in np.argsort(-follows[state], kind="stable")[:4]
                    if follows[state, to] >= FEWEST
                ),
            ]
        )
        for state, title in enumerate(titles)
    ]
    nodes = go.Scatter(
        x=x,
        y=y,
        mode="markers+text",
        text=[str(state + 1) for state in range(count)],
        textfont={"size": 15, "color": "#11151c"},
        marker={
            "size": sizes,
            "color": [style.SEVERAL[0]] * count,
            "opacity": 1,
            "line": {"color": style.INK, "width": [6 * follows[state, state] for state in range(count)]},
        },
        customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
    )
    hidden = {"visible": False, "range": [-1.35, 1.35]}
    return style.figure(
        nodes,
        axis="free",
        title="",
        height=height,
        x=hidden,
        y=hidden | {"scaleanchor": "x"},
        more={"annotations": arrows, "margin": {"l": 8, "r": 8, "t": 8, "b": 8}},
    )
