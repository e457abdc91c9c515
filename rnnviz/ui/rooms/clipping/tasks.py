"""What to guess of a training with and without clipping before its curves say it, and what to find by hand."""

import math
from collections.abc import Mapping

import numpy as np
import xarray as xr

from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.rooms.clipping.pictures import ended, largest
from rnnviz.ui.rooms.clipping.results import Found
from rnnviz.ui.shell.language import _

AS_GOOD = 0.02  # between two shares of right answers


def questions(one: Found) -> list[Question]:
    return [_harm(one), _ends(one)]


def _harm(one: Found) -> Question:
    def answer() -> Answer:
        top = largest(one)
        norms = one.dataset["norm"].sel(run="without")
        says = _(
            "The loss rises most at update {worst}, norm {norm}. The largest norm, {top}, is at update {at}."
        )
        return Answer(
            "yes" if top == one.worst else "no",
            says.format(
                worst=f"{one.worst:,}",
                norm=shown(norms.sel(update=one.worst).item()),
                top=shown(norms.sel(update=top).item()),
                at=f"{top:,}",
            ),
        )

    asks = _("Without clipping: is it the update with the largest gradient that makes the loss rise most?")
    return Question("harm", asks, answer, {"yes": _("Yes"), "no": _("No")})


def _ends(one: Found) -> Question:
    def answer() -> Answer:
        without, clipped = np.nan_to_num(one.dataset["right"].values, nan=0.0)
        even = abs(without - clipped) < AS_GOOD
        return Answer("same" if even else "with" if clipped > without else "without", " ".join(ended(one)))

    choices = {
        "without": _("the one without clipping"),
        "with": _("the clipped one"),
        "same": _("both alike"),
    }
    return Question("ends", _("Which of the two runs answers better in the end?"), answer, choices)


def tasks(one: Found | None, look: xr.Dataset | None) -> list[Task]:
    """one: None where there is no training for the settings. look: both ways of the update that is looked at, where known."""
    return [
        Task(
            "unclipped",
            _(
                "Find a threshold and a seed for which clipping leaves the update with the worst rise as it is."
            ),
            _(
                "Update {update}: its norm {norm} is not above {clip}, and the loss goes from {loss} to {after}."
            ),
            lambda: one and _unclipped(one, look),
        ),
        Task(
            "needless",
            _("Find a training that gets along without clipping: at least 95 % of its answers are right."),
            _("Without clipping, {right} of the answers are right after {updates} updates."),
            lambda: one and _needless(one),
        ),
        Task(
            "beyond",
            _("Find a training whose numbers grow beyond 32 bits where nothing is clipped."),
            _("Its last update was number {update}, with a gradient norm of {norm}."),
            lambda: one and _beyond(one),
        ),
    ]


def _unclipped(one: Found, look: xr.Dataset | None) -> Mapping[str, str] | bool | None:
    if look is None or int(look["update"]) != one.worst:
        return None
    if look["factor"].values[1] < 1:
        return False
    return {
        "update": f"{one.worst:,}",
        "clip": f"{one.setup.clip:g}",
        "norm": shown(look["norm"].item()),
        "loss": shown(look["loss"].item()),
        "after": shown(look["after"].values[0].item()),
    }


def _needless(one: Found) -> Mapping[str, str] | bool:
    right = one.dataset["right"].sel(run="without").item()
    updates = one.dataset.sizes["update"]
    return right >= 0.95 and {"right": percent(right), "updates": f"{updates:,}"}


def _beyond(one: Found) -> Mapping[str, str] | bool:
    run = one.dataset.sel(run="without")
    made = np.flatnonzero(np.isfinite(run["length"].values))
    if not math.isnan(run["right"].item()) or not len(made) or len(made) == run.sizes["update"]:
        return False
    last = run.isel(update=int(made[-1]))
    return {"update": f"{int(last['update']):,}", "norm": shown(last["norm"].item())}
