"""The hidden states of a layer: all units as a heatmap, the chosen one as a curve, the state's path along its main axes."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("Hidden states"))
    st.write(
        _(
            "Move over the picture: one line runs through everything. Click a row to follow that unit through the text."
        )
    )
    row = text_and_model()
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.states import pictures

    pictures.show(row)
