"""Where does the translator look while it writes?"""

import streamlit as st

from rnnviz.ui.parts import recordings
from rnnviz.ui.parts.explored.controls import has_choice, subject_choice
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.attention import recorded
from rnnviz.ui.rooms.attention.bottleneck import beam_view, bottleneck_view
from rnnviz.ui.rooms.attention.picture import attention_reading, show_attention
from rnnviz.ui.rooms.attention.translation import (
    about_models,
    current_reading,
    translation_text,
    weights_table,
)
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded


def show() -> None:
    st.header(_("Attention"))
    if has_choice():
        with st.container(horizontal=True, vertical_alignment="bottom"):
            subject_choice(_("a shipped translator"))
    if settings()["subject"] is not None:
        recorded.show()
        return
    translation_text()
    if reading := current_reading():
        show = {"map": attention_map, "beam": beam_view, "bottleneck": bottleneck_view}
        show[settings()["translate_view"]](reading)
        about_models(reading)


def attention_map(reading) -> None:
    st.write(
        _(
            "Each row is one token that the network writes, each column one that it has read: the stronger the colour, the "
            "more it looks there. Choose a row, follow the arithmetic, then change it."
        )
    )
    show_attention(reading)
    with st.expander(_("The weights as a table")):
        table_csv(weights_table(reading), "rnnviz-attention")
    recordings.take_away(reading.trace, reading.name)
    folded(attention_reading())
