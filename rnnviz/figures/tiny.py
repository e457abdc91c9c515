"""What a network answers, step by step, and how that changes while it is trained."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.words import _, series

SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")
DASHES = ("solid", "dash", "dot", "dashdot")
PERCENT = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"]}


def answers(
    array: xr.DataArray, targets: Sequence[int], kinds: Sequence[str], height: int = 380
) -> go.Figure:
    """The output after each step of several sequences side by side, a curve for each model; rings where it should end.

    array: (model, sequence, time), probabilities, with `token` (sequence, time). targets: for each sequence 0 or 1. kinds: for
    each model 'rnn', 'gru', 'lstm' or a colour.
    """
    sequences, steps = array.sizes["sequence"], array.sizes["time"]
    places = np.arange(sequences)[:, None] * (steps + 1) + np.arange(steps)  # (sequence, time)
    tokens, traces = array["token"].values, []
    texts = [" ".join(row) for row in tokens]
    for i, (name, kind) in enumerate(zip(array["model"].values, kinds, strict=True)):
        title = series(str(name))
        values, across, said = [], [], []
        for row, at, text in zip(array.values[i], places, texts, strict=True):
            values += [*row.tolist(), None]  # a gap between two sequences
            across += [*at.tolist(), None]
            line = _("{name}, {text}, step {step}: {share:.1f} %")
            said += [line.format(name=title, text=text, step=t + 1, share=100 * v) for t, v in enumerate(row)]
            said.append("")
        colour = style.ARCHITECTURE.get(kind, kind)
        traces.append(
            go.Scatter(
                x=across,
                y=values,
                name=title,
                mode="lines+markers",
                customdata=said,
                line={"color": colour, "width": 3, "dash": DASHES[i]},
                marker={"color": colour, "size": 10, "symbol": SYMBOLS[i]},
                hovertemplate="%{customdata}<extra></extra>",
                cliponaxis=False,
            )
        )
    traces.append(
        go.Scatter(
            x=places[:, -1],
            y=list(targets),
            name=_("target"),
            mode="markers",
            cliponaxis=False,
            showlegend=False,
            marker={"color": style.INK, "size": 20, "symbol": "circle-open", "line": {"width": 2}},
            hovertemplate=_("target") + ": %{y:.0%}<extra></extra>",
        )
    )
    drawn = style.figure(*traces, axis="free", title=style.axis_title(array), height=height, legend=True)
    for start in places[1:, 0]:
        drawn.add_vline(float(start) - 1, line={"color": style.INK, "width": 1, "dash": "dot"})
    drawn.update_xaxes(
        range=[-0.6, places[-1, -1] + 0.6], tickvals=places.ravel(), ticktext=tokens.ravel(), tickangle=0
    )
    return drawn.update_yaxes(title=style.axis_title(array), range=[-0.06, 1.06], **PERCENT)


def learning(
    array: xr.DataArray, colours: Sequence[str], point: int | None = None, height: int = 300
) -> go.Figure:
    """Probabilities over the steps of training, a curve for each of a few answers.

    array: (answer, step), NaN where training has not come yet; the first dim's coordinate names the answers. point: a step
    that is marked.
    """
    answer, step = array.dims
    across = array[step].values
    traces = [
        go.Scatter(
            x=across,
            y=row,
            name=str(name),
            mode="lines+markers",
            line={"color": colour, "width": 3, "dash": DASHES[i % len(DASHES)]},
            marker={"color": colour, "size": 9, "symbol": SYMBOLS[i], "maxdisplayed": 8},
            hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
        )
        for i, (name, row, colour) in enumerate(zip(array[answer].values, array.values, colours, strict=True))
    ]
    drawn = style.figure(*traces, axis="free", title=style.axis_title(array), height=height, legend=True)
    pad = 0.02 * float(across[-1] - across[0])
    if point is not None:
        drawn.add_vline(point, line={"color": style.INK, "width": 2, "dash": "dot"})
    drawn.update_layout(
        hovermode="x unified",
        xaxis={
            "range": [across[0] - pad, across[-1] + pad],
            "title": _("training step"),
            "unifiedhovertitle": {"text": _("training step") + " %{x}"},
        },
    )
    return drawn.update_yaxes(title=style.axis_title(array), range=[-0.06, 1.06], **PERCENT)
