"""A recurrent cell by hand: plain lists of numbers are put into a stock nn.RNN, nn.GRU or nn.LSTM, which runs and is recorded.

A set-up is a dict of plain lists, as a reader edits it: `sizes` (inputs, units, steps), `nonlinearity` of the RNN, `inputs`
(step, input), `hidden` and `cell` (unit,), the state before the first step, and `weights`: kind -> gate -> `input` (unit, input),
`recurrent` (unit, unit) and `bias` (unit, 2), the two biases that PyTorch has. All lists are at their largest size, of which
`sizes` says how much counts: what was typed stays when a size shrinks and grows again. An empty cell is None.
"""

import copy
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

import torch
import xarray as xr
from torch import nn

from rnnviz.models.networks import Stock
from rnnviz.recording.block import record
from rnnviz.studies import example
from rnnviz.trace import GATES

KINDS: dict[str, type[Stock]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
NONLINEARITIES = ("tanh", "relu")
MOST = {"inputs": 8, "units": 8, "steps": 12}
LARGEST = 1e6  # twelve steps of eight relu units stay far below float64's end

Row = Sequence[float | None]  # None is a cell that is empty
Rows = Sequence[Row]
Numbers = Sequence[Sequence[float]]


class Block(TypedDict):
    """The weights of a gate."""

    input: Rows
    recurrent: Rows
    bias: Rows


class Given(TypedDict):
    """What `run` takes."""

    kind: str
    inputs: Rows
    weights: Mapping[str, Block]
    hidden: Row
    cell: Row
    nonlinearity: str


class Setup(TypedDict):
    """What a reader edits."""

    sizes: dict[str, int]
    nonlinearity: str
    inputs: Rows
    hidden: Row
    cell: Row
    weights: Mapping[str, Mapping[str, Block]]


class Part(TypedDict, total=False):
    """The weights of a gate of a preset that are not 0. bias: one number a unit."""

    input: Numbers
    recurrent: Numbers
    bias: Sequence[float]


class Preset(TypedDict):
    """A set-up at its own size. weights: of those gates that have any."""

    units: int
    nonlinearity: NotRequired[str]
    inputs: Numbers
    weights: Mapping[str, Mapping[str, Part]]


def run(
    kind: str,
    inputs: Rows,
    weights: Mapping[str, Block],
    hidden: Row | None = None,
    cell: Row | None = None,
    nonlinearity: str = "tanh",
) -> xr.DataTree:
    """The recording of torch's own module with these numbers in it, float64, its one node under the name of the kind.

    inputs: (step, input); weights: for each gate `input` (unit, input), `recurrent` (unit, unit), `bias` (unit, 2);
    hidden, cell: (unit,), zeros where left out. Gates are PyTorch's, in its words: trace.GATES[kind].
    Raises ValueError, in one line, for what makes no sense: an unknown kind, sizes out of range, a shape that does not fit,
    a number that is missing, no number, or beyond ±1,000,000.

    >>> import rnnviz
    >>> gate = {"input": [[1.0]], "recurrent": [[0.5]], "bias": [[0.0, 0.0]]}
    >>> trace = rnnviz.one_cell.run("rnn", [[1.0], [0.0]], {"hidden": gate}, nonlinearity="relu")
    >>> trace["rnn"]["hidden"].values.ravel()
    array([1. , 0.5])
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    if nonlinearity not in NONLINEARITIES:
        raise ValueError(f"nonlinearity must be one of {', '.join(NONLINEARITIES)}; got {nonlinearity!r}")
    if set(weights) != set(GATES[kind]):
        raise ValueError(
            f"a {kind} has weights for {', '.join(GATES[kind])}; got {', '.join(weights) or 'none'}"
        )
    sizes = {
        "steps": len(inputs),
        "inputs": len(inputs[0]) if inputs else 0,
        "units": len(weights[GATES[kind][0]]["input"]),
    }
    for name, size in sizes.items():
        if not 1 <= size <= MOST[name]:
            raise ValueError(f"{name} must be from 1 to {MOST[name]}; got {size}")
    steps, width, units = sizes.values()
    x = _numbers("inputs", inputs, (steps, width))
    starts = [_vector("hidden", hidden or [0.0] * units, units)]
    if kind == "lstm":
        starts.append(_vector("cell", cell or [0.0] * units, units))
    module: Stock
    if kind == "rnn":
        module = nn.RNN(width, units, nonlinearity=nonlinearity, batch_first=True, dtype=torch.float64)
    else:
        module = KINDS[kind](width, units, batch_first=True, dtype=torch.float64)

    def stacked(name: Literal["input", "recurrent", "bias"], *shape: int) -> torch.Tensor:
        return torch.cat([_numbers(f"{gate}, {name}", weights[gate][name], shape) for gate in GATES[kind]])

    inward, recurrent = stacked("input", units, width), stacked("recurrent", units, units)
    bias = stacked("bias", units, 2)
    with torch.no_grad():
        module.get_parameter("weight_ih_l0").copy_(inward)
        module.get_parameter("weight_hh_l0").copy_(recurrent)
        module.get_parameter("bias_ih_l0").copy_(bias[:, 0])
        module.get_parameter("bias_hh_l0").copy_(bias[:, 1])
        first = [start[None, None] for start in starts]  # (layer, batch, unit)
        with record(module) as recording:
            module(x[None], tuple(first) if kind == "lstm" else first[0])
    return recording.trace


def cut(setup: Setup, kind: str) -> Given:
    """What `run` takes, of a set-up: its lists at the size that counts."""
    inputs, units, steps = (setup["sizes"][name] for name in ("inputs", "units", "steps"))
    return {
        "kind": kind,
        "inputs": [row[:inputs] for row in setup["inputs"][:steps]],
        "weights": {
            gate: {
                "input": [row[:inputs] for row in block["input"][:units]],
                "recurrent": [row[:units] for row in block["recurrent"][:units]],
                "bias": block["bias"][:units],
            }
            for gate, block in setup["weights"][kind].items()
        },
        "hidden": setup["hidden"][:units],
        "cell": setup["cell"][:units],
        "nonlinearity": setup["nonlinearity"],
    }


def preset(name: str, seed: int = 1) -> Setup:
    """The set-up of a preset, a copy of its own, filled with zeros to the largest size. seed: of the preset 'random'. 'hello' is
    the example of the course, see studies.example."""
    if name == "random":
        return _random(seed)
    if name == "hello":
        own: Setup = _copied(_example())
        return own
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(NAMES)}; got {name!r}")
    given = copy.deepcopy(PRESETS[name])
    inputs, units, steps = MOST.values()
    weights = {
        kind: {gate: _block(**given["weights"][kind].get(gate, {})) for gate in GATES[kind]} for kind in KINDS
    }
    return {
        "sizes": {"inputs": len(given["inputs"][0]), "units": given["units"], "steps": len(given["inputs"])},
        "nonlinearity": given.get("nonlinearity", "tanh"),
        "inputs": _filled(given["inputs"], steps, inputs),
        "hidden": [0.0] * units,
        "cell": [0.0] * units,
        "weights": weights,
    }


@functools.cache
def _example() -> Setup:
    """Shared: look, never change."""
    return of_modules({kind: example.network(kind).rnn for kind in KINDS}, example.inputs().tolist())


def _copied(setup: Any) -> Any:
    """A set-up, or a part of it, with lists of its own: a page asks several times in each run, and copy.deepcopy takes long."""
    if isinstance(setup, dict):
        return {name: _copied(part) for name, part in setup.items()}
    if isinstance(setup, list):
        return [_copied(part) for part in setup] if setup and isinstance(setup[0], list) else setup[:]
    return setup


def of_modules(modules: Mapping[str, Stock], inputs: Numbers) -> Setup:
    """The set-up of trained modules, one of each kind, of one layer and one size, that read these inputs, filled with zeros."""
    setup, weights = preset("latch"), {}
    steps, width, units = MOST["steps"], MOST["inputs"], MOST["units"]
    for kind, module in modules.items():
        inward, recurrent, *both = (
            module.get_parameter(f"{name}_l0").detach().chunk(len(GATES[kind]))
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        weights[kind] = {
            gate: Block(
                input=_filled(inward[place].tolist(), units, width),
                recurrent=_filled(recurrent[place].tolist(), units, units),
                bias=_filled(torch.stack([bias[place] for bias in both], 1).tolist(), units, 2),
            )
            for place, gate in enumerate(GATES[kind])
        }
    one = next(iter(modules.values()))
    setup["sizes"] = {"inputs": one.input_size, "units": one.hidden_size, "steps": len(inputs)}
    setup["inputs"] = _filled(inputs, steps, width)
    setup["nonlinearity"] = "tanh"
    setup["weights"] = weights
    return setup


def _block(input: Numbers = (), recurrent: Numbers = (), bias: Sequence[float] = ()) -> Block:
    """A gate's weights at their largest size. bias: the input bias; the recurrent one is 0."""
    inputs, units, _steps = MOST.values()
    return {
        "input": _filled(input, units, inputs),
        "recurrent": _filled(recurrent, units, units),
        "bias": _filled([[value] for value in bias], units, 2),
    }


def _filled(rows: Numbers, height: int, width: int) -> list[list[float]]:
    filled = [[float(value) for value in row] + [0.0] * (width - len(row)) for row in rows]
    return filled + [[0.0] * width for _row in range(height - len(filled))]


def _random(seed: int) -> Setup:
    """Weights, biases and inputs between −1 and 1, one decimal each, drawn at the largest size: a cell that grows keeps them."""
    generator = torch.Generator().manual_seed(seed)
    inputs, units, steps = MOST.values()

    def draw(*shape: int) -> list[list[float]]:
        return [
            [round(value, 1) + 0.0 for value in row]  # no −0
            for row in (2 * torch.rand(*shape, generator=generator, dtype=torch.float64) - 1).tolist()
        ]

    setup = preset("latch")
    setup["sizes"] = {"inputs": 2, "units": 3, "steps": 5}
    setup["inputs"] = draw(steps, inputs)
    setup["weights"] = {
        kind: {
            gate: {"input": draw(units, inputs), "recurrent": draw(units, units), "bias": draw(units, 2)}
            for gate in GATES[kind]
        }
        for kind in KINDS
    }
    return setup


def _numbers(name: str, rows: Rows, shape: tuple[int, ...]) -> torch.Tensor:
    """The rows as a tensor of that shape, float64. Raises ValueError, naming what is wrong and where it stands."""
    _check(name, rows, shape)
    return torch.tensor(rows, dtype=torch.float64)


def _vector(name: str, row: Row, units: int) -> torch.Tensor:
    """The same of a single row: (unit,)."""
    _check(name, [row], (units,))
    return torch.tensor(row, dtype=torch.float64)


def _check(name: str, rows: Rows, shape: tuple[int, ...]) -> None:
    if len(rows) != (shape[0] if len(shape) == 2 else 1) or any(len(row) != shape[-1] for row in rows):
        came = tuple(len(row) for row in rows)
        raise ValueError(f"{name}: wanted {shape}; got rows of {', '.join(map(str, came)) or 'nothing'}")
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            where = f"{name}, row {number}, column {column}"
            if value is None:
                raise ValueError(f"{where} is empty")
            if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
                raise ValueError(f"{where} must be a number; got {value!r}")
            if abs(value) > LARGEST:
                raise ValueError(f"{where} must be from −1,000,000 to 1,000,000; got {value:g}")


# Numbers that make a point. A gate that is left out has zeros: σ(0) = 1/2, tanh(0) = 0. Weights of ±20 and ±40 open and
# shut a gate as good as wholly.
_OPEN, _SHUT = [20, 20], [-20, -20]
_NOISE: Numbers = [[0.8, -0.5, 1], [-0.9, 0.4, 0], [0.3, 1, 0], [1, -1, 0], [-0.6, 0.7, 0], [0.5, 0.2, 0]]
_READ = [[1, 0, 0], [0, 1, 0]]  # unit 1 reads input 1, unit 2 input 2
_ONE, _FEEDBACK = [[1, 0], [0, 1]], [[1.5, 0.5], [0.5, 1.5]]
_ON_THIRD = {"shut": [[0, 0, -40], [0, 0, -40]], "open": [[0, 0, 40], [0, 0, 40]]}
_ON_ANY = {"shut": [[-40, -40], [-40, -40]], "open": [[40, 40], [40, 40]]}
PRESETS: dict[str, Preset] = {
    # input 1 sets unit 1 and resets unit 2, input 2 the other way round; one-hot
    "latch": {
        "units": 2,
        "inputs": [[1, 0], [0, 0], [0, 0], [0, 1], [0, 0], [1, 0]],
        "weights": {
            "rnn": {"hidden": {"input": [[6, -6], [-6, 6]], "recurrent": [[3, 0], [0, 3]]}},
            "lstm": {
                "input_gate": {"input": _ON_ANY["open"], "bias": _SHUT},
                "forget_gate": {"input": _ON_ANY["shut"], "bias": _OPEN},
                "candidate": {"input": [[10, 0], [0, 10]]},
                "output_gate": {"bias": _OPEN},
            },
            "gru": {
                "update_gate": {"input": _ON_ANY["shut"], "bias": _OPEN},
                "candidate": {"input": [[10, 0], [0, 10]]},
            },
        },
    },
    # the third input says: write the first two down
    "remember": {
        "units": 2,
        "inputs": _NOISE,
        "weights": {
            "rnn": {"hidden": {"input": _READ, "recurrent": _ONE}},
            "lstm": {
                "input_gate": {"input": _ON_THIRD["open"], "bias": _SHUT},
                "forget_gate": {"input": _ON_THIRD["shut"], "bias": _OPEN},
                "candidate": {"input": _READ},
                "output_gate": {"bias": _OPEN},
            },
            "gru": {
                "update_gate": {"input": _ON_THIRD["shut"], "bias": _OPEN},
                "candidate": {"input": _READ},
            },
        },
    },
    "forget": {
        "units": 2,
        "inputs": _NOISE,
        "weights": {
            "rnn": {"hidden": {"input": _READ}},
            "lstm": {
                "input_gate": {"bias": _OPEN},
                "forget_gate": {"bias": _SHUT},
                "candidate": {"input": _READ},
                "output_gate": {"bias": _OPEN},
            },
            "gru": {"update_gate": {"bias": _SHUT}, "candidate": {"input": _READ}},
        },
    },
    # input 1 counts up, input 2 down; unit 2 counts the ups alone
    "counter": {
        "units": 2,
        "nonlinearity": "relu",
        "inputs": [[1, 0], [1, 0], [0, 0], [1, 0], [0, 1], [1, 0]],
        "weights": {
            "rnn": {"hidden": {"input": [[1, -1], [1, 0]], "recurrent": _ONE}},
            "lstm": {
                "input_gate": {"bias": _OPEN},
                "forget_gate": {"bias": _OPEN},
                "candidate": {"input": [[10, -10], [10, 0]]},
                "output_gate": {"bias": _OPEN},
            },
            "gru": {
                "update_gate": {"input": [[-19, -19], [-19, 0]], "bias": _OPEN},
                "candidate": {"input": [[10, -10], [10, 0]]},
            },
        },
    },
    "explode": {
        "units": 2,
        "nonlinearity": "relu",
        "inputs": [[1, 0], *[[0, 0]] * 7],
        "weights": {
            "rnn": {"hidden": {"input": _ONE, "recurrent": _FEEDBACK}},
            "lstm": {
                "input_gate": {"bias": _OPEN},
                "forget_gate": {"bias": _OPEN},
                "candidate": {"input": _ONE, "recurrent": _FEEDBACK},
                "output_gate": {"bias": _OPEN},
            },
            "gru": {"reset_gate": {"bias": _OPEN}, "candidate": {"input": _ONE, "recurrent": _FEEDBACK}},
        },
    },
}
NAMES = (*PRESETS, "random", "hello")
