"""What linear probes read from states, beside what needs no memory and what a probe owes to its own strength."""

from collections.abc import Mapping

import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.arranged import arranged, check_holds
from rnnviz.figures.tiny import PERCENT
from rnnviz.figures.words import _, named

DASHES = {"score": "solid", "control": "dash", "guess": "dot"}


def by_distance(
    probes: xr.Dataset, titles: Mapping[str, str], numbers: bool = False, height: int = 400
) -> go.Figure:
    """How well each property of an earlier token is read, against how many tokens back it stands: for each a colour, with the
    probe solid, the same probe on its control task dashed, and the best guess without memory dotted.

    probes: `score`, `control` and `guess`, each (property, distance), of one field, as studies.probing makes them. titles: of the
    properties that are drawn, as they are called. numbers: they are numbers, told as R², and no accuracies.
    """
    check_holds(probes, *DASHES, of="by_distance", made="studies.probing.probe and memory")
    lines = {name: arranged(probes[name], "property", "distance", of="by_distance") for name in DASHES}
    across = probes["distance"].values.tolist()
    said = {"score": _("probe"), "control": _("on the control task"), "guess": _("guess without memory")}
    written = "{:.2f}" if numbers else "{:.1%}"
    traces = []
    for colour, (name, title) in zip(style.SEVERAL, titles.items(), strict=False):
        for which, dash in DASHES.items():
            values = lines[which].sel(property=name).values
            main = which == "score"
            traces.append(
                go.Scatter(
                    x=across,
                    y=values,
                    name=title,
                    legendgroup=name,
                    showlegend=main,
                    mode="lines+markers" if main else "lines",
                    line={"color": colour, "width": 3 if main else 1.8, "dash": dash},
                    marker={"color": colour, "size": 8},
                    customdata=[f"{title}, {said[which]}: {written.format(one)}" for one in values],
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    traces += [
        go.Scatter(
            x=[None],
            y=[None],
            name=said[which],
            mode="lines",
            line={"color": style.INK, "width": 2, "dash": dash},
            hoverinfo="skip",
        )
        for which, dash in DASHES.items()
    ]
    y = (
        {"title": "R²", "range": [-0.55, 1.05], "nticks": 6}
        if numbers
        else {"range": [-0.03, 1.05]} | PERCENT
    )
    return style.figure(
        *traces,
        axis="free",
        title="",
        height=height,
        x={
            "tickvals": across,
            "ticktext": [str(distance) for distance in across],
            "title": named(probes["distance"].attrs["long_name"]),
        },
        y=y if numbers else y | {"title": _("right answers")},
        more={
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
            "margin": {"l": 64, "r": 16, "t": 72, "b": 44},
        },
    )
