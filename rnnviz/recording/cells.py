"""The arithmetic of the recurrent cells, as pure tensor functions.

PyTorch's layout and order throughout. A weight has its gates stacked in rows: input_weight (gate * unit,
input), recurrent_weight (gate * unit, unit), a bias (gate * unit). LSTM rows are i, f, g, o; GRU rows are r,
z, n, and z *keeps*: h_t = (1 - z) n + z h_{t-1}, where Cho et al. 2014 let z keep as well but Chung et al.
2014 let it write.

The gates of one step need only x_t and h_{t-1}. Where all states are known, as after a forward pass, the
gates of all steps are therefore one matrix product; only the LSTM's cell state has to be carried along, and
`scan` does that.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

States = tuple[Tensor, ...]  # (h,) or (h, c), each (..., unit)
Touch = Callable[[str, Tensor], Tensor]  # a field and its values -> the values that stand


class LSTMGates(NamedTuple):
    """i, f, g, o after their nonlinearity, each (..., unit); candidate in [-1, 1], the others in [0, 1]."""

    input_gate: Tensor
    forget_gate: Tensor
    candidate: Tensor
    output_gate: Tensor


class GRUGates(NamedTuple):
    """r, z, n after their nonlinearity, each (..., unit); candidate in [-1, 1], the others in [0, 1]."""

    reset_gate: Tensor
    update_gate: Tensor
    candidate: Tensor


NONLINEARITIES = {"tanh": torch.tanh, "relu": torch.relu}


def rnn_states(
    input_projection: Tensor,
    previous_hidden: Tensor,
    recurrent_weight: Tensor,
    recurrent_bias: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """h_t of a simple RNN, for any number of steps whose h_{t-1} is known.

    h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or relu for tanh. Source: Elman 1990; torch.nn.RNN.
    input_projection: W_ih x_t + b_ih, (..., unit); previous_hidden: h_{t-1}, (..., unit).
    Returns (..., unit).
    """
    return NONLINEARITIES[nonlinearity](
        input_projection + linear(previous_hidden, recurrent_weight, recurrent_bias)
    )


def lstm_gates(
    input_projection: Tensor,
    previous_hidden: Tensor,
    recurrent_weight: Tensor,
    recurrent_bias: Tensor | None = None,
) -> LSTMGates:
    """The gates of an LSTM, for any number of steps whose h_{t-1} is known.

    i, f, o = sigmoid(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), g = tanh of its rows.
    Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; torch.nn.LSTM.
    input_projection: W_ih x_t + b_ih, (..., 4 * unit); previous_hidden: h_{t-1}, (..., unit).
    Returns four (..., unit).
    """
    rows = input_projection + linear(previous_hidden, recurrent_weight, recurrent_bias)
    i, f, g, o = rows.chunk(4, dim=-1)
    return LSTMGates(i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid())


def gru_gates(
    input_projection: Tensor,
    previous_hidden: Tensor,
    recurrent_weight: Tensor,
    recurrent_bias: Tensor | None = None,
) -> GRUGates:
    """The gates of a GRU, for any number of steps whose h_{t-1} is known.

    r, z = sigmoid(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), n = tanh(W_in x_t + b_in + r * (W_hn h_{t-1} +
    b_hn)).
    Source: Cho et al. 2014, with r applied after the product, as torch.nn.GRU and cuDNN have it: b_hn is
    inside r's reach.
    input_projection: W_ih x_t + b_ih, (..., 3 * unit); previous_hidden: h_{t-1}, (..., unit).
    Returns three (..., unit).
    """
    input_r, input_z, input_n = input_projection.chunk(3, dim=-1)
    hidden_r, hidden_z, hidden_n = linear(previous_hidden, recurrent_weight, recurrent_bias).chunk(3, dim=-1)
    r = (input_r + hidden_r).sigmoid()
    z = (input_z + hidden_z).sigmoid()
    return GRUGates(r, z, (input_n + r * hidden_n).tanh())


def lstm_hidden(gates: LSTMGates, cell: Tensor) -> Tensor:
    """h_t = o * tanh(c_t). cell: c_t, (..., unit). Returns (..., unit)."""
    return gates.output_gate * cell.tanh()


def gru_hidden(gates: GRUGates, previous_hidden: Tensor) -> Tensor:
    """h_t = (1 - z) * n + z * h_{t-1}. previous_hidden: h_{t-1}, (..., unit). Returns (..., unit)."""
    return (1 - gates.update_gate) * gates.candidate + gates.update_gate * previous_hidden


def rnn_step(
    input: Tensor,
    hidden: Tensor,
    input_weight: Tensor,
    recurrent_weight: Tensor,
    input_bias: Tensor | None = None,
    recurrent_bias: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """One step of a simple RNN: x_t (..., input) and h_{t-1} (..., unit) give h_t (..., unit). See
    `rnn_states`."""
    projection = linear(input, input_weight, input_bias)
    return rnn_states(projection, hidden, recurrent_weight, recurrent_bias, nonlinearity)


def lstm_step(
    input: Tensor,
    hidden: Tensor,
    cell: Tensor,
    input_weight: Tensor,
    recurrent_weight: Tensor,
    input_bias: Tensor | None = None,
    recurrent_bias: Tensor | None = None,
) -> tuple[Tensor, Tensor, LSTMGates]:
    """One step of an LSTM: x_t (..., input), h_{t-1} and c_{t-1} (..., unit) give h_t, c_t and the gates.

    c_t = f * c_{t-1} + i * g, h_t = o * tanh(c_t). See `lstm_gates` for the gates and their source.
    """
    gates = lstm_gates(linear(input, input_weight, input_bias), hidden, recurrent_weight, recurrent_bias)
    cell = gates.forget_gate * cell + gates.input_gate * gates.candidate
    return lstm_hidden(gates, cell), cell, gates


def gru_step(
    input: Tensor,
    hidden: Tensor,
    input_weight: Tensor,
    recurrent_weight: Tensor,
    input_bias: Tensor | None = None,
    recurrent_bias: Tensor | None = None,
) -> tuple[Tensor, GRUGates]:
    """One step of a GRU: x_t (..., input) and h_{t-1} (..., unit) give h_t and the gates. See `gru_gates`."""
    gates = gru_gates(linear(input, input_weight, input_bias), hidden, recurrent_weight, recurrent_bias)
    return gru_hidden(gates, hidden), gates


def touched_step(
    kind: str,
    input_projection: Tensor,
    states: States,
    recurrent_weight: Tensor,
    recurrent_bias: Tensor | None,
    touch: Touch,
    nonlinearity: str = "tanh",
    projection_weight: Tensor | None = None,
) -> States:
    """One step of any of the cells, each quantity handed through `touch` as it comes about.

    kind: 'rnn', 'gru' or 'lstm'. input_projection: W_ih x_t + b_ih; states: (h_{t-1},), of an LSTM (h_{t-1}, c_{t-1}). touch: is
    given a field, as in the trace, and its values, and returns those that stand: what follows is made of them.
    projection_weight: of an LSTM with proj_size. Returns (h_t,) or (h_t, c_t).
    """
    hidden = states[0]
    if kind == "lstm":
        found = lstm_gates(input_projection, hidden, recurrent_weight, recurrent_bias)
        gates = LSTMGates(*(touch(name, gate) for name, gate in found._asdict().items()))
        carried = gates.forget_gate * states[1]
        cell = touch("cell", torch.addcmul(carried, gates.input_gate, gates.candidate))
        hidden = lstm_hidden(gates, cell)
        hidden = hidden if projection_weight is None else hidden @ projection_weight.T
        return touch("hidden", hidden), cell
    if kind == "gru":
        input_r, input_z, input_n = input_projection.chunk(3, dim=-1)
        hidden_r, hidden_z, hidden_n = linear(hidden, recurrent_weight, recurrent_bias).chunk(3, dim=-1)
        r = touch("reset_gate", (input_r + hidden_r).sigmoid())
        z = touch("update_gate", (input_z + hidden_z).sigmoid())
        n = touch("candidate", (input_n + r * hidden_n).tanh())
        return (touch("hidden", gru_hidden(GRUGates(r, z, n), hidden)),)
    return (
        touch("hidden", rnn_states(input_projection, hidden, recurrent_weight, recurrent_bias, nonlinearity)),
    )


def scan(decay: Tensor, drive: Tensor, initial: Tensor, out: Tensor | None = None) -> Tensor:
    """x_t = decay_t * x_{t-1} + drive_t for all t at once, elementwise, x_{-1} = initial.

    decay, drive: (time, ...); initial: (...). Returns (time, ...), in `out` where it is given; the inputs untouched. Not
    for autograd. Two steps in a row are again one step of this kind, so pairs are merged, the half as long recurrence is
    solved, and the steps between are filled in: O(log time) tensor operations and O(time) work (Blelloch 1990, "Prefix
    sums and their applications"; Hillis & Steele's doubling does O(time log time), measured six times slower at 2000
    steps).
    """
    out = torch.empty_like(drive) if out is None else out
    steps = len(drive)
    if not steps:
        return out
    torch.addcmul(drive[0], decay[0], initial, out=out[0])
    if steps == 1:
        return out
    first, second = slice(0, steps - steps % 2, 2), slice(1, None, 2)
    merged = torch.addcmul(drive[second], decay[second], drive[first])
    scan(decay[second] * decay[first], merged, initial, out=out[second])
    if steps > 2:
        torch.addcmul(drive[2::2], decay[2::2], out[1 : steps - 1 : 2], out=out[2::2])
    return out
