"""Figures: a labelled array in, a plotly figure out. They draw and never compute.

`layout.meta` tells the board how to join a figure to its neighbours: `axis` is 'time' (shares the token axis), 'path' (one
point a step) 'unit' (one point a unit) or 'free' (on its own, with
Plotly's hover). `log10`: the values are exponents of ten. A heatmap's `beyond` says that values may lie outside its limits.
"""

from rnnviz import lazy

_NAMES = {
    "heatmap": "rnnviz.figures.grids",
    "answered": "rnnviz.figures.curves",
    "named_rows": "rnnviz.figures.grids",
    "before_after": "rnnviz.figures.curves",
    "inputs": "rnnviz.figures.curves",
    "lines": "rnnviz.figures.curves",
    "outputs": "rnnviz.figures.returned",
    "log_matrix": "rnnviz.figures.norms",
    "log_norms": "rnnviz.figures.norms",
    "contributions": "rnnviz.figures.curves",
    "eigenvalues": "rnnviz.figures.planes",
    "functions": "rnnviz.figures.planes",
    "powers": "rnnviz.figures.planes",
    "answers": "rnnviz.figures.tiny",
    "learning": "rnnviz.figures.tiny",
    "right_answers": "rnnviz.figures.training",
    "arrivals": "rnnviz.figures.training",
    "shares": "rnnviz.figures.training",
    "run_losses": "rnnviz.figures.clipping",
    "run_norms": "rnnviz.figures.clipping",
    "along_update": "rnnviz.figures.clipping",
    "arrows": "rnnviz.figures.clipping",
    "forecast": "rnnviz.figures.monitoring",
    "over_updates": "rnnviz.figures.monitoring",
    "reached": "rnnviz.figures.monitoring",
    "profile": "rnnviz.figures.monitoring",
    "tracking": "rnnviz.figures.training",
    "path": "rnnviz.figures.points",
    "saturation": "rnnviz.figures.points",
    "half_lives": "rnnviz.figures.points",
    "by_length": "rnnviz.figures.lengths",
    "summands": "rnnviz.figures.sharing",
    "summand_norms": "rnnviz.figures.sharing",
    "matrices": "rnnviz.figures.sharing",
    "attention_map": "rnnviz.figures.attention",
    "tree": "rnnviz.figures.trees",
    "surprises": "rnnviz.figures.filling",
    "flow": "rnnviz.figures.filling",
    "down_to_zero": "rnnviz.figures.counting",
    "estimates": "rnnviz.figures.counting",
    "next_tokens": "rnnviz.figures.counting",
    "build_up": "rnnviz.figures.counting",
    "held_out": "rnnviz.figures.counting",
    "by_distance": "rnnviz.figures.probes",
    "importances": "rnnviz.figures.silencing",
    "beside_growth": "rnnviz.figures.silencing",
    "silenced_together": "rnnviz.figures.silencing",
    "distribution": "rnnviz.figures.units",
    "autocorrelation": "rnnviz.figures.units",
    "effects": "rnnviz.figures.units",
    "co_clusters": "rnnviz.figures.units",
    "state_machine": "rnnviz.figures.units",
}
__getattr__, __dir__, __all__ = lazy.attach(__name__, _NAMES)
