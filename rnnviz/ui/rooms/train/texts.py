"""What is learned: a text that was typed or brought, or the example."""

import functools
from pathlib import Path

import streamlit as st

from rnnviz import recording, stats
from rnnviz.studies.lab import Letters
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings, typed
from rnnviz.ui.shell.widgets import as_text, notice, pick

LARGEST = 2  # MB
EXAMPLE = 200_000  # characters


@functools.cache
def example() -> str:
    """The beginning of this app's own source: a text that is there wherever the app is."""
    folders = [Path(part.__file__).parent for part in (stats, recording)]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return "".join(file.read_text("utf-8") for file in files)[:EXAMPLE]


def here() -> str:
    """The text that is to be learned."""
    if "train_file" in st.session_state:
        return st.session_state["train_file"][1]
    return example() if settings()["train_text"] is None else settings()["train_text"]


def ready() -> Letters:
    """It, made ready. Raises ValueError in one line."""
    return kept(_ready, here())


def _ready(text: str) -> Letters:
    return Letters.of(text)


def choice() -> None:
    """The box for a text, and the file in its place."""
    if "train_file" in st.session_state:
        name, text = st.session_state["train_file"]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_text(name)}**: " + _("{count:,} characters").format(count=len(text)))
            st.button(
                _("Take it out"), on_click=lambda: st.session_state.pop("train_file", None), key="train_out"
            )
        return
    own = settings()["train_text"]
    pick(
        st.text_area,
        "train_text",
        _("A text to learn from; empty: the source of this app"),
        value=own or "",
        height=110,
        choose=lambda text: choose(train_text=text or None),
        placeholder=example()[:400],
        help=_("At least 200 characters, up to {size} MB. Press Ctrl+Enter or click outside the box.").format(
            size=LARGEST
        ),
    )
    number = st.session_state.setdefault("train_uploads", 0)
    file = st.file_uploader(
        _("or a text file (UTF-8), up to {size} MB").format(size=LARGEST),
        type=["txt", "md", "py", "csv", "tex"],
        max_upload_size=LARGEST,
        key=f"train_file_{number}",
    )
    if line := st.session_state.pop("train_problem", None):
        notice(line, error=True)
    if file is None:
        return
    try:
        text = typed(file.getvalue().decode("utf-8-sig"))
        Letters.of(text)
        st.session_state["train_file"] = (file.name, text)
    except UnicodeDecodeError:
        st.session_state["train_problem"] = _(
            "The file is not text in UTF-8. Save it as UTF-8 and choose it again."
        )
    except ValueError as problem:
        st.session_state["train_problem"] = str(problem)
    st.session_state["train_uploads"] = number + 1
    st.rerun()
