"""Experiments: networks of several architectures on the same data and the same loss, and how much of the error reaches back.

    setup = Setup((Architecture("rnn"), Architecture("lstm", forget_bias=2)), steps=200, seeds=5)
    found = compare(setup)
    found["log_norm"].sel(architecture="LSTM, forget bias 2", layer=0).median("seed")

Every network is built of stock nn.RNN, nn.GRU or nn.LSTM in float64, drawn from its seed and not trained; it reads, a loss is
sent back, and `record` sees what arrives at each step. The same setup gives the same numbers. What float64 cannot hold is
carried as a logarithm, so that a gradient of 1e-2000 is that and not 0.
"""

import json
import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
import xarray as xr
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from rnnviz.models.networks import KINDS
from rnnviz.recording import backpropagation, passes
from rnnviz.recording.block import record
from rnnviz.recording.passes import GATES
from rnnviz.stats import gradients
from rnnviz.training import tasks

INPUTS = ("noise", "adding", "copy", "text")
LOSSES = ("last", "all")
INITIALISATIONS = ("default", "orthogonal", "identity")
NONLINEARITIES = ("tanh", "relu")
NOISE = 8  # numbers that a step of noise has
LIMIT = 2e11  # multiplications, and what takes as long: about a minute on two cores
OVERHEAD = 2e5  # multiplications that take as long as starting the operations of one step
PER_PIECE = 30  # steps that take as long as starting a piece of a truncated sequence
LARGEST = 4 * 2**30  # bytes that one network may take

PIECE = 64  # steps that go back between two looks at the size of the numbers
FAR = 400  # powers of 2 that these may leave 1 by
NOTHING = -(1 << 30)  # the power of 2 of a zero: below all others
REPRESENTABLE = math.log(1e-250)  # from here down norms are carried, as parts of them may have left float64
CURVES = {
    "log_norm": ("ln of the total gradient norm ‖∂L/∂h‖", "nat"),
    "log_norm_direct": ("ln of the direct gradient norm ‖∂L/∂h‖", "nat"),
    "log_cell_norm": ("ln of the total gradient norm ‖∂L/∂c‖", "nat"),
}
NUMBERS = {
    "loss": ("loss, mean over the batch", "1"),
    "parameter_norm": ("gradient norm of all parameters", "1"),
    "parameter_norm_clipped": ("gradient norm of all parameters after clipping", "1"),
}
ENDS = {
    "blown": ("step at which a number is beyond float64, -1 if none is", "1"),
    "blown_in": ("way on which that was: forward or backward", "1"),
}


@dataclass(frozen=True)
class Architecture:
    """One row of a comparison: a stack of recurrent layers of one kind, and how its weights are drawn.

    kind: 'rnn', 'gru' or 'lstm'; nonlinearity: of an rnn, 'tanh' or 'relu'. layers, units: how many, and how wide each.
    initialisation: of the recurrent weight, each gate's block by itself: 'default' (PyTorch's, uniform within 1/√units),
    'orthogonal', or 'identity', for an rnn with biases of 0 (Le, Jaitly & Hinton 2015, arXiv:1504.00941). gain: what it is
    multiplied by. forget_bias: of an LSTM, the whole bias of its forget gate (Jozefowicz, Zaremba & Sutskever 2015); None as
    drawn. residual: each layer but the first adds its input to its output. bidirectional: each layer reads both ways.
    layer_norm: of what each layer but the first reads (Ba, Kiros & Hinton 2016, arXiv:1607.06450).

    Raises ValueError, in one line, for a row that makes no sense.
    """

    kind: str = "lstm"
    nonlinearity: str = "tanh"
    layers: int = 1
    units: int = 64
    initialisation: str = "default"
    gain: float = 1.0
    forget_bias: float | None = None
    residual: bool = False
    bidirectional: bool = False
    layer_norm: bool = False

    def __post_init__(self):
        _one_of(self, "kind", tuple(KINDS))
        _one_of(self, "nonlinearity", NONLINEARITIES)
        _one_of(self, "initialisation", INITIALISATIONS)
        _whole(self, "layers")
        _whole(self, "units")
        _number(self, "gain")
        _number(self, "forget_bias", optional=True)
        for name in ("residual", "bidirectional", "layer_norm"):
            _switch(self, name)
        if self.nonlinearity != "tanh" and self.kind != "rnn":
            raise ValueError(f"nonlinearity {self.nonlinearity!r} is for an rnn; a {self.kind} has its own")
        if self.forget_bias is not None and self.kind != "lstm":
            raise ValueError(f"forget_bias is for an lstm; a {self.kind} has no forget gate")
        for name in ("residual", "layer_norm"):
            if getattr(self, name) and self.layers == 1:
                raise ValueError(f"{name} goes between layers; wanted layers of 2 or more, got 1")

    @property
    def name(self) -> str:
        """A short label, another one for every unlike row: 'LSTM 2 layers, forget bias 2'."""
        head = self.kind.upper() + (" relu" if self.nonlinearity == "relu" else "")
        if self.layers > 1:
            head += f" {self.layers} layers"
        parts = [
            self.units != 64 and f"{self.units} units",
            self.initialisation != "default" and self.initialisation,
            self.gain != 1 and f"gain {_short(self.gain)}",
            self.forget_bias is not None and f"forget bias {_short(self.forget_bias)}",
            self.residual and "residual",
            self.bidirectional and "bidirectional",
            self.layer_norm and "layer norm",
        ]
        return ", ".join([head, *filter(None, parts)])

    @classmethod
    def parse(cls, text: str) -> "Architecture":
        """From 'lstm,units=64,forget_bias=2': a kind, then fields by name. Raises ValueError for what is no field."""
        kind, *rest = (part.strip() for part in text.split(","))
        given = dict(part.split("=", 1) if "=" in part else (part, "true") for part in rest)
        return _row(cls, {"kind": kind} | {name.strip(): _value(value) for name, value in given.items()})


