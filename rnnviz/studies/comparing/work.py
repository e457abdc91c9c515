"""What a worker process runs: arguments as JSON has them in, progress on the way, a dataset in the end."""

import base64
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from rnnviz.studies import comparing
from rnnviz.studies.comparing.running import Measured, Progress
from rnnviz.studies.progress import Done


def compare(
    setup: dict[str, Any], before: Sequence[dict[str, Any]] = ()
) -> Generator[Done, None, xr.Dataset]:
    """`comparing.run` of a set-up as `Setup.to_dict` gives it. before: the frames of one that was broken off."""
    steps = comparing.run(comparing.Setup.from_dict(setup), map(_measured, before))
    while True:
        try:
            at = next(steps)
        except StopIteration as end:
            found: xr.Dataset = end.value
            return found
        yield Done(at.done, at.total, at.what, _frame(at))


def _frame(at: Progress) -> dict[str, Any] | None:
    if at.measured is None:
        return None
    one = at.measured
    values = {
        name: [*value.shape, base64.b64encode(np.asarray(value, "<f8").tobytes()).decode()]
        if isinstance(value, np.ndarray)
        else value
        for name, value in one.values.items()
    }
    return {"row": one.row, "seed": one.seed, "values": values}


def _measured(frame: dict[str, Any]) -> Measured:
    values = {
        name: np.frombuffer(base64.b64decode(value[-1]), "<f8").reshape(value[:-1])
        if isinstance(value, list)
        else value
        for name, value in frame["values"].items()
    }
    return Measured(frame["row"], frame["seed"], values)


def dynamics(
    architecture: dict[str, Any], setup: dict[str, Any]
) -> Generator[comparing.Progress, None, xr.Dataset]:
    """`comparing.dynamics` of an architecture's fields and a set-up as `Setup.to_dict` gives it."""
    one = comparing.Architecture(**architecture)
    yield comparing.Progress(0, 1, one.name)
    return comparing.dynamics(one, comparing.Setup.from_dict(setup))
