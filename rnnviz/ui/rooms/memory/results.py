"""What is looked at: the shipped trainings of a set-up, or the reader's own, while it runs and after."""

import base64
from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.studies.memory import Moment, Setup, gathered, survey
from rnnviz.ui.parts import working
from rnnviz.ui.rooms.memory.setup import experiment
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.widgets import notice

WORK = "rnnviz.studies.memory.work:train"


@dataclass(frozen=True)
class Found:
    """Trainings of one set-up: (seed, network, update, time), at least one of them. shipped: the name of the experiment, None for
    the reader's own. place: of the seed that is looked at."""

    setup: Setup
    dataset: xr.Dataset
    shipped: str | None
    place: int


def own(of: Setup) -> working.Own | None:
    """This visit's training of a set-up; one that the same person began before the page was loaded anew is this visit's as
    well."""
    made = _trainings()
    if (
        of.course not in made
        and of.course not in _forgotten()
        and (job := jobs.under_way(WORK, {"setup": of.to_dict()}, reader()))
    ):
        made[of.course] = working.Own(of, job, [])
    return made.get(of.course)


def _trainings() -> dict[Setup, working.Own]:
    return st.session_state.setdefault("memory", {})


def _forgotten() -> set[Setup]:
    """Set-ups whose training this visit wanted to see no more."""
    return st.session_state.setdefault("memory_forgotten", set())


def begin(of: Setup) -> None:
    """Trains a set-up from the start; the one before it is left."""
    _begin(of, {}, [])


def go_on(of: Setup) -> None:
    """Trains on from the last moment that was kept; from the start where there is none."""
    last = own(of)
    if last is None or not last.kept:
        begin(of)
        return
    frames = list(last.frames)
    _begin(of, {"state": base64.b64encode(last.kept).decode(), "before": frames}, frames)


def _begin(of: Setup, more: dict, frames: list[dict]) -> None:
    made = _trainings()
    for other in made.values():
        other.stop()
    job = jobs.start(WORK, {"setup": of.to_dict()} | more, reader())
    made.pop(of.course, None)
    made[of.course] = working.Own(of, job, frames)
    for old in list(made)[:-6]:
        del made[old]


def forget(of: Setup) -> None:
    """Shows what is shipped again, where there is something."""
    if last := _trainings().pop(of.course, None):
        last.stop()
    _forgotten().add(of.course)


def found(of: Setup) -> Found | None:
    """What there is of a set-up: the reader's own training first, else what is shipped, else nothing."""
    mine = own(of)
    if mine and mine.frames:
        moments = [Moment(**frame) for frame in mine.frames]
        one = gathered(mine.setup, moments).swap_dims(moment="update").expand_dims(seed=[of.seed])
        return Found(mine.setup, one, None, 0)
    name = experiment(of)
    if name is None or (mine and not mine.over):
        return None
    try:
        every = survey.opened(name, of.steps)
    except ValueError:
        return None
    places = np.flatnonzero(every["seed"].values == of.seed)
    return Found(of, every, name, int(places[0])) if len(places) else None


def lines(of: Setup) -> None:
    """A line where this visit's training of a set-up came to nothing."""
    if (mine := own(of)) is None:
        return
    line = _("Stopped before it was finished.") if mine.stopped else working.came_to_nothing(mine.job)
    if line and mine.frames and (mine.stopped or mine.job.state in ("stopped", "abandoned", "late")):
        line = _("Stopped after {count:,} updates. Go on where it stands, or begin anew.")
        line = line.format(count=mine.frames[-1]["update"])
    if line:
        notice(line)
