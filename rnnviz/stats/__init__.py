"""Statistics: a trace (or a part of it) in, a labelled array with units out. No torch, no screen."""

from rnnviz import lazy

_MODULES = {
    name: f"rnnviz.stats.{name}"
    for name in (
        "attention",
        "chance",
        "counting",
        "gates",
        "gradients",
        "graph",
        "learning",
        "mechanism",
        "outputs",
        "pixels",
        "states",
        "text",
        "tracking",
        "trees",
        "vanishing",
        "worked",
    )
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, {}, _MODULES)
