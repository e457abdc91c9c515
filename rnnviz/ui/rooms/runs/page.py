"""Trainings of the reader's own, watched while they go."""

import time

import pandas as pd
import streamlit as st

from rnnviz.monitoring import runs
from rnnviz.ui.rooms.runs import MOST, pictures, source
from rnnviz.ui.rooms.runs.source import LARGEST, Seen
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
    if here:
        live = any(time.time() - seen.run.written < QUIET for seen in here.values())
        every = EVERY if live else SELDOM if source.watched() else None
        st.fragment(_watched, run_every=every)()
    elif source.watched():
        st.fragment(_waiting, run_every=EVERY)()
    _ways()


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


def _watched() -> None:
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
    drawn = pictures.beside(shown)
    _inside(shown[0], drawn)


def _inside(seen: Seen, drawn: list) -> None:
    """One run looked into: its recurrent modules, layers and directions."""
    modules = seen.modules()
    if not modules:
        pictures.show(f"runs-{seen.name}", drawn, _("Nothing of a recurrent module was kept."), seen.name)
        _missing(seen)
        return
    module = settings()["runs_module"] if settings()["runs_module"] in modules else modules[0]
    found = seen.layers(module)
    layers, directions = found.sizes["layer"], [str(d) for d in found["direction"].values]
    layer = min(settings()["runs_layer"], layers - 1)
    direction = settings()["runs_direction"] if settings()["runs_direction"] in directions else directions[0]
    own = found.isel(layer=layer).sel(direction=direction)
    more, summary = pictures.into(own, seen.name)
    pictures.show(f"runs-{seen.name}-{module}-{layer}-{direction}", [*drawn, *more], summary, seen.name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(modules) > 1:
            pick(st.selectbox, "runs_module", _("Module"), modules, value=module, width=260)
        if layers > 1:
            shown = {i: str(i + 1) for i in range(layers)}
            pick(
                st.segmented_control,
                "runs_layer",
                _("Layer"),
                list(shown),
                value=layer,
                format_func=shown.get,
                required=True,
            )
        if len(directions) > 1:
            words = {"forward": _("forward"), "backward": _("backward")}
            pick(
                st.segmented_control,
                "runs_direction",
                _("Direction"),
                directions,
                value=direction,
                format_func=words.get,
                required=True,
            )
    updates = own["update"].values.tolist()
    if len(updates) > 1:
        pick(
            st.select_slider,
            "runs_update",
            _("Moment of the training (update); or click into a picture"),
            updates,
            value=int(pictures.moment(own["update"].values)),
            format_func=lambda update: f"{update:,}",
            choose=lambda update: choose(runs_update=None if update == updates[-1] else update),
        )
    _missing(seen)


def _missing(seen: Seen) -> None:
    last = seen.run.moments[-1] if seen.run.moments else {}
    for line in list(last.get("missing", []))[:4] if isinstance(last.get("missing"), list) else []:
        st.caption(as_text(_("Not kept at update {update}: {why}").format(update=last["step"], why=line)))
    if seen.run.unread:
        st.caption(_("Lines that could not be read: {count}.").format(count=seen.run.unread))


def _table(shown: list[Seen]) -> None:
    rows = {}
    for seen in shown:
        run = seen.run
        last = run.moments[-1] if run.moments else {}
        loss = last.get("loss")
        ago = max(0, time.time() - run.written)
        rows[seen.name] = {
            _("model"): str(run.header.get("model", ""))[:80],
            _("parameters"): run.header.get("parameters"),
            _("moments"): len(run.moments),
            _("last update"): last.get("step"),
            _("loss"): f"{loss:.4g}" if isinstance(loss, int | float) else "",
            _("last written"): _("just now") if ago < 2 * EVERY else _ago(ago),
        }
    st.dataframe(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Training")), width="stretch")


def _ago(seconds: float) -> str:
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
        st.code(SCRIPT, language=None)  # colours of code would be too pale to read
    with right:
        st.subheader(_("Watch it"), anchor=False)
        st.write(
            _("Start the app on the folder, before or during the training. Nothing leaves your machine.")
        )
        st.code("rnnviz view runs/", language=None)
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
