"""The reader's own models: what the function returns that the app was started on with `rnnviz explore`, and what this reader has
trained here, in whichever tab, which nobody else sees."""

import contextlib
import functools
import os
import weakref
from typing import TYPE_CHECKING, Any

import streamlit as st

from rnnviz.ui.parts.shelf import Shelf
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import notice, pick, run_again

if TYPE_CHECKING:  # it brings torch, which the first answer need not wait for
    from rnnviz.studies.live import Live

MOST = 200  # tokens that it writes at once
MOST_TRAINED = 4  # models of one reader
TRAINED = "trained"  # in a link, before the key of one
_shelf: "Shelf[Live]" = Shelf()
_readers: "weakref.WeakSet[Live]" = weakref.WeakSet()  # of their own Python
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


def bring(own: "Live", key: str, name: str = TRAINED) -> str:
    """Takes a model in for this reader, one that was trained here or, by the name of a file, one of that file's weights; the one
    brought first makes room. key: stands for it and its weights. Returns how a link calls it."""
    link = f"{name}~{key[:16]}"
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
    if (made := trained().get(link)) is not None:
        return made
    from rnnviz.ui.parts.explored import aside

    spec = os.environ[EXPLORED]
    own: Live = aside.asked(("found", spec), functools.partial(live.found, spec), spec)
    _readers.add(own)
    return own


def in_its_way(own: "Live", what: str, *arguments: object) -> Any:
    """own.what(*arguments). The reader's own Python is run beside the page: what hangs there does not hang the page. Raises what
    it raises, and aside.Unfinished."""
    call = functools.partial(getattr(own, what), *arguments)
    if own not in _readers:
        return call()
    from rnnviz.ui.parts.explored import aside

    return aside.asked((id(own), what, arguments), call, own.name, own)


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
    if st.button(_("Write on"), key="own_write"):
        _begin_to_write(settings()["text"] or own.text)
    if (begin := st.session_state.get("own_writing")) is not None:
        _write(own, begin)
    with st.popover(_("How it writes")):
        st.number_input(_("How many tokens"), 1, MOST, key="own_write_count")
        st.number_input(_("Temperature"), 0.0, 2.0, step=0.1, key="own_write_temperature")
        st.number_input(_("Seed number"), 0, 999_999, key="own_write_seed")
    if st.session_state.get("own_written"):
        st.button(_("Take it back"), on_click=_take_back, key="own_write_back")


def _begin_to_write(begin: str) -> None:
    st.session_state["own_writing"] = begin


def _write(own: "Live", begin: str) -> None:
    """Goes on with a text. begin: the text."""
    from rnnviz.studies.live import LiveError
    from rnnviz.studies.writing import Rule
    from rnnviz.ui.parts.explored import aside

    before = settings()["text"]
    rule = Rule(
        temperature=st.session_state["own_write_temperature"], seed=st.session_state["own_write_seed"]
    )
    try:
        text = in_its_way(own, "write", begin, st.session_state["own_write_count"], rule)
    except aside.Unfinished as problem:
        if problem.task.ended.is_set():
            del st.session_state["own_writing"]
        aside.say(problem, "own_write", functools.partial(_begin_to_write, begin))
        return
    except LiveError as problem:
        notice(said(problem), error=True)
        del st.session_state["own_writing"]
        return
    del st.session_state["own_writing"]
    st.session_state.setdefault("own_written", []).append(before)
    choose(text=text)
    run_again()


def _take_back() -> None:
    choose(text=st.session_state["own_written"].pop())
