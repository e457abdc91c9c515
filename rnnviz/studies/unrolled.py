"""A network as a picture: from one unit to a recurrent network unrolled in time, each built, run and sent back for real.

`describe` builds the model of a set-up from its seed, runs it on inputs from the same seed while `record` watches, sends a
squared error back from its outputs, and returns the graph: nodes with their values and gradients, edges with the norm of the
Jacobian along them, and what the model costs. The example of the course has its own weights and reads its letters, and what is
sent back is −ln of the probabilities of the right ones. All of it in float64.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz.models.networks import KINDS
from rnnviz.recording.block import record
from rnnviz.stats import gradients, graph
from rnnviz.studies import example
from rnnviz.studies.topology import (
    LIMITS,
    NUMBERS,
    SHAPES,
    STAGES,
    Feedforward,
    Recurrent,
    Topology,
    build,
    empty,
    numbered,
    uniform,
)
from rnnviz.trace import branch

__all__ = ["LIMITS", "NUMBERS", "SHAPES", "STAGES", "Topology", "build"]  # with what is defined below
__all__ += ["Edge", "Graph", "Matrix", "Node", "Returned"]
__all__ += ["counted", "describe", "growth_with_length", "growth_with_units", "returned"]

ELEMENTWISE = {"rnn": 0, "gru": 3, "lstm": 3}  # products of a unit's gates with states, at each step


@dataclass(frozen=True)
class Node:
    """One group of numbers in the picture.

    kin: what it is one of, whatever the step: pictures of two stages are joined by it. role: input, hidden, decoder or
    output. layer, step, unit: counted from 0, None where there is none. column, row: its place, the first row at the bottom.
    values: one row for each time that it is used (more than one at the recurrent stage), (time, unit). cell: the same of an
    LSTM's cell state. gradient: ‖∂L/∂node‖ in total, (time,).
    depth: steps before it in the forward pass; depth_back: in the backward pass, None where nothing comes back.
    tokens: what is read or most likely said at each time, (time,), where numbers stand for letters.
    """

    id: str
    kin: str
    role: str
    column: float
    row: float
    layer: int | None = None
    backward: bool = False
    step: int | None = None
    unit: int | None = None
    values: tuple[tuple[float, ...], ...] = ()
    cell: tuple[tuple[float, ...], ...] = ()
    gradient: tuple[float, ...] = ()
    depth: int = 0
    depth_back: int | None = None
    tokens: tuple[str, ...] = ()

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean over the units, at each time."""
        return tuple(math.fsum(row) / len(row) for row in self.values)


@dataclass(frozen=True)
class Edge:
    """One way from node to node. role: weight (one number), input, up, recurrent, handed (to the decoder), output or feedback.

    norm: of the Jacobian of the target by the source, (time,): its largest singular value; NaN where it is not used.
    weight: where it is one number, w; product: w times the value at its source, what it adds to the sum. NaN elsewhere.
    """

    source: str
    target: str
    role: str
    norm: tuple[float, ...] = ()
    weight: float = math.nan
    product: float = math.nan