@dataclass(frozen=True)
class Setup:
    """What is compared, on which data, and how the loss is sent back.

    input: 'noise' (8 normal numbers a step, and one to be told); 'adding' and 'copy' (`tasks.adding`, `tasks.copy_memory`);
    'text' (one-hot characters, the next one to be told: one sequence of at most `steps` characters). loss: 'last', at the
    last step, or 'all', the mean over the steps. seeds: how many, 0, 1, …: each draws weights and data. batch: sequences.
    clip: norm to which the gradient of all parameters is clipped (Pascanu, Mikolov & Bengio 2013). truncate: backpropagation
    is cut every that many steps, counted back from the end.

    Raises ValueError, in one line, for a set-up that makes no sense.
    """

    architectures: tuple[Architecture, ...]
    input: str = "noise"
    text: str = ""
    steps: int = 200
    loss: str = "last"
    seeds: int = 5
    batch: int = 4
    clip: float | None = None
    truncate: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "architectures", tuple(self.architectures))
        _one_of(self, "input", INPUTS)
        _one_of(self, "loss", LOSSES)
        for name in ("steps", "seeds", "batch"):
            _whole(self, name)
        _whole(self, "truncate", optional=True)
        _number(self, "clip", optional=True)
        if self.clip is not None and self.clip <= 0:
            raise ValueError(f"clip must be above 0; got {self.clip:g}")
        if not self.architectures or not all(isinstance(one, Architecture) for one in self.architectures):
            raise ValueError("nothing to compare: give at least one Architecture")
        names = [architecture.name for architecture in self.architectures]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two rows are the same: {name}")
        if self.truncate is not None and any(one.bidirectional for one in self.architectures):
            raise ValueError("truncate: a bidirectional network reads from the end too and cannot be cut")
        if not isinstance(self.text, str):
            raise ValueError(f"text must be a text; got {self.text!r}")
        if "\0" in self.text or any("\ud800" <= character <= "\udfff" for character in self.text):
            raise ValueError("text: NUL and lone surrogates cannot be kept in a file")
        if self.input == "text" and len(self.text) < 2:
            raise ValueError(f"input 'text' needs a text of at least 2 characters; got {len(self.text)}")
        if self.input == "copy" and self.steps < 3:
            raise ValueError(f"input 'copy' needs at least 3 steps; got {self.steps}")
        if self.input == "adding" and self.steps < 2:
            raise ValueError(f"input 'adding' needs at least 2 steps; got {self.steps}")

    @property
    def length(self) -> int:
        """Steps that are read: `steps`, or as many as the text has."""
        return min(self.steps, len(self.text) - 1) if self.input == "text" else self.steps

    @property
    def sequences(self) -> int:
        """`batch`, or 1 for a text."""
        return 1 if self.input == "text" else self.batch

    def cost(self) -> float:
        """Multiplications that the comparison takes, roughly: to be held against LIMIT."""
        return float(sum(self._cost_of(one) for one in self.architectures) * self.seeds * self.length)

    def _cost_of(self, one: Architecture) -> float:
        matrices = 4 * len(GATES[one.kind] or "h") * one.units**2 * self.sequences
        starts = OVERHEAD * (1 + (PER_PIECE / self.truncate if self.truncate else 0))
        return one.layers * (1 + one.bidirectional) * (starts + matrices)

    def memory(self) -> float:
        """Bytes that the largest of the networks takes while it runs, roughly, or the result where that is more."""
        largest = 0.0
        for one in self.architectures:
            gates = len(GATES[one.kind] or "h")
            layers = one.layers * (1 + one.bidirectional)
            states = 5 * (gates + 4) * one.units * self.sequences * self.length
            largest = max(largest, 8.0 * layers * (states + 6 * gates * one.units * (2 * one.units)))
        layers = max(one.layers for one in self.architectures)
        return max(largest, 8.0 * 4 * len(self.architectures) * self.seeds * layers * self.length)

    def to_dict(self) -> dict:
        """Plain values, as JSON has them."""
        return asdict(self) | {"architectures": [asdict(one) for one in self.architectures]}

    @classmethod
    def from_dict(cls, values: dict) -> "Setup":
        """The inverse of `to_dict`; what is left out is as by default. Raises ValueError for what is no field."""
        if not isinstance(values, dict) or not isinstance(values.get("architectures"), (list, tuple)):
            raise ValueError("a set-up is an object with a list of architectures")
        rows = tuple(
            Architecture.parse(row) if isinstance(row, str) else _row(Architecture, row)
            for row in values["architectures"]
        )
        return _row(cls, values | {"architectures": rows})


