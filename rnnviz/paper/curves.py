"""The curves of gradients, as the board reads them, and the step from which they go back."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
import xarray as xr

from rnnviz import figures

# the ways in one order and colour for every cell: all together and directly in its own colour
THROUGH = {"update gate": "#CC79A7", "forget gate": "#CC79A7", "candidate": "#56B4E9"} | {
    "reset gate": "#D55E00",
    "input gate": "#D55E00",
    "output gate": "#CC79A7",
}


def last_spoken(gradient: xr.DataArray) -> int:
    """The last step, in the direction of reading, at which the loss speaks: where the gradient is not 0.

    gradient: (time, unit) of the uppermost layer.
    """
    values = gradient.transpose("time", "unit").values
    speaks = (values != 0).any(1).nonzero()[0]
    if not len(speaks):
        return len(values) - 1
    return int(speaks[0 if str(gradient["direction"].values) == "backward" else -1])


def norms(logs: xr.DataArray, kinds: list[str], end: int, at_end: Sequence[float] | None = None) -> go.Figure:
    """What reaches each step; at the cursor the board says how much that is of what there is at the end.

    at_end: natural logs of each series there, where what is drawn does not hold that step.
    """
    drawn = _read(figures.log_norms(logs, kinds), end=end)
    return drawn if at_end is None else _read(drawn, ends=[_exponent(log) for log in at_end])


def _exponent(log: float) -> float | None:
    """Of ten; None where it has no place on a log axis."""
    return log / math.log(10) if math.isfinite(log) else None


def _read(figure: go.Figure, **how: int | list[float | None]) -> go.Figure:
    """The figure, and how the board reads its numbers."""
    return figure.update_layout(meta=figure.layout.meta | how)


def ways(found: xr.DataArray) -> go.Figure:
    kind = found.attrs["kind"]
    colours = [THROUGH.get(way, kind) for way in found["way"].values.tolist()]
    return _read(figures.log_norms(found, colours, height=260), factors=True)


def mechanism(paths: xr.DataArray, kind: str) -> go.Figure:
    """The gradient going back, beside what single factors of a step would leave of it, as stats.mechanism.paths has it."""
    return figures.log_norms(paths, [kind] * paths.sizes["path"], height=240)
