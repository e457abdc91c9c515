"""ONNX: LSTM, GRU and RNN nodes of a model, also of the graphs inside If, Loop and Scan, with the constants that they read.

Operators: https://onnx.ai/onnx/operators, LSTM-22, GRU-22, RNN-22 and their earlier versions. The model is not run.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from rnnviz.foreign.arrays import (
    DEEPEST,
    LARGEST,
    MOST,
    MOST_LAYERS,
    Array,
    Arrays,
    Refusals,
    TooMuch,
    finite,
    shown,
)
from rnnviz.foreign.flat import piece
from rnnviz.foreign.gates import COUNT, ONNX, reordered
from rnnviz.foreign.layers import Direction, Layer, checked
from rnnviz.foreign.vocabulary import is_called_so
from rnnviz.foreign.wire import Message, integers, message, messages, tensor, text, texts

KINDS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}
FUNCTIONS = {"lstm": ("sigmoid", "tanh", "tanh"), "gru": ("sigmoid", "tanh"), "rnn": ("tanh",)}
PASSING = {"Squeeze", "Transpose", "Reshape", "Identity", "Dropout", "Cast", "Flatten"}  # the numbers stay
FOLDED = {
    "Identity",
    "Unsqueeze",
    "Squeeze",
    "Transpose",
    "Reshape",
    "Concat",
    "Slice",
    "Cast",
}  # of constants


@dataclass
class _Node:
    name: str
    kind: str
    domain: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Message]
    scope: dict[str, str]  # what names mean where it stands: keys of constants

    def number(self, name: str, otherwise: int) -> int:
        found = integers(self.attributes.get(name, Message()), 3)
        return found[-1] if found else otherwise

    def numbers(self, name: str) -> list[int]:
        return integers(self.attributes.get(name, Message()), 8)

    def word(self, name: str, otherwise: str) -> str:
        return text(self.attributes.get(name, Message()), 4) or otherwise

    def given(self, place: int) -> str:
        return self.inputs[place] if place < len(self.inputs) else ""


@dataclass
class _Graph:
    """What was found in a model: its constants, its nodes in order, which node makes which value."""

    constants: dict[str, Array] = field(default_factory=dict)
    nodes: list[_Node] = field(default_factory=list)
    makers: dict[str, _Node] = field(default_factory=dict)
    folded: dict[str, Tensor | None] = field(default_factory=dict)  # constants made of constants, by value
    room: int = LARGEST  # bytes that those may take


def contents(path: Path, refused: Refusals) -> tuple[Arrays, list[Layer], list[str]]:
    """Constants and recurrent layers of a model, and what a stock module leaves out. refused: takes the nodes that are no stock
    module. Raises ValueError for what is no model."""
    model = message(memoryview(piece(path, 0, path.stat().st_size)))
    graphs = messages(model, 7)
    if len(graphs) != 1 or not (graphs[0].keys() & {1, 5}):
        raise ValueError("no ONNX model: it has no graph with nodes")
    graph = _Graph()
    _walk(graphs[0], {}, graph, 0)
    for inner in messages(model, 25):  # functions of the model's own
        _nodes(messages(inner, 7), {}, graph, 0)
    found: list[Layer] = []
    notes: list[str] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    recurrent = [node for node in graph.nodes if node.kind in KINDS and node.domain in ("", "ai.onnx")]
    if len(recurrent) > MOST_LAYERS:
        raise ValueError(f"{len(recurrent):,} recurrent nodes; at most {MOST_LAYERS:,}")
    called = _called(recurrent)
    about = {text(one, 1): text(one, 2) for one in messages(model, 14)[:MOST]}
    arrays = _arrays(
        graph, [value for key, value in about.items() if is_called_so(key)]
    )  # those made of constants come in as they are needed
    by_node = dict(zip(map(id, recurrent), called, strict=True))
    for node, name in zip(recurrent, called, strict=True):
        with refused.of(name):
            layer = checked(_layer(arrays, graph, node, name, notes))
            if (
                weights := (layer.kind, layer.used)
            ) not in seen:  # both branches of an If may run the same layer
                seen.add(weights)
                layer = replace(layer, used=layer.used | _fed(graph, node))
                found.append(replace(layer, after=_after(graph, node, by_node)))
    return arrays, found, notes


def _walk(graph: Message, scope: dict[str, str], found: _Graph, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError(f"graphs lie more than {DEEPEST} deep in graphs")
    scope = dict(scope)
    for constant in messages(graph, 5):
        _keep(found, scope, text(constant, 8), constant)
    if 15 in graph:
        raise ValueError("sparse constants are not read")
    _nodes(messages(graph, 1), scope, found, depth)


def _listed(name: str, numbers: list[int]) -> Array:
    return Array(name, (len(numbers),), "int64", lambda: torch.tensor(numbers))


def _keep(found: _Graph, scope: dict[str, str], name: str, constant: Message) -> None:
    _take(found, scope, name, tensor(constant, name))


def _take(found: _Graph, scope: dict[str, str], name: str, array: Array) -> None:
    key = name
    while key in found.constants:
        key += "'"
    if len(found.constants) >= MOST or len(key) > 1_000:
        raise ValueError(f"more than {MOST:,} constants, or a name of more than 1,000 letters")
    scope[name] = key
    found.constants[key] = replace(array, name=key)


def _nodes(nodes: list[Message], scope: dict[str, str], found: _Graph, depth: int) -> None:
    for each in nodes:
        attributes = {text(one, 1): one for one in messages(each, 5)}
        node = _Node(
            text(each, 3), text(each, 4), text(each, 7), texts(each, 1), texts(each, 2), attributes, scope
        )
        if node.kind == "Constant" and "value" in attributes and node.outputs:
            for value in messages(attributes["value"], 5):
                _keep(found, scope, node.outputs[0], value)
        elif node.kind == "Constant" and node.outputs and (listed := node.numbers("value_ints")):
            _take(found, scope, node.outputs[0], _listed(node.outputs[0], listed))
        found.nodes.append(node)
        found.makers |= {name: node for name in node.outputs if name}
        for attribute in attributes.values():
            for inner in [*messages(attribute, 6), *messages(attribute, 11)]:
                _walk(inner, scope, found, depth + 1)


def _called(nodes: list[_Node]) -> list[str]:
    """Names of the nodes without what kind they are: /encoder/lstm/LSTM_1 is encoder.lstm_1. No two are the same."""
    names: list[str] = []
    for node in nodes:
        words = [word for word in node.name.split("/") if word]
        if words and (words[-1] == node.kind or words[-1].startswith(f"{node.kind}_")):
            words[-1] = words[-1].removeprefix(node.kind)
            words = [*words[:-2], "".join(words[-2:])] if len(words) > 1 else [node.kind.lower() + words[-1]]
        stem = shown(".".join(words).replace("/", ".")) or node.kind.lower()
        name, count = stem, 0
        while name in names:
            count += 1
            name = f"{stem}_{count}"
        names.append(name)
    return names


def _arrays(graph: _Graph, said: Iterable[str]) -> Arrays:
    """All constants, with what the nodes that read them say they are for."""
    roles = dict(_roles(graph))
    return Arrays((replace(array, **roles.get(key, {})) for key, array in graph.constants.items()), said)  # type: ignore[arg-type]


def _roles(graph: _Graph) -> Iterator[tuple[str, dict[str, object]]]:
    readers: dict[str, list[_Node]] = {}
    for node in graph.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    for node in graph.nodes:
        first, second = node.scope.get(node.given(0), ""), node.scope.get(node.given(1), "")
        if node.kind == "Gather" and first and node.number("axis", 0) == 0:
            yield first, {"role": "embedding"}
        elif node.kind == "Gemm" and second and not {"alpha", "beta"} & node.attributes.keys() - _ones(node):
            bias = node.scope.get(node.given(2), "")
            if bias or not node.given(2):
                yield second, {"role": "dense", "turned": not node.number("transB", 0), "bias": bias}
        elif node.kind == "MatMul" and second:
            added = readers.get(node.outputs[0], []) if node.outputs else []
            known = added[0].scope if len(added) == 1 and added[0].kind == "Add" else {}
            biases = [known[name] for name in added[0].inputs[:2] if name in known] if known else []
            yield second, {"role": "dense", "turned": True, "bias": biases[0] if len(biases) == 1 else ""}


def _ones(node: _Node) -> set[str]:
    """Of a Gemm's factors, those that are 1."""
    one = b"\0\0\x80\x3f"
    return {
        n for n in ("alpha", "beta") if bytes((node.attributes.get(n, Message()).get(2) or [one])[-1]) == one
    }


