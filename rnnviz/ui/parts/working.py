"""Work that lasts, as a page shows it: how far it is, a way to stop it, and a line where it came to nothing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import streamlit as st
import xarray as xr

from rnnviz.figures.words import series
from rnnviz.studies.progress import Progress
from rnnviz.told import Told
from rnnviz.ui.shell.jobs import LEASE, Job, jobs
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.readers import present, reader
from rnnviz.ui.shell.widgets import notice, run_again

BROKEN_OFF = ("stopped", "abandoned", "lost", "busy")  # ends after which it can be begun again
PATIENCE = 0.4  # seconds that a page waits for a job before it shows its progress
MOST = 6  # trainings of one kind that a visit keeps
jobs.present = present


def came_to_nothing(job: Job) -> str | None:
    """The line that says so; None where it did not."""
    words = {
        "failed": _("This could not be computed:") + f" {_problem(job)}",
        "stopped": _("Stopped before it was finished."),
        "abandoned": _("Stopped, because this page was left alone for too long."),
        "late": _(
            "Stopped after {minutes} minutes, the most that this server allows. Run this command on your own machine "
            "instead:"
        ).format(minutes=round(jobs.longest / 60)),
        "lost": _("The computation broke off, perhaps because it ran out of memory. Try a smaller set-up."),
        "busy": _("Too many readers are waiting. Try again in a minute."),
    }
    return words.get(job.state)


def _problem(job: Job) -> str:
    if job.told is None:
        return job.problem
    message, values = job.told
    try:
        return said(Told(message, **values))
    except (LookupError, ValueError):  # a value that JSON holds as text alone is written as a number
        return job.problem


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


def found(
    room: str, work: str, asked: dict[str, Any], so_far: Callable[[Job], str] = computing
) -> xr.Dataset | None:
    """What came of some work; None, and its progress or a line on the page, while it is not there.

    room: where the visit keeps what it has asked for last; what it asked for before is left. work, asked: as `jobs.start` takes
    them. so_far: says where it is, in words.
    """
    return _found(room, asked, lambda: jobs.start(work, asked, reader()), so_far)


def found_here(
    room: str, work: Callable[[Progress], xr.Dataset], asked: Any, so_far: Callable[[Job], str] = computing
) -> xr.Dataset | None:
    """The same of work on a model of the reader's own, which no other process has: it is done in a thread of this one.

    work: is given what to tell its progress to, which stops it where nobody waits any more. asked: what stands for it.
    """
    return _found(room, asked, lambda: _begun_here(work), so_far)


class _Here:
    """In place of a worker process: what ends the work at its next progress."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def kill(self) -> None:
        self.ended.set()


def _begun_here(work: Callable[[Progress], xr.Dataset]) -> Job:
    end = _Here()
    job = Job("here", {}, state="running", began=time.monotonic(), readers={reader(): time.monotonic()})
    job.worker = end  # type: ignore[assignment]

    def progress(done: int, total: int) -> None:
        silent = time.monotonic() - max(job.readers.values(), default=0.0)
        if end.ended.is_set() or silent > LEASE:
            raise InterruptedError("nobody waits for it")
        job.done, job.total = done, total

    def run() -> None:
        try:
            job.result = work(progress)
            state = "done"
        except InterruptedError:
            state = "abandoned"
        except Exception as problem:
            state, job.problem = "failed", str(problem).partition("\n")[0]
            job.told = (problem.message, problem.values) if isinstance(problem, Told) else None
        if not job.over:
            job.state = state
            job.ended.set()

    threading.Thread(target=run, daemon=True, name="work").start()
    return job


def _found(
    room: str, asked: Any, begin: Callable[[], Job], so_far: Callable[[Job], str]
) -> xr.Dataset | None:
    state = st.session_state.setdefault(f"{room}_work", {})
    if state.get("asked") != asked:
        before = state.get("job")
        job = begin()
        if before is not None and before is not job and not before.over:
            jobs.leave(before, reader())
        state |= {"asked": asked, "job": job}
    job = state["job"]
    done = follow(job, f"{room}_stop", so_far)
    if job.state in BROKEN_OFF:
        st.button(_("Start again"), key=f"{room}_again", on_click=state.clear)
    return job.result if done else None


