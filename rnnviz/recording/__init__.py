"""Recording: what happens inside the recurrent modules of a model while it runs, forward and back. Knows torch, draws nothing."""

from rnnviz import lazy

_NAMES = {
    "Edit": "rnnviz.recording.edits",
    "Recording": "rnnviz.recording.block",
    "record": "rnnviz.recording.block",
}
_MODULES = {
    name: f"rnnviz.recording.{name}"
    for name in ("attention", "backpropagation", "cells", "edits", "gates", "passes")
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
