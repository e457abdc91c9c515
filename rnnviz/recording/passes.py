"""One pass: all steps of one direction of one layer, in reading order, and the arrays that it is kept in.

Nothing here or in `gates` steps forward: what a step needs, x_t and h_{t-1}, is known for all steps once the kernel has
run, so that gates are matrix products over many steps. Work goes in chunks that stay in the processor's cache.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnviz.recording.cells import GRUGates, LSTMGates

# in PyTorch's order of the rows
ACTIVATIONS: dict[str, tuple[str, ...]] = {"rnn": (), "gru": GRUGates._fields, "lstm": LSTMGates._fields}
CHUNK = 1 << 20  # numbers in the widest array of a chunk


class Weights(NamedTuple):
    """Weights of one pass in PyTorch's layout: (gate * unit, input), (gate * unit, unit), twice (gate * unit), and of an
    LSTM with proj_size (projection, unit). None where there is none."""

    input: Tensor
    recurrent: Tensor
    input_bias: Tensor | None = None
    recurrent_bias: Tensor | None = None
    projection: Tensor | None = None

    @classmethod
    def of(cls, flat: Sequence[Tensor], biases: bool) -> "Weights":
        """From PyTorch's flat list of one pass."""
        if biases:
            return cls(*flat)
        return cls(flat[0], flat[1], None, None, *flat[2:])


@dataclass(frozen=True)
class Pass:
    """What is known of one pass, all in reading order.

    kind: 'rnn', 'gru' or 'lstm'; nonlinearity: of an RNN. input: (time, batch, input); hidden: (time, batch, unit), with
    proj_size (time, batch, projection). initial: (h,) or (h, c), each (batch, unit). rows: the gates (time, batch, gate *
    unit) and cell: (time, batch, unit), None until they are recovered (`gates.recover`), and where the kind has none.
    valid: (time, batch), False beyond a sequence's end. starts: for several calls in a row, their first steps (call,), with
    `initial` then (call, batch, unit). given: whether `rows` are what the kernel itself handed out.
    """

    kind: str
    nonlinearity: str
    input: Tensor
    hidden: Tensor
    initial: tuple[Tensor, ...]
    weights: Weights
    rows: Tensor | None = None
    cell: Tensor | None = None
    valid: Tensor | None = None
    starts: Tensor | None = None
    given: bool = False

    @property
    def units(self) -> int:
        return self.weights.recurrent.shape[0] // max(1, len(ACTIVATIONS[self.kind]))

    def before(self, states: Tensor, initial: Tensor, first: int, end: int) -> Tensor:
        """The states from which the steps first … end - 1 began: (end - first, batch, unit)."""
        if self.starts is None:
            return states[first - 1 : end - 1] if first else torch.cat((initial[None], states[: end - 1]))
        shifted = (
            torch.cat((initial[:1], states[: end - 1])) if not first else states[first - 1 : end - 1].clone()
        )
        here = (self.starts >= first) & (self.starts < end)
        return shifted.index_copy_(0, self.starts[here] - first, initial[here])


def storage(like: Tensor, *shape: int) -> Tensor:
    """An array to be filled, of the type of `like`. numpy asks for huge pages, torch does not: measured three times
    faster to fill where an array is larger than a cache."""
    if like.device.type != "cpu" or like.dtype not in (torch.float32, torch.float64):
        return like.new_empty(shape)
    return torch.from_numpy(np.empty(shape, np.float32 if like.dtype == torch.float32 else np.float64))


def working(tensor: Tensor) -> Tensor:
    """In the type that the trace has: half numbers as float32, which holds all of them; numpy has no bfloat16."""
    tensor = tensor.detach()
    return tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor


def chunks(steps: int, numbers: int) -> Iterator[tuple[int, int]]:
    """(first, end) of runs of steps, each of about CHUNK numbers. numbers: in one step."""
    each = max(1, CHUNK // max(1, numbers))
    return ((first, min(first + each, steps)) for first in range(0, steps, each))


def product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x W^T + b of (row, in)."""
    return x @ weight.T if bias is None else torch.addmm(bias, x, weight.T)


def distance(mine: Tensor, theirs: Tensor) -> float:
    """Largest absolute difference. Infinities or NaN in the same place agree; one alone is infinitely off."""
    if not mine.numel():
        return 0.0
    low, high = torch.aminmax(mine - theirs)
    largest = max(-low.item(), high.item())
    if math.isfinite(low) and math.isfinite(high):
        return largest
    same = (mine == theirs) | (mine.isnan() & theirs.isnan())
    return (mine - theirs).abs().nan_to_num(nan=math.inf).masked_fill(same, 0).max().item()
