"""A sentence with a blank: the surprise at every word, and the states that run towards the blank from both sides."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.steps import escaped
from rnnviz.figures.words import _, named

LONGEST = 14  # letters of a word on an axis
HATCHED = {"shape": "/", "fillmode": "replace"}


def surprises(
    values: xr.DataArray, words: Sequence[str], kind: str, place: int | None = None, height: int = 280
) -> go.Figure:
    """A bar for each word and model, on one axis from 0; the first model hatched, the second solid. NaN is a gap.

    values: (model, place), −ln p in nats, models by name. kind: 'rnn', 'gru' or 'lstm', whose colour is taken. place: the one
    to mark.
    """
    traces, units = [], named(values.attrs["units"])
    for row, pattern in zip(values, (HATCHED, {}), strict=True):
        name = named(str(row["model"].item()))
        traces.append(
            go.Bar(
                x0=1,
                dx=1,
                y=row.values,
                name=name,
                marker={
                    "color": style.ARCHITECTURE[kind],
                    "pattern": pattern,
                    "line": {"width": 1, "color": style.ARCHITECTURE[kind]},
                },
                customdata=[
                    ""
                    if np.isnan(value)
                    else f"{escaped(word)}, {name}: {value:.4g} {units}, p = {100 * np.exp(-value):.3g} %"
                    for word, value in zip(words, row.values, strict=True)
                ],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    drawn = style.figure(*traces, axis="free", title="", height=height, legend=True)
    drawn.update_layout(barmode="group", bargap=0.3, bargroupgap=0.05, hoverlabel={"font": {"size": 14}})
    drawn.update_yaxes(title=style.axis_title(values), rangemode="tozero", nticks=6)
    if place is not None:
        drawn.add_vrect(place + 0.5, place + 1.5, fillcolor=style.INK, opacity=0.18, line={"width": 0})
    return word_axis(drawn, words, 1).update_xaxes(range=[0.5, len(words) + 0.5])


def flow(states: xr.DataArray, tokens: Sequence[str], place: int, height: int = 340) -> go.Figure:
    """States as colour towards a blank: forward ones left of it, backward ones right of it; see rnnviz.filling.flow.

    states: (row, time) with `left_unit`, `left_part` and, where there is one, `right_unit`, `right_part`. tokens: of each
    time, both ends counted. place: of the blank, counted from the first token after the start.
    """
    low, high = style.limits_of(states, None)
    said = np.full(states.shape, "", object)
    for side, span in (("left", slice(None, place + 1)), ("right", slice(place + 2, None))):
        if f"{side}_unit" in states.coords:
            units = [_("unit {unit}").format(unit=unit) for unit in states[f"{side}_unit"].values]
            said[:, span] = np.array(units, object)[:, None]
    trace = go.Heatmap(
        z=states.values,
        x0=0,
        dx=1,
        zmin=low,
        zmax=high,
        colorscale=style.colorscale("diverging"),
        colorbar={"tickvals": [low, 0, high], "thickness": 12},
        customdata=said,
        hoverongaps=False,
        hovertemplate="%{customdata}, %{x}: %{z:.4f}<extra></extra>",
        zsmooth=False,
    )
    drawn = style.figure(
        trace,
        axis="free",
        title=style.axis_title(states),
        height=height,
        scale="diverging",
        limits=[low, high],
    )
    drawn.add_annotation(
        x=place + 1, y=0.5, yref="paper", text="<b>?</b>", showarrow=False, font={"size": 28}
    )
    drawn.update_yaxes(range=[states.sizes["row"] - 0.5, -0.5], title=_("unit, by what it gives"), nticks=5)
    return word_axis(drawn, tokens, 0).update_xaxes(range=[-0.5, len(tokens) - 0.5])


def word_axis(drawn: go.Figure, words: Sequence[str], first: int) -> go.Figure:
    """A numeric axis with a word at each place: a categorical one would merge those that repeat."""
    names = [word if len(word) <= LONGEST else word[: LONGEST - 1] + "…" for word in words]
    places = list(range(first, first + len(names)))
    return drawn.update_xaxes(
        tickvals=places,
        ticktext=[escaped(name) for name in names],
        automargin=True,
        autotickangles=[0, 90],
        ticklabeloverflow="allow",
    )
