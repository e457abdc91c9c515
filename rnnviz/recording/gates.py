"""Where gates are computed: from the states that a kernel returned, for all steps of a pass at once.

A kernel returns states and no gates. But the gates of a step need only x_t and h_{t-1}, which are then known for every
step, so they are one matrix product; the LSTM's cell alone is carried along (`cells.scan`). The formulas, one step at a time,
stand in `cells`; here they run over many steps and in place. States that follow from the gates are held against those of
the kernel: the largest difference is a recording's `replay_error`.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from rnnviz.recording.cells import scan
from rnnviz.recording.passes import Pass, Weights, chunks, distance, storage

GIVEN = 1e-5  # gates that a kernel hands out must rebuild its states to this, else they are recovered
TOGETHER = 8  # rows that a matrix product on a processor takes at once; the few beyond come out otherwise in the last digit


def recover(one: Pass) -> tuple[Pass, float]:
    """The pass with its `rows` and `cell`, and the largest difference between the states that follow from them and those
    that the kernel returned (infinite where one of the two alone is not finite).

    Where the pass has arrays for them already they are filled. The last cell of each sequence is the kernel's own, to the
    bit: it is what a next call is given.
    """
    steps, batch = one.hidden.shape[:2]
    units, weights = one.units, one.weights
    gates = weights.recurrent.shape[0]
    if one.kind != "rnn" and one.rows is None:
        one = replace(one, rows=storage(one.hidden, steps, batch, gates))
    if one.kind == "lstm" and one.cell is None:
        one = replace(one, cell=storage(one.hidden, steps, batch, units))
    bias = weights.input_bias
    if one.kind != "gru" and weights.input_bias is not None and weights.recurrent_bias is not None:
        bias = weights.input_bias + weights.recurrent_bias
    error, carry = 0.0, one.initial[-1] if one.starts is None else one.initial[-1][0]
    for first, end in chunks(steps, batch * gates):
        x = one.input[first:end].flatten(0, 1)
        previous = one.before(one.hidden, one.initial[0], first, end)
        rows = x.new_empty(len(x), gates) if one.rows is None else one.rows[first:end].view(len(x), gates)
        if one.given:
            pass
        else:
            add_product(rows, bias, x, weights.input)
        if one.kind == "gru":
            rebuilt = _gru_chunk(rows, previous, weights)
        else:
            if not one.given:
                add_product(rows, rows, previous.flatten(0, 1), weights.recurrent)
            if one.cell is not None:
                rebuilt = _lstm_chunk(one, rows, one.cell[first:end], carry, first, end)
                carry = one.cell[end - 1]
            else:
                rebuilt = rough_tanh(rows, out=rows) if one.nonlinearity == "tanh" else rows.relu_()
        rebuilt = rebuilt.view(one.hidden[first:end].shape)
        if one.valid is not None:
            theirs = one.hidden[first:end]
            rebuilt = torch.where(one.valid[first:end, :, None], rebuilt, theirs)
        error = max(error, distance(rebuilt, one.hidden[first:end]))
        if one.given and error > GIVEN:
            return recover(replace(one, given=False))
    if one.cell is not None and one.final_cell is not None:
        ends = one.ends
        error = max(error, distance(one.cell[ends], one.final_cell))
        one.cell[ends] = one.final_cell
    return one, error


def recover_by_parts(one: Pass) -> Iterator[tuple[int, Pass, float]]:
    """The same a few steps at a time: the first step of a part, the part with its rows and cell, and its error. What is padded,
    or several calls in a row, is one part."""
    if one.starts is not None or one.valid is not None:
        yield 0, *recover(one)
        return
    steps, batch = one.hidden.shape[:2]
    states = one.initial
    for first, end in chunks(steps, batch * one.weights.recurrent.shape[0]):
        part, error = recover(
            replace(
                one,
                input=one.input[first:end],
                hidden=one.hidden[first:end],
                initial=states,
                final_cell=one.final_cell if end == steps else None,
            )
        )
        yield first, part, error
        states = (one.hidden[end - 1], *(() if part.cell is None else (part.cell[-1],)))


def add_product(out: Tensor, start: Tensor | None, x: Tensor, weight: Tensor) -> None:
    """start + x W^T of (row, in), in `out`; start: a bias, rows, `out` itself, or None for nothing.

    On a processor a row comes out the same, to the bit, whichever rows are multiplied with it: so a step recovered by itself has
    the gates that it has among all the others, and an edit that writes them back changes nothing.
    """
    whole = len(x) if x.device.type != "cpu" else len(x) - len(x) % TOGETHER
    by_row = start is not None and start.ndim == 2

    def multiplied(to: Tensor, begin: Tensor | None, rows: Tensor) -> None:
        if begin is None:
            torch.mm(rows, weight.T, out=to)
        else:
            torch.addmm(begin, rows, weight.T, out=to)

    if whole:
        multiplied(out[:whole], start[:whole] if by_row and start is not None else start, x[:whole])
    if rest := len(x) - whole:
        rows, made = x.new_zeros(TOGETHER, x.shape[1]), out.new_zeros(TOGETHER, out.shape[1])
        rows[:rest] = x[whole:]
        if by_row and start is not None:
            made[:rest] = start[whole:]
        multiplied(made, made if by_row else start, rows)
        out[whole:] = made[:rest]


def _gru_chunk(rows: Tensor, previous: Tensor, weights: Weights) -> Tensor:
    """Turns input rows into r, z, n in place; returns the states that they imply."""
    previous, units = previous.flatten(0, 1), previous.shape[-1]
    recurrent = torch.empty_like(rows)
    add_product(recurrent, weights.recurrent_bias, previous, weights.recurrent)
    rows[:, : 2 * units] += recurrent[:, : 2 * units]
    rows[:, : 2 * units].sigmoid_()
    r, z, n = rows.chunk(3, dim=1)
    n.copy_(torch.addcmul(n, r, recurrent[:, 2 * units :]).tanh_())  # faster where it lies together
    return torch.lerp(n, previous, z)


def _lstm_chunk(one: Pass, rows: Tensor, cell: Tensor, carry: Tensor, first: int, end: int) -> Tensor:
    """Turns rows into i, f, g, o in place and fills the cell (step, batch, unit); returns the states that they imply."""
    units = one.units
    if not one.given:
        rows[:, : 2 * units].sigmoid_()
        rows[:, 2 * units : 3 * units].tanh_()
        rows[:, 3 * units :].sigmoid_()
    i, f, g, o = rows.view(end - first, -1, 4 * units).chunk(4, dim=2)
    drive, decay = i * g, f
    if one.starts is not None:
        here = (one.starts >= first) & (one.starts < end)
        at = one.starts[here] - first
        drive[at] += decay[at] * one.initial[1][here]
        decay = decay.index_fill(0, at, 0.0)
    scan(decay, drive, carry, out=cell)
    rebuilt = rough_tanh(cell, out=drive).mul_(o)
    return rebuilt if one.weights.projection is None else rebuilt @ one.weights.projection.T


def rough_tanh(x: Tensor, out: Tensor) -> Tensor:
    """tanh of x, in `out`, good enough to check with: in float32 as 2 σ(2x) - 1, which was measured five times faster. Its
    error is 1.2e-7 whatever the size of x, so that small numbers lose their digits."""
    if x.dtype != torch.float32 or x.device.type != "cpu":
        return torch.tanh(x, out=out)
    return torch.mul(x, 2, out=out).sigmoid_().mul_(2).sub_(1)


def rounding(one: Pass, error: float, dtype: torch.dtype) -> float:
    """The largest difference that rounding in dtype explains: sqrt(machine epsilon), by the size of the numbers.

    An error below that for numbers of size 1 needs no closer look; else the largest sum of products counts.
    """
    tolerance = math.sqrt(torch.finfo(dtype).eps)
    if error <= tolerance:
        return tolerance
    size = one.hidden.abs().max().item()
    if one.cell is not None:
        size = max(size, one.cell.abs().max().item())
    for weight, factor in ((one.weights.input, one.input), (one.weights.recurrent, one.hidden)):
        largest = max(factor.abs().max().item(), one.initial[0].abs().max().item())
        size = max(size, weight.abs().sum(1).max().item() * largest)
    return tolerance * max(1.0, size) if math.isfinite(size) else math.inf
