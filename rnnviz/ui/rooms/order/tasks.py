"""What to guess of the two networks before one sees what they say, and what to find by hand."""

from collections.abc import Mapping

import numpy as np

from rnnviz.studies import tiny
from rnnviz.studies.tiny import ORDER
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.parts.tiny import Training, called, steps
from rnnviz.ui.shell.language import _

TEXTS = [" ".join(words) for words in ORDER.sequences]
ALIKE = 0.01  # between two states that are as good as one


def questions(found: Training) -> list[Question]:
    name = called(next(iter(found.course.models)))
    return [
        Question(
            "bag",
            _("What probability, in percent, does the bag of words give “{text}” in the end?").format(
                text=TEXTS[0]
            ),
            lambda: _bag(found),
            tolerance=3,
        ),
        Question(
            "state",
            _(
                "“{one}” and “{other}” end with the same word. Is the state of the {name} after it the same?"
            ).format(one=TEXTS[0], other=TEXTS[1], name=name),
            lambda: _states(found),
            {"yes": _("Yes"), "no": _("No")},
        ),
    ]


def _bag(found: Training) -> Answer:
    last = tiny.answers(found.models, ORDER).sel(model="bag").isel(time=-1).values
    says = _("The bag says {shares}: it adds the same three words, so its answers are one and the same.")
    return Answer(100 * float(last[0]), says.format(shares=", ".join(map(percent, last))))


def _states(found: Training) -> Answer:
    one, other = (steps(found.main, ORDER, words)["hidden"].values[-1] for words in ORDER.sequences[:2])
    apart = float(np.linalg.norm(one - other))
    says = _("After “{one}” h = {first}, after “{other}” h = {second}: {apart} apart.").format(
        one=TEXTS[0], other=TEXTS[1], first=_vector(one), second=_vector(other), apart=shown(apart)
    )
    return Answer("no" if apart > ALIKE else "yes", says)


def _vector(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.2f}".replace("-", "−") for value in values) + ")"


def tasks(found: Training) -> list[Task]:
    """All of networks that have learned to the end."""
    return [
        Task(
            "single",
            _("Find a network of one single unit that learns it: a loss below 0.02."),
            _("{name} with one unit, seed {seed}: loss {loss}."),
            lambda: _single(found),
        ),
        Task(
            "bag",
            _("Find a network with a loop that learns no more than the bag of words does."),
            _("{name} (units: {units}, seed: {seed}): loss {loss}, the bag {bag}."),
            lambda: _no_better(found),
        ),
        Task(
            "sure",
            _("Find a network that gives each of the three right answers at least 99.9 %."),
            _("{name} (units: {units}, seed: {seed}): the least it gives is {least}."),
            lambda: _sure(found),
        ),
    ]


def _numbers(found: Training) -> tuple[dict[str, str], float, float]:
    """What the network is, and both losses."""
    (name, loss), (_of_the_bag, bag) = found.seen[-1].losses().items()
    model = found.main
    said = {"name": called(name), "units": str(model.rnn.hidden_size), "loss": shown(loss), "bag": shown(bag)}
    return said | {"seed": str(found.course.seed)}, loss, bag


def _single(found: Training) -> Mapping[str, str] | bool:
    said, loss, _bag_loss = _numbers(found)
    return said if found.over and said["units"] == "1" and loss < 0.02 else False


def _no_better(found: Training) -> Mapping[str, str] | bool:
    said, loss, bag = _numbers(found)
    return said if found.step == tiny.STEPS and loss > bag - 0.01 else False


def _sure(found: Training) -> Mapping[str, str] | bool:
    said, _loss, _bag_loss = _numbers(found)
    last = tiny.answers({"main": found.main}, ORDER).sel(model="main").isel(time=-1).values
    least = float(
        min(value if right else 1 - value for value, right in zip(last, ORDER.targets, strict=True))
    )
    return said | {"least": f"{100 * least:.2f} %"} if found.over and least >= 0.999 else False