@dataclass(frozen=True)
class Progress:
    """How far a comparison is. done, total: networks. what: the one that was run."""

    done: int
    total: int
    what: str


def compare(setup: Setup, progress: Callable[[Progress], None] | None = None) -> xr.Dataset:
    """Runs every architecture with every seed and says what reaches back. progress: called after each network.

    Returns, over architecture (names, with the coordinates `kind` and `layers`), seed, layer and time, in float64:
        log_norm (architecture, seed, layer, time)   ln of the total ‖∂L/∂h_t‖
        log_norm_direct, log_cell_norm               of the direct part; of the total ‖∂L/∂c_t‖ of an LSTM
        rate, half_life, horizon, crossed (architecture, seed)  of log_norm in the top layer, see `stats.gradients.decay`
        loss, parameter_norm, parameter_norm_clipped (architecture, seed)   the gradient of all parameters, L2
        blown, blown_in (architecture, seed)         where a number left float64, and on which way, -1 and '' if none did:
                                                     with 'forward' the first step of the states, with 'backward' the first
                                                     step that the gradient met going back
    Norms are L2 over the units, of both directions together, and the root mean square over the batch, of each sequence's own
    loss. −inf where exactly 0: nothing arrives. A gradient beyond what float64 holds is given all the same. Where the
    states leave float64 the loss has no gradient; drawn is that of a sequence that ends before. NaN after that, and in a layer
    that an architecture does not have.
    Raises ValueError if a network would take more than 4 GiB.
    """
    steps = run(setup)
    while True:
        try:
            done = next(steps)
        except StopIteration as end:
            return end.value
        if progress is not None:
            progress(done)


def run(setup: Setup) -> Generator[Progress, None, xr.Dataset]:
    """`compare` one network at a time, so that it can be watched and stopped; the generator returns the result.

    Raises ValueError as `compare` does, at once.
    """
    _refuse_size(setup)
    return _run(setup)


def _run(setup: Setup) -> Generator[Progress, None, xr.Dataset]:
    found = _empty(setup)
    done, total = 0, len(setup.architectures) * setup.seeds
    for row, architecture in enumerate(setup.architectures):
        for seed in range(setup.seeds):
            with _one_thread():
                own = data(setup, seed)
                network = Network(architecture, own.x.shape[-1], own.outputs, seed)
                _fill(found, row, seed, measure(network, own, setup))
            done += 1
            yield Progress(done, total, f"{architecture.name}, seed {seed}")
    return _finished(found, setup)


def dynamics(architecture: Architecture, setup: Setup, seed: int = 0) -> xr.Dataset:
    """How the states of one network hear each other: what is left at the last step T of a small change at each step.

    The network and data of that seed, its first sequence; of a bidirectional one the forward half. A stack has one path of states
    a layer; as no layer hears the one above it, its Jacobian is block triangular and its Lyapunov exponents are those of all
    layers together. Returns, in float64:
        log_singular_value (layer, rank, time)   ln of the 'largest', 'median' and 'smallest' of ∂s_T/∂s_t, nats; see
                                                 `stats.gradients.reach`; the median of an even number is the middle of two
        lyapunov (layer, exponent)               nats a step, in falling order; see `stats.gradients.lyapunov`
        eigenvalue_real, eigenvalue_imag (layer, eigenvalue)   of the recurrent weight of an rnn, the largest first
    Where the states stop being finite, T is the step before that. Raises ValueError as `compare` does.
    """
    _refuse_size(Setup(**vars(setup) | {"architectures": (architecture,), "truncate": None}))
    with threadpool_limits(
        1
    ):  # thousands of small factorisations: two threads were measured a hundred times slower
        own = data(setup, seed)
        network = Network(architecture, own.x.shape[-1], own.outputs, seed)
        with record(network) as recording, torch.no_grad():
            network(own.x[:1])
        nodes = [
            recording.trace[f"layers.{layer}"].isel(layer=0, direction=0, batch=0)
            for layer in range(architecture.layers)
        ]
        found = xr.concat([_dynamics(node) for node in nodes], dim="layer")
    return found.assign_coords(layer=np.arange(architecture.layers)).assign_attrs(
        architecture=architecture.name
    )


