"""Work that lasts, as a page shows it: how far it is, a way to stop it, and a line where it came to nothing."""

from collections.abc import Callable

import streamlit as st

from rnnviz.figures.words import series
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import present, reader

BROKEN_OFF = ("stopped", "abandoned", "lost", "busy")  # ends after which it can be begun again
jobs.present = present


def came_to_nothing(job: Job) -> str | None:
    """The line that says so; None where it did not."""
    words = {
        "failed": _("This could not be computed:") + f" {job.problem}",
        "stopped": _("Stopped before it was finished."),
        "abandoned": _("Stopped, because this page was left alone for too long."),
        "late": _(
            "Stopped after {minutes} minutes, the most that this server allows. Run this command on your own machine "
            "instead:"
        ),
        "lost": _("The computation broke off, perhaps because it ran out of memory. Try a smaller set-up."),
        "busy": _("Too many readers are waiting. Try again in a minute."),
    }
    line = words.get(job.state)
    return None if line is None else line.format(minutes=round(jobs.longest / 60))


def progress(
    job: Job, key: str, so_far: Callable[[Job], str], stop: Callable[[], object] | None = None
) -> None:
    """How far a job is, and the button that stops it. key: of the button. so_far: says where it is, in words. stop: called by the
    button in place of leaving the job."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.done / job.total if job.total else 0.0, text=where(job, so_far))
        st.button(_("Stop"), key=key, on_click=stop or jobs.leave, args=() if stop else (job, reader()))


def where(job: Job, so_far: Callable[[Job], str]) -> str:
    """How far a job is, in a line."""
    if job.state == "waiting" and (ahead := jobs.ahead(job)):
        return _("Waiting: {ahead} ahead of yours.").format(ahead=ahead)
    if not job.total:
        return _("Starting, which may take a few seconds")
    return so_far(job)


def computing(job: Job) -> str:
    """Where a computation of several parts is."""
    return _("Computing {done} of {total}: {what}").format(
        done=job.done, total=job.total, what=series(job.what)
    )
