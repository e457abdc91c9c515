"""Which network is drawn, and its model: a set-up as the reader chooses it, built in PyTorch from its seed or with the weights
of the example of the course (studies.example), in float64."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from rnnviz.models.networks import KINDS, Model, State, made_room
from rnnviz.studies import example

STAGES = ("perceptron", "multilayer", "recurrent", "unrolled")
SHAPES = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "encoder_decoder")
NUMBERS = ("seed", "hello")  # where the weights come from
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
    numbers: 'seed', drawn, or 'hello', the example of the course: it has its own sizes and reads its letters, and its outputs
    are probabilities.
    Raises ValueError, in one line, for what is not one of STAGES, SHAPES, KINDS or NUMBERS or lies outside LIMITS.
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
    numbers: str = "seed"

    def __post_init__(self) -> None:
        known = {"stage": STAGES, "shape": SHAPES, "kind": tuple(KINDS), "numbers": NUMBERS}
        for name, options in known.items():
            if getattr(self, name) not in options:
                raise ValueError(f"{name} must be one of {', '.join(options)}; got {getattr(self, name)!r}")
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number from {low} to {high}; got {value!r}")

    @property
    def drawn(self) -> "Topology":
        """The set-up as it can be: without what the stage does not have; one step for one-to-one; one direction where later
        inputs do not exist yet; as many outputs as inputs where the same network reads what it wrote. The example has its own
        sizes and no decoder."""
        one = self._sized if self.numbers == "hello" else self
        if one.stage == "perceptron":
            return Topology(one.stage, inputs=one.inputs, outputs=1, seed=one.seed, numbers=one.numbers)
        if one.stage == "multilayer":
            default = Topology()
            return replace(
                one,
                shape=default.shape,
                kind=default.kind,
                directions=default.directions,
                steps=default.steps,
            )
        if one.stage == "recurrent":
            one = replace(one, shape="many_to_many", directions=1)
        if one.shape == "one_to_one":
            one = replace(one, steps=1)
        if one.shape == "one_to_many":
            one = replace(one, directions=1, outputs=one.inputs)
        return one

    @property
    def sizes(self) -> "Topology":
        """A network of the same sizes with numbers from its seed: the example's may be of any length."""
        return replace(self.drawn, numbers="seed") if self.numbers == "hello" else self

    @property
    def _sized(self) -> "Topology":
        """The example as it is."""
        letters = len(example.LETTER_NAMES)
        return replace(
            self,
            shape="many_to_one" if self.shape == "encoder_decoder" else self.shape,
            layers=1,
            directions=1,
            steps=min(self.steps, example.STEPS),
            inputs=letters,
            units=example.UNITS,
            outputs=letters,
            seed=example.SEED,
        )


def spoken(scores: Tensor, numbers: str) -> Tensor:
    """What an output layer makes of its sums, (output,): tanh, or in the example probabilities of the letters."""
    return scores.softmax(-1) if numbers == "hello" else scores.tanh()


class Feedforward(nn.Module):
    """Layers of tanh units, each reading the one below. widths: from the inputs to the outputs. speaks: what the last layer
    is, see `spoken`."""

    def __init__(
        self,
        widths: Sequence[int],
        dtype: torch.dtype | None = None,
        device: str | None = None,
        speaks: str = "seed",
    ):
        super().__init__()
        self.inputs, self.speaks, pairs = widths[0], speaks, pairwise(widths)
        self.layers = nn.ModuleList(nn.Linear(low, high, dtype=dtype, device=device) for low, high in pairs)

    def forward(self, x: Tensor) -> list[Tensor]:
        """x: (feature,). Returns the values of each layer, (unit,)."""
        found = []
        for place, layer in enumerate(self.layers, 1):
            x = layer(x)
            x = spoken(x, self.speaks) if place == len(self.layers) else x.tanh()
            found.append(x)
        return found


class Recurrent(nn.Module):
    """A stock recurrent module, a second one where the task has a decoder, and a head y = tanh(W_y h + b_y), or
    in the example softmax(W_y h + b_y)."""

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
            return list(self._said(hidden))
        return [self._said(self._top(state))]

    def _said(self, hidden: Tensor) -> Tensor:
        return spoken(self.head(hidden), self.setup.numbers)

    def _written(self, module: nn.Module, first: Tensor, state: State | None) -> list[Tensor]:
        """Each step reads what the step before it wrote."""
        outputs: list[Tensor] = []
        for _ in range(self.setup.steps):
            hidden, state = module((outputs[-1] if outputs else first)[None], state)
            outputs.append(self._said(hidden[0]))
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
    """The model of a set-up, its parameters those of the example, or uniform in ±1/√n as PyTorch draws them: n units, of a
    linear layer inputs."""
    return numbered(setup.drawn, torch.Generator().manual_seed(setup.seed))


def numbered(setup: Topology, generator: torch.Generator) -> Feedforward | Recurrent:
    """The same of a set-up as it can be. generator: what is drawn is drawn from it."""
    if setup.numbers == "hello":
        return _of_example(setup)
    return drawn_from(empty(setup), generator)


@torch.no_grad()
def _of_example(setup: Topology) -> Feedforward | Recurrent:
    """The example; without its loop a layer with its head, or one unit, as they work at the first step, before which h is 0."""
    model, trained = made_room(empty(setup)), example.network(setup.kind)
    if isinstance(model, Recurrent):
        model.load_state_dict(trained.state_dict())
        return model
    inward = trained.rnn.get_parameter("weight_ih_l0")
    bias = trained.rnn.get_parameter("bias_ih_l0") + trained.rnn.get_parameter("bias_hh_l0")
    pairs = [(inward, bias), (trained.head.weight, trained.head.bias)]
    for layer, (weight, own) in zip(model.layers, pairs, strict=False):
        assert isinstance(layer, nn.Linear)
        layer.weight.copy_(weight[: layer.out_features])
        layer.bias.copy_(own[: layer.out_features])
    return model


def empty(setup: Topology) -> Feedforward | Recurrent:
    """The model of a set-up as it can be, `Topology.drawn`, without numbers."""
    # on meta nothing is drawn: torch's own generator is left to others, who may draw from it at the same time
    if setup.stage == "perceptron":
        return Feedforward([setup.inputs, setup.outputs], torch.float64, "meta")
    if setup.stage == "multilayer":
        widths = [setup.inputs, *[setup.units] * setup.layers, setup.outputs]
        return Feedforward(widths, torch.float64, "meta", setup.numbers)
    return Recurrent(setup, torch.float64, "meta")


@torch.no_grad()
def drawn_from(model: Model, generator: torch.Generator) -> Model:
    """The same model with its parameters drawn, in PyTorch's order."""
    made_room(model)
    for module in model.modules():
        wide = getattr(module, "hidden_size", 0) or getattr(module, "in_features", 0)
        for parameter in module.parameters(recurse=False):
            parameter.uniform_(-(wide**-0.5), wide**-0.5, generator=generator)
    return model


def uniform(shape: int | Sequence[int], generator: torch.Generator) -> Tensor:
    """Numbers between −1 and 1, float64."""
    return torch.empty(shape, dtype=torch.float64).uniform_(-1, 1, generator=generator)
