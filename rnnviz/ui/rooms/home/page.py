"""A text, and the hidden states of a network that reads it; then the way to every page."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _


def show() -> None:
    st.title(_("See inside a recurrent network"))
    st.write(_("Type a sentence: a trained network reads it, one character at a time."))
    text_and_model()
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.home import pictures

    pictures.show()
