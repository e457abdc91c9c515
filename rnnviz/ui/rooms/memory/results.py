"""What is looked at: the shipped trainings of a set-up, or the reader's own, while it runs and after."""

import base64
from dataclasses import dataclass

import numpy as np
import xarray as xr

from rnnviz.studies.memory import Moment, Setup, gathered, survey
from rnnviz.ui.parts import working
from rnnviz.ui.rooms.memory.setup import experiment
from rnnviz.ui.shell.widgets import notice


@dataclass(frozen=True)
class Found:
    """Trainings of one set-up: (seed, network, update, time), at least one of them. shipped: the name of the experiment, None for
    the reader's own. place: of the seed that is looked at."""

    setup: Setup
    dataset: xr.Dataset
    shipped: str | None
    place: int


trainings = working.Trainings("memory", "rnnviz.studies.memory.work:train", lambda of: of.course)
own, begin, forget = trainings.own, trainings.begin, trainings.forget


def go_on(of: Setup) -> None:
    """Trains on from the last moment that was kept; from the start where there is none."""
    last = own(of)
    if last is None or not last.kept:
        begin(of)
        return
    frames = list(last.frames)
    begin(of, {"state": base64.b64encode(last.kept).decode(), "before": frames}, frames)


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
    if (mine := own(of)) and (line := mine.ending("update")):
        notice(line)
