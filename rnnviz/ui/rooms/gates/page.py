"""The gates of a layer as heatmaps, how often each is open, and for how long a memory lasts."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("Gates"))
    st.write(
        _(
            "Each gate lies between 0 (shut) and 1 (open). Click a row or a dot to follow one unit through all of them."
        )
    )
    row = text_and_model()
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.parts import example
    from rnnviz.ui.rooms.gates import pictures

    pictures.show(row)
    example.offered("gates", "lstm")
