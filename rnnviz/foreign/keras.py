"""Keras's recurrent layers: what their configuration says, and their weights in PyTorch's order."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from rnnviz.foreign.arrays import MOST_LAYERS, Arrays, Refusals, Refused, shown
from rnnviz.foreign.gates import COUNT, KERAS, KINDS, from_cudnn, reordered
from rnnviz.foreign.layers import Direction, Layer, checked

CLASSES = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}
_CELL = re.compile(r"cell|.*_cell(_\d+)?|vars")
_SIDE = re.compile(r"(forward|backward)_.*")


@dataclass(frozen=True)
class Weights:
    """The arrays of one layer and direction. path: where they lie in the file, part by part."""

    path: Sequence[str]
    kernel: str
    recurrent: str
    bias: str | None


@dataclass(frozen=True)
class Config:
    """What a model says of one of its layers.

    kind: Keras's name of its class, without the wrapper; said: its fields. backward: those of the other direction, if it has one.
    merge: how both are put together. after: see `layers.Layer`.
    """

    name: str
    kind: str
    said: Mapping[str, Any]
    backward: Mapping[str, Any] | None = None
    merge: str = "concat"
    after: str | None = None


def layers(
    arrays: Arrays, found: Sequence[Weights], configs: Mapping[str, Config], refused: Refusals
) -> Iterator[Layer]:
    """The layers of all those weights.

    configs: of the model's layers by name, in its order; none, where a file holds weights only. refused: takes those that are no
    stock module.
    """
    if len(found) > 2 * MOST_LAYERS:
        raise ValueError(f"{len(found):,} recurrent layers; at most {MOST_LAYERS:,}")
    sides: dict[tuple[str, ...], dict[str, Weights]] = {}
    for weights in found:
        parts = [part for part in weights.path if not _CELL.fullmatch(part)]
        side = next((match[1] for part in parts if (match := _SIDE.fullmatch(part))), "forward")
        own = tuple(part for part in parts if not _SIDE.fullmatch(part))
        both = sides.setdefault(own, {})
        if side in both:
            refused.append(Refused(shown("/".join(weights.path)), "two layers lie in one place"))
        both.setdefault(side, weights)
    names = _names(list(sides), configs)
    order = {name: number for number, name in enumerate(configs)}
    for place in sorted(sides, key=lambda place: order.get(names[place], len(order))):
        with refused.of(names[place]):
            yield checked(_layer(arrays, names[place], sides[place], configs.get(names[place])))


def _names(places: Sequence[tuple[str, ...]], configs: Mapping[str, Config]) -> dict[tuple[str, ...], str]:
    """A name for each layer: that of the model, else the last part of its place that no other has, else all of it."""
    found = {}
    ends = Counter(place[-1] for place in places if place)
    for place in places:
        known = [part for part in place if part in configs]
        name = known[-1] if known else next((part for part in place[::-1] if part), "")
        alike = ends[name] > 1
        found[place] = ".".join(place) if alike and not known else name
    return found


def _layer(arrays: Arrays, name: str, sides: Mapping[str, Weights], config: Config | None) -> Layer:
    if "forward" not in sides:
        raise ValueError(f"{shown(name)}: reads backwards only, which no stock module does")
    both = [sides["forward"], *([sides["backward"]] if "backward" in sides else [])]
    said = [None, None] if config is None else [config.said, config.backward or config.said]
    nonlinearity = "tanh"
    if config is not None:
        nonlinearity = _checked(name, config)
    made = [_direction(arrays, name, *pair) for pair in zip(both, said, strict=False)]
    kind = made[0][0]
    if any(other != kind for other, _direction in made):
        raise ValueError(f"{shown(name)}: its directions are of different kinds")
    if config is not None and CLASSES[config.kind] != kind:
        raise ValueError(f"{arrays[both[0].recurrent]} is no weight of {config.kind} {shown(name)}")
    used = frozenset(
        part for one in both for part in (one.kernel, one.recurrent, one.bias) if part is not None
    )
    layer = Layer(
        shown(name) or kind, kind, (tuple(direction for _kind, direction in made),), used, nonlinearity
    )
    if config is not None:
        layer = replace(
            layer,
            after=config.after,
            merged="" if len(both) == 1 or config.merge == "concat" else config.merge,
        )
    return layer


def _checked(name: str, config: Config) -> str:
    """The nonlinearity of a layer. Raises ValueError for one that is another function than torch's."""
    title, said = f"{shown(name)}: {config.kind}", config.said
    kind = CLASSES.get(config.kind)
    if kind is None:
        raise ValueError(f"{title} is no layer that torch has")
    cudnn = config.kind.startswith("CuDNN")
    for one in [said, *([config.backward] if config.backward else [])]:
        activation = "tanh" if cudnn else _called(one.get("activation", "tanh"))
        allowed = ("tanh", "relu") if kind == "rnn" else ("tanh",)
        if activation not in allowed or activation != _called(said.get("activation", activation)):
            raise ValueError(f"{title} has activation={activation!r}; wanted {' or '.join(allowed)}")
        gates = "sigmoid" if cudnn or kind == "rnn" else _called(one.get("recurrent_activation", "sigmoid"))
        if gates != "sigmoid":
            raise ValueError(f"{title} has recurrent_activation={gates!r}; wanted sigmoid")
        if config.kind == "GRU" and not one.get("reset_after", False):
            raise ValueError(
                f"{title} has reset_after=False: it resets the state before the product, nn.GRU after it"
            )
    if said.get("go_backwards"):
        raise ValueError(f"{title} has go_backwards=True; no stock module reads backwards only")
    return str(_called(said.get("activation", "tanh"))) if kind == "rnn" else "tanh"


