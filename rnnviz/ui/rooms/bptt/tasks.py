"""What to guess of the parts of a gradient before they are drawn, and what to find by hand."""

from collections.abc import Mapping

from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tasks import Answer, Question, Task
from rnnviz.ui.rooms.bptt.found import Found
from rnnviz.ui.shell.language import _


def questions(of: Found, keep: int) -> list[Question]:
    return [_most(of), _share(of, keep)]


def _most(of: Found) -> Question:
    steps = of.steps
    thirds = {"early": 1, "middle": steps // 3 + 1, "late": 2 * steps // 3 + 1, "": steps + 1}
    first = list(thirds.values())
    choices = {
        name: _("steps {first} to {last}").format(first=start, last=after - 1)
        if after - start > 1
        else _("step {step}").format(step=start)
        for name, start, after in zip(thirds, first, first[1:], strict=False)
    }

    def answer() -> Answer:
        most = int(of.norms.values.argmax()) + 1
        says = _("Step {most} adds most: {largest}. Step 1 adds {first}, step {last} {end}.").format(
            most=most,
            largest=shown(of.norms.values[most - 1]),
            first=shown(of.norms.values[0]),
            last=steps,
            end=shown(of.norms.values[-1]),
        )
        return Answer("early" if most < first[1] else "middle" if most < first[2] else "late", says)

    return Question("most", _("Which step adds most to the gradient of $W_{hh}$?"), answer, choices)


def _share(of: Found, keep: int) -> Question:
    asks = _(
        "If only the last {keep} of {steps} steps are kept: how long is what they add up to, in percent of the whole?"
    )

    def answer() -> Answer:
        says = _("{share} of its length, and {angle}° away from its direction.").format(
            share=of.share_text(keep), angle=of.angle_text(keep)
        )
        return Answer(100 * of.share(keep), says)

    return Question("share", asks.format(keep=keep, steps=of.steps), answer, tolerance=15)


def tasks(of: Found, keep: int) -> list[Task]:
    return [
        Task(
            "longer",
            _("Find a window that makes the gradient longer than it is: at least 110 % of the whole."),
            _("The last {keep} steps: {share} of the whole. What was cut away points against it."),
            lambda: _longer(of, keep),
        ),
        Task(
            "early",
            _("Find a loss and a network for which step 2 adds at least as much as the last step."),
            _("Step 2 adds {early}, the last step {late}."),
            lambda: _early(of),
        ),
        Task(
            "against",
            _(
                "Find a window that points more than 90° away from the whole gradient: a small step along it makes the loss grow."
            ),
            _("The last {keep} steps point {angle}° away."),
            lambda: _against(of, keep),
        ),
    ]


def _longer(of: Found, keep: int) -> Mapping[str, str] | bool:
    return of.share(keep) >= 1.1 and {"keep": str(keep), "share": of.share_text(keep)}


def _early(of: Found) -> Mapping[str, str] | bool:
    early, late = of.norms.values[[1, -1]].tolist()
    return early >= late > 0 and {"early": shown(early), "late": shown(late)}


def _against(of: Found, keep: int) -> Mapping[str, str] | bool:
    return of.windows[keep - 1]["angle"].item() > 90 and {"keep": str(keep), "angle": of.angle_text(keep)}
