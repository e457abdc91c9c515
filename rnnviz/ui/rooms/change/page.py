"""A network reads a text twice, as it is and with states or gates changed, on one axis."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick_one


def show() -> None:
    st.header(_("Change it"))
    st.write(
        _(
            "What if a state or a gate had been different? Drag over the picture to mark units and steps, then say what happens "
            "there."
        )
    )
    kinds = {"text": _("a text, and what comes next"), "translation": _("a sentence, and its translation")}
    pick_one("change_kind", _("What is read"), kinds)
    if settings()["change_kind"] == "translation":
        from rnnviz.ui.rooms.change import translations

        translations.show()
        return
    text_and_model(with_examples=False)
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.change import pictures

    pictures.show()
