"""What is learned: a text, a series or a generated task. Each says how it is cut up, read, judged and shown."""

from typing import Any, Protocol

from torch import Tensor, nn

from rnnviz.models.networks import NumberModel
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.live import Live

MEASURED = 8  # held-out sequences whose gradient is kept


class Material(Protocol):
    """What a `Training` learns.

    fingerprint: stands for what is read; a training goes on with the same alone. units: of the loss. part: which is held out, in
    words.
    """

    @property
    def fingerprint(self) -> str: ...

    @property
    def units(self) -> str: ...

    @property
    def part(self) -> str: ...

    def check(self, setup: Setup) -> None:
        """Raises ValueError, in one line, where it cannot be learned with that set-up."""

    def model(self, setup: Setup) -> nn.Module:
        """A network with `rnn`, drawn from torch's generator."""
        ...

    def batch(self, setup: Setup, update: int) -> tuple[Tensor, Tensor]:
        """What that update reads and what is wanted; the same for the same seed and update."""
        ...

    def loss(self, model: nn.Module, setup: Setup, inputs: Tensor, wanted: Tensor) -> Tensor:
        """The mean loss (), which leads to the model."""
        ...

    def judged(self, model: nn.Module, setup: Setup) -> dict[str, float]:
        """`held_out`, the loss on what no update sees, and what else is counted there, by name."""
        ...

    def measured(self, setup: Setup) -> tuple[Tensor, Tensor]:
        """Held-out sequences whose gradients and gates are looked at, as `batch` has them."""
        ...

    def shown(self, model: nn.Module, setup: Setup) -> dict[str, Any]:
        """What it says now, as JSON has it, by name."""
        ...

    def live(self, model: nn.Module, setup: Setup, name: str) -> Live:
        """The model as one of the reader's own."""
        ...

    def card(self, model: Any, setup: Setup) -> dict[str, Any]:
        """What must be known to use the weights: `model`, its sizes, and what else there is."""
        ...

    def command(self, *file: str) -> list[str]:
        """What begins the command that trains on it. file: as it is called; by default as an example is."""
        ...


def sizes(model: NumberModel, setup: Setup) -> dict[str, Any]:
    """Of a network that reads numbers, as a card has them."""
    return {
        "kind": setup.kind,
        "inputs": model.rnn.input_size,
        "outputs": model.head.out_features,
        "hidden": setup.units,
        "layers": setup.layers,
    }


class Single(nn.Module):
    """A network that reads one sequence and returns what it says alone, (time, output)."""

    def __init__(self, model: nn.Module):
        super().__init__()
        for name, part in model.named_children():
            self.add_module(name, part)

    def forward(self, inputs: Tensor) -> Tensor:
        read = self.get_submodule("embedding")(inputs) if hasattr(self, "embedding") else inputs
        said: Tensor = self.get_submodule("head")(self.get_submodule("rnn")(read)[0])[0]
        return said


def resting(model: nn.Module) -> nn.Module:
    """The network as others look at it: in eval mode, nothing to learn."""
    return Single(model).eval().requires_grad_(False)


def number(value: float) -> float:
    """A number as a moment keeps it: six digits."""
    return float(f"{value:.6g}")
