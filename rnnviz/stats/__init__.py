"""Statistics: a trace (or a part of it) in, a labelled array with units out. No torch, no screen."""

import importlib

_ROOMS = (
    "attention",
    "counting",
    "gates",
    "gradients",
    "graph",
    "mechanism",
    "pixels",
    "states",
    "text",
    "trees",
    "vanishing",
    "worked",
)
__all__ = list(_ROOMS)


def __getattr__(name: str):
    if name in _ROOMS:
        return importlib.import_module(f"rnnviz.stats.{name}")
    raise AttributeError(f"module 'rnnviz.stats' has no attribute {name!r}")
