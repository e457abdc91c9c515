"""Figures: a labelled array in, a plotly figure out. They draw and never compute.

`layout.meta` tells the board how to join a figure to its neighbours: `axis` is 'time' (shares the token axis), 'path' (one
point a step) or 'unit' (one point a unit).
"""

import importlib

_HOMES = {
    "heatmap": "rnnviz.figures.heatmap",
    "lines": "rnnviz.figures.lines",
    "contributions": "rnnviz.figures.lines",
    "path": "rnnviz.figures.scatter",
    "saturation": "rnnviz.figures.scatter",
    "half_lives": "rnnviz.figures.scatter",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = found  # the module figures.heatmap must not hide the function heatmap
        return found
    raise AttributeError(f"module 'rnnviz.figures' has no attribute {name!r}")
