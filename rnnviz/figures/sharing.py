"""What each step adds to the gradient of a weight that all steps share: matrices along time, their norms, and their sum."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from rnnviz.figures import steps, style
from rnnviz.figures.arranged import arranged, logarithms
from rnnviz.figures.norms import log_norms
from rnnviz.figures.words import _, named

WIDE = 0.88  # of a step's place, that its matrix takes
APART = 0.72  # the same, with room for a sign between two matrices
FEW = 20  # steps up to which each has a frame, whether it is kept or not
MARGIN = 0.75  # rows above the matrices, where a window is named


def summands(
    array: xr.DataArray, limits: tuple[float, float], first: int | None = None, height: int = 240
) -> go.Figure:
    """A small matrix for each step, side by side along time, all on one scale.

    array: (time, row, column), one row at least; rows down, columns across. limits: of the colours, symmetric. first: the first
    step of a window that goes on to the end, None or 0 for all of them: the steps before it are drawn in a dotted frame.
    Raises ValueError for other dims.

    >>> import numpy as np, rnnviz, xarray as xr
    >>> parts = xr.DataArray(np.ones((3, 2, 2)), dims=("time", "unit", "previous_unit"), attrs={"long_name": "parts"})
    >>> drawn = rnnviz.figures.summands(parts, (-1, 1), first=1)
    >>> [shape.line.dash for shape in drawn.layout.shapes]
    ['dot', 'solid', 'solid', 'dash']
    """
    array = arranged(array, "time", None, None, of="summands")
    time, rows, _columns = array.dims
    count = array.sizes[time]
    trace = _matrices(array, limits)
    height_of, start = array.sizes[rows], first or 0
    frames = [_frame(step, step, height_of) for step in range(start, count)]
    if start and count <= FEW:
        frames = [_frame(step, step, height_of, "dot") for step in range(start)] + frames
    elif start:
        frames.insert(0, _frame(0, start - 1, height_of, "dot"))
    low, high = map(float, limits)
    return style.figure(
        trace,
        axis="time",
        title=style.axis_title(array),
        height=height,
        scale=style.scale_of(low),
        limits=[low, high],
        beyond=True,
        x=style.time_axis(0, count) | steps.ticks(array),
        y=_down(array, str(rows), MARGIN if first else 0.0),
        more={"shapes": [*frames, *_cut(first)], "annotations": _said(first, count)},
    )


def summand_norms(array: xr.DataArray, kind: str, first: int | None = None, height: int = 150) -> go.Figure:
    """How large each step's part is, on an axis of powers of ten; hollow where a window leaves it out.

    array: (time,), norms as `stats.gradients.weight_norms` makes them, or natural logs. kind: 'rnn', 'gru', 'lstm' or a colour.
    first: as in `summands`. Exactly 0 is a gap. Raises ValueError for other dims.
    """
    array = logarithms(arranged(array, "time", of="summand_norms"), of="summand_norms")
    drawn = log_norms(
        array.expand_dims({"series": [style.axis_title(array)]}),
        [kind],
        title=style.axis_title(array),
        height=height,
    )
    symbols = ["circle-open" if step < (first or 0) else "circle" for step in range(array.sizes["time"])]
    drawn.update_traces(mode="lines+markers", marker={"size": 8, "symbol": symbols})
    drawn.layout.meta["legend"] = False
    return drawn.update_layout(shapes=_cut(first), yaxis_title=None)


def matrices(
    array: xr.DataArray, limits: tuple[float, float], signs: Sequence[str] = (), height: int = 230
) -> go.Figure:
    """A few matrices side by side, on one scale, each over its name.

    array: (matrix, row, column), the matrices named by their coordinate. limits: of the colours. signs: between each two of them.
    Raises ValueError for other dims, and for signs that are not one fewer than the matrices.
    """
    matrix = str(array.dims[0])
    array = arranged(array, matrix, None, None, of="matrices")
    count, rows, columns = array.shape
    if len(signs) not in (0, count - 1):
        raise ValueError(f"matrices wants {count - 1} signs between {count} matrices; got {len(signs)}")
    names = [str(name) for name in array[matrix].values]
    trace = _matrices(array, limits, APART)
    up, across = (named(str(dim).replace("_", " ")) for dim in array.dims[1:])
    hover = [
        [
            f"{name}, {up} {row + 1}, {across} {column + 1}" if column < columns else ""
            for name in names
            for column in range(columns + 1)
        ][:-1]
        for row in range(rows)
    ]
    trace.update(hovertext=hover, hovertemplate="%{hovertext}: %{z:.4g}<extra></extra>", hoverongaps=False)
    low, high = map(float, limits)
    between = [
        {"x": place + 0.5, "y": (rows - 1) / 2, "text": sign, "showarrow": False, "font": {"size": 22}}
        for place, sign in enumerate(signs)
    ]
    return style.figure(
        trace,
        axis="free",
        title=style.axis_title(array),
        height=height,
        scale=style.scale_of(low),
        limits=[low, high],
        beyond=True,
        x={
            "range": [-0.5, count - 0.5],
            "tickvals": list(range(count)),
            "ticktext": [_two_lines(name) for name in names],
            "tickangle": 0,
            "showline": False,
            "ticks": "",
        },
        y=_down(array, str(array.dims[1]), 0.0) | {"fixedrange": True},
        more={
            "shapes": [_frame(place, place, rows, wide=APART) for place in range(count)],
            "annotations": between,
            "dragmode": False,
        },
    )


def _matrices(array: xr.DataArray, limits: tuple[float, float], wide: float = WIDE) -> go.Heatmap:
    """Matrices side by side about 0, 1, 2 … as one heatmap with gaps. array: (place, row, column)."""
    places, rows, columns = array.shape
    low, high = map(float, limits)
    z = np.full((rows, places, columns + 1), np.nan)  # the last column is the gap behind a matrix
    z[:, :, :columns] = array.values.transpose(1, 0, 2)
    own = np.linspace(-wide / 2, wide / 2, columns + 1)
    edges = (np.arange(places)[:, None] + own).ravel()
    return go.Heatmap(
        z=z.reshape(rows, -1)[:, :-1],
        x=edges,
        y0=0,
        dy=1,
        zmin=low,
        zmax=high,
        colorscale=style.colorscale(style.scale_of(low)),
        colorbar={
            "tickvals": [low, 0, high],
            "ticktext": [f"{t:g}" for t in (low, 0, high)],
            "thickness": 12,
        },
        zsmooth=False,
        hoverinfo="none",
    )


def _frame(first: int, last: int, rows: int, dash: str = "solid", wide: float = WIDE) -> style.Style:
    """Around a matrix, or several, so that those whose numbers are near 0 are seen."""
    box = {"x0": first - wide / 2, "x1": last + wide / 2, "y0": -0.5, "y1": rows - 0.5}
    line = {"color": style.INK, "width": 1 if dash == "dot" else 1.5, "dash": dash}
    return {"type": "rect", "line": line} | box


def _cut(first: int | None) -> list[style.Style]:
    """The line before which a window leaves out."""
    if not first:
        return []
    place = {"x0": first - 0.5, "x1": first - 0.5, "y0": 0, "y1": 1, "yref": "y domain"}
    return [{"type": "line", "line": {"color": style.INK, "width": 2, "dash": "dash"}} | place]


def _said(first: int | None, count: int) -> list[style.Style]:
    """What lies on the side of that line where there is more room."""
    if not first:
        return []
    left = first > count / 2
    text = "← " + _("cut away") if left else _("in the window") + " →"
    return [
        {
            "x": first - 0.5,
            "y": 1,
            "yref": "y domain",
            "yanchor": "top",
            "xanchor": "right" if left else "left",
            "xshift": -5 if left else 5,
            "text": text,
            "showarrow": False,
        }
    ]


def _two_lines(name: str) -> str:
    """A name broken at the blank that is nearest to its middle."""
    blanks = [place for place, sign in enumerate(name) if sign == " "]
    if not blanks:
        return name
    at = min(blanks, key=lambda place: abs(place - len(name) / 2))
    return f"{name[:at]}<br>{name[at + 1 :]}"


def _down(array: xr.DataArray, rows: str, margin: float) -> style.Style:
    """An axis of rows, counted from 1, the first on top."""
    count = array.sizes[rows]
    return {
        "title": named(rows),
        "range": [count - 0.5, -0.5 - margin],
        "tickvals": list(range(count)),
        "ticktext": [str(row + 1) for row in range(count)],
        "showgrid": False,
    }
