"""Backpropagation through time: from the gates of a pass, the gradient of every state, of the input and of the weights.

Only what truly depends on the step after is done step by step: all factors that do not are made for many steps at once,
which leaves two or three tensor operations a step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from rnnviz.recording.passes import Pass, Weights, chunks, product, storage


@dataclass(frozen=True)
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
    A pass of one sequence takes the losses of a whole batch at once, where no gradients of weights are wanted.
    Each dL/dh_t is the direct part and what step t + 1 hands back, δ_{t+1} W_hh; δ is the gradient of the rows before
    their nonlinearity. The GRU adds z_{t+1} dL/dh_{t+1}. An LSTM carries m_t = f_t dL/dc_t beside it.
    """
    steps, batch = direct.shape[:2]
    sums = _Sums(one, batch, input, weights)
    ends = [torch.zeros_like(direct[0])]
    cell = None
    if one.cell is not None:
        ends.append(one.cell.new_zeros(batch, one.units))
        if final_cell is not None:
            ends[1].copy_(final_cell)
    # what goes on in autograd is made outside; inside, a thousand small operations are a quarter faster
    with torch.inference_mode():
        total = storage(direct, *direct.shape).copy_(direct)
        before = (ends[0], *total[:-1].unbind(0))  # where each step hands its share
        if one.cell is not None:
            cell = storage(one.cell, steps, batch, one.units)
        for first, end in reversed(list(chunks(steps, 2 * batch * one.weights.recurrent.shape[0]))):
            part = _Part(one, first, end, total[first:end], before[first:end])
            if cell is not None:
                ends[1].copy_(_back_lstm(part, sums, ends[1], cell[first:end]))
            else:
                (_back_gru if one.kind == "gru" else _back_rnn)(part, sums)
    return Back(total, sums.input, tuple(ends), sums.weights, cell)


class _Part(NamedTuple):
    """A chunk of steps, first … end - 1. total: dL/dh of each, (step, batch, unit), to which the step after has yet to add;
    before: where each hands its share, the total of the step before it."""

    one: Pass
    first: int
    end: int
    total: Tensor
    before: tuple[Tensor, ...]

    def previous(self) -> Tensor:
        """h_{t-1} of each step."""
        return self.one.before(self.one.hidden, self.one.initial[0], self.first, self.end)

    def previous_cell(self) -> Tensor:
        """c_{t-1} of each step."""
        return self.one.before(_known(self.one, self.one.cell), self.one.initial[1], self.first, self.end)

    def of(self, array: Tensor | None) -> Tensor:
        """These steps of what was recovered."""
        return _known(self.one, array)[self.first : self.end]


def _known(one: Pass, array: Tensor | None) -> Tensor:
    if array is None:
        raise ValueError(f"the gates of this {one.kind} are not recovered yet: call gates.recover first")
    return array


