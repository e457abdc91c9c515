"""What to guess of a training before its curves say it, and what to find among trainings by hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from rnnviz.stats import learning
from rnnviz.studies.memory import survey
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.rooms.memory.results import Found
from rnnviz.ui.shell.language import _


def questions(found: Found) -> list[Question]:
    return [_first(found), _seeds(found) if found.shipped else _arrived(found)]


def _names(found: Found) -> list[str]:
    return [str(kind).upper() for kind in found.dataset["kind"].values]


def _learned(found: Found) -> np.ndarray:
    """The update at which each network had learned it with the seed that is looked at; NaN where it had not: (network,)."""
    return learning.learned(found.dataset.isel(seed=found.place)["accuracy"], survey.LEVEL).values


def _arrival(found: Found) -> np.ndarray:
    """The update at which the gradient had arrived at the first step, likewise."""
    return learning.arrived(found.dataset.isel(seed=found.place)["log_norm"]).values


def _listed(names: Sequence[str], updates: np.ndarray) -> str:
    never = _("never")
    return ", ".join(
        f"{name}: {never}" if np.isnan(at) else f"{name}: {int(at):,}"
        for name, at in zip(names, updates, strict=True)
    )


def _first(found: Found) -> Question:
    names = _names(found)

    def answer() -> Answer:
        own = _learned(found)
        says = _("Learned after so many updates: {updates}.").format(updates=_listed(names, own))
        if np.isnan(own).all():
            return Answer("none", says)
        return Answer(tuple(np.flatnonzero(own == np.nanmin(own)).tolist()), says)

    return Question(
        "first",
        _("Which network learns it first, with this seed?"),
        answer,
        dict(enumerate(names)) | {"none": _("none of them")},
    )


def _counts(found: Found) -> np.ndarray:
    """With how many seeds each network learned it: (network,)."""
    own = learning.learned(found.dataset["accuracy"], survey.LEVEL)
    return own.notnull().sum("seed").values


def _seeds(found: Found) -> Question:
    names, seeds = _names(found), found.dataset.sizes["seed"]
    asks = _("With how many of the {seeds} seeds does the {name} learn it?")

    def answer() -> Answer:
        counts = _counts(found)
        listed = ", ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True))
        says = _("Of {seeds} seeds learned: {counts}.").format(seeds=seeds, counts=listed)
        return Answer(int(counts[0]), says)

    return Question("seeds", asks.format(seeds=seeds, name=names[0]), answer, tolerance=1)


def _arrived(found: Found) -> Question:
    names = _names(found)

    def answer() -> Answer:
        own = _arrival(found)
        says = _("Gradient at the first step after so many updates: {updates}.").format(
            updates=_listed(names, own)
        )
        return Answer("no" if np.isnan(own[0]) else "yes", says)

    asks = _("Does the gradient ever reach the first step of the {name}?").format(name=names[0])
    return Question("arrived", asks, answer, {"yes": _("Yes"), "no": _("No")})


def tasks(found: Found | None) -> list[Task]:
    """found: None where there is no training for the settings."""
    return [
        Task(
            "adding",
            _("Find trainings in which the RNN fails with every seed, and the GRU learns with every one."),
            _("RNN: {rnn}, GRU: {gru} of {seeds} seeds, over {steps} steps."),
            lambda: found and _fails(found),
        ),
        Task(
            "arrived",
            _(
                "Find a network whose gradient reaches the first step, and which still has not learned it in the end."
            ),
            _(
                "{name}, seed {seed}: arrived after {update} updates, and {right} of the answers are right at the end."
            ),
            lambda: found and _in_vain(found),
        ),
        Task(
            "far",
            _("Make an LSTM learn it over 50 steps or more."),
            _("{steps} steps: learned after {update} updates."),
            lambda: found and _far(found),
        ),
    ]


def _fails(found: Found) -> Mapping[str, str] | bool | None:
    if not found.shipped:
        return None
    rnn, gru, _lstm = _counts(found).tolist()
    seeds = found.dataset.sizes["seed"]
    said = {"rnn": rnn, "gru": gru, "seeds": seeds, "steps": found.setup.steps}
    return rnn == 0 and gru == seeds and {name: str(value) for name, value in said.items()}


def _in_vain(found: Found) -> Mapping[str, str] | bool:
    own, reached = _learned(found), _arrival(found)
    places = np.flatnonzero(np.isnan(own) & ~np.isnan(reached))
    if not len(places):
        return False
    right = learning.at_the_end(found.dataset.isel(seed=found.place)["accuracy"]).values
    at = int(places[0])
    return {
        "name": _names(found)[at],
        "seed": str(found.setup.seed),
        "update": f"{int(reached[at]):,}",
        "right": percent(float(right[at])),
    }


def _far(found: Found) -> Mapping[str, str] | bool:
    update = _learned(found)[-1]
    if found.setup.steps < 50 or np.isnan(update):
        return False
    return {"steps": str(found.setup.steps), "update": f"{int(update):,}"}
