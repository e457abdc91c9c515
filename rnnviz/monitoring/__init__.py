"""A training of the reader's own, kept while it goes: what is written of each moment, and how it is read again."""

from rnnviz import lazy

_NAMES = {
    "Monitor": "rnnviz.monitoring.monitor",
    "Run": "rnnviz.monitoring.runs",
    "found": "rnnviz.monitoring.runs",
    "layers": "rnnviz.monitoring.arrays",
    "numbers": "rnnviz.monitoring.arrays",
}
_MODULES = {name: f"rnnviz.monitoring.{name}" for name in ("arrays", "monitor", "runs")}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES, _MODULES)