def _dynamics(node: xr.DataTree) -> xr.Dataset:
    values = gradients.reach(node)["log_singular_values"]
    with np.errstate(invalid="ignore"):
        three = np.stack([values[:, 0], np.median(values, 1), values[:, -1]])
    found = {
        "log_singular_value": (("rank", "time"), three, values.attrs),
        "lyapunov": gradients.lyapunov(node),
    }
    if node.attrs["kind"] == "rnn":
        own = np.linalg.eigvals(node["recurrent_weight"].values[0])
        own = own[np.argsort(-np.abs(own), kind="stable")]
        for name, part in (("real", own.real), ("imag", own.imag)):
            text = f"{name} part of the eigenvalues of the recurrent weight"
            found[f"eigenvalue_{name}"] = ("eigenvalue", part, {"long_name": text, "units": "1"})
    return xr.Dataset(found, coords={"rank": ["largest", "median", "smallest"], "time": node["time"].values})


def run_dynamics(setup: Setup, seed: int = 0) -> Generator[Progress, None, xr.Dataset]:
    """`dynamics` of every architecture, one at a time; returns them over architecture, NaN where one has less than others."""
    found = []
    for done, one in enumerate(setup.architectures, 1):
        found.append(dynamics(one, setup, seed).expand_dims(architecture=[one.name]))
        yield Progress(done, len(setup.architectures), f"{one.name}, seed {seed}")
    both = xr.concat(found, dim="architecture", join="outer", combine_attrs="override")
    return both.drop_attrs(deep=False)


def curves(
    found: xr.Dataset, name: str = "log_norm", layer: str = "top"
) -> tuple[xr.DataArray, xr.DataArray]:
    """What `figures.log_norms` draws: the median over the seeds (architecture, time), and the lowest and the highest seed
    (bound, architecture, time); natural logarithms under the name of what they are drawn as.

    name: one of CURVES; architectures that have none are left out. layer: 'top' or 'bottom' of each.
    """
    layers = found["layers"] - 1 if layer == "top" else xr.zeros_like(found["layers"])
    every = found[name].isel(layer=layers.drop_vars("layers")).dropna("architecture", how="all")
    band = xr.concat([every.min("seed"), every.max("seed")], dim="bound")
    middle = every.median("seed").transpose("architecture", "time")
    drawn_as = {"long_name": CURVES[name][0].removeprefix("ln of the "), "units": "1"}
    return middle.assign_attrs(drawn_as), band


# Networks


