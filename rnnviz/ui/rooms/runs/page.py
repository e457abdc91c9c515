"""Trainings of the reader's own, watched while they go."""

import pandas as pd
import streamlit as st

from rnnviz.monitoring import runs
from rnnviz.ui.parts import trainings
from rnnviz.ui.parts.trainings.seen import Seen
from rnnviz.ui.rooms.runs import MOST, SETTINGS, source
from rnnviz.ui.rooms.runs.source import LARGEST
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick

EVERY = 2.0  # seconds between two looks at what is written
SELDOM = 15.0  # the same where nothing was written for a while
QUIET = 120.0  # seconds: so long
SCRIPT = """\
import rnnviz

monitor = rnnviz.Monitor("runs/a", model, every=50)
for x, y in batches:
    optimiser.zero_grad()
    loss = criterion(model(x), y)
    with monitor:
        loss.backward()
    optimiser.step()
"""


def show() -> None:
    st.header(_("Your training, live"), anchor=False)
    st.write(
        _(
            "How is the training going, and how far back does the gradient get? Two lines in your own loop keep it."
        )
    )
    here, _lines = source.here()
    if any(_is_live(seen) for seen in here.values()):
        st.session_state["runs_drawn"] = _chosen()
        st.fragment(_live, run_every=EVERY)()
    elif here:
        if source.watched():  # another may begin, or one go on
            st.fragment(_looked, run_every=SELDOM)()
        _watched()
    elif source.watched():
        st.fragment(_waiting, run_every=EVERY)()
    _ways()


def _is_live(seen: Seen) -> bool:
    return seen.run.silent < QUIET


def _chosen() -> tuple:
    return tuple(settings()[name] for name in SETTINGS)


def _live() -> None:
    """While moments come. What the reader chooses is for the whole page: it stands in the address."""
    here, _lines = source.here()
    if st.session_state["runs_drawn"] != _chosen() or not any(_is_live(seen) for seen in here.values()):
        st.rerun()
    _watched(live=True)


def _looked() -> None:
    """Whether something is written again."""
    here, _lines = source.here()
    if any(_is_live(seen) for seen in here.values()):
        st.rerun()


def _waiting() -> None:
    here, lines = source.here()
    if here:
        st.rerun()
    for line in lines:
        notice(line)
    where = ", ".join(source.watched())
    st.info(
        as_text(
            _("There is no run in {folder} yet. It is shown as soon as a Monitor writes one.").format(
                folder=where
            )
        )
    )


def _watched(live: bool = False) -> None:
    here, lines = source.here()
    names = list(here)
    wanted = settings()["runs_shown"]
    gone = [name for name in wanted or () if name not in here]
    if gone:
        notice(_("This view shows runs that are not here: {names}.").format(names=", ".join(gone)))
    shown = [here[name] for name in (wanted or names[:2]) if name in here] or [here[names[0]]]
    for seen in shown:
        if seen.problem:
            notice(
                _("Nothing more can be read: {problem}. What was read of it is shown.").format(
                    problem=seen.problem
                )
            )
    for line in lines:
        notice(line)
    if len(names) > 1:
        pick(
            st.multiselect,
            "runs_shown",
            _("Runs beside each other (up to {count})").format(count=MOST),
            names,
            value=[seen.name for seen in shown],
            choose=lambda chosen: choose(runs_shown=chosen or None, runs_update=None),
            max_selections=MOST,
        )
    _table(shown)
    trainings.look_into("runs", shown, live)


def _table(shown: list[Seen]) -> None:
    rows = {}
    for seen in shown:
        run = seen.run
        last = run.moments[-1] if run.moments else {}
        loss = last.get("loss")
        rows[seen.name] = {
            _("model"): str(run.header.get("model", ""))[:80],
            _("parameters"): run.header.get("parameters"),
            _("moments"): len(run.moments),
            _("last update"): last.get("step"),
            _("loss"): f"{loss:.4g}" if isinstance(loss, int | float) else "",
            _("last written"): _ago(run.silent) if run.written else "",
        }
    st.dataframe(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Training")), width="stretch")


def _ago(seconds: float) -> str:
    if seconds < 2 * EVERY:
        return _("just now")
    if seconds < 120:
        return _("{count} s ago").format(count=round(seconds))
    if seconds < 7200:
        return _("{count} min ago").format(count=round(seconds / 60))
    return _("{count} h ago").format(count=round(seconds / 3600))


def _ways() -> None:
    """How a run is kept, and how one is brought here."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(_("In your script"), anchor=False)
        st.code(SCRIPT, language=None, wrap_lines=True)  # colours of code would be too pale to read
    with right:
        st.subheader(_("Watch it"), anchor=False)
        st.write(
            _("Start the app on the folder, before or during the training. Nothing leaves your machine.")
        )
        st.code("rnnviz view runs/", language=None, wrap_lines=True)
        _upload()
    folded(
        [
            _(
                "Every 50th update is kept: the loss, the gradient norm of all parameters before and after clipping, of each "
                "layer ‖∂L/∂h‖ at each distance from the last step, what the gates do, and the spectral radius of W_hh."
            ),
            _(
                "Nothing is put on your model: between two moments nothing is watched, and the gradients are what they would "
                "have been."
            ),
            _(
                "The file runs/a/run.jsonl grows line by line and survives a kill. From Python: "
                "rnnviz.monitoring.Run reads it, rnnviz.monitoring.numbers and .layers make labelled arrays."
            ),
            _("With tensorboard=True the same numbers are written as TensorBoard's event files as well."),
        ]
    )
    st.page_link("pages/lab/own.py", label=_("Look into one recording of your model"))


def _upload() -> None:
    number = st.session_state.setdefault("runs_uploads", 0)
    file = st.file_uploader(
        _("or bring a {name}, up to {size} MB").format(name=runs.NAME, size=LARGEST),
        type=["jsonl"],
        max_upload_size=LARGEST,
        key=f"runs_file_{number}",
    )
    if line := st.session_state.pop("runs_problem", None):
        notice(line, error=True)
    if file is None:
        return
    try:
        source.bring(file.name, file.getvalue())
    except (ValueError, OSError) as problem:
        st.session_state["runs_problem"] = str(problem)
    st.session_state["runs_uploads"] = number + 1  # an empty box: what was brought is kept once, and not here
    st.rerun()
