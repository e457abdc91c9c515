"""What was computed of a set-up: jobs that are begun, followed and left."""

import dataclasses
import shlex

import streamlit as st
import xarray as xr

from rnnviz.studies import comparing
from rnnviz.ui.parts import explored, working
from rnnviz.ui.rooms.compare.setup import ROW, draft, visit
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import LONGEST, settings
from rnnviz.ui.shell.widgets import notice, run_again

PATIENCE = 0.4  # seconds that a page waits for a job before it shows its progress


@dataclasses.dataclass(frozen=True)
class Found:
    """What was computed of a set-up: a dataset, the same as a file, and a key that stands for it."""

    setup: comparing.Setup
    dataset: xr.Dataset
    netcdf: bytes
    key: str


def setup() -> comparing.Setup | None:
    """The draft, ready to be computed; None, with a line on the page, where that cannot be.

    A row that makes no sense, or is there already, is left out and said.
    """
    now, rows, names = draft(), [], {}
    for number, row in enumerate(now["rows"], 1):
        try:
            one = comparing.Architecture(**row)
        except ValueError as problem:
            notice(_("Row {number} is left out:").format(number=number) + f" {said(problem)}")
            continue
        if one.name in names:
            line = _("Row {number} is left out: it is the same as row {first}.")
            notice(line.format(number=number, first=names[one.name]))
            continue
        names[one.name] = number
        rows.append(one)
    if not rows:
        notice(_("Add a row to the table, or choose an example above it."))
        return None
    fields = {name: now[name] for name in ("input", "steps", "loss", "seeds", "batch", "clip", "truncate")}
    text = explored.reader_text()[:LONGEST] if now["input"] == "text" else ""
    try:
        asked = comparing.Setup(tuple(rows), text=text, **fields)
    except ValueError as problem:
        notice(_("This cannot be compared:") + f" {said(problem)}")
        return None
    if asked.cost() > comparing.LIMIT:
        line = _(
            "This is {times:.2g} times as much as this server takes on. Run this command on your own machine instead:"
        )
        notice(line.format(times=asked.cost() / comparing.LIMIT))
        st.code(command(asked), language="sh", wrap_lines=True)
        return None
    return asked


def found(pressed: bool) -> Found | None:
    """Progress and stop; the last set-up that was computed, None before there is one. pressed: Run was.

    A first visit, a link and an example are computed at once, what is edited when the reader presses Run.
    """
    state = visit()
    packed = settings().get("bench")
    linked = packed != state.get("seen", "none yet")  # not by an edit: a first visit, or another link
    state["seen"] = packed
    asked = setup()
    wanted = pressed or linked or state.pop("run", False)
    if asked and wanted:
        state["inside"] = None
        begin("compare", asked, {"setup": asked.to_dict()})
    job = follow("compare")
    if job and job.state == "done" and job.result is not None:
        state["found"] = Found(state["compare_for"], job.result, job.netcdf, job.key)
    state["asked"] = asked
    last = state.get("found")
    tried = job is not None and state["compare_for"] == asked  # its progress or its line is there already
    if last and asked and asked != last.setup and not tried:
        notice(_("The set-up has changed; the pictures still show the previous one. Press Run."))
    elif last and asked != last.setup:
        st.text(_("Below, faded: the previous set-up ({setup}).").format(setup=subject(last)))
    return last


def subject(of: Found) -> str:
    """What was compared, for the title of a saved figure."""
    asked = of.setup
    return f"{asked.input}, {asked.length} steps, loss: {asked.loss}, {asked.seeds} seeds"


def place(of: Found):
    """Where its pictures and tables stand: a container, faded unless they are of the set-up that is asked for."""
    st.html("<style>.st-key-bench_before { opacity: 0.5; }</style>")
    return st.container(key="bench_now" if visit()["asked"] == of.setup else "bench_before")


def begin(place: str, asked: comparing.Setup, argument: dict) -> None:
    """Starts a job of this visit, 'compare' or 'dynamics'; the one before it is left, unless it is the same and runs."""
    state = visit()
    job = jobs.start(f"rnnviz.studies.comparing.work:{place}", argument, reader(), goes_on=place == "compare")
    if job is not state.get(f"{place}_job"):
        leave(place)
    state[f"{place}_for"] = asked
    state[f"{place}_job"] = job


def leave(place: str) -> None:
    """Ends this visit's interest in its job."""
    before = visit().pop(f"{place}_job", None)
    if before is not None and not before.over:
        jobs.leave(before, reader())


def follow(place: str) -> Job | None:
    """The job in its place, with its progress on the page while it is not over, and a line where it came to nothing."""
    job = visit().get(f"{place}_job")
    if job is None:
        return None
    jobs.hear(job, reader())
    if not job.over:
        first = (
            st.empty()
        )  # what is going on shows at once; most jobs end before their progress would be drawn
        first.progress(0.0, text=working.where(job, working.computing))
        ended = job.ended.wait(PATIENCE)
        first.empty()
        if not ended:
            st.fragment(_progress, run_every=0.5)(job, place)
    if line := working.came_to_nothing(job):
        notice(_halfway(job) or line)
    if job.state == "late":
        st.code(command(visit()["compare_for"]), language="sh", wrap_lines=True)
    if job.state in working.BROKEN_OFF:
        again = {"compare": {"run": True}, "dynamics": {"inside": None}}[place]
        said = _("Go on") if job.frames else _("Start again")
        st.button(said, key=f"bench_again_{place}", on_click=visit().update, kwargs=again)
    return job


def _halfway(job: Job) -> str | None:
    """How a comparison ended of which some networks are done and kept; None of any other."""
    line = {
        "lost": _("The computation broke off, perhaps because it ran out of memory."),
        "abandoned": _("Stopped, because this page was left alone for too long."),
        "stopped": _("Stopped before it was finished."),
    }.get(job.state)
    if line is None or not job.frames:
        return None
    of = visit()["compare_for"]
    counts = {"done": len(job.frames), "total": len(of.architectures) * of.seeds}
    return line + " " + _("Done and kept: {done} of {total} networks.").format(**counts)


def _progress(job: Job, place: str) -> None:
    jobs.hear(job, reader())
    if job.over:
        run_again()
    working.progress(job, f"bench_stop_{place}", working.computing)


def command(asked: comparing.Setup) -> str:
    """The command line that does the same."""
    usual = comparing.Setup(asked.architectures[:1])
    parts = ["python -m rnnviz compare"]
    for one in asked.architectures:
        given = {f.name: getattr(one, f.name) for f in dataclasses.fields(one)}
        own = [one.kind, *(f"{k}={v}" for k, v in given.items() if k != "kind" and v != ROW[k])]
        parts.append(shlex.quote(",".join(own)))
    for name in ("input", "text", "steps", "loss", "seeds", "batch", "clip", "truncate"):
        value = getattr(asked, name)
        if value != getattr(usual, name):
            parts.append(f"--{name}={shlex.quote(str(value))}")
    return " ".join(parts)
