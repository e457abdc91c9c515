"""Corpora that the reader recorded: the app was started on them (`rnnviz view states.zarr`, `rnnviz explore … --corpus`). A link
calls one by the name of its folder and never by a path; it is searched where its states are of the model that is looked at."""

import json
import os
from pathlib import Path

import streamlit as st

from rnnviz.studies.corpus import Corpus
from rnnviz.studies.corpus.store import META
from rnnviz.studies.live import Live
from rnnviz.told import Told
from rnnviz.ui.parts.explored.runs import Run, again
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice, pick

VARIABLE = "RNNVIZ_CORPUS"  # in the environment: a JSON list of paths
NONE = "none"  # in a link: another text is searched


def paths() -> dict[str, Path]:
    """Those that the app was started on, by name."""
    return {Path(path).name: Path(path) for path in json.loads(os.environ.get(VARIABLE, "[]"))}


def fitting(run: Run) -> dict[str, Corpus]:
    """Those of the model that is looked at, by name. Raises CheckpointError."""
    return {name: one for name, one in _opened(run).items() if isinstance(one, Corpus)}


def chosen(run: Run) -> Corpus | None:
    """The one that is searched: that of the link, else the first that fits; None where none does, or another text is searched. A
    line says why one that the link names is not. Raises CheckpointError."""
    wanted = settings()["where_store"]
    there = _opened(run) if paths() else {}
    if wanted not in (None, NONE) and not isinstance(there.get(wanted), Corpus):
        if (problem := there.get(wanted)) is not None:
            notice(said(problem))
        else:
            line = _(
                "This view searches {name}, which is not here: start the app on it with rnnviz view {name}."
            )
            notice(line.format(name=wanted))
        return None
    found = {name: one for name, one in there.items() if isinstance(one, Corpus)}
    if wanted == NONE or not found:
        return None
    return found[wanted or next(iter(found))]


def choice(run: Run) -> None:
    """Which of them is searched, or another text; nothing where there is but one choice."""
    names = list(fitting(run)) if paths() else []
    others = [NONE] if run.card is not None else []
    if len(names + others) < 2:
        return
    now = settings()["where_store"]
    labels = dict.fromkeys(names) | {NONE: _("another text")}
    pick(
        st.segmented_control,
        "where_store",
        _("Searched"),
        names + others,
        value=now if now in names + others else (names or others)[0],
        format_func=lambda name: labels[name] or name,
        required=True,
    )


def refused(run: Run) -> str | None:
    """Why one that the app was started on does not fit, where none does. Raises CheckpointError."""
    found = list(_opened(run).values()) if paths() else []
    problems = [one for one in found if isinstance(one, Told)]
    return said(problems[0]) if problems and len(problems) == len(found) else None


def _opened(run: Run) -> dict[str, Corpus | Told]:
    model = again(run)
    return {name: _open(str(path), _state(path), run.key, model) for name, path in paths().items()}


def _state(path: Path) -> str:
    """Of its description: another is written where it is recorded anew."""
    try:
        seen = (path / META).stat()
    except OSError:
        return "missing"
    return f"{seen.st_mtime_ns}-{seen.st_size}"


@st.cache_resource(max_entries=12, show_spinner=False)
def _open(path: str, state: str, key: str, _model: Live) -> Corpus | Told:
    """state: of the store; key: stands for the model."""
    try:
        return Corpus.open(path, _model)
    except Told as problem:
        return problem
