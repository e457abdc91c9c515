"""What is looked at: the shipped trainings of a set-up, or the reader's own, while it runs and after."""

import base64
import dataclasses
from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.studies.memory import Moment, Setup, gathered, survey
from rnnviz.ui.parts import working
from rnnviz.ui.rooms.memory.setup import experiment
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.widgets import notice


@dataclass(frozen=True)
class Found:
    """Trainings of one set-up: (seed, network, update, time), at least one of them. shipped: the name of the experiment, None for
    the reader's own. place: of the seed that is looked at."""

    setup: Setup
    dataset: xr.Dataset
    shipped: str | None
    place: int


@dataclass
class Own:
    """A training of this visit. before: frames up to where it went on from."""

    setup: Setup
    job: Job
    before: list[dict]

    @property
    def frames(self) -> list[dict]:
        return [*self.before, *self.job.frames]


def own(of: Setup) -> Own | None:
    """This visit's training of a set-up."""
    return _trainings().get(_key(of))


def _trainings() -> dict[Setup, Own]:
    return st.session_state.setdefault("memory", {})


def _key(of: Setup) -> Setup:
    """More updates of a training are the same training."""
    return dataclasses.replace(of, updates=1, every=1)


def begin(of: Setup) -> None:
    """Trains a set-up from the start; the one before it is left."""
    _begin(of, {}, [])


def go_on(of: Setup) -> None:
    """Trains on from the last moment that was kept; from the start where there is none."""
    last = own(of)
    if last is None or not last.job.kept:
        begin(of)
        return
    frames = list(last.frames)
    _begin(of, {"state": base64.b64encode(last.job.kept).decode(), "before": frames}, frames)


def _begin(of: Setup, more: dict, frames: list[dict]) -> None:
    made = _trainings()
    for other in made.values():
        if not other.job.over:
            jobs.leave(other.job, reader())
    job = jobs.start("rnnviz.studies.memory.work:train", {"setup": of.to_dict()} | more, reader())
    made.pop(_key(of), None)
    made[_key(of)] = Own(of, job, frames)
    for old in list(made)[:-6]:
        del made[old]


def forget(of: Setup) -> None:
    """Shows what is shipped again, where there is something."""
    last = _trainings().pop(_key(of), None)
    if last and not last.job.over:
        jobs.leave(last.job, reader())


def found(of: Setup) -> Found | None:
    """What there is of a set-up: the reader's own training first, else what is shipped, else nothing."""
    mine = own(of)
    if mine and mine.frames:
        moments = [Moment(**frame) for frame in mine.frames]
        one = gathered(mine.setup, moments).swap_dims(moment="update").expand_dims(seed=[of.seed])
        return Found(mine.setup, one, None, 0)
    name = experiment(of)
    if name is None or (mine and not mine.job.over):
        return None
    try:
        every = survey.opened(name, of.steps)
    except ValueError:
        return None
    places = np.flatnonzero(every["seed"].values == of.seed)
    return Found(of, every, name, int(places[0])) if len(places) else None


def lines(of: Setup) -> None:
    """A line where this visit's training of a set-up came to nothing."""
    if (mine := own(of)) and (line := working.came_to_nothing(mine.job)):
        if mine.job.state in ("stopped", "abandoned") and mine.frames:
            line = _("Stopped after {count} updates. Go on where it stands, or begin anew.")
            line = line.format(count=mine.frames[-1]["update"])
        notice(line)