def _adder(weight: Tensor, batch: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Adds rows (batch, n) times weight (n, m) to what is there (batch, m), in place. For one sequence it is a product of a
    matrix and a vector, which takes half the time where the matrix lies the other way round."""
    if batch != 1:
        return lambda to, rows: to.addmm_(rows, weight)
    turned = weight.T.contiguous()
    return lambda to, rows: to.view(-1).addmv_(turned, rows.view(-1))


class _Sums:
    """Gradients of input and weights, added up chunk by chunk from that of the rows."""

    def __init__(self, one: Pass, batch: int, input: bool, weights: bool):
        self.one = one
        steps, _one_or_batch, wide = one.input.shape
        self.input = storage(one.input, steps, batch, wide) if input else None
        self.weights = None
        if weights:
            own = one.weights
            more = (None if w is None else torch.zeros_like(w) for w in own[2:])
            self.weights = Weights(torch.zeros_like(own.input), torch.zeros_like(own.recurrent), *more)

    def add(self, first: int, end: int, previous: Tensor, into_input: Tensor, into_recurrent: Tensor) -> None:
        """into_input, into_recurrent: gradient of W_ih x + b_ih and of W_hh h + b_hh, (step * batch, gate * unit)."""
        if self.input is not None:
            torch.mm(into_input, self.one.weights.input, out=self.input[first:end].flatten(0, 1))
        if self.weights is None:
            return
        sums = self.weights
        sums.input.addmm_(into_input.T, self.one.input[first:end].flatten(0, 1))
        sums.recurrent.addmm_(into_recurrent.T, previous.flatten(0, 1))
        if sums.input_bias is not None and sums.recurrent_bias is not None:
            total = into_input.sum(0)
            sums.input_bias.add_(total)
            sums.recurrent_bias.add_(total if into_recurrent is into_input else into_recurrent.sum(0))


def _back_rnn(part: _Part, sums: _Sums) -> None:
    one, first, end, total, before = part
    hidden = one.hidden[first:end]
    slope = 1 - hidden * hidden if one.nonlinearity == "tanh" else (hidden > 0).to(hidden.dtype)
    if one.valid is not None:
        slope *= one.valid[first:end, :, None]
    delta, add = torch.empty_like(total), _adder(one.weights.recurrent, total.shape[1])
    for out, s, g, b in zip(
        reversed(delta.unbind(0)),
        reversed(slope.unbind(0)),
        reversed(total.unbind(0)),
        reversed(before),
        strict=True,
    ):
        torch.mul(g, s, out=out)
        add(b, out)
    delta = delta.flatten(0, 1)
    sums.add(first, end, part.previous(), delta, delta)


def _back_gru(part: _Part, sums: _Sums) -> None:
    one, first, end, total, before = part
    units, weight = one.units, one.weights.recurrent
    previous = part.previous()
    bias = one.weights.recurrent_bias
    inner = product(previous.flatten(0, 1), weight[2 * units :], None if bias is None else bias[2 * units :])
    inner = inner.view(end - first, -1, units)  # W_hn h_{t-1} + b_hn, which r multiplies
    r, z, n = part.of(one.rows).chunk(3, dim=2)
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
    batch = total.shape[1]
    delta, add = factor.new_empty(end - first, batch, 4, units), _adder(weight, batch)
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
        add(b.addcmul_(g, k), rows)
    both = delta.flatten(0, 1)
    into_input = torch.cat((both[:, 1], both[:, 2], both[:, 0]), 1)
    sums.add(first, end, previous, into_input, recurrent.flatten(0, 1))


def _back_lstm(part: _Part, sums: _Sums, after: Tensor, cell: Tensor) -> Tensor:
    """after: f_{t+1} dL/dc_{t+1} of the step after the last, (batch, unit); cell: takes dL/dc. Returns f dL/dc of the first."""
    one, first, end, total, before = part
    units, weight, projection = one.units, one.weights.recurrent, one.weights.projection
    previous, states = part.previous(), part.of(one.cell)
    previous_cell = part.previous_cell()
    i, f, g, o = part.of(one.rows).chunk(4, dim=2)
    tanh_cell = states.tanh()
    slope = (tanh_cell * tanh_cell).neg_().add_(1).mul_(o)  # dh/dc
    steps, batch = total.shape[:2]
    # in the rows m, i, f, g, o: the factor of m_{t+1}, and that of dL/dh_t
    of_cell = i.new_empty(steps, i.shape[1], 5, units)
    of_cell[:, :, 4] = 0
    of_cell[:, :, 0] = f
    torch.mul((1 - i).mul_(i), g, out=of_cell[:, :, 1])
    torch.mul((1 - f).mul_(f), previous_cell, out=of_cell[:, :, 2])
    torch.mul((g * g).neg_().add_(1), i, out=of_cell[:, :, 3])
    of_hidden = torch.empty_like(of_cell)
    torch.mul(of_cell[:, :, :4], slope.unsqueeze(2), out=of_hidden[:, :, :4])
    torch.mul((1 - o).mul_(o), tanh_cell, out=of_hidden[:, :, 4])
    if one.valid is not None:
        valid = one.valid[first:end, :, None, None]
        of_hidden *= valid
        of_cell *= valid
        of_cell[:, :, :1] += ~valid  # beyond the end the cell hands back what it got
    delta, add = i.new_empty(steps, batch, 5, units), _adder(weight, batch)
    recurrent = delta[:, :, 1:].flatten(2)
    through = total if projection is None else i.new_empty(steps, batch, units)  # dL/d(o tanh c)
    carry = after.unsqueeze(1)
    lists = [
        reversed(array.unbind(0))
        for array in (delta, delta[:, :, :1], recurrent, of_hidden, of_cell, through.unsqueeze(2))
    ]
    if projection is None:
        for out, m, rows, of_h, of_c, shown, b in zip(*lists, reversed(before), strict=True):
            torch.mul(of_h, shown, out=out)
            out.addcmul_(of_c, carry)
            add(b, rows)
            carry = m
    else:
        for out, m, rows, of_h, of_c, shown, b, g in zip(
            *lists, reversed(before), reversed(total.unbind(0)), strict=True
        ):
            torch.mm(g, projection, out=shown.squeeze(1))
            torch.mul(of_h, shown, out=out)
            out.addcmul_(of_c, carry)
            add(b, rows)
            carry = m
    got = torch.cat((delta[1:, :, 0], after[None]))  # m_{t+1}
    torch.addcmul(got, through, slope, out=cell)
    if sums.weights is not None and sums.weights.projection is not None:
        shown_before = (tanh_cell * o).flatten(0, 1)
        sums.weights.projection.addmm_(total.flatten(0, 1).T, shown_before)
    both = recurrent.flatten(0, 1)
    sums.add(first, end, previous, both, both)
    return carry.squeeze(1)
