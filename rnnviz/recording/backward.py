"""Where the gradient comes back: nodes in autograd's graph that see what passes through them, and keep it.

An nn.RNN, nn.LSTM or nn.GRU becomes one node for each layer and direction, whose backward is ours
(`backpropagation`), so that the gradient of every step is seen on its way. A cell is torch's own node; hooks on its states
bring what comes back.
"""

import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.utils.hooks import RemovableHandle

from rnnviz.recording.backpropagation import backpropagate
from rnnviz.recording.calls import Call, Gradients, Key, Running
from rnnviz.recording.layer import Layer
from rnnviz.recording.observed import Watched
from rnnviz.recording.passes import working
from rnnviz.recording.refusals import refuse_second_order
from rnnviz.recording.saved import kept
from rnnviz.recording.second_order import derivable
from rnnviz.recording.torch_private import backward_number, hook, is_batched, is_passed_by, mark, mark_of

FARTHEST = 2000  # nodes of a graph that are searched for where a state came from
Found = Tensor | None


@dataclass(frozen=True)
class _Node:
    """What a node of ours knows: the layer and direction that it ran, the call that they are of, and which of its inputs, and
    whether its output, torch's own kernel would have kept as they are (`saved`)."""

    call: Call
    layer: Layer
    running: Running
    kept: tuple[bool, ...]
    kept_output: bool


