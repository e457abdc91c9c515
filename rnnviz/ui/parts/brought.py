"""A long text that a reader types, or brings as a file in its place."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from rnnviz import recording, stats
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings, typed
from rnnviz.ui.shell.widgets import as_text, notice, pick

EXAMPLE = 200_000  # characters


@functools.cache
def source() -> str:
    """The beginning of this app's own source: a text that is there wherever the app is."""
    folders = [Path(part.__file__).parent for part in (stats, recording)]
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return "".join(file.read_text("utf-8") for file in files)[:EXAMPLE]


def file(setting: str) -> tuple[str, str] | None:
    """What stands in place of what is typed in a box: the name of a file and its text."""
    return st.session_state.get(f"{setting}_file")


def take(setting: str, name: str, text: str) -> None:
    """As if the file had been brought to that box."""
    st.session_state[f"{setting}_file"] = (name, text)


def drop(setting: str) -> None:
    """What is typed counts again."""
    st.session_state.pop(f"{setting}_file", None)


def box(
    setting: str,
    label: str,
    help: str,
    or_file: str,
    types: Sequence[str],
    placeholder: str,
    check: Callable[[str], object],
    largest: int,
) -> None:
    """The box for a text, and the file in its place. setting: what is typed, None for nothing. check: raises ValueError, in one
    line, for what is none. largest: MB of a file."""
    problem, uploads = f"{setting}_problem", f"{setting}_uploads"
    if (brought := file(setting)) is not None:
        name, text = brought
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{as_text(name)}**: " + _("{count:,} characters").format(count=len(text)))
            st.button(
                _("Take it out"), on_click=drop, args=(setting,), key=f"{setting.partition('_')[0]}_out"
            )
        return
    pick(
        st.text_area,
        setting,
        label,
        value=settings()[setting] or "",
        height=110,
        choose=lambda text: choose(**{setting: text or None}),
        placeholder=placeholder,
        help=help.format(size=largest),
    )
    number = st.session_state.setdefault(uploads, 0)
    one = st.file_uploader(
        or_file.format(size=largest),
        type=list(types),
        max_upload_size=largest,
        key=f"{setting}_file_{number}",
    )
    if line := st.session_state.pop(problem, None):
        notice(line, error=True)
    if one is None:
        return
    try:
        text = typed(one.getvalue().decode("utf-8-sig"))
        check(text)
        take(setting, one.name, text)
    except UnicodeDecodeError:
        st.session_state[problem] = _("The file is not text in UTF-8. Save it as UTF-8 and choose it again.")
    except ValueError as line:
        st.session_state[problem] = said(line)
    st.session_state[uploads] = number + 1
    st.rerun()