class Network(nn.Module):
    """Recurrent layers of one architecture on each other and a linear head, drawn from a seed, in float64.

    Layer l > 0 reads the output of the layer below, after layer norm where there is one; with `residual` what it reads (before
    the norm) is added to what it says. `layers` are single-layer stock modules.
    """

    def __init__(self, architecture: Architecture, inputs: int, outputs: int, seed: int = 0):
        super().__init__()
        self.architecture = one = architecture
        wide = one.units * (1 + one.bidirectional)
        more = {"nonlinearity": one.nonlinearity} if one.kind == "rnn" else {}
        more |= {"batch_first": True, "bidirectional": one.bidirectional}
        # on meta nothing is drawn: torch's own generator is left to others, who may draw from it at the same time
        empty = {"dtype": torch.float64, "device": "meta"}
        self.layers = nn.ModuleList(
            KINDS[one.kind](wide if layer else inputs, one.units, **more, **empty)
            for layer in range(one.layers)
        )
        between = one.layers - 1 if one.layer_norm else 0
        self.norms = nn.ModuleList(nn.LayerNorm(wide, **empty) for _ in range(between))
        self.head = nn.Linear(wide, outputs, **empty)
        self.to_empty(device="cpu")
        self._draw(torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _draw(self, generator: torch.Generator) -> None:
        one = self.architecture
        # the same for every way to draw the recurrent weight, which comes last
        for module in (*self.layers, self.head):
            wide = one.units if module is not self.head else self.head.in_features
            for parameter in module.parameters():
                parameter.uniform_(-(wide**-0.5), wide**-0.5, generator=generator)
        for norm in self.norms:
            norm.reset_parameters()
        for name, parameter in self.layers.named_parameters():
            if "weight_hh" in name:
                for block in parameter.split(one.units):
                    if one.initialisation == "orthogonal":
                        nn.init.orthogonal_(block, generator=generator)
                    elif one.initialisation == "identity":
                        nn.init.eye_(block)
                parameter.mul_(one.gain)
            elif "bias" in name and one.initialisation == "identity" and one.kind == "rnn":
                parameter.zero_()
            elif "bias" in name and one.forget_bias is not None:  # rows i, f, g, o; PyTorch adds two biases
                parameter[one.units : 2 * one.units] = one.forget_bias if "bias_ih" in name else 0.0

    def forward(self, x: Tensor, truncate: int | None = None) -> Tensor:
        """x: (batch, time, input). truncate: states are cut off every that many steps from the end. Returns what the head
        says, (batch, time, output)."""
        for number, layer in enumerate(self.layers):
            read = self.norms[number - 1](x) if number and self.norms else x
            hidden, state = [], None
            for first, end in pieces(x.shape[1], truncate):
                part, state = layer(read[:, first:end], state)
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
                hidden.append(part)
            hidden = torch.cat(hidden, 1) if len(hidden) > 1 else hidden[0]
            x = hidden + x if number and self.architecture.residual else hidden
        return self.head(x)


def pieces(steps: int, truncate: int | None) -> list[tuple[int, int]]:
    """(first, end) of what backpropagation does not leave, from the first to the last."""
    ends = list(range(steps, 0, -(truncate or steps)))[::-1]
    return list(zip([0, *ends[:-1]], ends, strict=True))


@dataclass(frozen=True)
class Data:
    """x: (batch, time, input). target: (batch, time) whole numbers, or (batch, time, output). outputs: of the head."""

    x: Tensor
    target: Tensor
    outputs: int

    def first(self, steps: int) -> "Data":
        """The same of the first steps."""
        return Data(self.x[:, :steps], self.target[:, :steps], self.outputs)

    def loss(self, said: Tensor, which: str) -> Tensor:
        """said: (batch, time, output). Mean over the batch of each sequence's loss: squared error, or cross entropy in nats."""
        target = self.target
        if which == "last":
            said, target = said[:, -1:], target[:, -1:]
        if target.dtype == torch.int64:
            return nn.functional.cross_entropy(said.transpose(1, 2), target)
        return nn.functional.mse_loss(said, target)


def data(setup: Setup, seed: int = 0) -> Data:
    """What the networks of a seed read and are to say, the same for each architecture."""
    if setup.input == "text":
        characters = sorted(set(setup.text))
        ids = torch.tensor([[characters.index(one) for one in setup.text[: setup.length + 1]]])
        return Data(_one_hot(ids[:, :-1], len(characters)), ids[:, 1:], len(characters))
    if setup.input == "adding":
        x, sums = tasks.adding(setup.batch, setup.steps, seed)
        return Data(torch.from_numpy(x), torch.from_numpy(sums)[..., None], 1)
    if setup.input == "copy":
        ids, target = (torch.from_numpy(one) for one in tasks.copy_memory(setup.batch, setup.steps, seed))
        return Data(_one_hot(ids, tasks.COPY_SYMBOLS + 2), target, tasks.COPY_SYMBOLS + 2)
    noise = torch.from_numpy(np.random.default_rng(seed).normal(size=(setup.batch, setup.steps, NOISE + 1)))
    return Data(noise[..., :NOISE].contiguous(), noise[..., NOISE:].contiguous(), 1)


def _one_hot(ids: Tensor, wide: int) -> Tensor:
    return nn.functional.one_hot(ids, wide).double()


def _refuse_size(setup: Setup) -> None:
    if setup.memory() > LARGEST:
        raise ValueError(
            f"this would take {setup.memory() / 2**30:.1f} GiB; the limit is {LARGEST / 2**30:.0f} GiB:"
            " fewer steps, units, layers, sequences or seeds"
        )


@contextmanager
def _one_thread():
    """Small matrices: two threads wait for each other. Torch keeps the number for each thread by itself."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# What is measured of one network


def measure(network: Network, own: Data, setup: Setup) -> dict[str, np.ndarray | float | str]:
    """What reaches back in one network: (layer, time) logarithms and single numbers, as `compare` names them."""
    nodes, loss = _sent_back(network, own, setup)
    norm, clipped = _parameter_norms([p.grad for p in network.parameters()], setup.clip)
    blown, way = _blown(nodes, loss)
    steps = own.x.shape[1]
    while (
        steps and not np.isfinite(nodes[-1]["hidden_grad_direct"]).all()
    ):  # no gradient: as far as there is one
        steps = next((n for n in map(_finite_steps, nodes) if n < steps), steps - 1)  # the lowest layer first
        if steps:
            nodes, _ = _sent_back(network, own.first(steps), setup)
    # the loss is the mean over the batch: each sequence's own is that many times as much
    scale = math.log(len(own.x))
    found = {}
    for name, array in _log_norms(network, nodes, setup.truncate).items() if steps else ():
        found[name] = np.full((len(nodes), own.x.shape[1]), np.nan)
        found[name][:, :steps] = array + scale
    found |= {"loss": loss, "parameter_norm": norm, "parameter_norm_clipped": clipped}
    return found | {"blown": blown, "blown_in": way}


def _sent_back(network: Network, own: Data, setup: Setup) -> tuple[list[dict[str, np.ndarray]], float]:
    """The arrays of each layer, and the loss; the gradients of the parameters are those of this loss."""
    network.zero_grad()
    with record(network) as recording:
        loss = own.loss(network(own.x, setup.truncate), setup.loss)
        loss.backward()
    return [_arrays(recording.trace[f"layers.{layer}"]) for layer in range(len(network.layers))], loss.item()


def _log_norms(
    network: Network, nodes: list[dict[str, np.ndarray]], truncate: int | None
) -> dict[str, np.ndarray]:
    """CURVES of one network, each (layer, time)."""
    names = {"log_norm": "hidden_grad", "log_norm_direct": "hidden_grad_direct", "log_cell_norm": "cell_grad"}
    found = {
        name: np.stack([_log_norm(node[gradient]) for node in nodes])
        for name, gradient in names.items()
        if gradient in nodes[0]
    }
    if all((array > REPRESENTABLE).all() for name, array in found.items() if name != "log_norm_direct"):
        return found
    carried = _carried(network, nodes, truncate)
    return {name: np.where(array > REPRESENTABLE, array, carried[name]) for name, array in found.items()}


def _arrays(node: xr.DataTree) -> dict[str, np.ndarray]:
    """What is needed of a node that has one layer: arrays (direction, batch, time, unit)."""
    kind = node.attrs["kind"]
    names = ["hidden", "hidden_grad", "hidden_grad_direct", *GATES[kind]]
    names += ["cell", "cell_grad"] if kind == "lstm" else []
    dataset = node.to_dataset()
    return {name: dataset[name].values[0] for name in names}


def _log_norm(values: np.ndarray) -> np.ndarray:
    """ln of the root mean square over the batch of the length over units and directions; NaN where it is no number.

    values: (direction, batch, time, unit). Returns (time,). The largest entry is taken out, so that no square underflows.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.abs(values).max((0, 1, 3))
        squares = np.square(values / np.where(largest == 0, 1, largest)[:, None])
        logs = np.log(largest) + np.log(squares.sum((0, 1, 3)) / values.shape[1]) / 2
    return np.where(np.isnan(logs) & (largest == 0), -np.inf, logs)


def _finite_steps(node: dict[str, np.ndarray]) -> int:
    """How many steps one of its directions took, the least, before a state left float64."""
    states = [node[name] for name in ("hidden", "cell") if name in node]
    return min(int(np.isfinite(state).all((1, 3)).sum(1).min()) for state in states)


def _blown(nodes: list[dict[str, np.ndarray]], loss: float) -> tuple[int, str]:
    """The first step, on its way, at which a number is not finite, and which way that was."""
    states = [node[name] for node in nodes for name in ("hidden", "cell") if name in node]
    wrong = np.flatnonzero(~np.logical_and.reduce([np.isfinite(s).all((0, 1, 3)) for s in states]))
    if len(wrong):
        return int(wrong[0]), "forward"
    if not math.isfinite(loss):
        return states[0].shape[2] - 1, "forward"
    back = [node[name] for node in nodes for name in ("hidden_grad", "cell_grad") if name in node]
    wrong = np.flatnonzero(~np.logical_and.reduce([np.isfinite(b).all((0, 1, 3)) for b in back]))
    return (int(wrong[-1]), "backward") if len(wrong) else (-1, "")


def _parameter_norms(grads: list[Tensor], clip: float | None) -> tuple[float, float]:
    """L2 norm of the gradient of all parameters, and of what is left of it after clipping by the norm: all of it is
    multiplied by clip / norm where the norm is above clip (Pascanu, Mikolov & Bengio 2013, algorithm 1)."""
    flat = torch.cat([grad.flatten() for grad in grads])
    norm = _length(flat)
    if clip is None or not norm > clip:
        return norm, norm
    return norm, _length(flat * (clip / norm)) if math.isfinite(norm) else math.nan


def _length(flat: Tensor) -> float:
    largest = flat.abs().max().item()
    return largest * (flat / largest).norm().item() if largest and math.isfinite(largest) else largest


# Beyond what float64 holds


@dataclass(frozen=True)
class _Scaled:
    """Numbers of any size: values · 2^powers. values: (time, batch, wide), each step's largest near 1; powers: (time,), whole."""

    values: np.ndarray
    powers: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, powers: np.ndarray | int = 0) -> "_Scaled":
        largest = np.abs(values).max((1, 2))
        taken = np.frexp(largest)[1].astype(np.int64)
        return cls(np.ldexp(values, -taken[:, None, None]), np.where(largest == 0, NOTHING, powers + taken))

    def at(self, powers: np.ndarray) -> np.ndarray:
        """The values with these powers taken out instead, none of them smaller than its own."""
        by = np.maximum(self.powers - powers, -5000).astype(np.int32)
        return np.ldexp(self.values, by[:, None, None])

    def __add__(self, other: "_Scaled") -> "_Scaled":
        powers = np.maximum(self.powers, other.powers)
        return _Scaled.of(self.at(powers) + other.at(powers), powers)

    def __getitem__(self, index) -> "_Scaled":
        return _Scaled(self.values[index], self.powers[index])

    def log_norm(self) -> np.ndarray:
        """(time,), as `_log_norm`."""
        return _log_norm(self.values.transpose(1, 0, 2)[None]) + self.powers * math.log(2)