@dataclass(frozen=True)
class Matrix:
    """A parameter of the model: its name in PyTorch, its shape, and how many products it takes part in each time it is used."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    products: int


@dataclass(frozen=True)
class Graph:
    """A network as it was run. setup: as drawn. matrices: of the model. elementwise: products of gates with states, a step.

    loss: ½ Σ (y − target)², of the example −Σ ln p of the right letters. chain: the most layers, of a recurrent network cells,
    that must be computed one after the other. multiplications: of one whole forward pass.
    """

    setup: Topology
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    matrices: tuple[Matrix, ...]
    elementwise: int
    loss: float
    chain: int
    multiplications: int

    @property
    def parameters(self) -> int:
        return sum(matrix.parameters for matrix in self.matrices)

    @property
    def a_step(self) -> int:
        """Multiplications of one step: of every matrix once, and of the gates."""
        return sum(matrix.products for matrix in self.matrices) + self.elementwise


@dataclass(frozen=True)
class Returned:
    """What a recurrent module of PyTorch gives back when it read one sequence, (time, feature): name, shape, and of which states
    it is.

    same: the largest difference between the numbers that `output` and h_n have in common: the last step of the forward direction
    and the first of the backward one, both of the last layer; None of what has none in common.
    """

    name: str
    shape: tuple[int, ...]
    same: float | None


def returned(setup: Topology) -> tuple[Returned, ...]:
    """`output`, h_n and of an LSTM c_n of the set-up's encoder, as the module gives them back, unbatched, in float64. Raises
    ValueError for a stage without a loop."""
    setup = setup.drawn
    generator = torch.Generator().manual_seed(setup.seed)
    model = numbered(setup, generator)
    if not isinstance(model, Recurrent):
        raise ValueError(f"a {setup.stage} has no recurrent module")
    with torch.no_grad():
        output, state = model.rnn(torch.stack(_inputs(setup, setup.steps, generator)))
    hidden, *cell = state if isinstance(state, tuple) else (state,)
    last = torch.unflatten(hidden, 0, (setup.layers, setup.directions))[-1]  # (direction, unit)
    ends = torch.stack([output[-1, : setup.units], *output[:1, setup.units :].unbind()][: setup.directions])
    same = (last - ends).abs().max().item()
    found = [Returned("output", tuple(output.shape), same), Returned("h_n", tuple(hidden.shape), same)]
    return (*found, *(Returned("c_n", tuple(each.shape), None) for each in cell))


# What is drawn


def describe(setup: Topology) -> Graph:
    """Builds, runs and sends back the network of a set-up. See Graph.

    >>> import rnnviz
    >>> graph = rnnviz.unrolled.describe(rnnviz.unrolled.Topology(kind="lstm", units=4, steps=3))
    >>> graph.parameters, len(graph.nodes)
    (159, 9)
    """
    setup = setup.drawn
    generator = torch.Generator().manual_seed(setup.seed)
    model = numbered(setup, generator)
    if isinstance(model, Feedforward):
        nodes, edges, loss = _feedforward(setup, model, generator)
    else:
        nodes, edges, loss = _recurrent(setup, model, generator)
    chain, multiplications = _chain(nodes, edges), _multiplications(model, nodes)
    if setup.stage == "recurrent":
        nodes, edges = _rolled(nodes, edges, setup.steps)
    pairs = [(edge.source, edge.target) for edge in edges if edge.source != edge.target]
    ahead = graph.depths(pairs, [node.id for node in nodes if node.role == "input"])
    back = graph.depths([pair[::-1] for pair in pairs], [node.id for node in nodes if node.role == "output"])
    placed = tuple(replace(node, depth=ahead[node.id], depth_back=back.get(node.id)) for node in nodes)
    matrices = tuple(counted(model))
    return Graph(setup, placed, tuple(edges), matrices, _elementwise(model), loss, chain, multiplications)


def counted(model: nn.Module) -> Iterator[Matrix]:
    """The parameters of a model in PyTorch's order. A weight is multiplied once each time, a bias is added."""
    for name, parameter in model.named_parameters():
        products = parameter.numel() if parameter.dim() > 1 else 0
        yield Matrix(name, tuple(parameter.shape), parameter.numel(), products)


def _elementwise(module: nn.Module) -> int:
    """Products of gates with states in one step of the recurrent modules."""
    return sum(
        ELEMENTWISE[name] * part.hidden_size * part.num_layers * (1 + part.bidirectional)
        for part in module.modules()
        for name, kind in KINDS.items()
        if type(part) is kind
    )


