"""How gradients travel back through time: Jacobians of the steps, their products, what decays and how fast.

Everything here follows from the trace alone, in float64. Numbers that span thousands of decades are kept as natural
logarithms from the start, so that nothing underflows: −7000 nats is a number like any other.

One layer, one direction and one sequence has a path of states s_t, s = h for an RNN or GRU and s = (h, c) for an LSTM. Each
step has a Jacobian J_t = ∂s_t/∂s_{t-1}, the steps counted in the direction of reading; gradients, as rows, travel by
∂L/∂s_{t-1} = ∂L/∂s_t · J_t, and ∂s_T/∂s_t = J_T … J_{t+1} (Werbos 1990; Pascanu, Mikolov & Bengio 2013). A call that did not
start from the state where the call before it had ended starts a new path: nothing passes between the two.
"""

from rnnviz.stats.gradients.distances import by_distance
from rnnviz.stats.gradients.exponents import lyapunov
from rnnviz.stats.gradients.fading import decay, factor, left
from rnnviz.stats.gradients.norms import contributions, logarithm, norm
from rnnviz.stats.gradients.paths import LARGEST, jacobians
from rnnviz.stats.gradients.products import reach
from rnnviz.stats.gradients.weights import (
    delta_factors,
    deltas,
    weight_contributions,
    weight_norms,
    weight_window,
)

__all__ = [
    "LARGEST",
    "by_distance",
    "contributions",
    "decay",
    "delta_factors",
    "deltas",
    "factor",
    "jacobians",
    "left",
    "logarithm",
    "lyapunov",
    "norm",
    "reach",
    "weight_contributions",
    "weight_norms",
    "weight_window",
]
