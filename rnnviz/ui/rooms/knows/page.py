"""What linear probes read from a layer's states about the characters before, and how far back."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick_one


def show() -> None:
    st.header(_("What does it still know?"), anchor=False)
    st.write(
        _(
            "After each character a simple reader, a linear probe, is asked what stood some characters before, and sees nothing "
            "but the state. What it reads better than a guess, the network still holds."
        )
    )
    kinds = {"text": _("a text, and what stood before"), "review": _("a review, and whether it praises")}
    pick_one("knows_kind", _("What is read"), kinds)
    if settings()["knows_kind"] == "review":
        from rnnviz.ui.rooms.knows import reviews

        reviews.show()
        return
    jobs.warm("rnnviz.studies.probing")
    row = text_and_model(with_examples=False)
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.knows import pictures

    pictures.show(row)
