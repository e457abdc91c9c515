"""What a model returned, step by step."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged
from rnnviz.figures.words import _


def outputs(
    array: xr.DataArray,
    truth: xr.DataArray | None = None,
    limits: tuple[float, float] | None = None,
    height: int = 300,
) -> go.Figure:
    """Outputs of a model as colour, the first one on top, and a ring on what was to come.

    array: (output, time), floats or bytes as `heatmap` takes them; a coordinate `output_name` names the rows. truth: (time,),
    which row was to come at each step; −1 where nobody knows. limits: as of `heatmap`.

    >>> import rnnviz, xarray as xr
    >>> shares = xr.DataArray([[0.1, 0.8], [0.9, 0.2]], dims=("output", "time"), attrs={"valid_range": (0, 1)})
    >>> drawn = rnnviz.figures.outputs(shares.assign_coords(output_name=("output", ["a", "b"])))
    >>> drawn.layout.yaxis.ticktext
    ('a', 'b')
    """
    array = arranged(array, "output", "time", of="outputs")
    coded = array.dtype == np.uint8
    low, high = style.limits_of(array, limits)
    scale = "diverging" if low < 0 else "probability"
    place = {"x0": steps.first(array), "dx": steps.spacing(array)}
    named = next((array[key].values for key in ("output_name", "output") if key in array.coords), None)
    names = [str(name) for name in (range(array.sizes["output"]) if named is None else named)]
    cells = go.Heatmap(
        z=array.values,
        **place,
        y0=0,
        dy=1,
        zmin=0 if coded else low,
        zmax=255 if coded else high,
        colorscale=style.colorscale(scale),
        showscale=False,
        hoverinfo="none",
    )
    rings = []
    if truth is not None and "pooled" not in array.attrs and (known := truth.values >= 0).any():
        at = place["x0"] + place["dx"] * np.flatnonzero(known)
        ring = {"symbol": "circle-open", "size": 11, "color": style.INK, "line": {"width": 2}}
        rings = [
            go.Scatter(
                x=at,
                y=truth.values[known],
                mode="markers",
                marker=ring,
                name=_("what was to come"),
                hoverinfo="none",
            )
        ]
    stride = max(1, -(-len(names) // max(8, height // 18)))
    return style.figure(
        cells,
        *rings,
        axis="time",
        title=style.axis_title(array),
        height=height,
        scale=scale,
        limits=[low, high],
        x=style.time_axis(*steps.edges(array)) | steps.ticks(array),
        y={
            "title": "",
            "range": [len(names) - 0.5, -0.5],
            "tickvals": list(range(0, len(names), stride)),
            "ticktext": [steps.escaped(name) for name in names[::stride]],
        },
        **steps.pooled(array),
    )
