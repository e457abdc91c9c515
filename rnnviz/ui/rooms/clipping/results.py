"""What is looked at: a shipped training, or the reader's own, while it runs and after; and one update of it, both ways."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.studies.clipping import Made, gathered, survey, worst
from rnnviz.studies.clipping.work import of_worst
from rnnviz.studies.memory import Setup
from rnnviz.ui.parts import working
from rnnviz.ui.rooms.clipping.setup import experiment
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.widgets import notice

LOOK = "rnnviz.studies.clipping.work:look"


@dataclass(frozen=True)
class Found:
    """A training of a set-up without clipping and with it: (run, update). shipped: the name of the experiment, None for the
    reader's own. worst: the number of the worst update; look: both ways of it, None as long as it is not known."""

    setup: Setup
    dataset: xr.Dataset
    shipped: str | None
    worst: int
    look: xr.Dataset | None


def _key(of: Setup) -> Setup:
    return dataclasses.replace(of, every=of.updates)


trainings = working.Trainings("clipping", "rnnviz.studies.clipping.work:train", _key)
own, begin, forget = trainings.own, trainings.begin, trainings.forget


def found(of: Setup) -> Found | None:
    """What there is of a set-up: the reader's own training first, else what is shipped, else nothing."""
    mine = own(of)
    if mine is not None and mine.job.state == "done" and mine.stopped is None and mine.job.result is not None:
        whole = mine.job.result
        there = "worst_along" in whole
        return Found(of, whole, None, int(worst(whole)), of_worst(whole) if there else None)
    if mine is not None and mine.frames:
        made: list[list[Made]] = [[], []]
        for frame in mine.frames:
            made[frame["run"]].append(Made(**{name: v for name, v in frame.items() if name != "run"}))
        whole = gathered(of, made)
        return Found(of, whole, None, int(worst(whole)), None)
    name = experiment(of)
    if name is None or (mine is not None and not mine.over):
        return None
    return _shipped(of, name)


def _shipped(of: Setup, name: str) -> Found | None:
    try:
        every = survey.opened(name)
    except ValueError:
        return None
    if of.seed not in every["seed"].values or of.clip not in every["threshold"].values:
        return None
    one = every.sel(seed=of.seed)
    look = of_worst(one.sel(threshold=of.clip))
    runs = one.drop_dims(("threshold", "way", "place")).sel(clip=[0.0, of.clip]).rename(clip="run")
    runs = runs.drop_vars("worst_update").assign_coords(run=["without", "with"])
    return Found(of, runs, name, int(look["update"]), look)


def look(one: Found, at: int) -> xr.Dataset | Job | None:
    """Both ways of an update: what is known of it, or the work that finds out, which this begins; None where that update was not
    made without clipping, or the training still runs."""
    if at == one.worst and one.look is not None:
        return one.look
    mine = own(one.setup)
    row = one.dataset["length"].sel(run="without")
    if (mine and not mine.over) or at not in row["update"].values or bool(row.sel(update=at).isnull()):
        return None
    kept: dict = st.session_state.setdefault("clipping_looks", {})
    key = (_key(one.setup), at)
    if key not in kept or (kept[key].over and kept[key].state != "done"):
        for job in kept.values():
            if not job.over:
                jobs.leave(job, reader())
        while len(kept) > 20:
            del kept[next(iter(kept))]
        kept[key] = jobs.start(LOOK, {"setup": _plain(one.setup), "update": at}, reader())
    job = kept[key]
    return job.result if job.state == "done" and job.result is not None else job


def _plain(of: Setup) -> dict:
    return _key(of).to_dict()


def alike(one: Found, look: xr.Dataset) -> bool:
    """Whether an update that was made again is the one that is drawn: another machine may round otherwise, which a training that
    diverges makes larger and larger."""
    drawn = one.dataset["norm"].sel(run="without", update=int(look["update"])).item()
    return bool(np.isclose(drawn, look["norm"].item(), rtol=0.01))


def lines(of: Setup) -> None:
    """A line where this visit's training of a set-up came to nothing."""
    if (mine := own(of)) and (line := mine.ending()):
        notice(line)
