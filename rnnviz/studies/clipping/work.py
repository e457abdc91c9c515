"""What a worker process runs: arguments as JSON has them in, updates on the way, a dataset in the end."""

from collections.abc import Generator
from dataclasses import asdict
from typing import Any

import xarray as xr

from rnnviz.studies.clipping.one import looked_at
from rnnviz.studies.clipping.running import Course, Made, both, gathered, worst
from rnnviz.studies.memory.setup import Setup
from rnnviz.studies.progress import Done


def train(setup: dict[str, Any]) -> Generator[Done, None, xr.Dataset]:
    """Trains a set-up, as `Setup.to_dict` gives it, without clipping and with it, one update of each after the other.
    Returns what `pair` does, and what `one_update` gives of the worst update as `worst_NAME`."""
    asked = Setup.from_dict(setup)
    courses = [Course(one) for one in both(asked)]
    made: list[list[Made]] = [[], []]
    while not all(course.over for course in courses):
        for run, course in enumerate(courses):
            if not course.over:
                made[run].append(course.next())
                done = max(map(len, made))
                yield Done(done, asked.updates, asked.task, asdict(made[run][-1]) | {"run": run})
    found = gathered(asked, made, [course.right() for course in courses])
    at = int(worst(found))
    seen = Done(asked.updates, asked.updates, asked.task)
    if found["length"].sel(run="without").notnull().any():
        return found.merge(as_worst((yield from _made_again(asked, at, seen)))).assign(worst_update=at)
    return found


def look(setup: dict[str, Any], update: int) -> Generator[Done, None, xr.Dataset]:
    """What `one_update` gives."""
    asked = Setup.from_dict(setup)
    return (yield from _made_again(asked, update))


def as_worst(look: xr.Dataset) -> xr.Dataset:
    """The same as it lies beside a training: all as `worst_NAME`."""
    look = look.drop_vars("update").reset_coords("distance")
    return look.rename({name: f"worst_{name}" for name in look.data_vars})


def of_worst(found: xr.Dataset) -> xr.Dataset:
    """The inverse of `as_worst`, of all that lies there."""
    own = [str(name) for name in found.data_vars if str(name).startswith("worst_")]
    look = found[own].rename({name: name.removeprefix("worst_") for name in own})
    return look.set_coords(["distance", "update"])


def _made_again(asked: Setup, update: int, told: Done | None = None) -> Generator[Done, None, xr.Dataset]:
    course = Course(both(asked)[0])
    for done in course.before(update):
        yield told or Done(done, update, asked.task)
    return looked_at(course, asked.clip, update)