def _beside(parts: list[_Scaled]) -> _Scaled:
    powers = np.maximum.reduce([part.powers for part in parts])
    return _Scaled(np.concatenate([part.at(powers) for part in parts], -1), powers)


def _carried(
    network: Network, nodes: list[dict[str, np.ndarray]], truncate: int | None
) -> dict[str, np.ndarray]:
    """The logarithms of `measure`, from the same reverse loop over the recorded gates, run in pieces between which a power of
    2 is taken out. Backpropagation is linear: what is taken out may be put back at the end."""
    one = network.architecture
    outputs = []  # of each layer, with what residual connections add
    for node in nodes:
        hidden = np.concatenate(node["hidden"].transpose(0, 2, 1, 3), -1)
        outputs.append(hidden + outputs[-1] if outputs and one.residual else hidden)
    found: dict[str, list[np.ndarray]] = {"log_norm": [], "log_norm_direct": []}
    if one.kind == "lstm":
        found["log_cell_norm"] = []
    arriving = _Scaled.of(np.concatenate(nodes[-1]["hidden_grad_direct"].transpose(0, 2, 1, 3), -1))
    for layer in range(one.layers - 1, -1, -1):
        backs = []
        for direction in range(1 + one.bidirectional):
            own = slice(direction * one.units, (direction + 1) * one.units)
            direct = _Scaled.of(arriving.values[..., own], arriving.powers)
            reading = slice(None, None, -1) if direction else slice(None)
            one_pass = _pass(network.layers[layer], nodes[layer], direction)
            back = _back(one_pass, direct[reading], pieces(len(direct.powers), truncate), layer > 0)
            backs.append([part if part is None else part[reading] for part in back])
        totals, cells, inputs = zip(*backs, strict=True)
        found["log_norm"].append(_beside(totals).log_norm())
        found["log_norm_direct"].append(arriving.log_norm())
        if one.kind == "lstm":
            found["log_cell_norm"].append(_beside(cells).log_norm())
        if layer:
            down = inputs[0] if len(inputs) == 1 else inputs[0] + inputs[1]
            if network.norms:
                read = torch.from_numpy(outputs[layer - 1]).requires_grad_()
                normed = network.norms[layer - 1](read)
                (back,) = torch.autograd.grad(normed, read, torch.from_numpy(down.values))
                down = _Scaled.of(back.numpy(), down.powers)
            arriving = arriving + down if one.residual else down
    return {name: np.stack(layers[::-1]) for name, layers in found.items()}