def _chain(nodes: Sequence[Node], edges: Sequence[Edge]) -> int:
    """The most layers, or cells of layers, that must be computed one after the other; without the head of a recurrent one."""
    role = {node.id: node.role for node in nodes}
    if not any(edge.role == "input" for edge in edges):
        pairs = [(edge.source, edge.target) for edge in edges]
    else:
        # an output that is fed back stands for the states that it was made of
        heard: dict[str, list[str]] = {}
        for edge in edges:
            if role[edge.target] == "output":
                heard.setdefault(edge.target, []).append(edge.source)
        pairs = [
            (source, edge.target)
            for edge in edges
            if role[edge.target] != "output"
            for source in heard.get(edge.source, [edge.source])
        ]
    return max(graph.depths(pairs, [id for id in role if role[id] == "input"]).values())


def _multiplications(model: Feedforward | Recurrent, nodes: Sequence[Node]) -> int:
    """Of one forward pass: each recurrent module once for each of its steps, the head once for each output."""
    if isinstance(model, Feedforward):
        return sum(matrix.products for matrix in counted(model))

    def of(module: nn.Module, times: int) -> int:
        return times * (sum(matrix.products for matrix in counted(module)) + _elementwise(module))

    outputs, steps = sum(node.role == "output" for node in nodes), model.setup.steps
    return sum(of(part, steps) for part in (model.rnn, model.decoder) if part is not None) + of(
        model.head, outputs
    )


def _inputs(setup: Topology, count: int, generator: torch.Generator) -> list[Tensor]:
    """What is read, (input,) each: numbers that are drawn, or the letters of the example."""
    if setup.numbers == "hello":
        return list(example.inputs(count))
    return [uniform(setup.inputs, generator) for _ in range(count)]


def _sent_back(
    setup: Topology, outputs: Sequence[Tensor], wanted: Sequence[Tensor], generator: torch.Generator
) -> tuple[float, tuple[Tensor, ...]]:
    """The error of the outputs, and its gradients at the wanted tensors: squared, against numbers drawn in −1 … 1, or in the
    example −ln of the right letters' probabilities."""
    if setup.numbers == "hello":
        loss = -torch.stack(_right(setup, outputs)).log().sum()
    else:
        targets = [uniform(output.shape, generator) for output in outputs]
        errors = (((y - target) ** 2).sum() for y, target in zip(outputs, targets, strict=True))
        loss = sum(errors, torch.zeros((), dtype=torch.float64)) / 2
    return loss.item(), torch.autograd.grad(loss, list(wanted))


def _right(setup: Topology, outputs: Sequence[Tensor]) -> list[Tensor]:
    """The probability that each output of the example gives to the letter that is right: the last letters of the word that it has
    read, one for each output."""
    if setup.stage == "perceptron":  # the rest of its layer, and the head, are as they are
        trained = example.network(setup.kind)
        others = example.states(setup.kind)[0, 1:]
        outputs = [trained.head(torch.cat([outputs[0], others])).softmax(-1)]
    read = 1 if setup.stage in ("perceptron", "multilayer") else setup.steps
    right = example.targets(read)[-len(outputs) :].tolist()
    return [output[letter] for output, letter in zip(outputs, right, strict=True)]


def _by_sums(values: Tensor, weight: Tensor, speaks: str) -> Tensor:
    """The Jacobian of a layer's values by what it reads, (unit, input). weight: (unit, input). speaks: see topology.spoken."""
    if speaks == "hello":
        return (torch.diag(values) - torch.outer(values, values)) @ weight
    return (1 - values**2)[:, None] * weight


