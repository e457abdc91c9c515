"""A 2-D array as colour."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged
from rnnviz.figures.words import named

MOST = 60_000  # cells that say what they are
ROW = 34  # pixels of a row that has a name


def heatmap(
    array: xr.DataArray,
    limits: tuple[float, float] | None = None,
    height: int = 420,
    rows_title: str | None = None,
    first: int = 0,
    count: int | None = None,
    hover: bool = True,
) -> go.Figure:
    """A (unit, time) array as colour, first row on top; limits from `valid_range`, never from the data.

    array: floats; or bytes made by stats.pixels.codes, where 0 … 255 stand for the limits, which are then needed. Rows are
    drawn in the order they come, named by the coordinate of the first dim. The numeric coordinate of the second dim
    gives the middle of the columns. rows_title: what the rows are and their order; else the name of the first dim.
    first, count: where the rows are a part of `count` ordered ones, the place of their first.
    hover: whether a cell says its unit, step, token and value; of bytes and of more than 60,000 cells none does.
    Raises ValueError where there are no limits, and for other dims than time and one more.

    >>> import rnnviz, xarray as xr
    >>> gate = xr.DataArray([[0.1, 0.2]], dims=("unit", "time"), attrs={"valid_range": (0, 1), "long_name": "gate"})
    >>> drawn = rnnviz.figures.heatmap(gate)
    >>> drawn.data[0].zmin, drawn.data[0].zmax, drawn.layout.title.text
    (0.0, 1.0, 'gate')
    """
    array = arranged(array, None, "time", of="heatmap")
    coded = array.dtype == np.uint8
    if coded and limits is None:
        raise ValueError("bytes stand for values between limits; give limits=(low, high)")
    low, high = style.limits_of(array, limits)
    rows, columns = array.dims
    names = array[rows].values if rows in array.coords else np.arange(array.sizes[rows])
    middle = array[columns].values if columns in array.coords else np.arange(array.sizes[columns])
    width = float(middle[1] - middle[0]) if len(middle) > 1 else 1.0
    scale = style.scale_of(low)
    ticks = [low, (low + high) / 2, high]
    trace = go.Heatmap(
        z=array.values,
        x0=float(middle[0]),
        dx=width,
        y0=first,
        dy=1,
        zmin=0 if coded else low,
        zmax=255 if coded else high,
        colorscale=style.colorscale(scale),
        colorbar={
            "tickvals": [0, 127.5, 255] if coded else ticks,
            "ticktext": [f"{t:g}" for t in ticks],
            "thickness": 12,
        },
        zsmooth=False,
        **_hover(array, [f"{named(str(rows))} {name}" for name in names] if hover and not coded else []),
    )
    stride = max(1, -(-len(names) // 8))
    return style.figure(
        trace,
        axis="time",
        title=style.axis_title(array),
        height=height,
        scale=scale,
        limits=[low, high],
        units=[int(n) for n in names],
        first=first,
        count=len(names) if count is None else count,
        beyond="valid_range" not in array.attrs,
        pooled=int(array.attrs.get("pooled", 1)),
        x=style.time_axis(*steps.edges(array, width)) | steps.ticks(array),
        y={
            "title": rows_title or named(str(rows)),
            "range": [first + len(names) - 0.5, first - 0.5],
            "tickvals": list(range(first, first + len(names), stride)),
            "ticktext": [str(int(n)) for n in names[::stride]],
        },
    )


def named_rows(
    array: xr.DataArray,
    names: Sequence[str],
    ticks: Sequence[str] | None = None,
    limits: tuple[float, float] | None = None,
    said: Sequence[Sequence[str]] | None = None,
    scale: str | None = None,
    height: int | None = None,
) -> go.Figure:
    """A (row, time) array as colour, a name at each of its few rows, the first one on top.

    ticks: the names in short, for the axis. limits: else `valid_range`. said: what stands in each cell, (row, time), as far as it
    has room. scale: one of style.SCALES. Raises ValueError where there are no limits, and unless there is a name for each row.

    >>> import rnnviz, xarray as xr
    >>> shares = xr.DataArray([[0.1, 0.2]], dims=("layer", "time"), attrs={"valid_range": (0, 1), "long_name": "probability"})
    >>> rnnviz.figures.named_rows(shares, ["layer 1"], said=["ab"]).data[0].text
    (['a', 'b'],)
    """
    array = arranged(array, None, "time", of="named_rows")
    low, high = style.limits_of(array, limits)
    if len(names) != len(array):
        raise ValueError(f"named_rows needs a name for each of {len(array)} rows; got {len(names)}")
    scale = scale or style.scale_of(low)
    first = steps.first(array)
    bar = {"tickvals": [low, (low + high) / 2, high], "thickness": 12}
    cells = go.Heatmap(
        z=array.values,
        x0=first,
        dx=1,
        y0=0,
        dy=1,
        zmin=low,
        zmax=high,
        colorscale=style.colorscale(scale),
        colorbar=bar,
        zsmooth=False,
        hoverinfo="none",
    )
    traces: list[go.Heatmap | go.Scatter] = [cells]
    if said is not None:
        text = np.array(
            [[steps.escaped(str(one).translate(steps.SIGNS)) for one in row] for row in said], object
        )
        empty = np.isnan(array.values)
        cells.update(text=np.where(empty, "", text).tolist(), texttemplate="%{text}")
        if empty.any():  # plotly.js writes there as if on white
            row, step = np.nonzero(empty)
            traces.append(
                go.Scatter(
                    x=first + step,
                    y=row,
                    mode="text",
                    text=text[empty].tolist(),
                    textfont={"color": style.INK},
                    hoverinfo="skip",
                )
            )
    return style.figure(
        *traces,
        axis="time",
        title=style.axis_title(array),
        height=height or int(np.clip(ROW * len(names) + 72, 130, 420)),
        scale=scale,
        limits=[low, high],
        units=list(range(len(names))),
        names=list(names),
        ticks=list(ticks or names),
        first=0,
        count=len(names),
        beyond="valid_range" not in array.attrs,
        x=style.time_axis(*steps.edges(array)) | steps.ticks(array),
        y={
            "range": [len(names) - 0.5, -0.5],
            "showgrid": False,
            "tickvals": list(range(len(names))),
            "ticktext": list(ticks or names),
        },
    )


def _hover(array: xr.DataArray, names: list[str]) -> style.Style:
    """What a heatmap says at its cells. names: of the rows; none for no hover."""
    if not names or array.size > MOST or "pooled" in array.attrs:
        return {"hoverinfo": "none"}
    along = steps.said(array)
    text = [[f"{name}, {step}" for step in along] for name in names]
    return {"hovertext": text, "hovertemplate": "%{hovertext}: %{z:.4g}<extra></extra>"}
