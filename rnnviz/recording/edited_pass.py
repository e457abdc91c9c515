"""Edits under gradients: a pass that is edited runs as a loop of single steps in autograd's graph, and what comes back is seen.

Up to the first step at which an edit changes a number, every number is the kernel's own, to the bit, and only the way back is the
loop's; from there on the loop's numbers stand. A value that is written in takes the gradient from what it replaces; a function
lets it through as autograd derives it, also to what the function itself holds.
"""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnviz.recording import cells, edits, gates
from rnnviz.recording.calls import Call, Key, Running
from rnnviz.recording.cells import States
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

    def __post_init__(self) -> None:
        names, one = ACTIVATIONS[self.one.kind], self.one
        rows = () if one.rows is None else one.rows.chunk(len(names), -1)
        # as the kernel has it, read until the first change
        self.known = {**dict(zip(names, rows, strict=False)), "hidden": one.hidden, "cell": one.cell}

    def step(self, x: Tensor, before: States, t: int) -> States:
        """h_t, and of an LSTM c_t, of x_t and the states before."""
        one, weights = self.one, self.weights
        made: dict[str, Tensor] = {}

        def settled(name: str, fresh: Tensor) -> Tensor:
            known = self.known[name]
            value = fresh.detach() if self.changed or known is None else known[t]
            now = cast(Tensor, _Given.apply(self.anchor, fresh, value))  # type: ignore[no-untyped-call]
            made[name] = edits.edited(name, now, self.placed, t, self.order)
            self.changed = self.changed or not torch.equal(made[name], now)
            return made[name]

        projection = linear(x, weights.input, weights.input_bias)
        recurrent = weights.recurrent, weights.recurrent_bias
        after = cells.touched_step(
            one.kind, projection, before, *recurrent, settled, one.nonlinearity, weights.projection
        )
        if self.changed:
            self._write(t, made)
        return after

    def _write(self, t: int, made: Mapping[str, Tensor]) -> None:
        one = self.one
        one.hidden[t] = working(made["hidden"])
        if one.cell is not None:
            one.cell[t] = working(made["cell"])
        if one.rows is not None:
            one.rows[t] = working(torch.cat([made[name] for name in ACTIVATIONS[one.kind]], -1))


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
    states, steps, found = tuple(state[0] for state in own), layout.dense(x), list[Step]()
    for t in range(layout.steps):
        after = loop.step(steps[t], states, t)
        on = after[0].view_as(after[0])
        found.append((after[0], on, after[1] if len(after) > 1 else None))
        states = tuple(_alive(state, layout, t) for state in (on, *after[1:]))
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
