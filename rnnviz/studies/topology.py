"""Which network is drawn, and its model: a set-up as the reader chooses it, built in PyTorch from its seed, in float64."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from rnnviz.models.networks import KINDS, State

STAGES = ("perceptron", "multilayer", "recurrent", "unrolled")
SHAPES = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder")
LIMITS = {
    "layers": (1, 3),
    "directions": (1, 2),
    "steps": (1, 8),
    "inputs": (1, 8),
    "units": (1, 16),
    "outputs": (1, 8),
    "seed": (0, 999),
}


@dataclass(frozen=True)
class Topology:
    """The network that is drawn. shape: of the task, at the unrolled stage; before it a recurrent one gives an output each step.

    steps: read; an encoder-decoder writes as many more. inputs, outputs: numbers in each. units: of each layer and direction.
    Raises ValueError, in one line, for what is not one of STAGES, SHAPES or KINDS or lies outside LIMITS.
    """

    stage: str = "unrolled"
    shape: str = "many_to_many"
    kind: str = "rnn"
    layers: int = 1
    directions: int = 1
    steps: int = 4
    inputs: int = 3
    units: int = 4
    outputs: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, options in (("stage", STAGES), ("shape", SHAPES), ("kind", tuple(KINDS))):
            if getattr(self, name) not in options:
                raise ValueError(f"{name} must be one of {', '.join(options)}; got {getattr(self, name)!r}")
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number from {low} to {high}; got {value!r}")

    @property
    def drawn(self) -> "Topology":
        """The set-up as it can be: without what the stage does not have; one step for one-to-one; one direction where later
        inputs do not exist yet; as many outputs as inputs where the same network reads what it wrote."""
        one = self
        if one.stage == "perceptron":
            return Topology(one.stage, inputs=one.inputs, outputs=1, seed=one.seed)
        if one.stage == "multilayer":
            default = Topology()
            return replace(
                one,
                shape=default.shape,
                kind=default.kind,
                directions=default.directions,
                steps=default.steps,
            )
        if self.stage == "recurrent":
            one = replace(one, shape="many_to_many", directions=1)
        if one.shape == "one_to_one":
            one = replace(one, steps=1)
        if one.shape == "one_to_many":
            one = replace(one, directions=1, outputs=one.inputs)
        return one


class Feedforward(nn.Module):
    """Layers of tanh units, each reading the one below. widths: from the inputs to the outputs."""

    def __init__(self, widths: Sequence[int], dtype: torch.dtype | None = None, device: str | None = None):
        super().__init__()
        self.inputs, pairs = widths[0], pairwise(widths)
        self.layers = nn.ModuleList(nn.Linear(low, high, dtype=dtype, device=device) for low, high in pairs)

    def forward(self, x: Tensor) -> list[Tensor]:
        """x: (feature,). Returns the values of each layer, (unit,)."""
        found = []
        for layer in self.layers:
            x = layer(x).tanh()
            found.append(x)
        return found


class Recurrent(nn.Module):
    """A stock recurrent module, a second one where the task has a decoder, and a head y = tanh(W_y h + b_y)."""

    def __init__(self, setup: Topology, dtype: torch.dtype | None = None, device: str | None = None):
        super().__init__()
        self.setup, wide = setup, setup.units * setup.directions
        kind, both = KINDS[setup.kind], setup.directions == 2
        self.rnn = kind(
            setup.inputs, setup.units, setup.layers, bidirectional=both, dtype=dtype, device=device
        )
        self.decoder = None
        if setup.shape == "encoder_decoder":
            self.decoder = kind(setup.outputs, wide, setup.layers, dtype=dtype, device=device)
        self.head = nn.Linear(wide, setup.outputs, dtype=dtype, device=device)

    def forward(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """inputs: one (feature,) for each step that has one. Returns the outputs, (feature,), in the order of their steps."""
        if self.setup.shape == "one_to_many":
            return self._written(self.rnn, inputs[0], None)
        hidden, state = self.rnn(torch.stack(list(inputs)))  # (time, direction · unit)
        if self.decoder is not None:
            return self._written(self.decoder, inputs[0].new_zeros(self.setup.outputs), self._handed(state))
        if self.setup.shape == "many_to_many":
            return list(self.head(hidden).tanh())
        return [self.head(self._top(state)).tanh()]

    def _written(self, module: nn.Module, first: Tensor, state: State | None) -> list[Tensor]:
        """Each step reads what the step before it wrote."""
        outputs: list[Tensor] = []
        for _ in range(self.setup.steps):
            hidden, state = module((outputs[-1] if outputs else first)[None], state)
            outputs.append(self.head(hidden[0]).tanh())
        return outputs

    def _joined(self, state: Tensor) -> Tensor:
        """Both directions of each layer side by side: (layer, direction · unit)."""
        return torch.unflatten(state, 0, (self.setup.layers, self.setup.directions)).flatten(1)

    def _handed(self, state: State) -> State:
        """The encoder's last state as the decoder's first."""
        if isinstance(state, tuple):
            hidden, cell = state
            return self._joined(hidden), self._joined(cell)
        return self._joined(state)

    def _top(self, state: State) -> Tensor:
        """The last state of the top layer, each direction's own: (direction · unit,)."""
        return self._joined(state[0] if isinstance(state, tuple) else state)[-1]


def build(setup: Topology) -> Feedforward | Recurrent:
    """The model of a set-up, its parameters uniform in ±1/√n as PyTorch draws them: n units, of a linear layer inputs."""
    return drawn_from(empty(setup.drawn), torch.Generator().manual_seed(setup.seed))


def empty(setup: Topology) -> Feedforward | Recurrent:
    """The model of a set-up as it can be, `Topology.drawn`, without numbers."""
    # on meta nothing is drawn: torch's own generator is left to others, who may draw from it at the same time
    if setup.stage == "perceptron":
        return Feedforward([setup.inputs, setup.outputs], torch.float64, "meta")
    if setup.stage == "multilayer":
        widths = [setup.inputs, *[setup.units] * setup.layers, setup.outputs]
        return Feedforward(widths, torch.float64, "meta")
    return Recurrent(setup, torch.float64, "meta")


Model = TypeVar("Model", bound=nn.Module)


@torch.no_grad()
def drawn_from(model: Model, generator: torch.Generator) -> Model:
    """The same model with its parameters drawn, in PyTorch's order."""
    model.to_empty(device="cpu")
    for module in model.modules():
        wide = getattr(module, "hidden_size", 0) or getattr(module, "in_features", 0)
        for parameter in module.parameters(recurse=False):
            parameter.uniform_(-(wide**-0.5), wide**-0.5, generator=generator)
    return model


def uniform(shape: int | Sequence[int], generator: torch.Generator) -> Tensor:
    """Numbers between −1 and 1, float64."""
    return torch.empty(shape, dtype=torch.float64).uniform_(-1, 1, generator=generator)
