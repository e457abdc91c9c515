"""English and Korean, as the reader has chosen."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rnnviz.figures import words
from rnnviz.paper.language import LANGUAGES, LOCALES, catalogue
from rnnviz.told import Told

__all__ = ["LANGUAGES", "LOCALES", "_", "catalogue", "current", "said", "spoken"]

_spoken: ContextVar[str] = ContextVar("spoken", default="en")


@contextlib.contextmanager
def spoken(language: str) -> Iterator[None]:
    """For the thread it is in, where nobody's page is made: the language of whom it works for."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def current() -> str:
    """The reader's language, 'en' until chosen and where nobody's page is made; see `spoken`."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return _spoken.get()
    return st.session_state.get("settings", {}).get("lang", "en")


def _(message: str) -> str:
    """The message in the reader's language; the English source where there is no translation."""
    return catalogue(current()).gettext(message) if message else ""


def said(problem: Exception) -> str:
    """What is wrong, in the reader's language where the line is known there; one line."""
    line = _(problem.message).format(**problem.values) if isinstance(problem, Told) else str(problem)
    return " ".join(line.split()) or type(problem).__name__


words.speak(
    _
)  # a figure asks for each word while it is drawn: it speaks the language of whoever it is drawn for
