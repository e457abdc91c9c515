"""rnnviz: see inside recurrent networks.

    with rnnviz.record(model) as recording:
        model(x)
    recording.trace["lstm"]["forget_gate"]

The names below are imported when they are first used, so that importing rnnviz is cheap.
"""

import importlib
import sys
import types

__version__ = "0.1.0"

_HOMES = {
    "open_trace": "rnnviz.trace",
    "save": "rnnviz.trace",
    "load": "rnnviz.checkpoints",
    "Edit": "rnnviz.edits",
}
_ROOMS = (
    "attention",
    "attribution",
    "by_hand",
    "cells",
    "checkpoints",
    "counting",
    "decoding",
    "experiments",
    "figures",
    "filling",
    "judging",
    "models",
    "on_the_spot",
    "stats",
    "tasks",
    "text",
    "trace",
    "train",
    "unrolled",
)

__all__ = ["Edit", "load", "open_trace", "record", "save", *_ROOMS]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"rnnviz.{name}")
    raise AttributeError(f"module 'rnnviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Face(types.ModuleType):
    """Importing the room rnnviz.record must not put it in the place of the function rnnviz.record."""

    @property
    def record(self):
        return importlib.import_module("rnnviz.record").record

    @record.setter
    def record(self, room) -> None:
        """The import system lays the room here; it is found in sys.modules all the same."""


sys.modules[__name__].__class__ = _Face
