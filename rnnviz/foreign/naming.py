"""Recurrent layers found among arrays by what they are called and by their shapes: PyTorch's names, Keras's, NumPy habits."""

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from rnnviz.foreign import keras
from rnnviz.foreign.arrays import MOST_LAYERS, Arrays, Refusals, shown
from rnnviz.foreign.gates import KINDS, PYTORCH
from rnnviz.foreign.layers import Direction, Layer, checked

WRAPPERS = {
    "module",
    "_orig_mod",
    "model_weights",
}  # DataParallel, torch.compile, Keras: no part of a layer's name
_TORCH = re.compile(r"(?:(.*)[./])?(weight|bias)_(ih|hh|hr)(?:_l(\d{1,4})(_reverse)?)?", re.DOTALL)
_KERAS = re.compile(r"(?:(.*)[./])?(kernel|recurrent_kernel|bias)(?::0)?", re.DOTALL)
_NUMPY = re.compile(r"(?:(.*)[./])?([WUbwu]_?[a-zA-Z]{1,2})(_?l?\d{1,4})?", re.DOTALL)


def find(arrays: Arrays, refused: Refusals, joined: str | None = None) -> list[Layer]:
    """All recurrent layers, in the order of the file.

    refused: takes those that are begun and do not fit, or are in doubt. joined: see `rnnviz.weights`.
    """
    found = [*_torch(arrays, refused), *_keras(arrays, refused)]
    return found if found or refused else list(_numpy(arrays, refused, joined))


def title(name: str, kind: str) -> str:
    """What a layer is called: its place in the model, without wrappers."""
    words = [word for word in re.split(r"[./]", name) if word and word not in WRAPPERS]
    return shown(".".join(words)) or kind


def _torch(arrays: Arrays, refused: Refusals) -> Iterator[Layer]:
    groups: dict[tuple[str, bool], dict[tuple[str, int, str], str]] = {}
    twice: dict[tuple[str, bool], tuple[str, str]] = {}
    for name in arrays:
        if match := _TORCH.fullmatch(name):
            path, sort, side, level, reverse = match.groups()
            place = path or "", level is None
            group = groups.setdefault(place, {})
            key = f"{sort}_{side}", int(level or 0), reverse or ""
            if key in group:
                twice[place] = name, group[key]
            group[key] = name
    if len(groups) > MOST_LAYERS:
        raise ValueError(f"{len(groups):,} recurrent layers; at most {MOST_LAYERS:,}")
    inside = {arrays[name].inside for group in groups.values() for name in group.values()}
    around = min(inside) if len(inside) == 1 else ""  # the mapping that holds all of it is no part of a name
    for (path, cell), group in groups.items():
        called = title(path.removeprefix(around).removeprefix("."), "")
        with refused.of(called or path or next(iter(group.values()))):
            if (path, cell) in twice:
                first, second = twice[path, cell]
                raise ValueError(f"{shown(first)} and {shown(second)} are the same weights of one layer")
            kind, stack = _torch_stack(arrays, path, cell, group)
            yield checked(Layer(called or kind, kind, stack, frozenset(group.values())))


def _torch_stack(
    arrays: Arrays, path: str, cell: bool, group: Mapping[tuple[str, int, str], str]
) -> tuple[str, tuple[tuple[Direction, ...], ...]]:
    """Kind and layers of one module. cell: its arrays have no numbers. group: their names, by field, number and direction."""
    levels = 1 + max(level for _field, level, _reverse in group)
    reverses = ("", "_reverse") if any(reverse for _f, _l, reverse in group) else ("",)
    if levels > min(len(group), MOST_LAYERS):
        raise ValueError(f"{shown(path)}: {levels} layers claimed, by {len(group)} arrays")

    def at(field: str, level: int, reverse: str) -> str:
        if (field, level, reverse) not in group:
            missing = field if cell else f"{field}_l{level}{reverse}"
            raise ValueError(f"{shown(f'{path}.{missing}'.removeprefix('.'))} is missing")
        return group[field, level, reverse]

    kind, units, out = _torch_kind(arrays, at("weight_hh", 0, ""), group.get(("weight_hr", 0, "")))
    rows = len(PYTORCH[kind]) * units
    biased = any(field.startswith("bias") for field, _l, _r in group)
    projected = any(field == "weight_hr" for field, _l, _r in group)
    stack = []
    for level in range(levels):
        directions = []
        for reverse in reverses:
            width = "input" if level == 0 else out * len(reverses)
            biases = [
                arrays.numbers(at(field, level, reverse), rows) if biased else None
                for field in ("bias_ih", "bias_hh")
            ]
            directions.append(
                Direction(
                    arrays.numbers(at("weight_ih", level, reverse), rows, width),
                    arrays.numbers(at("weight_hh", level, reverse), rows, out),
                    biases[0],
                    biases[1],
                    arrays.numbers(at("weight_hr", level, reverse), out, units) if projected else None,
                )
            )
        stack.append(tuple(directions))
    return kind, tuple(stack)


