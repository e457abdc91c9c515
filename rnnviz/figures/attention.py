"""Attention weights as colour: who looks, and where."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged
from rnnviz.figures.words import _, named

CELL = 18  # pixels of a row that has a name
NAMED = 60  # queries or keys up to which each has its name
LETTERS = 14  # of a name on an axis
HEIGHTS = (180, 640)
MOST = 60_000  # cells that say what they are


def attention_map(weights: xr.DataArray, height: int | None = None) -> go.Figure:
    """A (query, key) array of attention weights, the first query on top; colours from 0 to 1, never from the data.

    Tokens, where the array has them (`query_token`, `key_token`), name rows and columns; else their numbers, counted from 1.
    height: in pixels; None: by the number of queries. Raises ValueError for other dims.

    >>> import numpy as np, rnnviz, xarray as xr
    >>> weights = xr.DataArray(np.eye(2), dims=("query", "key"), attrs={"valid_range": (0, 1), "long_name": "attention weight"})
    >>> drawn = rnnviz.figures.attention_map(weights.assign_coords(key_token=("key", ["a", "b"])))
    >>> drawn.data[0].zmax, drawn.layout.xaxis.ticktext
    (1.0, ('a', 'b'))
    """
    weights = arranged(weights, "query", "key", of="attention_map")
    queries, keys = weights.sizes["query"], weights.sizes["key"]
    low, high = style.limits_of(weights, None if "valid_range" in weights.attrs else (0.0, 1.0))
    if height is None:
        height = int(np.clip(CELL * queries + 90, *HEIGHTS))
    trace = go.Heatmap(
        z=weights.values,
        zmin=low,
        zmax=high,
        colorscale=style.colorscale("probability"),
        colorbar={"tickvals": [low, (low + high) / 2, high], "thickness": 12},
        zsmooth=False,
        **_hover(weights),
    )
    drawn = style.figure(
        trace,
        axis="free",
        title=style.axis_title(weights),
        height=height,
        scale="probability",
        limits=[low, high],
        x={"title": named("key")} | _ticks(weights, "key"),
        y={"title": named("query"), "range": [queries - 0.5, -0.5]} | _ticks(weights, "query"),
    )
    drawn.layout.xaxis.range = [-0.5, keys - 0.5]
    longest = max((len(name) for name in drawn.layout.yaxis.ticktext or ()), default=0)
    below = max((len(name) for name in drawn.layout.xaxis.ticktext or ()), default=0)
    drawn.layout.margin.l = 64 + 7 * max(0, longest - 3)
    drawn.layout.margin.b = 48 + (7 * max(0, below - 3) if keys > 12 else 0)
    return drawn


def _names(weights: xr.DataArray, dim: str) -> list[str]:
    """What the places of a dim are called, short enough for an axis."""
    if f"{dim}_token" not in weights.coords:
        places = weights[dim].values if dim in weights.coords else np.arange(weights.sizes[dim])
        return [f"{place + 1:g}" for place in places]
    texts = (str(token).translate(steps.SIGNS) for token in weights[f"{dim}_token"].values)
    return [steps.escaped(text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…") for text in texts]


def _ticks(weights: xr.DataArray, dim: str) -> style.Style:
    names = _names(weights, dim)
    stride = max(1, -(-len(names) // NAMED)) if f"{dim}_token" in weights.coords else max(1, len(names) // 12)
    shown = range(0, len(names), stride)
    return {"tickvals": list(shown), "ticktext": [names[at] for at in shown]}


def _hover(weights: xr.DataArray) -> style.Style:
    if weights.size > MOST:
        return {"hovertemplate": "%{y} → %{x}: %{z:.4g}<extra></extra>"}
    rows, columns = _names(weights, "query"), _names(weights, "key")
    looks = _("{query} looks at {key}")
    text = [[looks.format(query=row, key=column) for column in columns] for row in rows]
    return {"hovertext": text, "hovertemplate": "%{hovertext}: %{z:.4g}<extra></extra>"}