def follow(job: Job, key: str, so_far: Callable[[Job], str]) -> bool:
    """Whether a job is done; its progress on the page while it is not over, and a line where it came to nothing. key: of the
    button that stops it."""
    jobs.hear(job, reader())
    if not job.over:
        first = st.empty()  # what is going on shows at once
        first.progress(0.0, text=where(job, so_far))
        ended = job.ended.wait(PATIENCE)
        first.empty()
        if not ended:
            st.fragment(_followed, run_every=0.5)(job, key, so_far)
    if line := came_to_nothing(job):
        notice(line)
    return job.state == "done"


def _followed(job: Job, key: str, so_far: Callable[[Job], str]) -> None:
    jobs.hear(job, reader())
    if job.over:
        run_again()
    progress(job, key, so_far)


@dataclass
class Own:
    """A training of this visit. setup: what was asked. before: frames up to where it went on from. stopped: frames and what is
    needed to go on, as they were when this visit stopped it; others may go on with the same job. everywhere: it is stopped
    for all tabs of the person at once."""

    everywhere: ClassVar[bool] = False
    setup: Any
    job: Job
    before: list[dict]
    stopped: tuple[list[dict], bytes] | None = None

    @property
    def over(self) -> bool:
        return self.stopped is not None or self.job.over

    @property
    def frames(self) -> list[dict]:
        return self.stopped[0] if self.stopped else [*self.before, *self.job.frames]

    @property
    def kept(self) -> bytes:
        return self.stopped[1] if self.stopped else self.job.kept

    def stop(self) -> None:
        """Ends this visit's interest in it."""
        if not self.over:
            kept = self.job.kept
            self.stopped = (self.frames, kept)
            jobs.leave(self.job, reader(), self.everywhere)

    def ending(self, counted: str = "") -> str | None:
        """The line that says how it ended early; None where it did not. counted: what a frame calls the updates that are made,
        of a training that can be gone on with."""
        line = _("Stopped before it was finished.") if self.stopped else came_to_nothing(self.job)
        halfway = self.stopped or self.job.state in ("stopped", "abandoned", "late")
        if line and counted and self.frames and halfway:
            line = _("Stopped after {count:,} updates. Go on where it stands, or begin anew.")
            line = line.format(count=self.frames[-1][counted])
        return line


class Trainings:
    """What one kind of work trains in this visit, by set-up.

    room: where the visit keeps them. work: as `jobs.start` takes it. key: what stands for a set-up: the same for set-ups that are
    one training.
    """

    def __init__(self, room: str, work: str, key: Callable[[Any], Any]):
        self._room, self._work, self._key = room, work, key

    @property
    def _made(self) -> dict[Any, Own]:
        return st.session_state.setdefault(self._room, {})

    @property
    def _forgotten(self) -> set:
        """Of which this visit wanted to see no more."""
        return st.session_state.setdefault(f"{self._room}_forgotten", set())

    def own(self, of: Any) -> Own | None:
        """The training of a set-up; one that the same person began before the page was loaded anew is this visit's as well."""
        made, key = self._made, self._key(of)
        if (
            key not in made
            and key not in self._forgotten
            and (job := jobs.under_way(self._work, {"setup": of.to_dict()}, reader()))
        ):
            made[key] = Own(of, job, [])
        return made.get(key)

    def begin(self, of: Any, more: dict | None = None, frames: list[dict] | None = None) -> None:
        """Trains a set-up; what else trains is stopped. more: arguments of the work beside the set-up. frames: those from before,
        where it is gone on with."""
        made, key = self._made, self._key(of)
        for other in made.values():
            other.stop()
        job = jobs.start(self._work, {"setup": of.to_dict()} | (more or {}), reader())
        made.pop(key, None)
        made[key] = Own(of, job, frames or [])
        for old in list(made)[:-MOST]:
            del made[old]

    def forget(self, of: Any) -> None:
        """Shows what is shipped again, where there is something."""
        if last := self._made.pop(self._key(of), None):
            last.stop()
        self._forgotten.add(self._key(of))
