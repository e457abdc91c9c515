"""A text as a few units of a trained network see it; then two doors: learn it, or look inside."""

import streamlit as st

from rnnviz.ui.rooms.home import shown_text
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.widgets import pick


def show() -> None:
    st.title(_("See inside a recurrent network"), anchor=False)
    st.write(
        _(
            "A network that learned to guess the next character has read your text. Here is what a few of its units make of it."
        )
    )
    place = st.container()
    pick(
        st.text_area,
        "text",
        _("Try it: change the text"),
        value=shown_text(),
        height=84,
        help=_("Press Ctrl+Enter or click outside the box to have it read. It reads English and Korean."),
    )
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.home import pictures

    pictures.moved()
    pictures.show(place)
