"""Layers with their weights in PyTorch's order, joined to stacks, and built as stock modules."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from rnnviz.foreign.arrays import shown
from rnnviz.foreign.gates import COUNT

MODULES: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


@dataclass(frozen=True)
class Direction:
    """One layer read in one direction, as torch has it: input (gates · unit, input), recurrent (gates · unit, unit or
    projection), biases (gates · unit) or None, projection (projection, unit) or None.
    """

    input: Tensor
    recurrent: Tensor
    bias_input: Tensor | None = None
    bias_recurrent: Tensor | None = None
    projection: Tensor | None = None

    def look(self) -> tuple[object, ...]:
        """What all directions and layers of one module share."""
        projected = None if self.projection is None else tuple(self.projection.shape)
        return tuple(self.recurrent.shape), self.bias_input is None, projected


@dataclass(frozen=True)
class Layer:
    """What becomes one module: a stack of layers, each read in one or two directions (forward, backward).

    used: the arrays it was made of. after: the layer whose whole output it reads, '' where it reads something else, None where
    the file does not say. merged: how a file adds up its two directions, where it does not lay them side by side.
    """

    name: str
    kind: str
    stack: tuple[tuple[Direction, ...], ...]
    used: frozenset[str]
    nonlinearity: str = "tanh"
    after: str | None = None
    merged: str = ""

    @property
    def inputs(self) -> int:
        return self.stack[0][0].input.shape[1]

    @property
    def outputs(self) -> int:
        """Numbers that the module gives at each step."""
        return self.stack[0][0].recurrent.shape[1] * len(self.stack[0])

    @property
    def hidden(self) -> int:
        return self.stack[0][0].recurrent.shape[0] // COUNT[self.kind]


def checked(layer: Layer) -> Layer:
    """The same. Raises ValueError, with the layer's name and the shapes, where its parts do not fit."""
    first = layer.stack[0][0]
    for number, directions in enumerate(layer.stack):
        wanted = layer.inputs if number == 0 else layer.outputs
        for direction in directions:
            if direction.input.shape[1] != wanted:
                below = "its other direction" if number == 0 else f"layer {number - 1}"
                gives = "takes" if number == 0 else "gives"
                raise ValueError(
                    f"{shown(layer.name)}: layer {number} takes {direction.input.shape[1]} numbers; {below} {gives} {wanted}"
                )
            if len(directions) != len(layer.stack[0]) or direction.look() != first.look():
                raise ValueError(
                    f"{shown(layer.name)}: layer {number} is {direction.look()[0]} of {len(directions)} direction(s); "
                    f"layer 0 is {first.look()[0]} of {len(layer.stack[0])}, and they must be alike, biases included"
                )
    return layer


def module(layer: Layer) -> nn.RNNBase:
    """The stock module (batch first, in eval mode) with the layer's weights in it. Moves nobody's random generator."""
    first = layer.stack[0][0]
    more: dict[str, Any] = {}
    if first.projection is not None:
        more["proj_size"] = first.projection.shape[0]
    if layer.kind == "rnn":
        more["nonlinearity"] = layer.nonlinearity
    made: nn.RNNBase = MODULES[layer.kind](
        layer.inputs,
        layer.hidden,
        num_layers=len(layer.stack),
        bias=first.bias_input is not None,
        batch_first=True,
        bidirectional=len(layer.stack[0]) == 2,
        device="meta",  # no memory, no random start
        **more,
    )
    weights: dict[str, Tensor] = {}
    for number, directions in enumerate(layer.stack):
        for direction, end in zip(directions, ("", "_reverse"), strict=False):
            parts = {
                "weight_ih": direction.input,
                "weight_hh": direction.recurrent,
                "bias_ih": direction.bias_input,
                "bias_hh": direction.bias_recurrent,
                "weight_hr": direction.projection,
            }
            weights |= {f"{key}_l{number}{end}": part for key, part in parts.items() if part is not None}
    made.load_state_dict(weights, assign=True)
    return made.eval()


def stacked(layers: Sequence[Layer], widths: Iterable[int]) -> tuple[list[Layer], list[str]]:
    """Layers one on the other as one, where the file or their names and shapes leave no doubt; and a line for each such stack.

    widths: of the embeddings. Where the file does not say what a layer reads, numbered names (rnn_1, rnn_2) and a width that only
    the layer before gives must say it: not the width of an embedding, nor that which the layer before reads itself.
    """
    others = set(widths)
    found: list[Layer] = []
    names: list[list[str]] = []
    for layer in layers:
        if found and _on(found[-1], names[-1][-1], layer, others):
            below = found[-1]
            found[-1] = replace(below, stack=below.stack + layer.stack, used=below.used | layer.used)
            names[-1].append(layer.name)
        else:
            found.append(layer)
            names.append([layer.name])
    notes = []
    for place, parts in enumerate(names):
        if len(parts) > 1:
            stem = _numbered(parts[0])[0].rstrip("_.") or parts[0]
            name = parts[0] if any(stem in one for n, one in enumerate(names) if n != place) else stem
            found[place] = replace(found[place], name=name)
            notes.append(f"{shown(name)}: {', '.join(map(shown, parts))}, one on the other")
    return found, notes


def _on(below: Layer, last: str, layer: Layer, others: set[int]) -> bool:
    alike = (
        (below.kind, below.nonlinearity) == (layer.kind, layer.nonlinearity)
        and not below.merged + layer.merged
        and len(below.stack[0]) == len(layer.stack[0])
        and below.stack[0][0].look() == layer.stack[0][0].look()
        and layer.inputs == below.outputs
    )
    if not alike or layer.after is not None:
        return alike and layer.after == last
    (stem, number), (above, next_number) = _numbered(last), _numbered(layer.name)
    return (
        stem == above
        and next_number == number + 1
        and layer.inputs not in others
        and layer.inputs != below.inputs
    )


def _numbered(name: str) -> tuple[str, int]:
    """A name without its number, and that number: rnn_2 → rnn, 2. Keras leaves the first 0 out: lstm → lstm, 0."""
    found = re.fullmatch(r"(.*?)[_.]?(\d{1,6})", name)
    return (found[1], int(found[2])) if found else (name, 0)


def linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """weight: (output, input)."""
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    made.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}), assign=True)
    return made.eval()


def embedding(weight: Tensor) -> nn.Embedding:
    """weight: (token, width)."""
    made = nn.Embedding(weight.shape[0], weight.shape[1], device="meta")
    made.load_state_dict({"weight": weight}, assign=True)
    return made.eval()