def _layer(arrays: Arrays, graph: _Graph, node: _Node, name: str, notes: list[str]) -> Layer:
    kind, title = KINDS[node.kind], f"{node.kind} node {name}"
    direction = node.word("direction", "forward")
    if direction not in ("forward", "bidirectional"):
        raise ValueError(f"{title} has direction={shown(direction)!r}; no stock module reads backwards only")
    count = 2 if direction == "bidirectional" else 1
    nonlinearity = _checked(node, kind, count, title)

    def constant(place: int, what: str) -> Tensor | None:
        value = node.given(place)
        if not value:
            return None
        if value in node.scope:
            return arrays.numbers(node.scope[value])
        made = _folded(arrays, graph, node, value, 0)
        if made is None:
            raise ValueError(f"{title}: {what} ({shown(value)}) is computed in the model; wanted constants")
        return finite(made.to(torch.float32, copy=True), value)

    input, recurrent, bias = (constant(place, what) for place, what in ((1, "W"), (2, "R"), (3, "B")))
    if input is None or recurrent is None:
        raise ValueError(f"{title}: W or R is missing")
    gates = COUNT[kind]
    shape = tuple(recurrent.shape)
    units = node.number("hidden_size", shape[-1] if shape else 0)
    if shape != (count, gates * units, units) or not units:
        raise ValueError(f"{title}: R came as {shape}; wanted ({count}, {gates * units}, {units})")
    if input.dim() != 3 or input.shape[:2] != shape[:2] or not input.shape[2]:
        raise ValueError(f"{title}: W came as {tuple(input.shape)}; wanted ({count}, {gates * units}, input)")
    if bias is not None and tuple(bias.shape) != (count, 2 * gates * units):
        raise ValueError(f"{title}: B came as {tuple(bias.shape)}; wanted ({count}, {2 * gates * units})")
    for place, state in ((5, "h_0"), (6, "c_0")):
        value = node.given(place)
        reader, maker = node, graph.makers.get(value)
        if maker is not None and maker.kind == "Expand":  # one state for all sequences of a batch
            reader, value = maker, maker.given(0)
        start = _folded(arrays, graph, reader, value, 0) if value else None
        if start is not None and start.any():
            came = f"{shown(value)} {tuple(start.shape)}"
            notes.append(f"{name}: starts from {came}, not from 0; give it to the module as {state}")

    def part(rows: Tensor) -> Tensor:
        return reordered(rows, kind, ONNX[kind])

    made = []
    for one in range(count):
        biases = () if bias is None else tuple(part(half) for half in bias[one].chunk(2))
        made.append(Direction(part(input[one]), part(recurrent[one]), *biases))
    used = frozenset(node.scope.get(value, value) for value in node.inputs[1:4] if value)
    return Layer(name, kind, (tuple(made),), used, nonlinearity)


