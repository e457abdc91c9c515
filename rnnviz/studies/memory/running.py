"""Training side by side, one moment after the other, and what was seen as labelled arrays."""

import copy
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.recording.block import record
from rnnviz.studies.comparing.networks import Stack
from rnnviz.studies.comparing.scaled import log_norm
from rnnviz.studies.memory.setup import Setup
from rnnviz.studies.memory.tasks import Examples, examples
from rnnviz.studies.spreading import one_thread
from rnnviz.told import Told
from rnnviz.trace import branch
from rnnviz.training import optimisers

HELD_OUT = 256  # sequences that no update sees
MEASURED = 32  # of them, whose gradient is kept
DATA = 1_000_003  # seeds of the data of one seed of a set-up
NUMBERS = {
    "loss": ("loss on held-out sequences", "1"),
    "accuracy": ("right answers on held-out sequences", "1"),
    "parameter_norm": ("gradient norm of all parameters before clipping", "1"),
}


@dataclass(frozen=True)
class Moment:
    """What is so after `update` updates: for each network, NaN from where its numbers left what float32 holds.

    loss, accuracy: on held-out sequences. parameter_norm: L2 norm of the gradient of the last update, before clipping; NaN at the
    start. log_norm: (network, time), ln of the total ‖∂L/∂h_t‖, the root mean square over 32 held-out sequences, each with its
    own loss; −inf where nothing arrives.
    """

    update: int
    loss: list[float]
    accuracy: list[float]
    parameter_norm: list[float]
    log_norm: list[list[float]]


class Race:
    """The networks of a set-up on their way. Ask `run` for the next moment as long as there is one; `state` is all that is needed
    to go on later, with the same numbers to the last bit."""

    def __init__(self, setup: Setup):
        self.setup, self.update = setup, 0
        self._held_out = examples(setup.task, setup.steps, HELD_OUT, setup.seed * DATA)
        wide, outputs = self._held_out.x.shape[-1], self._held_out.outputs
        self._measured = [Stack(one, wide, outputs, setup.seed) for one in setup.networks]  # in float64
        self.networks = [copy.deepcopy(network).float() for network in self._measured]
        make = optimisers.NAMED[setup.optimiser]
        self._optimisers = [make(network.parameters(), setup.rate) for network in self.networks]
        self._norms = [math.nan] * len(self.networks)
        self._blown = [False] * len(self.networks)

    def run(self) -> Iterator[Moment]:
        """The moments that are still to come, from now on; at the very start, the one before the first update."""
        for update in self.setup.moments():
            if update < self.update or update == self.update > 0:
                continue
            with one_thread():
                while self.update < update:
                    self._one_update()
                moment = self._moment()
            yield moment

    def _one_update(self) -> None:
        setup = self.setup
        batch = examples(setup.task, setup.steps, setup.batch, setup.seed * DATA + 1 + self.update)
        for place, (network, optimiser) in enumerate(zip(self.networks, self._optimisers, strict=True)):
            if self._blown[place]:
                continue
            loss = batch.losses(network(batch.x, setup.truncate)).mean()
            gradients, norm = clipped(torch.autograd.grad(loss, optimiser.parameters), setup.clip)
            self._norms[place] = norm
            if math.isfinite(loss.item()) and math.isfinite(norm):
                optimiser.step(gradients)
            else:
                self._blown[place] = True
        self.update += 1

    def _moment(self) -> Moment:
        every = [self._seen(place) for place in range(len(self.networks))]
        losses, accuracies, logs = zip(*every, strict=True)
        return Moment(self.update, list(losses), list(accuracies), list(self._norms), list(logs))

    def _seen(self, place: int) -> tuple[float, float, list[float]]:
        if not self._blown[place]:
            with torch.no_grad():
                said = self.networks[place](self._held_out.x)
            loss = self._held_out.losses(said).mean().item()
            if math.isfinite(loss):
                return loss, self._held_out.right(said), self._log_norms(place)
        return math.nan, math.nan, [math.nan] * self.setup.steps

    def _log_norms(self, place: int) -> list[float]:
        network = self._measured[place]
        with torch.no_grad():
            for mine, theirs in zip(network.parameters(), self.networks[place].parameters(), strict=True):
                mine.copy_(theirs)
        found: list[float] = log_norms(network, self._held_out, self.setup.truncate).tolist()
        return found

    def state(self) -> bytes:
        """All that is needed to go on, as safetensors; what the set-up is and how far it came is in its metadata."""
        import safetensors.torch

        about = {
            "setup": self.setup.to_dict(),
            "update": self.update,
            "norms": self._norms,
            "blown": self._blown,
        }
        return safetensors.torch.save(self._tensors(), {"race": json.dumps(about)})

    @classmethod
    def of(cls, setup: Setup, state: bytes) -> "Race":
        """Goes on from what `state` gave, where `setup` asks for the same, or for more updates of it. Raises ValueError else."""
        import safetensors.torch

        try:
            size = int.from_bytes(state[:8], "little")
            about = json.loads(json.loads(state[8 : 8 + size])["__metadata__"]["race"])
            before = Setup.from_dict(about["setup"])
            tensors = safetensors.torch.load(state)
            if before.course != setup.course:
                raise Told("another set-up")
            race = cls(setup)
            mine = race._tensors()
            if mine.keys() != tensors.keys() or any(mine[n].shape != tensors[n].shape for n in mine):
                raise Told("other tensors")
            with torch.no_grad():
                for name, tensor in mine.items():
                    tensor.copy_(tensors[name])
            race.update, race._norms, race._blown = about["update"], about["norms"], about["blown"]
        except Exception as problem:  # what safetensors and json raise, nobody has listed
            line = " ".join(str(problem).split())[:200]
            raise Told("this training cannot be gone on with ({line}); begin it anew", line=line) from None
        return race

    def _tensors(self) -> dict[str, Tensor]:
        """All tensors that an update changes: the tensors themselves."""
        found: dict[str, Tensor] = {}
        for place, (network, optimiser) in enumerate(zip(self.networks, self._optimisers, strict=True)):
            found |= {f"{place}.{name}": p.detach() for name, p in network.named_parameters()}
            found |= {f"{place}.optimiser.{i}": tensor for i, tensor in enumerate(optimiser.state)}
        return found


