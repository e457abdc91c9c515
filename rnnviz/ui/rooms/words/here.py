"""The words of the course on every other page: marked where each first stands, listed below, and one press away."""

import functools
from pathlib import Path

import streamlit as st

from rnnviz.ui.parts.component import component
from rnnviz.ui.rooms.words.terms import terms
from rnnviz.ui.shell import ways
from rnnviz.ui.shell.language import _, catalogue, current
from rnnviz.ui.shell.settings import choose

FOLDERS = ("learn", "explore")  # whose pages are for those who meet a word for the first time
WITHOUT = ("home", "words", "teach")

_component = component(Path(__file__).parent)


def below(room: str) -> None:
    """Below a page: which of the words stand on it. What was asked for opens here, in the same visit, so that the way back leads
    to the page as it was left."""
    if room in WITHOUT or not any(room in ways.FOLDERS[folder] for folder in FOLDERS):
        return
    if asked := st.session_state.pop("word_asked", None):
        choose(words_find=asked)
        st.switch_page(ways.FILES["words"])
    _component(data=_data(current()), key="words_here", on={"word": _ask})


def _ask(word: object) -> None:
    if isinstance(word, str) and word in {one.english for one in terms()}:
        st.session_state["word_asked"] = word


@functools.cache
def _data(language: str) -> dict:
    """Every rerun of every page asks. language: the reader's, which `_` speaks."""
    return {
        "lang": language,
        "words": [
            {"english": one.english, "korean": one.korean, "symbol": one.symbol, "says": one.says}
            for one in terms()
        ],
        "page": ways.ADDRESSES["words"],
        "labels": {"here": _("Words on this page:"), "open": _("In the list of all words")},
    }


def ready() -> None:
    """Reads the Korean words before the first reader waits for them: every page names each word in both languages."""
    catalogue("ko")