def _feedforward(
    setup: Topology, model: Feedforward, generator: torch.Generator
) -> tuple[list[Node], list[Edge], float]:
    """One node for each unit: a perceptron, or a network of several layers."""
    (x,) = _inputs(setup, 1, generator)
    layers = [x.requires_grad_(), *model(x)]
    loss, back = _sent_back(setup, layers[-1:], layers, generator)
    nodes: list[Node] = []
    edges: list[Edge] = []
    top = len(layers) - 1
    for row, (values, slopes) in enumerate(zip(layers, back, strict=True)):
        letter = "x" if not row else "y" if row == top else f"h{row - 1}"
        role = {"x": "input", "y": "output"}.get(letter, "hidden")
        for unit, value in enumerate(values.tolist()):
            nodes.append(
                Node(
                    f"{letter}u{unit}",
                    letter,
                    role,
                    unit - (len(values) - 1) / 2,
                    row,
                    layer=row - 1 if role == "hidden" else None,
                    unit=unit,
                    values=((value,),),
                    gradient=(abs(slopes[unit].item()),),
                )
            )
    for row, layer in enumerate(model.layers):
        assert isinstance(layer, nn.Linear)
        weight, read = layer.weight.detach(), layers[row].detach()
        speaks = model.speaks if row + 1 == top else "seed"
        along = _by_sums(layers[row + 1].detach(), weight, speaks).abs().tolist()  # (unit, what it reads)
        weights, products = weight.tolist(), (weight * read).tolist()
        below = [node.id for node in nodes if node.row == row]
        above = [node.id for node in nodes if node.row == row + 1]
        edges += [
            Edge(source, target, "weight", (along[to][of],), weights[to][of], products[to][of])
            for to, target in enumerate(above)
            for of, source in enumerate(below)
        ]
    return nodes, edges, loss


def _recurrent(
    setup: Topology, model: Recurrent, generator: torch.Generator
) -> tuple[list[Node], list[Edge], float]:
    """One node for each state, input and output of each step; at the recurrent stage one for all steps."""
    reads = 1 if setup.shape == "one_to_many" else setup.steps
    inputs = [x.requires_grad_() for x in _inputs(setup, reads, generator)]
    with record(model) as recording:
        outputs = model(inputs)
        loss, back = _sent_back(setup, outputs, [*inputs, *outputs], generator)
    states = _States(recording.trace, setup)
    nodes: list[Node] = []
    edges: list[Edge] = []
    first = setup.steps if setup.shape == "encoder_decoder" else 0  # column of the first output
    if setup.shape == "many_to_one":
        first = setup.steps - 1
    top = 1 + setup.layers * setup.directions
    for t, (x, gradient) in enumerate(zip(inputs, back[:reads], strict=True)):
        nodes.append(_plain(f"x{t}", "input", t, 0, t, x, gradient, _tokens(setup, x)))
    nodes += states.nodes()
    for k, (y, gradient) in enumerate(zip(outputs, back[reads:], strict=True)):
        nodes.append(
            _plain(f"y{first + k}", "output", first + k, top, first + k, y, gradient, _tokens(setup, y))
        )
    edges += states.edges()
    weight = model.head.weight.detach()
    for k, y in enumerate(outputs):
        slopes = _by_sums(y.detach(), weight, setup.numbers).numpy()
        for direction, source in enumerate(states.heard(first + k)):
            own = slopes[:, direction * setup.units : (direction + 1) * setup.units]
            own = slopes if setup.shape == "encoder_decoder" else own
            norm = graph.spectral_norm(own)
            edges.append(Edge(source, f"y{first + k}", "output", (norm,)))
    return nodes, edges, loss


def _tokens(setup: Topology, values: Tensor) -> tuple[str, ...]:
    """The letter that the numbers of the example stand for, (letter,): that of the largest."""
    if setup.numbers != "hello":
        return ()
    return (example.LETTER_NAMES[int(values.argmax())],)


def _plain(
    id: str,
    role: str,
    column: float,
    row: float,
    step: int,
    values: Tensor,
    gradient: Tensor,
    tokens: tuple[str, ...],
) -> Node:
    return Node(
        id,
        id[0],
        role,
        column,
        row,
        step=step,
        values=(tuple(values.tolist()),),
        gradient=(gradient.norm().item(),),
        tokens=tokens,
    )


