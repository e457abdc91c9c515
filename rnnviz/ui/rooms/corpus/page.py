"""Units that are on at some letters, and all other places of a long text where they are."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("Where else?"))
    st.write(
        _(
            "A unit that is on at one word may mean anything. Drag over the picture to mark letters, and search a long text for "
            "every other place where the same units are on."
        )
    )
    jobs.warm("rnnviz.studies.corpus.work")
    text_and_model(with_examples=False)
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.corpus import pictures

    pictures.show()
