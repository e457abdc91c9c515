"""The forward: one call of a recurrent module, run by torch's kernels one layer and direction at a time.

aten does the same inside one call (RNN.cpp, apply_layer_stack): time first, dropout on what goes up, states stacked. So
every layer's states are the kernel's own, and outputs and random numbers are what they would have been.
"""

import functools
import operator
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from rnnviz.recording import edits
from rnnviz.recording.backward import listen_to_cell, run_tracked, sources
from rnnviz.recording.calls import Call, Running, Seen
from rnnviz.recording.edited_pass import run_edited
from rnnviz.recording.edits import DIRECTIONS
from rnnviz.recording.layer import Kernel, Layer, Placing, order_of, place
from rnnviz.recording.layout import Layout
from rnnviz.recording.observed import Observed, Watched
from rnnviz.recording.passes import Weights
from rnnviz.recording.refusals import (
    refuse_dropout,
    refuse_edits_under_autocast,
    refuse_numbers,
    refuse_saved_tensor_hooks,
    refuse_untracked,
)
from rnnviz.recording.torch_private import CELLS, KERNELS, unsorted_indices
from rnnviz.recording.wanted import Wanted

# A call has the module of each recording that watches it, from the outer to the inner.
Watching = Sequence[tuple[Observed, Watched]]
States = Tensor | Sequence[Tensor]


