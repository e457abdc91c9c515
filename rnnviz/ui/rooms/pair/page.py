"""Two texts, two models or two moments of one training on one axis: where they part, and how the difference fades."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("Side by side"))
    st.write(
        _(
            "Where do two readings part, and how long does the difference last? Change a letter, the model, or the "
            "moment of training."
        )
    )
    first, second = st.columns(2)
    text_and_model(with_examples=False, place=first)
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.pair import pictures

    pictures.show(second)
