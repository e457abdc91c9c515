"""One unit over a long text, which units do what, and what all of them together make."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import model_and_unit
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("What does this unit do?"), anchor=False)
    st.write(
        _(
            "One sentence suggests what a unit does; a long text decides. Look at where it is strongest and where it is "
            "weakest, and then at what can be told from it alone."
        )
    )
    jobs.warm("rnnviz.studies.corpus.work")
    row = model_and_unit()
    # they bring torch and plotly, which take seconds the first time; the choices are there meanwhile
    from rnnviz.ui.rooms.unit import pictures

    pictures.show(row)
