"""What is computed for the page: the model's reading of the text as it is and as it is with the changes."""

import dataclasses

import numpy as np

from rnnviz.studies import changing
from rnnviz.studies.changing import Change, Changed
from rnnviz.studies.live import Live, Reading
from rnnviz.studies.writing import Rule
from rnnviz.told import Told
from rnnviz.ui.parts import explored, working
from rnnviz.ui.parts.explored.runs import Run, answered, light, reread
from rnnviz.ui.shell.jobs import Job
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.widgets import notice

WORK = "rnnviz.studies.directions:shipped"
SEED = 1  # of the text that means are taken over
WRITTEN = 60  # tokens that are written on


def text_of(run: Run, typed: str) -> str:
    """What was read: of a model of the reader's own, what was typed."""
    return "".join(run.text) if run.own is None else typed


Leads = tuple[tuple[tuple, np.ndarray], ...]


def led(run: Run, model: Live, text: str, changes: tuple[Change, ...]) -> tuple[Leads, tuple[Change, ...]]:
    """The directions that the changes need, by `Change.way`, and the changes without those whose direction is not there yet, or
    cannot be, which the page shows."""
    found: dict[tuple, np.ndarray] = {}
    for change in changes:
        if change.how != "lead" or change.way in found:
            continue
        try:
            came = _lead(run, model, text, change)
        except Told as problem:
            notice(said(problem))
            continue
        if came is not None:
            found[change.way] = came
    return tuple(found.items()), tuple(one for one in changes if one.how != "lead" or one.way in found)


def _lead(run: Run, model: Live, text: str, change: Change) -> np.ndarray | None:
    if run.own is not None:
        return kept(changing.lead, model, text, change).values
    asked = {
        "name": run.name,
        "text": begin(run),
        "toward": change.toward,
        "field": change.field,
        "layer": change.layer,
        "seed": SEED,
    }
    # a place of its own for each: several directions can be on their way at once
    place = f"change_lead_{change.layer}_{change.field}_{change.toward}"
    came = working.found(place, WORK, asked, _so_far)
    return None if came is None else came["lead"].values


def begin(run: Run) -> str:
    """What a shipped model goes on with, where means are taken over what it writes."""
    return explored.DEFAULT_TEXTS[explored.corpus(run.name)]


def _so_far(job: Job) -> str:
    line = _("The network writes a text to take means over: {done:,} of {total:,} characters")
    return line.format(done=min(job.done + 1, job.total), total=job.total)


def changed(
    model: Live,
    text: str,
    changes: tuple[Change, ...],
    others: tuple[tuple[str, Reading], ...],
    leads: Leads = (),
) -> Changed:
    """others: what was read of the texts that changes take from, by text. Raises LiveError, and ValueError in one line."""
    return kept(_changed, model, text, changes, others, reread(model, text), leads)


def _changed(
    model: Live,
    text: str,
    changes: tuple[Change, ...],
    others: tuple[tuple[str, Reading], ...],
    before: Reading,
    leads: Leads,
) -> Changed:
    found = changing.changed(model, text, changes, None, before, dict(leads), dict(others))
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