def _torch_kind(arrays: Arrays, recurrent: str, projection: str | None) -> tuple[str, int, int]:
    """Kind, units, and numbers that go round, by the shapes of a layer's weight_hh and weight_hr."""
    shape = arrays[recurrent].shape
    shaped = arrays[projection].shape if projection else shape[-1:] * 2
    if len(shape) == 2 and len(shaped) == 2 and 0 not in shape + shaped:
        gates, over = divmod(shape[0], shaped[1])
        if not over and gates in KINDS and (not projection or gates == 4):
            return KINDS[gates], shaped[1], shape[1]
    raise ValueError(
        f"{arrays[recurrent]}: neither an LSTM's (4 · unit, unit), nor a GRU's (3 · unit, unit), nor an RNN's (unit, unit)"
    )


def _keras(arrays: Arrays, refused: Refusals) -> Iterator[Layer]:
    groups: dict[str, dict[str, str]] = {}
    for name in arrays:
        if match := _KERAS.fullmatch(name):
            groups.setdefault(match[1] or "", {})[match[2]] = name
    found = [
        keras.Weights(
            [part for part in re.split("[./]", path) if part not in WRAPPERS],
            group.get("kernel", ""),
            group["recurrent_kernel"],
            group.get("bias"),
        )
        for path, group in groups.items()
        if "recurrent_kernel" in group
    ]
    yield from keras.layers(arrays, found, {}, refused)


def _numpy(arrays: Arrays, refused: Refusals, joined: str | None) -> Iterator[Layer]:
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for name in arrays:
        if match := _NUMPY.fullmatch(name):
            path, word, number = match.groups()
            groups.setdefault((path or "", number or ""), {})[word.replace("_", "").lower()] = name
    for (path, number), group in groups.items():
        with refused.of(title(f"{path}{number}", next(iter(group.values())))):
            if (made := _by_hand(arrays, group, joined)) is not None:
                kind, direction, used = made
                name = title(f"{path}.{kind}{number}" if path or number else "", kind)
                yield checked(Layer(name, kind, ((direction,),), used))


def _by_hand(
    arrays: Arrays, group: dict[str, str], joined: str | None
) -> tuple[str, Direction, frozenset[str]] | None:
    """A layer whose gates are matrices of their own, or None. group: names of arrays, by what they are called in small
    letters.
    """
    for before, after, bias, second in (("wx", "wh", "b", ""), ("wi", "wh", "bi", "bh"), ("w", "u", "b", "")):
        for candidate in "gc":
            gates = ["i", "f", candidate, "o"]
            if all(before + gate in group and after + gate in group for gate in gates):
                return _separate(arrays, group, "lstm", gates, (before, after, bias, second))
        if before == "wi" and all(s + g in group for s in (before, after, bias, second) for g in "rzn"):
            return _separate(arrays, group, "gru", list("rzn"), (before, after, bias, second))
        if any(all(f"{s}{g}" in group for s in (before, after) for g in ("z", "r", c)) for c in "hncg"):
            raise ValueError(
                f"{shown(group[before + 'z'])}: a GRU of separate matrices; the file does not say whether its reset comes before "
                "the product with the state, nor what its z keeps: use PyTorch's names, W_ir … b_hn"
            )
    for first, round_, bias in (("wxh", "whh", "bh"), ("wax", "waa", "ba")):
        if first in group and round_ in group:
            return _plain(arrays, group, first, round_, bias)
    for candidate in "gc":
        if all(f"w{gate}" in group for gate in ("i", "f", candidate, "o")):
            return _joined(arrays, group, ["i", "f", candidate, "o"], joined)
    return None


def _plain(
    arrays: Arrays, group: dict[str, str], first: str, round_: str, bias: str
) -> tuple[str, Direction, frozenset[str]]:
    names = [group[first], group[round_], *([group[bias]] if bias in group else [])]
    turned = _is_turned(arrays, group, names[0], names[1], names[2:])
    units = arrays[names[1]].shape[0]
    matrices = [
        arrays.numbers(names[0], *(("input", units) if turned else (units, "input"))),
        arrays.numbers(names[1], units, units),
    ]
    given, drawn = (matrix.T.contiguous() if turned else matrix for matrix in matrices)
    value = _bias(arrays, names[2], units) if bias in group else None
    zeros = None if value is None else torch.zeros(units)
    return "rnn", Direction(given, drawn, value, zeros), frozenset(names)


