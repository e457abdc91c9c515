"""What to guess of the training before its curves say it, and what to bring the network to by hand."""

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr
from torch import nn

from rnnviz.studies import tiny
from rnnviz.studies.tiny import LETTERS
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.parts.tiny import Training, called
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings

WORD = "".join(LETTERS.sequences[0]) + LETTERS.tokens[LETTERS.targets[-1]]


def questions(found: Training) -> list[Question]:
    right = found.right()
    return [
        Question(
            "last",
            _("Which letter does it learn last: the last of the four to stay above 50 %?"),
            lambda: _last(right),
            dict(enumerate(right["answer"].values.tolist())),
        ),
        Question(
            "untrained",
            _("Before training: what probability, in percent, does the right letter get on average?"),
            lambda: _untrained(right),
            tolerance=8,
        ),
    ]


def learned(right: xr.DataArray) -> list[float]:
    """The training step from which each right letter stays above one half; ∞ where it does not."""
    found = []
    for row in right.values:
        below = np.flatnonzero(~(row[~np.isnan(row)] > 0.5))
        first = 0 if not len(below) else int(below[-1]) + 1
        found.append(first if first < np.count_nonzero(~np.isnan(row)) else math.inf)
    return found


def _last(right: xr.DataArray) -> Answer:
    steps, names, never = learned(right), right["answer"].values.tolist(), _("never")
    says = _("They stay above 50 % from these steps on: {steps}.").format(
        steps=", ".join(
            f"{name}: {never if math.isinf(step) else int(step)}"
            for name, step in zip(names, steps, strict=True)
        )
    )
    return Answer(tuple(at for at, step in enumerate(steps) if step == max(steps)), says)


def _untrained(right: xr.DataArray) -> Answer:
    first = right.sel(step=0)
    says = _("{shares}: on average {mean}. There are four letters, and it knows nothing yet.").format(
        shares=", ".join(map(percent, first.values)), mean=percent(float(first.mean()))
    )
    return Answer(100 * float(first.mean()), says)


def tasks(found: Training, network: nn.Module, text: str | None) -> list[Task]:
    """network: as it was at the step that is shown. text: that is read."""
    return [
        Task(
            "earliest",
            _(
                "Find the first step that the slider can show at which all four right letters get more than 50 %."
            ),
            _("Step {step}: the least likely of the four gets {least}."),
            lambda: _earliest(found),
        ),
        Task(
            "astray",
            _("Make the trained network write something else than “hello” after the h."),
            _("At a temperature of {temperature} it wrote “{written}”."),
            lambda: _astray(found, network, text),
        ),
        Task(
            "small",
            _("Find a network that gives none of the four right letters 90 %, even after its last step."),
            _("{name} (units: {units}, seed: {seed}): the likeliest of the four gets {most}."),
            lambda: _small(found),
        ),
    ]


def _earliest(found: Training) -> Mapping[str, str] | bool:
    at, right = settings()["letters_trained"], found.right()
    steps = (step for step in found.kept_steps if (right.sel(step=step) > 0.5).all())
    if not found.over or next(steps, None) != at:
        return False
    return {"step": str(at), "least": percent(float(right.sel(step=at).min()))}


def _astray(found: Training, network: nn.Module, text: str | None) -> Mapping[str, str] | bool | None:
    now = settings()
    if text != WORD or not found.over:
        return None
    if now["letters_trained"] != found.kept_steps[-1]:
        return False
    count = len(text) - 1
    own = tiny.write(network, LETTERS, text[0], count, now["letters_temperature"], now["letters_draw"])
    written = text[0] + "".join(own["following"].values[: min(now["letters_shown"], count)])
    if text.startswith(written):
        return False
    return {"temperature": shown(now["letters_temperature"]), "written": written}


def _small(found: Training) -> Mapping[str, str] | bool:
    if found.step < tiny.STEPS:
        return False
    most = float(found.right().sel(step=tiny.STEPS).max())
    if most >= 0.9:
        return False
    (name,) = found.course.models
    return {
        "name": called(name),
        "units": str(found.main.rnn.hidden_size),
        "seed": str(found.course.seed),
        "most": percent(most),
    }
