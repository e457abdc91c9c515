"""Files that other programs wrote: the recurrent layers in them as stock modules."""

from rnnviz import lazy

_NAMES = {
    "Left": "rnnviz.foreign.reading",
    "Refused": "rnnviz.foreign.arrays",
    "Weights": "rnnviz.foreign.reading",
    "WeightsError": "rnnviz.foreign.arrays",
    "weights": "rnnviz.foreign.reading",
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES)