def _checked(node: _Node, kind: str, count: int, title: str) -> str:
    """The nonlinearity. Raises ValueError for what makes another function of the node than torch's module is."""
    if "clip" in node.attributes:
        raise ValueError(f"{title} has clip: it cuts its sums off, which no stock module does")
    if kind == "lstm" and node.number("input_forget", 0):
        raise ValueError(f"{title} has input_forget=1: one gate for both, which nn.LSTM has not")
    if kind == "lstm" and node.given(7):
        raise ValueError(f"{title} has peepholes (P), which nn.LSTM has not")
    if kind == "gru" and not node.number("linear_before_reset", 0):
        raise ValueError(
            f"{title} has linear_before_reset=0: it resets the state before the product, nn.GRU after it"
        )
    if "layout" in node.attributes and node.number("layout", 0) not in (0, 1):
        raise ValueError(f"{title} has layout={node.number('layout', 0)}")
    functions = [name.lower() for name in texts(node.attributes.get("activations", Message()), 9)]
    wanted = list(FUNCTIONS[kind]) * count
    if functions and functions != wanted and not (kind == "rnn" and functions == ["relu"] * count):
        raise ValueError(f"{title} has activations {shown(', '.join(functions))}; wanted {', '.join(wanted)}")
    return functions[0] if kind == "rnn" and functions else "tanh"