def run_tracked(
    call: Call, layer: Layer, running: Running, x: Tensor, begin: Sequence[Tensor], weights: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """A layer and direction as a node of autograd's graph: output and final states."""
    # where the plain call leads to parameters at all, the way down leads through every layer
    anchor = torch.zeros((), requires_grad=True, device=x.device)
    node = _Node(call, layer, running, *kept(layer, (x, *begin, *weights)))
    came = _Pass.apply(node, anchor, x, *begin, *weights)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return cast(tuple[Tensor, ...], came)


class _Pass(torch.autograd.Function):
    """A pass whose backward is ours."""

    @staticmethod
    def forward(ctx: Any, node: _Node, anchor: Tensor, x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        ctx.node = node
        ctx.set_materialize_grads(False)
        states = node.layer.states
        result = node.layer.forward(node.running, x, rest[:states], rest[states:])
        every = (x, *rest)
        # what the kernel copies may be written to: it is not kept for autograd to look at
        ctx.inputs = [None if own else tensor for tensor, own in zip(every, node.kept, strict=True)]
        own = [tensor for tensor, is_kept in zip(every, node.kept, strict=True) if is_kept]
        ctx.save_for_backward(anchor, *own, *result[: int(node.kept_output)])
        return result

    @staticmethod
    def backward(ctx: Any, *came: Found) -> tuple[Found, ...]:
        if any(is_batched(gradient) for gradient in came if gradient is not None):
            raise NotImplementedError(
                "record cannot see a batched backward: call it without is_grads_batched or vmap"
            )
        # raises where the plain call would: the graph is gone through again, or something kept was written to
        _, *saved = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph: torch's own, which can be derived again
            refuse_second_order(ctx.node.call.seen.lowered is not None)
            own = iter(saved)
            inputs = [next(own) if tensor is None else tensor for tensor in ctx.inputs]
            node: _Node = ctx.node
            grads = derivable(node.call, node.layer, inputs, came, ctx.needs_input_grad[2:], node.kept_output)
            if ctx.node.call.listening:
                with torch.no_grad():
                    _pass_back(ctx, came)
            return None, None, *grads
        return None, None, *_pass_back(ctx, came)


def _pass_back(ctx: Any, came: Sequence[Found]) -> list[Found]:
    """Gradients of x, the initial states and the weights; what came back is kept where somebody listens.

    came: dL/d output, then dL/dh_n and of an LSTM dL/dc_n, None where nothing came.
    """
    node: _Node = ctx.node
    call, layer = node.call, node.layer
    one = call.recovered.passes[layer.key]
    direct = torch.zeros_like(one.hidden)
    output, last, *last_cell = came
    if output is not None:
        direct.copy_(layer.layout.dense(output))
    if last is not None:
        direct[layer.layout.last] += last[0]
    final_cell = working(last_cell[0][0]) if last_cell and last_cell[0] is not None else None
    need_x, *need = ctx.needs_input_grad[2:]
    need_states, need_weights = need[: layer.states], need[layer.states :]
    back = backpropagate(one, direct, final_cell, need_x, any(need_weights))
    if call.listening:
        number = frozenset({backward_number()})
        call.came_back = call.came_back.with_gradients(
            layer.key, Gradients(back.total, direct, back.cell, number)
        )
        if need[0]:
            call.came_back = call.came_back.with_handed(layer.key, back.initial[0])
        if any(is_passed_by(following) for following in _onward(ctx, node)):
            call.came_back = call.came_back.cut_short()
    # not from what autograd saved: the caller may have used its input's memory again, and here it is not needed
    dtype = call.seen.dtype
    grads: list[Found] = [None if back.input is None else layer.layout.flat(back.input).to(dtype)]
    grads += [
        state[None].to(dtype) if wanted else None
        for state, wanted in zip(back.initial, need_states, strict=False)
    ]
    if back.weights is None:
        return [*grads, *(None for _ in need_weights)]
    own = [weight for weight in back.weights if weight is not None]
    return grads + [g.to(dtype) if wanted else None for g, wanted in zip(own, need_weights, strict=True)]


def _onward(ctx: Any, node: _Node) -> Iterator[Node | None]:
    """The nodes below that are of this recording: of the layer that was read, and of the calls that gave the states."""
    _, x, *rest = (following for following, _ in ctx.next_functions)
    if node.layer.key[0]:
        yield x
    if node.call.seen.follows:
        yield from rest[: node.layer.states]


def sources(states: Iterable[Tensor], watched: Sequence[Watched]) -> tuple[Call, ...]:
    """The earlier calls of a module from which these states came, by autograd's graph. watched: it, in each recording."""
    found: list[Call] = []
    stack = [state.grad_fn for state in states] if watched else []
    seen: set[Node] = set()
    while stack and len(seen) < FARTHEST:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        call = _call_of(node)
        if call is not None and any(call in one for one in watched):
            found.append(call)
        else:
            stack += [following for following, _ in node.next_functions]
    return tuple(dict.fromkeys(found))  # an LSTM gives two states, a module those of all layers


def _call_of(node: Node) -> Call | None:
    """The call that made a node of the graph; None for a node of somebody else's."""
    own = getattr(node, "node", None)
    if isinstance(own, _Node):
        return own.call
    note = mark_of(node)
    return cast(Call | None, note()) if isinstance(note, weakref.ref) else None


def listen_to_cell(call: Call, through: Found, after: Sequence[Tensor]) -> list[RemovableHandle]:
    """Hooks on the states that a cell's step returned, and on the state it was given, which bring what comes back.

    through: the hidden state as this step alone was given it, None where no gradient goes there.
    """
    for state in after:
        mark(state, weakref.ref(call))
    watched = dict(zip(("hidden", "cell"), after, strict=False)) | (
        {"handed": through} if through is not None else {}
    )
    return [hook(state, partial(_cell_gradient, call, what)) for what, state in watched.items()]


def _cell_gradient(call: Call, what: str, grad: Tensor) -> None:
    if not call.listening:
        return
    key: Key = (0, 0)
    grad = working(grad)[None].clone()
    if what == "handed":
        call.came_back = call.came_back.with_handed(key, grad[0])
        return
    zero = torch.zeros_like(grad)
    cell = None if call.seen.kind != "lstm" else grad if what == "cell" else zero
    hidden = grad if what == "hidden" else zero
    gradients = Gradients(hidden, hidden, cell, frozenset({backward_number()}))
    call.came_back = call.came_back.with_gradients(key, gradients)
