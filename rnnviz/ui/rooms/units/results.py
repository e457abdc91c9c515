"""What was found of a layer: a job that is begun, followed and left."""

from typing import Any

import streamlit as st
import xarray as xr

from rnnviz.ui.parts import working
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.widgets import notice

PATIENCE = 0.4  # seconds that a page waits for a job before it shows its progress
WORK = "rnnviz.studies.ablation:shipped"


def found(asked: dict[str, Any]) -> xr.Dataset | None:
    """What came of it; None, and its progress or a line on the page, while it is not there. asked: arguments of the work."""
    state = st.session_state.setdefault("units_work", {})
    if state.get("asked") != asked:
        before = state.get("job")
        job = jobs.start(WORK, asked, reader())
        if before is not None and before is not job and not before.over:
            jobs.leave(before, reader())
        state |= {"asked": asked, "job": job}
    job = state["job"]
    jobs.hear(job, reader())
    if not job.over:
        first = st.empty()  # what is going on shows at once
        first.progress(0.0, text=working.where(job, _so_far))
        ended = job.ended.wait(PATIENCE)
        first.empty()
        if not ended:
            st.fragment(_progress, run_every=0.5)(job)
    if line := working.came_to_nothing(job):
        notice(line)
    if job.state in working.BROKEN_OFF:
        st.button(_("Start again"), key="units_again", on_click=state.clear)
    return job.result if job.state == "done" else None


def _progress(job: Job) -> None:
    jobs.hear(job, reader())
    if job.over:
        st.rerun()
    working.progress(job, "units_stop", _so_far)


def _so_far(job: Job) -> str:
    return _("Unit {done:,} of {total:,} is silenced").format(
        done=min(job.done + 1, job.total), total=job.total
    )
