"""What to guess of one step of attention before it is worked out, and what to make of it by hand."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from rnnviz.stats import attention
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.rooms.attention_by_hand.setup import EXAMPLES, SUBSCRIPTS, arrays, called, draft
from rnnviz.ui.shell.language import _

EVEN = 0.01  # between the largest and the smallest weight
REST = 1e-4  # of the weight, left for all other words


def questions(found: xr.Dataset | None) -> list[Question]:
    """found: None where it cannot be worked out."""
    return [] if found is None else [_largest(found), _without(found)]


def _listed(shares: np.ndarray) -> str:
    return ", ".join(f"h{SUBSCRIPTS[i]}: {percent(share)}" for i, share in enumerate(shares.tolist()))


def _largest(found: xr.Dataset) -> Question:
    shares, scores = found["weight"].values, found["score"].values

    def answer() -> Answer:
        right = np.flatnonzero(np.isclose(shares, shares.max())).tolist()
        says = _("The scores {scores} make the weights {weights}.").format(
            scores=", ".join(map(shown, scores)), weights=_listed(shares)
        )
        return Answer(tuple(right), says)

    choices = {i: f"h{SUBSCRIPTS[i]}" for i in range(len(shares))}
    return Question("largest", _("Which word gets the largest weight?"), answer, choices)


def _without(found: xr.Dataset) -> Question:
    """Whether the output follows the weights: the word that is looked at most is taken away."""

    def answer() -> Answer:
        memory, *rest = arrays(draft())
        most = int(found["weight"].values.argmax())
        other = attention.step(np.delete(memory, most, axis=0), *rest)
        names = called(draft(), "candidates")
        (before, chance), (after, share) = (
            (int(one.argmax()), one.max())
            for one in (found["probability"].values, other["probability"].values)
        )
        says = _("With it: {before}, {chance}. Without h{index}: {after}, {share}.").format(
            before=names[before],
            chance=percent(chance),
            index=SUBSCRIPTS[most],
            after=names[after],
            share=percent(share),
        )
        return Answer("same" if before == after else "other", says)

    asks = _("Take away the word with the largest weight: does another word become the likeliest output?")
    return Question("without", asks, answer, {"other": _("Yes"), "same": _("No")})


def tasks(found: xr.Dataset | None) -> list[Task]:
    return [
        Task(
            "saturate",
            _(
                "Saturate the softmax: one word leaves less than 0.01 % for all the others. A longer sₜ is enough."
            ),
            _("‖sₜ‖ = {length}: the largest weight is {most}."),
            lambda: None if found is None else _saturates(found),
        ),
        Task(
            "even",
            _("Make all weights equal with numbers of your own, to 1 %, though sₜ is not 0."),
            _("The weights are {weights}."),
            lambda: None if found is None else _even(found),
        ),
        Task(
            "output",
            _("Change the likeliest output, and leave every weight as it is in one of the examples."),
            _("{before} has become {after}, with the weights {weights}."),
            lambda: None if found is None else _turned(found),
        ),
    ]


def _saturates(found: xr.Dataset) -> Mapping[str, str] | bool:
    shares = found["weight"].values
    rest = np.delete(shares, shares.argmax()).sum()
    return rest < REST and {
        "length": shown(found["state_length"].item()),
        "most": f"{100 * shares.max():.4f} %",
    }


def _even(found: xr.Dataset) -> Mapping[str, str] | bool:
    shares, now = found["weight"].values, draft()
    ours = any(now["memory"] == one["memory"] and now["state"] == one["state"] for one in EXAMPLES.values())
    even = float(np.ptp(shares)) < EVEN and found["state_length"].item() > 0
    return even and not ours and {"weights": _listed(shares)}


def _turned(found: xr.Dataset) -> Mapping[str, str] | bool:
    now = draft()
    same = ("sizes", "memory", "state")
    example = next((one for one in EXAMPLES.values() if all(one[name] == now[name] for name in same)), None)
    if example is None:
        return False
    before = int(attention.step(*arrays(example))["probability"].values.argmax())
    after = int(found["probability"].values.argmax())
    names = called(now, "candidates")
    return before != after and {
        "before": names[before],
        "after": names[after],
        "weights": _listed(found["weight"].values),
    }
