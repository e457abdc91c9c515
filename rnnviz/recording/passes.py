"""One pass: all steps of one direction of one layer, in reading order. Gates from the states that a kernel returned, and
gradients back through time from the gates.

Nothing here steps forward: what a step needs, x_t and h_{t-1}, is known for all steps, so that gates are matrix products
over many steps. Backward, only what truly depends on the step after is done step by step: all factors that do not are
made for many steps at once, which leaves two or three tensor operations a step. Work goes in chunks that stay in the
processor's cache.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnviz.recording.cells import GRUGates, LSTMGates, scan

# gates of a step after their nonlinearity, in PyTorch's order of the rows; a plain RNN's only one is its hidden state
ACTIVATIONS = {"rnn": (), "gru": GRUGates._fields, "lstm": LSTMGates._fields}
CHUNK = 1 << 20  # numbers in the widest array of a chunk
GIVEN = 1e-5  # gates that a kernel hands out must rebuild its states to this, else they are recovered


class Weights(NamedTuple):
    """Weights of one pass in PyTorch's layout: (gate * unit, input), (gate * unit, unit), twice (gate * unit), and of an
    LSTM with proj_size (projection, unit). None where there is none."""

    input: Tensor
    recurrent: Tensor
    input_bias: Tensor | None = None
    recurrent_bias: Tensor | None = None
    projection: Tensor | None = None

    @classmethod
    def of(cls, flat: list[Tensor], biases: bool) -> "Weights":
        """From PyTorch's flat list of one pass."""
        if biases:
            return cls(*flat)
        return cls(flat[0], flat[1], None, None, *flat[2:])


