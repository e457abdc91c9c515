"""The words of the course, to look one up: by its English, its Korean or its symbol."""

import streamlit as st

from rnnviz.ui.rooms.words.terms import Term, terms
from rnnviz.ui.shell import ways
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text, notice, pick


def show() -> None:
    st.header(_("The words"), anchor=False)
    st.write(
        _("Each word in English and Korean, with its symbol, one sentence, and the picture that shows it.")
    )
    pick(
        st.text_input,
        "words_find",
        _("Find a word"),
        help=_("Any part of it, in English or Korean, or its symbol."),
    )
    wanted = settings()["words_find"].strip().casefold()
    found = [one for one in terms() if wanted in _all_of(one)]
    if not found:
        notice(
            _("No word here has “{text}” in it; try a shorter part of it.").format(
                text=settings()["words_find"][:40]
            )
        )
    known = ways.stops()
    for one in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(width=250):
                st.markdown(f"**{as_text(one.english)}** · {as_text(one.korean)}")
                if one.symbol:
                    st.caption(as_text(one.symbol))
            with st.container(width="stretch"):
                st.write(one.says)
            st.page_link(known[one.room].file, label=f"{known[one.room].title} →")


def _all_of(one: Term) -> str:
    return f"{one.english} {one.korean} {one.symbol}".casefold()