def _after(graph: _Graph, node: _Node, names: dict[int, str]) -> str:
    """The recurrent node whose whole output this one reads, by name; '' where it reads something else."""
    value = node.given(0)
    for _step in range(100):
        maker = graph.makers.get(value)
        if maker is None:
            return ""
        if id(maker) in names:
            return names[id(maker)] if value == maker.outputs[0] else ""
        if maker.kind not in PASSING:
            return ""
        value = maker.given(0)
    return ""


def _fed(graph: _Graph, node: _Node) -> set[str]:
    """The constants that a recurrent node reads, its states to start from included, also through nodes that move them about."""
    waiting = [(node, name) for name in [*node.inputs[1:4], *node.inputs[5:7]]]
    found: set[str] = set()
    for _step in range(100):
        if not waiting:
            break
        reader, name = waiting.pop()
        maker = graph.makers.get(name)
        if name in reader.scope:
            found.add(reader.scope[name])
        elif maker is not None and maker.kind in FOLDED | {"Expand"}:
            waiting += [(maker, value) for value in maker.inputs[:100]]
    return found


def _folded(arrays: Arrays, graph: _Graph, node: _Node, value: str, depth: int) -> Tensor | None:
    """A value that moves constants about and computes nothing, or None. Exporters leave such nodes before a layer."""
    key = node.scope.get(value)
    maker = graph.makers.get(value)
    if key is None and value in graph.folded:
        return graph.folded[value]
    made = None
    if key is not None:
        _charge(graph, math.prod(arrays[key].shape))
        return arrays[key].read()
    if maker is not None and maker.kind in FOLDED and depth <= DEEPEST and 0 < len(maker.inputs) <= 100:
        parts = [_folded(arrays, graph, maker, name, depth + 1) for name in maker.inputs if name]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) and (maker.kind == "Concat" or all(p.numel() <= 64 for p in known[1:])):
            made = _moved(maker, known, lambda numbers: _charge(graph, numbers))
    graph.folded[value] = made
    return made


def _charge(graph: _Graph, numbers: int) -> None:
    graph.room -= 8 * numbers
    if graph.room < 0:
        raise TooMuch(f"what is made of constants takes more than {LARGEST:,} bytes")


def _moved(node: _Node, parts: list[Tensor], charge: Callable[[int], None]) -> Tensor | None:
    charge(sum(part.numel() for part in parts))
    first, rest = parts[0], [part.tolist() for part in parts[1:]] if node.kind != "Concat" else []
    if node.kind in ("Identity", "Cast"):
        return first
    if node.kind == "Concat":
        return torch.cat(parts, node.number("axis", 0))
    if node.kind == "Transpose":
        return first.permute(node.numbers("perm") or list(range(first.dim()))[::-1])
    axes = rest[0] if rest else node.numbers("axes")
    if node.kind == "Unsqueeze":
        for axis in sorted(axis % (first.dim() + len(axes)) for axis in axes):
            first = first.unsqueeze(axis)
        return first
    if node.kind == "Squeeze":
        return first.squeeze(tuple(axes)) if axes else first.squeeze()
    if node.kind == "Reshape":
        return first.reshape([first.shape[n] if size == 0 else size for n, size in enumerate(rest[0])])
    starts, ends = (rest[0], rest[1]) if rest else (node.numbers("starts"), node.numbers("ends"))
    along = rest[2] if len(rest) > 2 else node.numbers("axes") or list(range(len(starts)))
    if len(rest) > 3 and any(step != 1 for step in rest[3]):
        return None
    for axis, start, end in zip(along, starts, ends, strict=True):
        size = first.shape[axis]
        low, high, _step = slice(start, end).indices(size)
        first = first.narrow(axis, low, max(0, high - low))
    return first
