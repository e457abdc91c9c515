"""Each layer's state at each step, through the output layer: what it would say comes next, as it is and through a fitted map."""

import streamlit as st

from rnnviz.ui.parts.explored.controls import text_and_model
from rnnviz.ui.shell.language import _


def show() -> None:
    st.header(_("Read it out early"), anchor=False)
    st.write(
        _(
            "The output layer reads the top layer's state. Here it also reads the layers below: raw, and through a map fitted to "
            "each. A cell shows what that layer would say comes next."
        )
    )
    row = text_and_model(with_units=False)
    # they bring torch and plotly, which take seconds the first time; the reader's box is there meanwhile
    from rnnviz.ui.rooms.lens import pictures

    pictures.show(row)