def _separate(
    arrays: Arrays, group: dict[str, str], kind: str, gates: list[str], habit: tuple[str, str, str, str]
) -> tuple[str, Direction, frozenset[str]]:
    """habit: how the names of input weights, recurrent weights, biases and, where there are, second biases begin."""
    before, after, bias, second = habit
    first, round_ = group[before + gates[0]], group[after + gates[0]]
    biases = [
        [s + gate for gate in gates] for s in (bias, second) if s and any(s + gate in group for gate in gates)
    ]
    for row in biases:
        if missing := [name for name in row if name not in group]:
            raise ValueError(
                f"{shown(first)} and others are gates of one layer; the bias {missing[0]!r} is missing"
            )
    named = [[group[name] for name in row] for row in biases]
    turned = _is_turned(arrays, group, first, round_, [name for row in named for name in row])
    units = arrays[round_].shape[0]
    width = arrays[first].shape[0 if turned else 1]
    wanted = (width, units) if turned else (units, width)

    def matrices(start: str, shape: tuple[int, int]) -> Tensor:
        read = (arrays.numbers(group[start + gate], *shape) for gate in gates)
        return torch.cat([matrix.T if turned else matrix for matrix in read]).contiguous()

    values = [torch.cat([_bias(arrays, name, units) for name in row]) for row in named]
    if len(values) == 1:
        values.append(torch.zeros_like(values[0]))
    parts = {group[start + gate] for start in (before, after) for gate in gates}
    made = Direction(matrices(before, wanted), matrices(after, (units, units)), *values)
    return kind, made, frozenset(parts.union(*named) if named else parts)


def _joined(
    arrays: Arrays, group: dict[str, str], gates: list[str], joined: str | None
) -> tuple[str, Direction, frozenset[str]] | None:
    """Gates that multiply state and input in one: w (unit, unit + input), or turned, by whoever wrote them."""
    if not all(f"b{gate}" in group for gate in gates):
        return None
    first, bias = arrays[group["w" + gates[0]]], arrays[group["b" + gates[0]]]
    units = max(bias.shape, default=0)
    if len(first.shape) != 2 or not 0 < units < max(first.shape) or units not in first.shape:
        raise ValueError(f"{first} does not fit {bias}; wanted (unit, unit + input) and (unit) numbers")
    if joined is None:
        raise ValueError(
            f"{first} multiplies state and input in one, and the file does not say which comes first: "
            "pass joined='hidden first' or joined='input first'"
        )
    turned = first.shape[1] == units
    together = []
    for gate in gates:
        matrix = arrays.numbers(group["w" + gate], *first.shape)
        together.append(matrix.T if turned else matrix)
    weight = torch.cat(together)
    width = weight.shape[1] - units
    parts = torch.split(weight, [units, width] if joined == "hidden first" else [width, units], 1)
    recurrent, given = parts if joined == "hidden first" else parts[::-1]
    value = torch.cat([_bias(arrays, group["b" + gate], units) for gate in gates])
    used = frozenset(group[start + gate] for start in "wb" for gate in gates)
    return "lstm", Direction(given.contiguous(), recurrent.contiguous(), value, torch.zeros_like(value)), used


def _bias(arrays: Arrays, name: str, units: int) -> Tensor:
    """A bias (unit), also as a column or a row."""
    shape = arrays[name].shape
    wanted = shape if shape in ((units, 1), (1, units)) else (units,)
    return arrays.numbers(name, *wanted).reshape(units)


def _is_turned(arrays: Arrays, group: dict[str, str], first: str, round_: str, biases: list[str]) -> bool:
    """Whether matrices are (from, to), as in x @ W, and not (to, from). Raises ValueError where no shape tells."""
    given, square = arrays[first], arrays[round_]
    units = square.shape[0] if square.shape else 0
    if (
        len(square.shape) != 2
        or square.shape[1] != units
        or len(given.shape) != 2
        or units not in given.shape
    ):
        raise ValueError(f"{given} does not fit {square}; wanted (unit, input) and (unit, unit)")
    if given.shape[0] != given.shape[1]:
        return given.shape[1] == units
    told = {shape[0] == 1 for name in biases if len(shape := arrays[name].shape) == 2 and max(shape) > 1}
    for name in ("why", "wya", "whq"):
        if name in group and len(shape := arrays[group[name]].shape) == 2 and shape[0] != shape[1]:
            told.add(shape[0] == units)
    if len(told) == 1:
        return told.pop()
    raise ValueError(
        f"{given} is square, and no other shape says whether it is (unit, input) or (input, unit): use PyTorch's or Keras's names"
    )
