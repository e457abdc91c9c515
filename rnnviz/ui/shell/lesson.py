"""A lesson's link: what of its page a teacher has taken away or holds fast.

It is a word in the address, such as lesson=locked-alone-1f3c9a2b: what the teacher wants, then a sum of the page and of all else
that the link says, by which a link that was edited by hand is known. It is a courtesy and no guard: whoever takes it out of the
address has the page as it always is, and so does the next page.
"""

import zlib
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import streamlit as st

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import OWN

NAME = "lesson"  # in an address
LOCKED, BARE, ALONE, UNANSWERED = WORDS = ("locked", "bare", "alone", "unanswered")
TURN = "turn"  # in an address: counts what present.js has shown, so that a view is read that was shown before
FREE = {
    NAME,
    TURN,
    *OWN,
}  # what may be another in a link without it counting as changed: a class reads in its own language


def tag(page: str, params: Mapping[str, str], words: Iterable[str]) -> str:
    """What stands in a link for a lesson. page: its address; params: all else that the link says."""
    wanted = set(words)
    return "-".join([*(word for word in WORDS if word in wanted), _sum(page, params)])


def came(params: Mapping[str, str] | None) -> None:
    """A link has come, with those parameters; None: with no lesson."""
    st.session_state["lesson_came"] = None if params is None else dict(params)


def settle(page: str) -> list[str]:
    """The page that is shown has that address: a lesson that came is for it, one of another page is over. Returns what there is
    to say of its link, a line each."""
    lines, there = [], st.session_state.get(NAME)
    if "lesson_came" in st.session_state:
        params, there = st.session_state.pop("lesson_came"), None
        if params is not None:
            *words, found = params[NAME].split("-")
            there = (page, frozenset(words) & frozenset(WORDS))
            if found != _sum(page, params):
                lines.append(
                    _(
                        "This lesson’s link was changed after it was made; the page shows what the link says now."
                    )
                )
            elif set(words) - set(WORDS):
                lines.append(
                    _(
                        "This lesson asks for something that this version does not know; the rest is as it was made."
                    )
                )
    if there and there[0] != page:
        there = None
    st.session_state[NAME] = there
    st.session_state["held"] = asks(LOCKED)
    if st.session_state.pop("held_back", False):
        lines.append(_("The settings of this lesson are locked: nothing was changed."))
    return lines


def now() -> frozenset[str]:
    """What the lesson that is shown asks for; nothing where there is none."""
    there = st.session_state.get(NAME)
    return there[1] if there else frozenset()


def shown() -> bool:
    """Whether the page is shown as a lesson."""
    return bool(st.session_state.get(NAME))


def asks(word: str) -> bool:
    return word in now()


def leave() -> None:
    """The page as it always is, with the settings that it has."""
    st.session_state[NAME] = None
    st.session_state["held"] = False


def _sum(page: str, params: Mapping[str, str]) -> str:
    said = urlencode(
        sorted((name, value) for name, value in params.items() if name not in FREE), errors="replace"
    )
    return f"{zlib.crc32(f'{page}?{said}'.encode()):08x}"