def _pass(module: nn.RNNBase, node: dict[str, np.ndarray], direction: int) -> passes.Pass:
    """One direction of a layer as `passes` goes back through it, in reading order."""

    def turned(name: str) -> Tensor:
        array = node[name][direction].transpose(1, 0, 2)
        return torch.from_numpy(np.ascontiguousarray(array[::-1] if direction else array))

    kind = module.mode.split("_")[0].lower()
    suffix = "_reverse" if direction else ""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = passes.Weights(*(getattr(module, f"{name}_l0{suffix}").detach() for name in names))
    hidden = turned("hidden")
    read = hidden.new_empty(1).expand(*hidden.shape[:2], module.input_size)  # its size alone counts
    cell = turned("cell") if kind == "lstm" else None
    rows = torch.cat([turned(name) for name in GATES[kind]], -1) if GATES[kind] else None
    initial = (torch.zeros_like(hidden[0]),) * (2 if kind == "lstm" else 1)
    nonlinearity = module.nonlinearity if kind == "rnn" else ""
    return passes.Pass(kind, nonlinearity, read, hidden, initial, weights, rows, cell)


def _back(
    one: passes.Pass, direct: _Scaled, between: list[tuple[int, int]], input: bool
) -> tuple[_Scaled, _Scaled | None, _Scaled | None]:
    """Total gradient of h, of c, and that of what the pass read, where asked for. between: where backpropagation is cut."""
    shapes = [
        one.hidden.shape,
        one.cell.shape if one.cell is not None else None,
        one.input.shape if input else None,
    ]
    found = [None if shape is None else np.zeros(shape) for shape in shapes]
    powers = np.full(len(one.hidden), NOTHING)
    for cut, end in between[::-1]:
        handed = _Scaled(
            np.zeros((1, *one.hidden.shape[1:])).repeat(len(one.initial), 2), np.array([NOTHING])
        )
        while end > cut:
            first = max(cut, end - PIECE)
            if max(direct.powers[first:end].max(), handed.powers[0]) == NOTHING:
                end = first
                continue
            while True:
                power = max(direct.powers[first:end].max(), handed.powers[0])
                back = _back_piece(one, direct[first:end], handed, power, first, end, input)
                size = np.maximum.reduce([np.abs(part).max((1, 2)) for part in back[:2] if part is not None])
                if end - first == 1 or (size.min() > 2.0**-FAR and size.max() < 2.0**FAR):
                    break
                first = (first + end) // 2  # so long a piece may have left float64 on its way
            for array, part in zip(found, back, strict=False):
                if array is not None:
                    array[first:end] = part
            powers[first:end] = power
            handed, end = _Scaled.of(back[3], power), first
    return tuple(None if array is None else _Scaled.of(array, powers) for array in found)


