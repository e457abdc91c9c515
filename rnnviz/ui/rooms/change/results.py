"""What is computed for the page: the model's reading of the text as it is and as it is with the changes."""

import dataclasses

from rnnviz.studies import changing
from rnnviz.studies.changing import Change, Changed
from rnnviz.studies.live import Live, Reading
from rnnviz.studies.writing import Rule
from rnnviz.ui.parts.explored.runs import Run, answered, light, reread
from rnnviz.ui.shell.keeping import kept

WRITTEN = 60  # tokens that are written on


def text_of(run: Run, typed: str) -> str:
    """What was read: of a model of the reader's own, what was typed."""
    return "".join(run.text) if run.own is None else typed


def changed(model: Live, text: str, changes: tuple[Change, ...], other: str | None) -> Changed:
    """Raises LiveError, and ValueError in one line."""
    return kept(_changed, model, text, changes, other, reread(model, text))


def _changed(
    model: Live, text: str, changes: tuple[Change, ...], other: str | None, before: Reading
) -> Changed:
    found = changing.changed(model, text, changes, other, before)
    return found if found.after is before else dataclasses.replace(found, after=light(found.after))


def of(run: Run, came: Reading) -> Run:
    """The run with what came of another reading of the same text."""
    return kept(_of, run, came)


def _of(run: Run, came: Reading) -> Run:
    fits = came.log_probability is not None and came.log_probability.sizes["time"] == run.steps
    expected = came.log_probability if fits else None
    key = f"{run.key}-{came.subject.key}"
    return dataclasses.replace(
        run,
        key=key,
        subject=came.subject,
        log_probability=expected,
        grown=None,
        forecast=came.forecast,
        answers=answered(came, run.steps),
    )


def written_on(model: Live, text: str, found: Changed, seed: int) -> tuple[str, str]:
    """What follows the text, as it is and changed, with the same luck. Raises LiveError."""
    return kept(_written_on, model, text, found, seed)


def _written_on(model: Live, text: str, found: Changed, seed: int) -> tuple[str, str]:
    rule = Rule(temperature=0.8, seed=seed)
    both = (model.write(text, WRITTEN, rule), model.write(text, WRITTEN, rule, edit=found.edits))
    return both[0][len(text) :], both[1][len(text) :]
