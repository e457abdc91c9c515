"""A score against the length of what is read."""

import textwrap
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import style
from rnnviz.figures.norms import DASHES
from rnnviz.figures.words import _, named

SYMBOLS = ("circle", "square", "diamond", "cross")


def by_length(
    scores: Mapping[str, xr.DataArray],
    kind: str,
    own: int | None = None,
    limits: tuple[float, float] = (0, 100),
    height: int = 340,
) -> go.Figure:
    """One curve for each model: a point at the middle of each group of lengths, a bar over the lengths that it holds.

    scores: by the name of each model (group,), with `from`, `to` (tokens, both inside) and `sentences` as coordinates. kind:
    'rnn', 'gru' or 'lstm'; the first model is drawn solid, the others dashed. own: the length of the reader's sentence.
    """
    colour = style.ARCHITECTURE[kind]
    traces = []
    for (name, array), dash, symbol in zip(scores.items(), DASHES, SYMBOLS, strict=False):
        low, high = array["from"].values, array["to"].values
        counts = array["sentences"].values.tolist()
        said = [
            _("{name}: {value:.4g}, {first}–{last} tokens, {count:,} sentences").format(
                name=named(name), value=value, first=first, last=last, count=count
            )
            for value, first, last, count in zip(array.values, low, high, counts, strict=True)
        ]
        traces.append(
            go.Scatter(
                x=(low + high) / 2,
                y=array.values,
                name=named(name),
                mode="lines+markers",
                line={"color": colour, "width": 2.5, "dash": dash},
                marker={"color": colour, "size": 9, "symbol": symbol},
                error_x={
                    "type": "data",
                    "array": (high - low) / 2,
                    "color": colour,
                    "thickness": 1.5,
                    "width": 4,
                },
                customdata=said,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    units = named(next(iter(scores.values())).attrs["units"])
    drawn = style.figure(*traces, axis="free", title=units, height=height, legend=True)
    drawn.update_layout(hoverlabel={"font": {"size": 14}})
    ends = np.concatenate([[a["from"].values.min(), a["to"].values.max()] for a in scores.values()])
    lengths = [*ends, *([] if own is None else [own])]
    first, last = min(lengths), max(lengths)
    pad = 0.04 * (last - first) + 0.5
    drawn.update_xaxes(title=_("source tokens"), range=[first - pad, last + pad], nticks=10)
    rise = 0.04 * (limits[1] - limits[0])
    drawn.update_yaxes(
        title="<br>".join(textwrap.wrap(units, 34)), range=[limits[0] - rise, limits[1] + rise], nticks=6
    )
    if own is not None:
        left = own > (first + last) / 2
        drawn.add_vline(
            own,
            line={"color": style.INK, "width": 1.5, "dash": "dot"},
            annotation_text=_("this sentence: {count}").format(count=own),
            annotation_position="bottom left" if left else "bottom right",
            annotation_xshift=-4 if left else 4,
        )
    return drawn