class _States:
    """The states of a recorded network as nodes, and the ways between them."""

    def __init__(self, trace: xr.DataTree, setup: Topology):
        self.setup = setup
        # role: node, directions, first column
        self.parts = {"hidden": (branch(trace, "rnn"), setup.directions, 0)}
        if setup.shape == "encoder_decoder":
            self.parts["decoder"] = (branch(trace, "decoder"), 1, setup.steps)

    def id(self, role: str, layer: int, direction: int, step: int) -> str:
        return f"{'d' if role == 'decoder' else 'h'}{layer}{'fb'[direction]}{step}"

    def each(self) -> Iterator[tuple[str, int, int, int, xr.Dataset]]:
        """Role, layer, direction, first column, and what was recorded of it."""
        for role, (node, directions, first) in self.parts.items():
            whole = node.to_dataset().assign_attrs(node.attrs)
            for layer in range(self.setup.layers):
                for direction in range(directions):
                    own = whole.isel(layer=layer, direction=direction, batch=0)
                    yield role, layer, direction, first, own.assign_attrs(node.attrs)

    def nodes(self) -> Iterator[Node]:
        wide = self.setup.directions
        for role, layer, direction, first, own in self.each():
            row = 1 + layer * wide + (direction if role == "hidden" else (wide - 1) / 2)
            gradient = gradients.norm(own).values
            cells = own["cell"].transpose("time", "unit").values.tolist() if "cell" in own else None
            for step, values in enumerate(own["hidden"].transpose("time", "unit").values.tolist()):
                yield Node(
                    self.id(role, layer, direction, step),
                    f"h{layer}{'b' if direction else ''}",
                    role,
                    first + step,
                    row,
                    layer=layer,
                    backward=direction == 1,
                    step=first + step,
                    values=(tuple(values),),
                    cell=(tuple(cells[step]),) if cells else (),
                    gradient=(float(gradient[step]),),
                )

    def edges(self) -> Iterator[Edge]:
        for role, layer, direction, first, own in self.each():
            steps = own.sizes["time"]
            across = gradients.jacobians(own).values  # (time, state, previous state)
            into = graph.input_jacobians(own).values  # (time, state, what it reads)
            for step in range(steps):
                here = self.id(role, layer, direction, step)
                before = step + (1 if direction else -1)
                if 0 <= before < steps:
                    norm = graph.spectral_norm(across[step])
                    yield Edge(self.id(role, layer, direction, before), here, "recurrent", (norm,))
                elif role == "decoder":
                    yield from self.handed(layer, here, across[step])
                if not layer:
                    if source := self.read(role, first + step):
                        norm = graph.spectral_norm(into[step])
                        yield Edge(source, here, "input" if source[0] == "x" else "feedback", (norm,))
                    continue
                below = self.parts[role][1]
                wide = into.shape[2] // below
                for other in range(below):
                    norm = graph.spectral_norm(into[step][:, other * wide : (other + 1) * wide])
                    yield Edge(self.id(role, layer - 1, other, step), here, "up", (norm,))

    def handed(self, layer: int, target: str, jacobian: np.ndarray) -> Iterator[Edge]:
        """From the last states of the encoder to the decoder's first. jacobian: (state, previous state), h and then c."""
        units, directions = self.setup.units, self.setup.directions
        for direction in range(directions):
            last = 0 if direction else self.setup.steps - 1
            kinds = jacobian.shape[1] // (units * directions)
            own = [
                np.arange(units) + (kind * directions + direction) * units for kind in range(kinds)
            ]  # of h, and of an LSTM of c
            norm = graph.spectral_norm(jacobian[:, np.concatenate(own)])
            yield Edge(self.id("hidden", layer, direction, last), target, "handed", (norm,))

    def read(self, role: str, column: int) -> str | None:
        """What the lowest layer reads at a step: an input, what was written before it, or nothing."""
        if role == "hidden" and (self.setup.shape != "one_to_many" or column == 0):
            return f"x{column}"
        if role == "decoder" and column == self.setup.steps:
            return None  # zeros: nothing was written yet
        return f"y{column - 1}"

    def heard(self, column: int) -> list[str]:
        """The states that an output is made of, in the order of the head's columns."""
        top = self.setup.layers - 1
        if self.setup.shape == "encoder_decoder":
            return [self.id("decoder", top, 0, column - self.setup.steps)]
        last = [column, column]
        if self.setup.shape in ("many_to_one", "one_to_one"):
            last = [self.setup.steps - 1, 0]
        return [
            self.id("hidden", top, direction, last[direction]) for direction in range(self.setup.directions)
        ]


