"""A training that is watched at every update: loss, gradient norm before clipping, and how far the weights went."""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.studies.comparing.networks import Stack
from rnnviz.studies.memory.running import DATA, HELD_OUT, clipped
from rnnviz.studies.memory.setup import Setup
from rnnviz.studies.memory.tasks import Examples, examples
from rnnviz.studies.spreading import one_thread
from rnnviz.training import optimisers

RUNS = ("without", "with")
NUMBERS = {
    "loss": "loss of the batch before its update",
    "after": "loss of the same batch after its update",
    "norm": "gradient norm of all parameters before clipping",
    "length": "length of the update ‖Δθ‖",
    "size": "length of all parameters before the update ‖θ‖",
}


@dataclass(frozen=True)
class Made:
    """One update. update: its number, from 1. The numbers are those of NUMBERS; NaN where the numbers of the run have left what
    float32 holds: an update whose loss or gradient has is not made."""

    update: int
    loss: float
    after: float
    norm: float
    length: float
    size: float


class Course:
    """One network of a set-up on its way, one update after the other. over: whether its numbers left float32, or all updates are
    made."""

    def __init__(self, setup: Setup):
        if len(setup.networks) != 1:
            raise ValueError(f"one network is trained here; got {len(setup.networks)}")
        self.setup, self.update, self.blown = setup, 0, False
        first = examples(setup.task, setup.steps, 1, 0)
        self.network = Stack(setup.networks[0], first.x.shape[-1], first.outputs, setup.seed).float()
        self.optimiser = optimisers.NAMED[setup.optimiser](self.network.parameters(), setup.rate)

    @property
    def over(self) -> bool:
        return self.blown or self.update >= self.setup.updates

    def batch(self) -> Examples:
        """What the next update reads."""
        return examples(
            self.setup.task, self.setup.steps, self.setup.batch, self.setup.seed * DATA + 1 + self.update
        )

    def gradients(self, batch: Examples) -> tuple[float, Sequence[Tensor]]:
        """The loss of a batch, and its gradient by each parameter."""
        loss = batch.losses(self.network(batch.x, self.setup.truncate)).mean()
        return loss.item(), torch.autograd.grad(loss, self.optimiser.parameters)

    def loss(self, batch: Examples) -> float:
        with torch.no_grad():
            return batch.losses(self.network(batch.x)).mean().item()

    def weights(self) -> list[Tensor]:
        """Copies of all parameters."""
        return [p.detach().clone() for p in self.network.parameters()]

    def next(self) -> Made:
        """Makes the next update."""
        with one_thread():
            batch = self.batch()
            before = self.weights()
            loss, gradients = self.gradients(batch)
            gradients, norm = clipped(gradients, self.setup.clip)
            after = length = math.nan
            if math.isfinite(loss) and math.isfinite(norm):
                self.optimiser.step(gradients)
                after, length = self.loss(batch), distance(self.weights(), before)
            else:
                self.blown = True
            self.update += 1
            return Made(self.update, loss, after, norm, length, distance(before))

    def before(self, update: int) -> Iterator[int]:
        """Goes on to where that update is next, or it is over; tells each update that it makes."""
        while self.update < update - 1 and not self.over:
            self.next()
            yield self.update

    def right(self) -> float:
        """The share of right answers on 256 sequences that no update sees; NaN once its numbers left float32."""
        own = examples(self.setup.task, self.setup.steps, HELD_OUT, self.setup.seed * DATA)
        with torch.no_grad(), one_thread():
            said = self.network(own.x)
        return own.right(said) if not self.blown and bool(said.isfinite().all()) else math.nan


def distance(to: Sequence[Tensor], start: Sequence[Tensor] | None = None) -> float:
    """How far apart two lists of parameters are, or how long one is: L2, of all numbers together, in float64."""
    parts = [
        a.double() if start is None else a.double() - b.double() for a, b in zip(to, start or to, strict=True)
    ]
    return math.sqrt(sum(part.square().sum().item() for part in parts))


def gathered(
    setup: Setup, made: Sequence[Sequence[Made]], right: Sequence[float] = (math.nan, math.nan)
) -> xr.Dataset:
    """Two runs as arrays: NUMBERS over (run, update), float64, NaN after the end of a run; `right`, (run,), the share of right
    answers at the end. The coordinate `update` counts from 1, `run` is 'without' or 'with' clipping. The set-up is in the
    attribute `setup`."""
    wide = max(map(len, made), default=0)
    found: dict[str, tuple[str | tuple[str, ...], np.ndarray, Mapping[str, object]]] = {}
    for name, text in NUMBERS.items():
        rows = [[getattr(one, name) for one in each] + [math.nan] * (wide - len(each)) for each in made]
        found[name] = (("run", "update"), np.array(rows, np.float64).reshape(len(made), wide), said(text))
    right_is = said("right answers on held-out sequences") | {"valid_range": (0.0, 1.0)}
    found["right"] = ("run", np.array(right, np.float64), right_is)
    return xr.Dataset(
        found,
        coords={
            "run": list(RUNS),
            "update": ("update", np.arange(1, wide + 1), {"long_name": "update", "units": "1"}),
        },
        attrs={"setup": json.dumps(setup.to_dict()), "torch_version": str(torch.__version__)},
    )


def said(text: str) -> dict[str, str]:
    return {"long_name": text, "units": "1"}


def both(setup: Setup) -> tuple[Setup, Setup]:
    """The same set-up without clipping and with it. Raises ValueError where it has no threshold."""
    if setup.clip is None:
        raise ValueError("clip must be a norm above 0; got None")
    return dataclasses.replace(setup, clip=None), setup


def pair(setup: Setup) -> xr.Dataset:
    """Trains a network twice, without clipping and clipped at `setup.clip`, and returns what `gathered` does.

    >>> from rnnviz.studies.comparing import Architecture
    >>> from rnnviz.studies.memory import Setup
    >>> one = Setup((Architecture("rnn", units=4),), steps=5, updates=3, optimiser="sgd", rate=0.1, clip=0.01)
    >>> found = pair(one)
    >>> dict(found["norm"].sizes), found["length"].sel(run="with").values.round(6).tolist()
    ({'run': 2, 'update': 3}, [0.001, 0.001, 0.001])
    """
    made: list[list[Made]] = []
    right = []
    for one in both(setup):
        course = Course(one)
        made.append([])
        while not course.over:
            made[-1].append(course.next())
        right.append(course.right())
    return gathered(setup, made, right)


def worst(found: xr.Dataset) -> xr.DataArray:
    """The number of the update that made the loss of its own batch rise the most, without clipping; where the loss left
    float32, of that one. found: NUMBERS over run, update and maybe more. Returns all dims but these two."""
    one = found.sel(run="without", drop=True)
    made = one["length"].notnull()
    rise = (one["after"] - one["loss"]).where(np.isfinite(one["after"]), np.inf).where(made, -np.inf)
    return one["update"].isel(update=rise.argmax("update")).drop_vars("update")


def after_clipping(norm: xr.DataArray, clip: float) -> xr.DataArray:
    """What clipping leaves of a gradient norm: the smaller of it and the threshold; any dims, NaN stays."""
    return norm.clip(max=clip).assign_attrs(said("gradient norm of all parameters after clipping"))