def _called(value: object) -> str:
    """What an activation is called; newer files wrap the name."""
    if isinstance(value, dict):
        value = value.get("config", value.get("class_name"))
        value = value.get("name") if isinstance(value, dict) else value
    return shown(value)


def _direction(
    arrays: Arrays, name: str, weights: Weights, said: Mapping[str, Any] | None
) -> tuple[str, Direction]:
    if weights.kernel not in arrays:
        raise ValueError(f"{shown(name)}: the kernel of {arrays[weights.recurrent]} is missing")
    shape = arrays[weights.recurrent].shape
    gates = shape[1] // shape[0] if len(shape) == 2 and shape[0] and shape[1] % shape[0] == 0 else 0
    if gates not in KINDS:
        raise ValueError(
            f"{arrays[weights.recurrent]}: wanted (unit, gates · unit), with 4 gates (LSTM), 3 (GRU) or 1 (RNN)"
        )
    kind, units = KINDS[gates], shape[0]
    kernel = arrays.numbers(weights.kernel, "input", shape[1])
    recurrent = arrays.numbers(weights.recurrent, *shape)
    first, second, cudnn = _biases(arrays, name, weights.bias, kind, units, said is not None)
    if cudnn:
        kernel = from_cudnn(kernel, gates)
        recurrent = torch.cat([block.T for block in recurrent.chunk(gates, 1)], 1)
    order = KERAS[kind]
    made = [reordered(matrix.T, kind, order).contiguous() for matrix in (kernel, recurrent)]
    made += [reordered(bias, kind, order) for bias in (first, second) if bias is not None]
    return kind, Direction(*made)


def is_cudnn(arrays: Arrays, weights: Weights) -> bool:
    """Whether a layer has the layout of the CuDNN layers: two biases in one. They have no other functions than torch's."""
    gates = arrays[weights.recurrent].shape[-1:]
    return bool(gates) and weights.bias is not None and arrays[weights.bias].shape == (2 * gates[0],)


def _biases(
    arrays: Arrays, name: str, bias: str | None, kind: str, units: int, known: bool
) -> tuple[Tensor | None, Tensor | None, bool]:
    """Input bias, recurrent bias (gates · unit), and whether the layout is that of the CuDNN layers, which the bias tells.

    known: a configuration has been checked.
    """
    rows = COUNT[kind] * units
    if bias is None:
        if kind == "gru" and not known:
            raise ValueError(
                f"{shown(name)}: a GRU without bias, and the file does not say whether its reset comes before the product"
            )
        return None, None, False
    shape = arrays[bias].shape
    if shape == (2 * rows,) and kind != "rnn":
        first, second = arrays.numbers(bias).chunk(2)
        return first, second, True
    if kind == "gru":
        if shape == (rows,):
            raise ValueError(
                f"{arrays[bias]}: one bias for each gate, so this GRU has reset_after=False: it resets the state before the "
                "product, nn.GRU after it"
            )
        first, second = arrays.numbers(bias, 2, rows)
        return first, second, False
    return arrays.numbers(bias, rows), torch.zeros(rows), False
