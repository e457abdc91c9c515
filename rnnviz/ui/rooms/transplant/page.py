"""The state that one text leaves, put into the reading of another, step by step and group by group of units."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick_one


def show() -> None:
    st.header(_("Transplant"), anchor=False)
    st.write(
        _(
            "Two texts that differ in little: at one step, some units of the second are put into the reading of the first. "
            "How far does its prediction move? Click a cell to see it."
        )
    )
    kinds = {
        "text": _("two texts, and what comes next"),
        "review": _("two reviews, and the verdict"),
        "translation": _("two sentences, and the translation"),
    }
    line = st.container(horizontal=True, vertical_alignment="center")
    with line:
        pick_one("transplant_kind", _("What is read"), kinds)
    kind = settings()["transplant_kind"]
    # the rest brings torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    if kind == "text":
        jobs.warm("rnnviz.studies.patching")
        first, second = st.columns(2)
        row = text_and_model(with_examples=False, with_units=False, place=first)
        from rnnviz.ui.rooms.transplant import texts

        texts.show(row, second, line)
    elif kind == "review":
        from rnnviz.ui.rooms.transplant import reviews

        reviews.show()
    else:
        from rnnviz.ui.rooms.transplant import translations

        translations.show()
