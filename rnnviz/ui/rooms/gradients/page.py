"""A loss sent back through RNN, GRU and LSTM: what reaches each earlier step, on one absolute axis, and why."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings


def show() -> None:
    st.header(_("Gradients"))
    of_text = _(
        "Click a character: the error there is sent back through all models. See how much of it reaches each earlier step."
    )
    recorded = _(
        "How much of the loss of this recording reached each step? All curves share one absolute axis."
    )
    st.write(of_text if settings()["subject"] is None else recorded)
    row = text_and_model()
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.parts import example
    from rnnviz.ui.rooms.gradients import pictures

    pictures.show(row)
    example.offered("gradients", "rnn")
