"""One update, both ways: the state before it, one step with the gradient as it is, one with the gradient clipped."""

import copy
import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from torch import Tensor

from rnnviz import stats
from rnnviz.studies.clipping.running import Course, both, distance, said
from rnnviz.studies.memory.running import clipped
from rnnviz.studies.memory.setup import Setup
from rnnviz.studies.spreading import one_thread

WAYS = ("whole", "clipped")
FROM, TO = -0.15, 1.3  # of the whole update: where the line begins and ends


def one_update(setup: Setup, update: int) -> xr.Dataset:
    """What the optimiser did at an update of the run without clipping, and what it would have done from there, had its gradient
    been clipped at `setup.clip`. The run is made again up to there.

    update: its number, from 1. Returns
      `norm`, `loss`, `size`: of the gradient, of its batch, and ‖θ‖, before the update;
      `factor` (way): by which the gradient was multiplied, 1 or clip / norm (Pascanu, Mikolov & Bengio 2013, algorithm 1);
      `length` (way): ‖Δθ‖; `after` (way): the loss of the same batch after it;
      `along` (way, place): that loss along each update, from the state before it: as far as `distance` (place), in the same unit
      as ‖θ‖, 0 for the state itself; after them (their figure 6), who draw it over all of a small network's weights.
    way is 'whole' or 'clipped'. With SGD both lie on one line, with Adam they need not. Losses that leave float32 are inf or NaN.
    Raises ValueError for an update that the run did not make.
    """
    if not 1 <= update <= setup.updates:
        raise ValueError(f"update must be from 1 to {setup.updates}; got {update}")
    course = Course(both(setup)[0])
    for _made in course.before(update):
        pass
    return looked_at(course, setup.clip, update)


def looked_at(course: Course, clip: float | None, update: int) -> xr.Dataset:
    """The same, from a run without clipping that stands before that update; see `Course.before`."""
    with one_thread():
        batch, before = course.batch(), course.weights()
        loss, gradients = course.gradients(batch)
        norm = clipped(gradients, None)[1]
        if course.blown or not (math.isfinite(loss) and math.isfinite(norm)):
            raise ValueError(f"update {update} was not made: the numbers had left float32 before it")
        steps = [_step(course, one) for one in (gradients, clipped(gradients, clip)[0])]
        lengths = [distance(step) for step in steps]
        factors = [1.0, stats.vanishing.clip_factor(norm, clip or math.inf).item()]
        ratio = lengths[1] / lengths[0] if lengths[0] else 1.0
        shares = np.sort([*np.linspace(FROM, TO, 117), *(ratio * np.linspace(-1, 3, 33)), 0.0, ratio, 1.0])
        shares = shares.clip(FROM, TO)
        moved = copy.deepcopy(course)

        def loss_at(step: list[Tensor], share: float) -> float:
            for mine, start, delta in zip(moved.network.parameters(), before, step, strict=True):
                mine.data.copy_(start.double() + share * delta)
            return moved.loss(batch)

        along = [
            [loss_at(step, share * lengths[0] / length if length else 0.0) for share in shares]
            for step, length in zip(steps, lengths, strict=True)
        ]
        after = [loss_at(step, 1.0) for step in steps]
    return xr.Dataset(
        {
            "norm": ((), norm, said("gradient norm of all parameters before clipping")),
            "loss": ((), loss, said("loss of the batch before its update")),
            "size": ((), distance(before), said("length of all parameters before the update ‖θ‖")),
            "factor": ("way", factors, said("factor on the gradient")),
            "length": ("way", lengths, said("length of the update ‖Δθ‖")),
            "after": ("way", after, said("loss of the same batch after its update")),
            "along": (("way", "place"), np.array(along), said("loss of the batch along the update")),
        },
        coords={
            "way": list(WAYS),
            "distance": (
                "place",
                np.array(shares) * lengths[0],
                said("distance from the weights before the update"),
            ),
            "update": update,
        },
    )


def _step(course: Course, gradients: Sequence[Tensor]) -> list[Tensor]:
    """What the optimiser would add to each parameter, float64: the course stays where it is."""
    other = copy.deepcopy(course)
    before = other.weights()
    other.optimiser.step(gradients)
    return [after.double() - start.double() for after, start in zip(other.weights(), before, strict=True)]
