"""How the shipped models learned: the data, the recipes, and the loop."""

from rnnviz import lazy

_MODULES = {name: f"rnnviz.training.{name}" for name in ("tasks", "train")}
__getattr__, __dir__, __all__ = lazy.attach(__name__, {}, _MODULES)