def _back_piece(one, direct: _Scaled, handed: _Scaled, power: int, first: int, end: int, input: bool):
    """The same for some steps, all at one power, and what they hand to the step before, (1, batch, unit or twice)."""
    states = [one.hidden] if one.cell is None else [one.hidden, one.cell]
    initial = tuple(s[first - 1] if first else i for s, i in zip(states, one.initial, strict=True))
    part = passes.Pass(
        one.kind,
        one.nonlinearity,
        one.input[first:end],
        one.hidden[first:end],
        initial,
        one.weights,
        None if one.rows is None else one.rows[first:end],
        None if one.cell is None else one.cell[first:end],
    )
    came = torch.from_numpy(direct.at(np.full(end - first, power)))
    hidden, *cell = torch.from_numpy(handed.at(np.array([power]))[0]).split(one.units, -1)
    came[-1] += hidden
    back = backpropagation.backpropagate(part, came, cell[0] if cell else None, input, weights=False)
    given = torch.cat(back.initial, -1)[None]
    return [None if array is None else array.numpy() for array in (back.total, back.cell, back.input, given)]


# The result


def _empty(setup: Setup) -> dict[str, np.ndarray]:
    runs = (len(setup.architectures), setup.seeds)
    curves = (*runs, max(one.layers for one in setup.architectures), setup.length)
    found = {name: np.full(curves, np.nan) for name in CURVES}
    found |= {name: np.full(runs, np.nan) for name in NUMBERS}
    return found | {"blown": np.full(runs, -1), "blown_in": np.full(runs, "", "U8")}


def _fill(found: dict[str, np.ndarray], row: int, seed: int, measured: dict) -> None:
    for name, value in measured.items():
        if name in CURVES:
            found[name][row, seed, : len(value)] = value
        else:
            found[name][row, seed] = value


def _finished(found: dict[str, np.ndarray], setup: Setup) -> xr.Dataset:
    curve, number = ("architecture", "seed", "layer", "time"), ("architecture", "seed")
    rows = setup.architectures
    coords = {
        "architecture": [one.name for one in rows],
        "kind": ("architecture", [one.kind for one in rows], {"long_name": "kind of cell"}),
        "layers": ("architecture", [one.layers for one in rows], {"long_name": "layers"}),
        "seed": np.arange(setup.seeds),
        "layer": np.arange(found["log_norm"].shape[2]),
        "time": np.arange(setup.length),
    }
    if setup.input == "text":
        coords["token"] = ("time", list(setup.text[: setup.length]))
    result = xr.Dataset(
        {
            name: (curve if name in CURVES else number, found[name], {"long_name": text, "units": units})
            for name, (text, units) in (CURVES | NUMBERS | ENDS).items()
        },
        coords=coords,
        attrs={
            "setup": json.dumps(setup.to_dict(), ensure_ascii=False),
            "torch_version": str(torch.__version__),
        },
    )
    tops = result["layers"].drop_vars("layers") - 1
    top = result["log_norm"].isel(layer=tops).drop_vars(["layer", "layers"])
    return result.merge(gradients.decay(top, logarithmic=True))


# Reading what was asked for


def _one_of(row, name: str, allowed: tuple[str, ...]) -> None:
    if getattr(row, name) not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {getattr(row, name)!r}")


def _whole(row, name: str, optional: bool = False) -> None:
    """The field as an int of at least 1; a table on a page gives 64.0 for 64, and NaN for nothing."""
    value = _number(row, name, optional)
    if value is None:
        return
    if value != int(value) or not 1 <= value <= 1e9:
        raise ValueError(f"{name} must be a whole number of at least 1; got {value:g}")
    object.__setattr__(row, name, int(value))


def _number(row, name: str, optional: bool = False) -> float | None:
    given = getattr(row, name)
    try:
        value = None if given is None else float(given)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number; got {given!r}") from None
    if optional and (value is None or math.isnan(value)):
        object.__setattr__(row, name, None)
        return None
    if value is None or isinstance(given, bool) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number; got {given!r}")
    object.__setattr__(row, name, value)
    return value


def _switch(row, name: str) -> None:
    if getattr(row, name) not in (True, False):
        raise ValueError(f"{name} must be true or false; got {getattr(row, name)!r}")
    object.__setattr__(row, name, bool(getattr(row, name)))


def _short(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _value(text: str):
    """A value as it is written in a row: a number, true, false, or a word."""
    word = text.strip()
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    try:
        return float(word)
    except ValueError:
        return word


def _row(of: type, values: dict):
    """A row of that type; ValueError for what is no field of it."""
    if not isinstance(values, dict):
        raise ValueError(f"a row is an object with fields; got {values!r}")
    names = [field.name for field in fields(of)]
    for name in values:
        if name not in names:
            raise ValueError(f"no field {name!r}; there is {', '.join(names)}")
    return of(**values)