@dataclass
class Pass:
    """What is known of one pass, all in reading order.

    kind: 'rnn', 'gru' or 'lstm'; nonlinearity: of an RNN. input: (time, batch, input); hidden: (time, batch, unit), with
    proj_size (time, batch, projection). initial: (h,) or (h, c), each (batch, unit). rows: the gates (time, batch, gate *
    unit) and cell: (time, batch, unit), both filled by `recover`. valid: (time, batch), False beyond a sequence's end.
    starts: for several calls in a row, their first steps (call,), with `initial` then (call, batch, unit). given: whether
    the kernel has filled `rows`.
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


def chunks(steps: int, numbers: int) -> Iterator[tuple[int, int]]:
    """(first, end) of runs of steps, each of about CHUNK numbers. numbers: in one step."""
    each = max(1, CHUNK // max(1, numbers))
    return ((first, min(first + each, steps)) for first in range(0, steps, each))


def recover(one: Pass) -> float:
    """Fills `rows` and `cell` of a pass from its states; returns the largest difference between the states that follow
    from them and those that the kernel returned (infinite where one of the two alone is not finite)."""
    steps, batch = one.hidden.shape[:2]
    units, weights = one.units, one.weights
    gates = weights.recurrent.shape[0]
    if one.kind != "rnn":
        one.rows = storage(one.hidden, steps, batch, gates) if one.rows is None else one.rows
    if one.kind == "lstm":
        one.cell = storage(one.hidden, steps, batch, units) if one.cell is None else one.cell
    bias = None
    if weights.input_bias is not None:
        bias = weights.input_bias if one.kind == "gru" else weights.input_bias + weights.recurrent_bias
    error, carry = 0.0, one.initial[-1] if one.starts is None else one.initial[-1][0]
    for first, end in chunks(steps, batch * gates):
        x = one.input[first:end].flatten(0, 1)
        previous = one.before(one.hidden, one.initial[0], first, end)
        rows = x.new_empty(len(x), gates) if one.rows is None else one.rows[first:end].view(len(x), gates)
        if one.given:
            pass
        elif bias is None:
            torch.mm(x, weights.input.T, out=rows)
        else:
            torch.addmm(bias, x, weights.input.T, out=rows)
        if one.kind == "gru":
            rebuilt = _gru_chunk(rows, previous, weights)
        else:
            if not one.given:
                rows.addmm_(previous.flatten(0, 1), weights.recurrent.T)
            if one.kind == "rnn":
                rebuilt = rough_tanh(rows, out=rows) if one.nonlinearity == "tanh" else rows.relu_()
            else:
                rebuilt = _lstm_chunk(one, rows, carry, first, end)
                carry = one.cell[end - 1]
        rebuilt = rebuilt.view(one.hidden[first:end].shape)
        if one.valid is not None:
            theirs = one.hidden[first:end]
            rebuilt = torch.where(one.valid[first:end, :, None], rebuilt, theirs)
        error = max(error, distance(rebuilt, one.hidden[first:end]))
        if one.given and error > GIVEN:
            one.given = False
            return recover(one)
    return error


def _gru_chunk(rows: Tensor, previous: Tensor, weights: Weights) -> Tensor:
    """Turns input rows into gates in place; returns the states that they imply."""
    previous, units = previous.flatten(0, 1), previous.shape[-1]
    recurrent = _linear(previous, weights.recurrent, weights.recurrent_bias)
    rows[:, : 2 * units] += recurrent[:, : 2 * units]
    rows[:, : 2 * units].sigmoid_()
    r, z, n = rows.split(units, dim=1)
    n.copy_(torch.addcmul(n, r, recurrent[:, 2 * units :]).tanh_())  # faster where it lies together
    return torch.lerp(n, previous, z)


def _lstm_chunk(one: Pass, rows: Tensor, carry: Tensor, first: int, end: int) -> Tensor:
    """Turns rows into gates in place and fills the cell; returns the states that they imply."""
    units = one.units
    if not one.given:
        rows[:, : 2 * units].sigmoid_()
        rows[:, 2 * units : 3 * units].tanh_()
        rows[:, 3 * units :].sigmoid_()
    i, f, g, o = rows.view(end - first, -1, 4 * units).split(units, dim=2)
    drive, decay = i * g, f
    if one.starts is not None:
        here = (one.starts >= first) & (one.starts < end)
        at = one.starts[here] - first
        drive[at] += decay[at] * one.initial[1][here]
        decay = decay.index_fill(0, at, 0.0)
    cell = scan(decay, drive, carry, out=one.cell[first:end])
    rebuilt = rough_tanh(cell, out=drive).mul_(o)
    return rebuilt if one.weights.projection is None else rebuilt @ one.weights.projection.T


def rough_tanh(x: Tensor, out: Tensor) -> Tensor:
    """tanh of x, in `out`, good enough to check with: in float32 as 2 σ(2x) - 1, which was measured five times faster. Its
    error is 1.2e-7 whatever the size of x, so that small numbers lose their digits."""
    if x.dtype != torch.float32 or x.device.type != "cpu":
        return torch.tanh(x, out=out)
    return torch.mul(x, 2, out=out).sigmoid_().mul_(2).sub_(1)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
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


@dataclass
class Back:
    """What comes back through one pass. None where it was not asked for.

    total: dL/dh_t, as `hidden`; cell: dL/dc_t (time, batch, unit), both total. input: (time, batch, input); initial and
    weights: as the pass's.
    """

    total: Tensor
    input: Tensor | None
    initial: tuple[Tensor, ...]
    weights: Weights | None
    cell: Tensor | None


def backpropagate(
    one: Pass, direct: Tensor, final_cell: Tensor | None = None, input: bool = True, weights: bool = True
) -> Back:
    """Backpropagation through time (Werbos 1990) from the recovered gates.

    direct: (time, batch, unit or projection), the part of dL/dh_t that does not come from the next step. final_cell: what
    reaches the last cell state from outside the pass (batch, unit). input, weights: whether their gradients are wanted.
    Each dL/dh_t is the direct part and what step t + 1 hands back, δ_{t+1} W_hh; δ is the gradient of the rows before
    their nonlinearity. The GRU adds z_{t+1} dL/dh_{t+1}. An LSTM carries m_t = f_t dL/dc_t beside it.
    """
    make = {"rnn": _back_rnn, "gru": _back_gru, "lstm": _back_lstm}[one.kind]
    steps, batch = direct.shape[:2]
    sums = _Sums(one, input, weights)
    initial = torch.zeros_like(direct[0])
    carry = cell = None
    if one.kind == "lstm":
        carry = torch.zeros_like(one.cell[0]) if final_cell is None else final_cell.to(one.cell.dtype)
    ends = (initial,) if one.kind != "lstm" else (initial, torch.empty_like(carry))
    # what goes on in autograd is made outside; inside, a thousand small operations are a quarter faster
    with torch.inference_mode():
        total = storage(direct, *direct.shape).copy_(direct)
        before = (initial, *total[:-1].unbind(0))  # where each step hands its share
        if one.kind == "lstm":
            cell = storage(one.cell, *one.cell.shape)
        for first, end in reversed(list(chunks(steps, 2 * batch * one.weights.recurrent.shape[0]))):
            carry = make(one, total[first:end], before[first:end], first, end, sums, carry, cell)
        if one.kind == "lstm":
            ends[1].copy_(carry)
    return Back(total, sums.input, ends, sums.weights, cell)


class _Sums:
    """Gradients of input and weights, added up chunk by chunk from that of the rows."""

    def __init__(self, one: Pass, input: bool, weights: bool):
        self.one = one
        self.input = storage(one.input, *one.input.shape) if input else None
        self.weights = None
        if weights:
            self.weights = Weights(*(None if w is None else torch.zeros_like(w) for w in one.weights))

    def add(self, first: int, end: int, previous: Tensor, into_input: Tensor, into_recurrent: Tensor) -> None:
        """into_input, into_recurrent: gradient of W_ih x + b_ih and of W_hh h + b_hh, (step * batch, gate * unit)."""
        if self.input is not None:
            torch.mm(into_input, self.one.weights.input, out=self.input[first:end].flatten(0, 1))
        if self.weights is None:
            return
        sums = self.weights
        sums.input.addmm_(into_input.T, self.one.input[first:end].flatten(0, 1))
        sums.recurrent.addmm_(into_recurrent.T, previous.flatten(0, 1))
        if sums.input_bias is not None:
            total = into_input.sum(0)
            sums.input_bias.add_(total)
            sums.recurrent_bias.add_(total if into_recurrent is into_input else into_recurrent.sum(0))


def _back_rnn(one, total, before, first, end, sums, carry, cell) -> None:
    hidden = one.hidden[first:end]
    slope = 1 - hidden * hidden if one.nonlinearity == "tanh" else (hidden > 0).to(hidden.dtype)
    if one.valid is not None:
        slope *= one.valid[first:end, :, None]
    delta, weight = torch.empty_like(slope), one.weights.recurrent
    for out, s, g, b in zip(
        reversed(delta.unbind(0)),
        reversed(slope.unbind(0)),
        reversed(total.unbind(0)),
        reversed(before),
        strict=True,
    ):
        torch.mul(g, s, out=out)
        b.addmm_(out, weight)
    delta = delta.flatten(0, 1)
    sums.add(first, end, one.before(one.hidden, one.initial[0], first, end), delta, delta)


def _back_gru(one, total, before, first, end, sums, carry, cell) -> None:
    units, weight = one.units, one.weights.recurrent
    previous = one.before(one.hidden, one.initial[0], first, end)
    bias = one.weights.recurrent_bias
    inner = _linear(previous.flatten(0, 1), weight[2 * units :], None if bias is None else bias[2 * units :])
    inner = inner.view(end - first, -1, units)  # W_hn h_{t-1} + b_hn, which r multiplies
    r, z, n = one.rows[first:end].split(units, dim=2)
    factor = z.new_empty(
        end - first, z.shape[1], 4, units
    )  # of dL/dh in the rows n (input side), r, z, n (recurrent)
    to_n = torch.mul(1 - z, 1 - n * n, out=factor[:, :, 0])
    torch.mul(to_n, r, out=factor[:, :, 3])
    torch.mul(factor[:, :, 3], (1 - r).mul_(inner), out=factor[:, :, 1])
    torch.mul((1 - z).mul_(z), previous - n, out=factor[:, :, 2])
    keep = z
    if one.valid is not None:
        factor *= one.valid[first:end, :, None, None]
        keep = z * one.valid[first:end, :, None]
    delta = torch.empty_like(factor)
    recurrent = delta[:, :, 1:].flatten(2)
    for out, rows, f, k, g, wide, b in zip(
        reversed(delta.unbind(0)),
        reversed(recurrent.unbind(0)),
        reversed(factor.unbind(0)),
        reversed(keep.unbind(0)),
        reversed(total.unbind(0)),
        reversed(total.unsqueeze(2).unbind(0)),
        reversed(before),
        strict=True,
    ):
        torch.mul(f, wide, out=out)
        b.addcmul_(g, k).addmm_(rows, weight)
    both = delta.flatten(0, 1)
    into_input = torch.cat((both[:, 1], both[:, 2], both[:, 0]), 1)
    sums.add(first, end, previous, into_input, recurrent.flatten(0, 1))


def _back_lstm(one, total, before, first, end, sums, carry, cell) -> Tensor:
    units, weight, projection = one.units, one.weights.recurrent, one.weights.projection
    previous = one.before(one.hidden, one.initial[0], first, end)
    previous_cell = one.before(one.cell, one.initial[1], first, end)
    i, f, g, o = one.rows[first:end].split(units, dim=2)
    states = one.cell[first:end]
    tanh_cell = states.tanh()
    slope = (tanh_cell * tanh_cell).neg_().add_(1).mul_(o)  # dh/dc
    steps, batch = i.shape[:2]
    # in the rows m, i, f, g, o: the factor of m_{t+1}, and that of dL/dh_t
    of_cell = i.new_empty(steps, batch, 5, units)
    of_cell[:, :, 4] = 0
    of_cell[:, :, 0] = f
    torch.mul((1 - i).mul_(i), g, out=of_cell[:, :, 1])
    torch.mul((1 - f).mul_(f), previous_cell, out=of_cell[:, :, 2])
    torch.mul((g * g).neg_().add_(1), i, out=of_cell[:, :, 3])
    of_hidden = i.new_empty(steps, batch, 5, units)
    torch.mul(of_cell[:, :, :4], slope.unsqueeze(2), out=of_hidden[:, :, :4])
    torch.mul((1 - o).mul_(o), tanh_cell, out=of_hidden[:, :, 4])
    if one.valid is not None:
        valid = one.valid[first:end, :, None, None]
        of_hidden *= valid
        of_cell *= valid
        of_cell[:, :, :1] += ~valid  # beyond the end the cell hands back what it got
    delta = torch.empty_like(of_hidden)
    recurrent = delta[:, :, 1:].flatten(2)
    through = total if projection is None else i.new_empty(steps, batch, units)  # dL/d(o tanh c)
    after = carry
    carry = carry.unsqueeze(1)
    lists = [
        reversed(array.unbind(0))
        for array in (delta, delta[:, :, :1], recurrent, of_hidden, of_cell, through.unsqueeze(2))
    ]
    if projection is None:
        for out, m, rows, of_h, of_c, shown, b in zip(*lists, reversed(before), strict=True):
            torch.mul(of_h, shown, out=out)
            out.addcmul_(of_c, carry)
            b.addmm_(rows, weight)
            carry = m
    else:
        for out, m, rows, of_h, of_c, shown, b, g in zip(
            *lists, reversed(before), reversed(total.unbind(0)), strict=True
        ):
            torch.mm(g, projection, out=shown.squeeze(1))
            torch.mul(of_h, shown, out=out)
            out.addcmul_(of_c, carry)
            b.addmm_(rows, weight)
            carry = m
    got = torch.cat((delta[1:, :, 0], after[None]))  # m_{t+1}
    torch.addcmul(got, through, slope, out=cell[first:end])
    if sums.weights is not None and projection is not None:
        shown_before = (tanh_cell * o).flatten(0, 1)
        sums.weights.projection.addmm_(total.flatten(0, 1).T, shown_before)
    both = recurrent.flatten(0, 1)
    sums.add(first, end, previous, both, both)
    return carry.squeeze(1).clone()  # its chunk may go
