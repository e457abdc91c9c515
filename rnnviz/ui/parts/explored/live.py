"""The reader's own models: what the function returns that the app was started on with `rnnviz explore`, and what this reader has
trained here, in whichever tab, which nobody else sees."""

import contextlib
import os
from typing import TYPE_CHECKING

import streamlit as st

from rnnviz.ui.parts.shelf import Shelf
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import notice, pick

if TYPE_CHECKING:  # it brings torch, which the first answer need not wait for
    from rnnviz.studies.live import Live

MOST = 200  # tokens that it writes at once
MOST_TRAINED = 4  # models of one reader
TRAINED = "trained"  # in a link, before the key of one
_shelf: "Shelf[Live]" = Shelf()
SHIPPED = "sunspots~0000000000000000"  # the forecaster that comes along: offered on “Your own”, known wherever a link names it
HELLO = {
    f"hello-{kind}~0000000000000000": kind for kind in ("rnn", "gru", "lstm")
}  # the example of the course, likewise
EXPLORED = "RNNVIZ_EXPLORE"  # in the environment: package.module:function


def here() -> dict[str, str]:
    """How a link calls each, and what a reader calls it."""
    made = {link: own.name for link, own in trained().items()}
    if settings()["subject"] == SHIPPED:
        made[SHIPPED] = _("yearly sunspots")
    if kind := HELLO.get(settings()["subject"]):
        made[settings()["subject"]] = f"{_('the example “hello”')} ({kind.upper()})"
    spec = os.environ.get(EXPLORED)
    if not spec:
        return made
    from rnnviz.studies import live

    return {live.link(spec): spec} | made


def trained() -> "dict[str, Live]":
    """What this reader has trained and looks into, by how a link calls it: in other tabs, while the server keeps it, and in this
    one."""
    return _shelf.mine() | _own()


def _own() -> "dict[str, Live]":
    found: dict[str, Live] = st.session_state.setdefault("trained", {})
    return found


def bring(own: "Live", key: str) -> str:
    """Takes a trained model in for this reader; the one brought first makes room. key: stands for it and its weights. Returns how
    a link calls it."""
    link = f"{TRAINED}~{key[:16]}"
    _shelf.put(own, link)
    made = _own()
    made.pop(link, None)
    made[link] = own
    while len(made) > MOST_TRAINED:
        del made[next(iter(made))]
    return link


def is_chosen() -> bool:
    return settings()["subject"] in here()


def is_the_readers() -> bool:
    """Whether a network or a recording of the reader's own is looked at."""
    return settings()["subject"] is not None and settings()["subject"] not in HELLO


def chosen() -> "Live":
    """The model, made when it is first asked for. Raises LiveError where it cannot be."""
    from rnnviz.studies import live

    link = settings()["subject"]
    if link == SHIPPED:
        from rnnviz.studies.lab import shipped as series

        return series.forecaster()
    if link in HELLO:
        from rnnviz.studies import example

        return example.live(HELLO[link])
    return trained().get(link) or live.found(here()[link])


def own_text() -> str:
    """What a page opens on; nothing where the model cannot be made, which the page says."""
    from rnnviz.studies.live import LiveError

    with contextlib.suppress(LiveError):
        return chosen().text
    return ""


def text_box() -> None:
    """The box for what it reads; what is typed stays, also when it cannot be read."""
    from rnnviz.studies.live import LiveError

    try:
        own = chosen()
    except LiveError:
        return  # the page says what is wrong with it
    shown = own.text if settings()["text"] is None else settings()["text"]
    pick(
        st.text_area,
        "text",
        _("Your numbers, one step a line") if own.rows else _("Your text"),
        value=shown,
        height=124 if own.rows else 84,
        help=_("Press Ctrl+Enter or click outside the box to have it read."),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if own.writes:
            _writing(own)
        if shown != own.text:
            st.button(_("Back to its own text"), on_click=choose, kwargs={"text": None}, key="own_text")


def _writing(own: "Live") -> None:
    """How it goes on with the text."""
    for key, value in (("own_write_count", 20), ("own_write_temperature", 0.8), ("own_write_seed", 1)):
        st.session_state[key] = st.session_state.get(key, value)  # kept over page changes
    st.button(_("Write on"), on_click=_write, args=(own,), key="own_write")
    with st.popover(_("How it writes")):
        st.number_input(_("How many tokens"), 1, MOST, key="own_write_count")
        st.number_input(_("Temperature"), 0.0, 2.0, step=0.1, key="own_write_temperature")
        st.number_input(_("Seed number"), 0, 999_999, key="own_write_seed")
    if st.session_state.get("own_written"):
        st.button(_("Take it back"), on_click=_take_back, key="own_write_back")


def _write(own: "Live") -> None:
    from rnnviz.studies.live import LiveError
    from rnnviz.studies.writing import Rule

    before = settings()["text"]
    rule = Rule(
        temperature=st.session_state["own_write_temperature"], seed=st.session_state["own_write_seed"]
    )
    try:
        text = own.write(own.text if before is None else before, st.session_state["own_write_count"], rule)
    except LiveError as problem:
        notice(said(problem), error=True)
        return
    st.session_state.setdefault("own_written", []).append(before)
    choose(text=text)


def _take_back() -> None:
    choose(text=st.session_state["own_written"].pop())
