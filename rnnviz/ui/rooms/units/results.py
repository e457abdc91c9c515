"""What was found of a layer: a job that is begun, followed and left."""

from typing import Any

import xarray as xr

from rnnviz.studies import ablation
from rnnviz.studies.live import Live
from rnnviz.ui.parts import working
from rnnviz.ui.shell.jobs import Job
from rnnviz.ui.shell.language import _

WORK = "rnnviz.studies.ablation:shipped"


def found(asked: dict[str, Any]) -> xr.Dataset | None:
    """What came of it; None, and its progress or a line on the page, while it is not there. asked: arguments of the work."""
    return working.found("units", WORK, asked, _so_far)


def found_here(model: Live, asked: dict[str, Any]) -> xr.Dataset | None:
    """The same of a model of the reader's own."""

    def work(progress) -> xr.Dataset:
        return ablation.of_layer(model, **asked, progress=progress)

    return working.found_here("units", work, {"model": model, **asked}, _so_far)


def _so_far(job: Job) -> str:
    if job.what == "writing":
        line = _("The network writes texts to be silenced on: {done:,} of {total:,} characters")
        return line.format(done=min(job.done + 1, job.total), total=job.total)
    return _("Unit {done:,} of {total:,} is silenced").format(
        done=min(job.done + 1, job.total), total=job.total
    )
