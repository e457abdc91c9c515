"""What to guess of a blank before both networks say their word, and which blanks to find by hand."""

from collections.abc import Mapping

from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import visible
from rnnviz.ui.parts.numbers import percent
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.rooms.blank.filled import Blank, Filling, fill
from rnnviz.ui.shell.language import _

AS_GOOD = 1.25  # times: between two probabilities


def questions(found: Blank) -> list[Question]:
    last = found.place == len(found.tokens) - 1
    first = _agree(found) if found.true is None else _surer(found)
    return [first] if last else [first, _after(found)]


def _chances(found: Blank) -> tuple[float, float]:
    """What both give the word that was left out: from the left, from both sides."""
    left, both = (float(one.probability[found.place][found.true or 0]) for one in (found.forward, found.both))
    return left, both


def _first(one: Filling, place: int) -> tuple[str, float]:
    """The likeliest word, and its probability."""
    best = one.best(place, 1)[0]
    return visible(one.words.tokens[best]), float(one.probability[place][best])


def _surer(found: Blank) -> Question:
    def answer() -> Answer:
        left, both = _chances(found)
        says = _("From the left it gets {left}, from both sides {both}.").format(
            left=percent(left), both=percent(both)
        )
        right = "left" if left > AS_GOOD * both else "both" if both > AS_GOOD * left else "same"
        return Answer(right, says)

    choices = {
        "left": _("the one that reads the left"),
        "both": _("the one that reads both sides"),
        "same": _("both about the same"),
    }
    asks = _("Which network gives the word that was left out the higher probability?")
    return Question("surer", asks, answer, choices)


def _agree(found: Blank) -> Question:
    def answer() -> Answer:
        (left, share), (both, other) = (_first(one, found.place) for one in (found.forward, found.both))
        says = _("From the left comes “{left}” ({share}), from both sides “{both}” ({other}).").format(
            left=left, share=percent(share), both=both, other=percent(other)
        )
        return Answer("yes" if left == both else "no", says)

    asks = _("Do both networks put the same word first?")
    return Question("agree", asks, answer, {"yes": _("Yes"), "no": _("No")})


def without_future(found: Blank) -> tuple[Filling, Filling]:
    """The same sentence up to the blank, filled in by both."""
    read = " ".join(found.tokens[: found.place + 1])
    forward, both = (fill(one.name, checkpoints.stamp(one.name), read) for one in (found.forward, found.both))
    return forward, both


def _after(found: Blank) -> Question:
    def answer() -> Answer:
        moved = [
            float(abs(before.probability[found.place] - after.probability[found.place]).max())
            for before, after in zip((found.forward, found.both), without_future(found), strict=True)
        ]
        says = _(
            "Its probabilities move by {left} at most, those of the other network by up to {both}."
        ).format(left=percent(moved[0]) if moved[0] > 1e-5 else "0 %", both=percent(moved[1]))
        return Answer("no" if moved[0] < 1e-3 else "yes", says)

    asks = _(
        "If all words after the blank were gone: would the network that reads the left answer otherwise?"
    )
    return Question("after", asks, answer, {"yes": _("Yes"), "no": _("No")})


def tasks(found: Blank) -> list[Task]:
    return [
        Task(
            "future",
            _(
                "Find a blank that only what follows decides: from the left below 1 %, from both sides above 90 %."
            ),
            _("“{word}”: from the left {left}, from both sides {both}."),
            lambda: _decided(
                found, found.true is not None and _chances(found)[0] < 0.01 and _chances(found)[1] > 0.9
            ),
        ),
        Task(
            "left",
            _(
                "Find a blank where reading on misleads: from the left the word gets at least twice as much, and over 10 %."
            ),
            _("“{word}”: from the left {left}, from both sides {both}."),
            lambda: _decided(
                found, found.true is not None and _chances(found)[0] > max(0.1, 2 * _chances(found)[1])
            ),
        ),
        Task(
            "fooled",
            _(
                "Find a blank at which both networks name the same word with 40 % or more, and both are wrong."
            ),
            _("Both say “{word}”, with {left} and {both}."),
            lambda: _fooled(found),
        ),
    ]


def _decided(found: Blank, reached: bool) -> Mapping[str, str] | bool:
    left, both = _chances(found)
    word = visible(found.tokens[found.place])
    return reached and {"word": word, "left": percent(left), "both": percent(both)}


def _fooled(found: Blank) -> Mapping[str, str] | bool:
    (one, left), (other, both) = (_first(each, found.place) for each in (found.forward, found.both))
    wrong = found.true is not None and found.both.best(found.place, 1)[0] != found.true
    return (
        wrong
        and one == other
        and min(left, both) >= 0.4
        and {"word": one, "left": percent(left), "both": percent(both)}
    )