def run_module(
    kernel: Kernel,
    watching: Watching,
    input: Tensor,
    states: States,
    weights: Sequence[Tensor],
    biases: bool,
    layers: int,
    dropout: float,
    training: bool,
    two: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    """A call with sequences of one length, (time, batch, input) or batch first. Returns what the kernel would."""
    sequence = input.transpose(0, 1) if batch_first else input
    layout = Layout(len(sequence), sequence.shape[1])
    own = (states, weights, biases, layers, dropout, training, two)
    output, *finals = _by_layer(kernel, watching, layout, sequence, *own)
    if batch_first:
        # as each kernel does it, since autograd treats writing to a view apart: on the CPU only an LSTM's output is one; cuDNN
        # turns its output before autograd sees it and keeps it, so that turning it in place would count as written to
        is_view = len(finals) > 1 or output.is_cuda
        output = output.transpose(0, 1) if is_view else output.transpose_(0, 1)
    return output, *finals


def run_packed_module(
    kernel: Kernel, watching: Watching, data: Tensor, sizes: Tensor, *own: Any
) -> tuple[Tensor, ...]:
    """A call with a packed sequence. own: as of `run_module`, without batch_first."""
    layout = Layout.packed(sizes, unsorted_indices(), data.device)
    return _by_layer(kernel, watching, layout, data, *own)


def _by_layer(
    kernel: Kernel,
    watching: Watching,
    layout: Layout,
    data: Tensor,
    states: States,
    weights: Sequence[Tensor],
    biases: bool,
    layers: int,
    dropout: float,
    training: bool,
    two: bool,
) -> tuple[Tensor, ...]:
    """Output and final states, as one call of the kernel returns them. Raises RuntimeError for a sequence of no steps."""
    refuse_numbers(data, weights)
    begin = _tupled(states)
    kind, nonlinearity = KERNELS[kernel]
    if not layout.steps:
        raise RuntimeError(
            f"{watching[0][1].name or kind!r}: input came with shape (time 0, batch {layout.batch}, feature {data.shape[-1]});"
            " wanted at least one step"
        )
    dropping = bool(dropout) and training and layers > 1
    if dropping:
        refuse_dropout(data.device)
    directions = 2 if two else 1
    tracked = _is_tracked(data, *begin, *weights)
    refuse_untracked((data, *begin, *weights))
    placing = _placing(watching, kind)
    seen = _seen(watching, kind, nonlinearity, layers, directions, layout, weights, biases, tracked, begin)
    if not tracked and not placing:
        seen = replace(seen, wanted=_wanted(watching))
    if tracked:
        if placing and seen.lowered is not None:
            refuse_edits_under_autocast()
        refuse_saved_tensor_hooks()
    call, running = Call(seen), Running(seen)
    each = len(weights) // (layers * directions)
    output, finals = data, []
    for layer in range(layers):
        below, outputs = output, []
        if dropping and layer:
            below = torch.dropout(below, dropout, True)
        for direction in range(directions):
            at = layer * directions + direction
            first = [state[at : at + 1] for state in begin]
            own = weights[at * each : (at + 1) * each]
            x = layout.turned(below) if direction else below
            one = Layer(
                (layer, direction),
                kernel,
                layout,
                biases,
                training,
                len(begin),
                layers * directions == 1,
                seen.lowered,
            )
            if tracked and placing:
                made = _edited(call, one, running, x, first, own, placing)
            elif tracked:
                made = run_tracked(call, one, running, x, first, own)
            else:
                made = one.forward(running, x, first, own, placing)
            outputs.append(layout.turned(made[0]) if direction else made[0])
            finals.append(made[1:])
        output = torch.cat(outputs, -1) if two else outputs[0]
    _keep(call, running, watching)
    if len(finals) == 1:
        return output, *finals[0]
    return output, *[torch.cat(one) for one in zip(*finals, strict=True)]


def _edited(
    call: Call,
    layer: Layer,
    running: Running,
    x: Tensor,
    begin: Sequence[Tensor],
    weights: Sequence[Tensor],
    placing: Sequence[Placing],
) -> tuple[Tensor, ...]:
    """A layer and direction in autograd's graph, some of whose call is edited."""
    here = any((at.edit.layer, DIRECTIONS.index(at.edit.direction)) == layer.key for at in placing)
    if not here:
        made = run_tracked(call, layer, running, x, begin, weights)
        with torch.no_grad():
            place(running, layer.key, running.passes[layer.key], placing)
        return made
    with torch.no_grad():
        layer.forward(running, x, begin, weights)
    placed = place(running, layer.key, running.passes[layer.key], placing)
    own, order = Weights.of(list(weights), layer.biases), order_of(layer.layout, layer.key)
    return run_edited(call, running, layer.key, x, begin, own, placed, order)


def run_cell(
    kernel: Kernel, watching: Watching, input: Tensor, states: States, *weights: Tensor | None
) -> Tensor | tuple[Tensor, ...]:
    """One step of a loop of the caller's. Torch's own cell runs; hooks on its states bring what comes back."""
    given = [weight for weight in weights if weight is not None]
    refuse_numbers(input, given)
    begin = _tupled(states)
    kind, nonlinearity = CELLS[kernel]
    tracked = _is_tracked(input, *begin, *given)
    refuse_untracked((input, *begin, *given))
    layout, biases = Layout(1, len(input)), len(given) == 4
    seen = _seen(watching, kind, nonlinearity, 1, 1, layout, given, biases, tracked, begin)
    placing = _placing(watching, kind)
    if not tracked and not placing:
        seen = replace(seen, wanted=_wanted(watching))
    if tracked and placing and seen.lowered is not None:
        refuse_edits_under_autocast()
    through = None
    if tracked and begin[0].requires_grad:
        through = begin[0].view_as(begin[0])  # what comes back to it comes through this step
        begin = (through, *begin[1:])
    result: Tensor | tuple[Tensor, ...] = kernel(input, begin if kind == "lstm" else begin[0], *weights)
    after = _tupled(result)
    call, running = Call(seen), Running(seen)
    with torch.no_grad():
        if "input" in seen.wanted and not seen.wanted.replays(kind):
            running.keep_input(input[None])
        running.keep((0, 0), input[None], after[0][None], begin, after)
    if placing:
        after = _edited_cell(call, running, input, begin, Weights.of(given, biases), after, placing)
        result = after if len(after) > 1 else after[0]
    _keep(call, running, watching)
    if tracked and not placing:
        watching[0][0].hooks.extend(listen_to_cell(call, through, after))
    return result


def _edited_cell(
    call: Call,
    running: Running,
    input: Tensor,
    begin: Sequence[Tensor],
    weights: Weights,
    after: tuple[Tensor, ...],
    placing: Sequence[Placing],
) -> tuple[Tensor, ...]:
    """One step of a loop of the caller's with its edits: the states after it, the very ones where none changes a number and
    no gradient is wanted."""
    key = (0, 0)
    one, order = running.passes[key], order_of(running.seen.layout, key)
    placed = place(running, key, one, placing)
    if running.seen.tracked:
        states = [state[None] for state in begin]
        _, *finals = run_edited(call, running, key, input[None], states, weights, placed, order)
        return tuple(state[0] for state in finals)
    one, error, changed = edits.run(one, placed, _no_segment, order)
    running.edit(key, one, error)
    if not changed:
        return after
    states = [one.hidden] if one.cell is None else [one.hidden, one.cell]
    return tuple(state[0].to(own.dtype, copy=True) for state, own in zip(states, after, strict=True))


def _no_segment(x: Tensor, states: Sequence[Tensor]) -> Tensor:
    """Nothing follows within one step."""
    raise RuntimeError("one step was edited, and more were to be run after it")


def _seen(
    watching: Watching,
    kind: str,
    nonlinearity: str,
    layers: int,
    directions: int,
    layout: Layout,
    weights: Sequence[Tensor],
    biases: bool,
    tracked: bool,
    begin: Sequence[Tensor],
) -> Seen:
    last = next((found.last.weights for _, found in watching if found.last), ())
    with torch.no_grad():
        kept = _snapshot(weights, last)
    follows = sources(begin, [found for _, found in watching if found.calls]) if tracked else ()
    lowered = lowered_by_autocast(weights[0])
    return Seen(
        kind, nonlinearity, layers, directions, layout, kept, biases, tracked, follows, lowered=lowered
    )


def lowered_by_autocast(weight: Tensor) -> torch.dtype | None:
    """The type that torch.autocast turns a weight into; None where it is off, and for float64, which it leaves alone."""
    device = weight.device.type
    if not torch.is_autocast_enabled(device) or weight.dtype == torch.float64:
        return None
    return torch.get_autocast_dtype(device)


def _snapshot(weights: Sequence[Tensor], last: Sequence[Tensor]) -> Sequence[Tensor]:
    """A copy of the weights, or the last copy where nothing has changed since.

    By value: the version counter of a parameter does not see what is written through `.data`.
    """
    if last and all(_unchanged(now, then) for now, then in zip(weights, last, strict=True)):
        return last
    return [weight.detach().clone() for weight in weights]


def _unchanged(now: Tensor, then: Tensor) -> bool:
    if (now.dtype, now.shape) != (then.dtype, then.shape):
        return False
    # the slower comparison is for a diverged model, whose NaN are not equal to themselves
    return torch.equal(now, then) or torch.allclose(now, then, rtol=0, atol=0, equal_nan=True)


def _wanted(watching: Watching) -> Wanted:
    """What any of the recordings is to keep."""
    return functools.reduce(operator.or_, (observed.wanted for observed, _ in watching))


def _placing(watching: Watching, kind: str) -> list[Placing]:
    placing = []
    for _, found in watching:
        if found.edits:
            placing += [Placing(edit, found.name or kind, found.steps) for edit in found.edits]
    return placing


def _keep(call: Call, running: Running, watching: Watching) -> None:
    """A call that has run is the recordings'; one that raised never was."""
    listening = sum(observed.wanted.gradients for observed, _ in watching)
    call.has_run(running.done(), len(watching), listening)
    for observed, found in watching:
        found.keep(call)
        if observed.told is not None:
            observed.told(found, call)


def _is_tracked(*tensors: Tensor) -> bool:
    """Whether autograd follows what is made of these."""
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


def _tupled(states: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """(h,) or (h, c): an LSTM comes with both, the others with h alone."""
    return (states,) if isinstance(states, Tensor) else tuple(states)