def log_norms(network: Stack, own: Examples, truncate: int | None = None) -> np.ndarray:
    """ln of the total ‖∂L/∂h_t‖ in a float64 network: (time,), the root mean square over the first 32 sequences, each with its
    own loss; −inf where nothing arrives."""
    few = Examples(own.x[:MEASURED].double(), own.target[:MEASURED], own.outputs)
    with record(network, keep=("hidden_grad",)) as recording:
        losses = few.losses(network(few.x, truncate)).sum()
        torch.autograd.backward(losses, inputs=list(network.parameters()))
    network.zero_grad()
    return log_norm(branch(recording.trace, "layers.0").dataset["hidden_grad"].values[0])


def clipped(gradients: Sequence[Tensor], clip: float | None) -> tuple[Sequence[Tensor], float]:
    """The gradients, all multiplied by clip / norm where their norm is above it (Pascanu, Mikolov & Bengio 2013, algorithm 1),
    and the norm before that."""
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(one) for one in gradients])).item()
    if clip is None or not clip < norm < math.inf:
        return gradients, norm
    return [one * (clip / norm) for one in gradients], norm


def gathered(setup: Setup, moments: Sequence[Moment]) -> xr.Dataset:
    """Moments as arrays: `loss`, `accuracy`, `parameter_norm` (network, moment) and `log_norm` (network, moment, time), float64,
    with the coordinates `update` (moment) and `kind` (network). The set-up is in the attribute `setup`."""
    names = ("network", "moment")
    found: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, object]]] = {
        name: (names, np.array([getattr(m, name) for m in moments]).T, {"long_name": text, "units": units})
        for name, (text, units) in NUMBERS.items()
    }
    found["accuracy"][2]["valid_range"] = (0.0, 1.0)
    logs = np.array([m.log_norm for m in moments]).swapaxes(0, 1)
    found["log_norm"] = (
        (*names, "time"),
        logs,
        {"long_name": "ln of the total gradient norm ‖∂L/∂h‖", "units": "nat"},
    )
    return xr.Dataset(
        found,
        coords={
            "network": [one.name for one in setup.networks],
            "kind": ("network", [one.kind for one in setup.networks], {"long_name": "kind of cell"}),
            "update": ("moment", [m.update for m in moments], {"long_name": "update", "units": "1"}),
            "time": np.arange(setup.steps),
        },
        attrs={"setup": json.dumps(setup.to_dict()), "torch_version": str(torch.__version__)},
    )


def train(setup: Setup, progress: Callable[[Moment], None] | None = None) -> xr.Dataset:
    """Trains all networks of a set-up to the end and returns what `gathered` does. progress: told of each moment.

    >>> from rnnviz.studies.comparing import Architecture
    >>> from rnnviz.studies.memory import Setup, train
    >>> found = train(Setup((Architecture("rnn", units=8),), steps=5, updates=100))
    >>> found["accuracy"].isel(network=0, moment=-1).item(), found["log_norm"].sizes["time"]
    (1.0, 5)
    """
    moments = []
    for moment in Race(setup).run():
        moments.append(moment)
        if progress is not None:
            progress(moment)
    return gathered(setup, moments)
