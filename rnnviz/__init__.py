"""rnnviz: see inside recurrent networks.

    with rnnviz.record(model) as recording:
        model(x)
    recording.trace["lstm"]["forget_gate"]

The names below are imported when they are first used, so that importing rnnviz is cheap.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "record": "rnnviz.record",
    "open_trace": "rnnviz.trace",
    "save": "rnnviz.trace",
    "load": "rnnviz.checkpoints",
}
_ROOMS = ("cells", "checkpoints", "figures", "models", "stats", "tasks", "text", "trace", "train")

__all__ = list((*_HOMES, *_ROOMS))


def __getattr__(name: str):
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = found  # the module rnnviz.record must not hide the function record
        return found
    if name in _ROOMS:
        return importlib.import_module(f"rnnviz.{name}")
    raise AttributeError(f"module 'rnnviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
