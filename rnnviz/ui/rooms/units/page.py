"""Every unit of a layer silenced in turn, and what the network can then no longer foretell."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("What is each unit for?"), anchor=False)
    st.write(
        _(
            "Each unit is silenced in turn, and the network reads your text again without it. The more the loss grows, the more "
            "its predictions rest on that unit. Click a dot to choose its unit."
        )
    )
    jobs.warm("rnnviz.studies.ablation")
    row = text_and_model()
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.units import pictures

    pictures.show(row)
