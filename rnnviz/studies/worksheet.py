"""The numbers of the worksheet: small steps of recurrent networks, worked out from what a question gives."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy.special import softmax

from rnnviz.stats import gates, vanishing


def parameters(inputs: int, units: int) -> int:
    """Numbers that an RNN layer learns: W_xh, W_hh and one bias for each unit (PyTorch holds two of these).

    >>> from rnnviz.studies import worksheet
    >>> worksheet.parameters(2, 3)
    18
    """
    return inputs * units + units * units + units


def states(weight: float, inputs: Sequence[float]) -> list[float]:
    """h_t = tanh(weight · h_{t−1} + x_t) from h_0 = 0."""
    found, state = [], 0.0
    for x in inputs:
        state = float(np.tanh(weight * state + x))
        found.append(state)
    return found


def cell(before: float, forget: float, write: float, candidate: float) -> float:
    """An LSTM's c_t = f · c_{t−1} + i · g."""
    return forget * before + write * candidate


def gru(before: float, update: float, candidate: float) -> float:
    """A GRU's h_t = (1 − z) · n + z · h_{t−1}, with z as PyTorch has it: it keeps."""
    return (1 - update) * candidate + update * before


def half_life(forget: float) -> float:
    """Steps after which half of a memory is left that is multiplied by `forget` at each of them."""
    return float(gates.half_life(xr.DataArray([forget], dims="time")))


def left(factor: float, steps: int) -> float:
    """What is left of a gradient of 1 that is multiplied by the same factor so many times."""
    return float(factor**steps)


def attention(scores: Sequence[float], values: Sequence[float]) -> tuple[list[float], float]:
    """The weights, softmax of the scores, and the context, the values' weighted sum."""
    weights = softmax(np.asarray(scores, np.float64))
    return weights.tolist(), float(weights @ np.asarray(values, np.float64))


def clipped(norm: float, threshold: float) -> float:
    """What clipping by the norm multiplies a gradient by."""
    return float(vanishing.clip_factor(norm, threshold))
