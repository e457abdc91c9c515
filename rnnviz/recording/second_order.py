"""Gradients of gradients (create_graph): a pass run again, as part of a graph that can be derived once more.

A loss that is made of gradients depends on each h_t in two ways: through the output, and through the gradients themselves. The
first comes back through the pass's own node; the second through the graph that is made here. Where torch's kernel is made of
single operations, it is run as a loop of torch's cell, whose states have hooks; where it is one operation, most cannot be
derived twice, as the plain call cannot, and where one can, what comes back to its states is not known.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from rnnviz.recording.calls import Call, Gradients, Key
from rnnviz.recording.layer import Layer
from rnnviz.recording.passes import Weights, working
from rnnviz.recording.torch_private import CELL_OF, backward_number, hook

Found = Tensor | None


def derivable(
    call: Call,
    layer: Layer,
    inputs: Sequence[Tensor],
    came: Sequence[Found],
    needs: Sequence[bool],
    fused: bool,
) -> list[Found]:
    """Gradients of the inputs (x, initial states, weights) where needed, from what came to output and final states.

    fused: whether torch's kernel is one operation.
    """
    # under names of their own: what one of them has to do with another is not this pass's affair
    x, *rest = (tensor.view_as(tensor) for tensor in inputs)
    begin, weights = rest[: layer.states], rest[layer.states :]
    fused = fused or x.is_cuda or len(weights) not in (2, 4)  # no cell of torch's projects
    steps = [] if fused else _stepped(layer, x, begin, Weights.of(weights, layer.biases))
    result = layer.plain(x, begin, weights) if fused else _results(layer, steps)
    pairs = [(out, grad) for out, grad in zip(result, came, strict=True) if grad is not None]
    wanted = [tensor for tensor, need in zip((x, *rest), needs, strict=True) if need]
    outputs, gradients = [out for out, _ in pairs], [grad for _, grad in pairs]
    found = torch.autograd.grad(outputs, wanted, gradients, create_graph=True, allow_unused=True)
    # only now, so that they are told of what a later backward brings, not of these
    if fused:
        for tensor in wanted:
            hook(tensor, lambda _: _unknown(call))
    else:
        listen(call, layer.key, begin[0], steps)
    each = iter(found)
    return [next(each) if need else None for need in needs]


def _unknown(call: Call) -> None:
    if call.listening:
        call.came_back = replace(call.came_back, unknown=True)


# What a step leaves: h_t, the same as the next step is given it, and of an LSTM c_t; each (batch, unit).
Step = tuple[Tensor, Tensor, Found]


def _stepped(layer: Layer, x: Tensor, begin: Sequence[Tensor], weights: Weights) -> list[Step]:
    cell = CELL_OF[layer.kernel]
    found: list[Step] = []
    states = [state[0] for state in begin]
    for part in x.unbind(0) if layer.layout.sizes is None else torch.split(x, layer.layout.sizes.tolist()):
        states = [state[: len(part)] for state in states]
        given = tuple(states) if len(states) > 1 else states[0]
        made = cell(part, given, *weights[:4])
        hidden, *cells = (made,) if isinstance(made, Tensor) else made
        states = [hidden.view_as(hidden), *cells]
        found.append((hidden, states[0], cells[0] if cells else None))
    return found


def _results(layer: Layer, steps: Sequence[Step]) -> list[Tensor]:
    """Output and final states, as the kernel returns them."""
    hidden = [step[0] for step in steps]
    cells = [step[2] for step in steps if step[2] is not None]
    if layer.layout.sizes is None:
        return [torch.stack(hidden), hidden[-1][None], *(cell[None] for cell in cells[-1:])]
    return [torch.cat(hidden), *(_ends(states)[None] for states in (hidden, cells) if states)]


def _ends(states: Sequence[Tensor]) -> Tensor:
    """The last state of each sequence: the longer ones come first."""
    found, done = [], 0
    for state in reversed(states):
        found.append(state[done:])
        done = len(state)
    return torch.cat(found)


def listen(call: Call, key: Key, begin: Tensor, steps: Sequence[Step]) -> None:
    """Hooks on the states of a pass that add to the call's further gradients what a later backward brings to each state."""

    def further() -> Gradients:
        if key not in call.further:
            one = call.recovered.passes[key]
            cell = None if one.cell is None else torch.zeros_like(one.cell)
            call.further[key] = Gradients(torch.zeros_like(one.hidden), torch.zeros_like(one.hidden), cell)
        return call.further[key]

    def adding(t: int, what: str) -> Callable[[Tensor], None]:
        def add(grad: Tensor) -> None:
            if not call.listening:
                return
            known, grad = further(), working(grad)
            rows = slice(len(grad))
            if what == "cell" and known.cell is not None:
                known.cell[t, rows] += grad
            elif what == "on":
                known.direct[t, rows] -= grad
            else:
                known.total[t, rows] += grad
                known.direct[t, rows] += grad
            call.further[key] = replace(known, backwards=known.backwards | {backward_number()})

        return add

    def handed(grad: Tensor) -> None:
        if call.listening:
            call.came_back = call.came_back.with_handed(key, working(grad[0]).clone())

    if begin.requires_grad:
        hook(begin, handed)
    for t, (hidden, on, cell) in enumerate(steps):
        hook(hidden, adding(t, "hidden"))
        hook(on, adding(t, "on"))
        if cell is not None and cell.requires_grad:
            hook(cell, adding(t, "cell"))