def _rolled(nodes: Sequence[Node], edges: Sequence[Edge], steps: int) -> tuple[list[Node], list[Edge]]:
    """The same network with one node for all steps: its values over time, and loops where it reads its own past."""
    places: dict[str, list[Node]] = {}
    for node in nodes:
        places.setdefault(node.kin, []).append(node)
    kin = {node.id: node.kin for node in nodes}
    ways: dict[tuple[str, str, str], list[float]] = {}
    step = {node.id: node.step for node in nodes if node.step is not None}
    for edge in edges:
        key = (kin[edge.source], kin[edge.target], edge.role)
        ways.setdefault(key, [math.nan] * steps)[step[edge.target]] = edge.norm[0]
    rolled = [
        replace(
            own[0],
            id=name,
            column=0,
            step=None,
            values=tuple(node.values[0] for node in own),
            cell=tuple(node.cell[0] for node in own if node.cell),
            gradient=tuple(node.gradient[0] for node in own),
            tokens=tuple(token for node in own for token in node.tokens),
        )
        for name, own in places.items()
    ]
    return rolled, [Edge(*key, norm=tuple(norms)) for key, norms in ways.items()]


# How it grows


def growth_with_units(setup: Topology, widths: Sequence[int]) -> xr.Dataset:
    """Parameters, and multiplications per step, of each kind of network over its units, counted from models that are built.

    Returns `parameters` and `multiplications`, each (architecture, units).
    """
    kinds = list(KINDS)
    found = np.zeros((2, len(kinds), len(widths)))
    for i, kind in enumerate(kinds):
        for j, units in enumerate(widths):
            model = empty(replace(setup.drawn, stage="unrolled", kind=kind, units=units))
            each = list(counted(model))
            found[0, i, j] = sum(matrix.parameters for matrix in each)
            found[1, i, j] = sum(matrix.products for matrix in each) + _elementwise(model)
    dims = ("architecture", "units")
    return xr.Dataset(
        {
            "parameters": (dims, found[0], {"long_name": "parameters", "units": "1"}),
            "multiplications": (dims, found[1], {"long_name": "multiplications per step", "units": "1"}),
        },
        coords={"architecture": [kind.upper() for kind in kinds], "units": list(widths)},
    )


def growth_with_length(setup: Topology) -> xr.Dataset:
    """What a network costs over the steps that it reads, counted from one that is built and run for each length.

    Returns `parameters`, `a_step` (multiplications of a step), `multiplications` (of all steps) and `chain` (cells that must
    follow each other), each (time,), with `time` from the shortest length of LIMITS to the longest, counted from 0.
    """
    low, high = LIMITS["steps"]
    each = [describe(replace(setup.sizes, stage="unrolled", steps=steps)) for steps in range(low, high + 1)]
    names = {
        "parameters": "parameters",
        "a_step": "multiplications per step",
        "multiplications": "multiplications, all steps",
        "chain": "cells one after another",
    }
    return xr.Dataset(
        {
            name: ("time", [float(getattr(one, name)) for one in each], {"long_name": text, "units": "1"})
            for name, text in names.items()
        },
        coords={"time": np.arange(low, high + 1) - 1},
    )
