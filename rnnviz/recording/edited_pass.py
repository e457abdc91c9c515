"""Edits under gradients: a pass that is edited runs as a loop of single steps in autograd's graph, and what comes back is seen.

Up to the first step at which an edit changes a number, every number is the kernel's own, to the bit, and only the way back is the
loop's; from there on the loop's numbers stand. A value that is written in takes the gradient from what it replaces; a function
lets it through as autograd derives it, also to what the function itself holds.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnviz.recording import cells, edits, gates
from rnnviz.recording.calls import Call, Key, Running
from rnnviz.recording.layout import Layout
from rnnviz.recording.passes import ACTIVATIONS, Pass, Weights, working
from rnnviz.recording.second_order import Step, listen
from rnnviz.recording.torch_private import mark


class _Given(torch.autograd.Function):
    """A number that was computed, as it stands elsewhere: its value is given, its gradient goes to what was computed.

    anchor: needs a gradient, so that what comes back is seen also where nothing below asks for it.
    """

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, made: Tensor, value: Tensor) -> Tensor:
        return value.to(made.dtype, copy=True)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor, None]:
        return None, grad, None


@dataclass
class _Loop:
    """The steps of one pass. one: as the kernel ran it; what an edit changes is written into it."""

    one: Pass
    weights: Weights
    placed: Sequence[edits.Placed]
    order: edits.Order
    anchor: Tensor
    changed: bool = False

    def settled(self, name: str, made: Tensor, t: int, known: Tensor | None) -> Tensor:
        """A quantity of step t with its edits made. made: as the loop has it; known: as the kernel has it."""
        value = made.detach() if self.changed or known is None else known[t]
        now = cast(Tensor, _Given.apply(self.anchor, made, value))  # type: ignore[no-untyped-call]
        edited = edits.edited(name, now, self.placed, t, self.order)
        self.changed = self.changed or not torch.equal(edited, now)
        return edited

    def step(self, x: Tensor, before: Sequence[Tensor], t: int) -> tuple[Tensor, ...]:
        """h_t, and of an LSTM c_t, of x_t and the states before."""
        one, weights = self.one, self.weights
        names = ACTIVATIONS[one.kind]
        known = dict(zip(names, one.rows.chunk(len(names), -1), strict=True)) if one.rows is not None else {}
        projection = linear(x, weights.input, weights.input_bias)
        recurrent = weights.recurrent, weights.recurrent_bias
        made: dict[str, Tensor] = {}
        cell: Tensor | None = None
        if one.kind == "lstm":
            fresh = cells.lstm_gates(projection, before[0], *recurrent)._asdict()
            made = {name: self.settled(name, fresh[name], t, known[name]) for name in names}
            cell = made["forget_gate"] * before[1] + made["input_gate"] * made["candidate"]
            cell = self.settled("cell", cell, t, one.cell)
            hidden = cells.lstm_hidden(cells.LSTMGates(**made), cell)
            hidden = hidden if weights.projection is None else hidden @ weights.projection.T
        elif one.kind == "gru":
            fresh = cells.gru_gates(projection, before[0], *recurrent)._asdict()
            for name in names:
                if name == "candidate":
                    fresh[name] = edits.candidate(
                        one.units, weights, projection, before[0], made["reset_gate"]
                    )
                made[name] = self.settled(name, fresh[name], t, known[name])
            hidden = cells.gru_hidden(cells.GRUGates(**made), before[0])
        else:
            hidden = cells.rnn_states(projection, before[0], *recurrent, one.nonlinearity)
        hidden = self.settled("hidden", hidden, t, one.hidden)
        if self.changed:
            self._write(t, hidden, cell, [made[name] for name in names])
        return (hidden,) if cell is None else (hidden, cell)

    def _write(self, t: int, hidden: Tensor, cell: Tensor | None, made: Sequence[Tensor]) -> None:
        one = self.one
        one.hidden[t] = working(hidden)
        if cell is not None and one.cell is not None:
            one.cell[t] = working(cell)
        if one.rows is not None:
            one.rows[t] = working(torch.cat(list(made), -1))


def run_edited(
    call: Call,
    running: Running,
    key: Key,
    x: Tensor,
    begin: Sequence[Tensor],
    weights: Weights,
    placed: Sequence[edits.Placed],
    order: edits.Order,
) -> tuple[Tensor, ...]:
    """A pass that the kernel has run, again with its edits, in autograd's graph: output as the kernel lays it, final states
    (1, batch, unit).

    x: as the kernel read it; begin: (1, batch, unit) each; weights: the parameters themselves.
    """
    layout = running.seen.layout
    with torch.no_grad():
        one, error = gates.recover(running.passes[key])
    anchor = torch.zeros((), requires_grad=True, device=x.device)
    loop = _Loop(one, weights, placed, order, anchor)
    own = [state.view_as(state) for state in begin]  # what comes back to them comes through this pass
    states, steps, found = [state[0] for state in own], layout.dense(x), list[Step]()
    for t in range(layout.steps):
        after = loop.step(steps[t], states, t)
        on = after[0].view_as(after[0])
        found.append((after[0], on, after[1] if len(after) > 1 else None))
        states = [_alive(state, layout, t) for state in (on, *after[1:])]
    running.edit(key, one, error)
    listen(call, key, own[0], found)
    output = torch.stack([step[0] for step in found])
    finals = [output] + ([torch.stack([cast(Tensor, step[2]) for step in found])] if len(begin) > 1 else [])
    result = layout.flat(output), *(every[layout.last][None] for every in finals)
    for tensor in result:
        mark(tensor, weakref.ref(call))
    return result


def _alive(state: Tensor, layout: Layout, t: int) -> Tensor:
    """The state that a next step is given: 0 where the sequence has ended, so that nothing grows there."""
    return state if layout.valid is None else torch.where(layout.valid[t][:, None], state, 0.0)
