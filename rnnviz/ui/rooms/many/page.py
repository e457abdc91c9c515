"""Many sequences in one plane: their paths, where the mean path goes, and which of them the network gets wrong."""

import streamlit as st

from rnnviz.ui.parts.explored import live
from rnnviz.ui.parts.explored.controls import subject_choice
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings


def show() -> None:
    st.header(_("Many at once"), anchor=False)
    st.write(
        _(
            "Each line is one text on its way through the network: a point for the state after every token. Play, and see "
            "when the colours part."
        )
        if settings()["subject"] is None
        else _(
            "Each line is one sequence on its way through the network: a point for the state after every step. Play, and see "
            "whether they part."
        )
    )
    if live.is_chosen():
        live.text_box()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        subject_choice(_("film reviews"))
    # they bring torch, which takes seconds the first time; the choices are there meanwhile
    from rnnviz.ui.rooms.many import pictures, recordings, reviews

    material = reviews.chosen(row) if settings()["subject"] is None else recordings.chosen(row)
    if material is not None:
        pictures.show(material)
    pictures.reading()
