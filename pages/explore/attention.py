"""Where does the translator look while it writes?"""

import streamlit as st

from rnnviz import ui
from rnnviz.ui import _


def attention_map(reading) -> None:
    st.write(
        _(
            "Each row is one token that the network writes, each column one that it has read: the stronger the colour, the "
            "more it looks there. Choose a row, follow its arithmetic, then change it."
        )
    )
    ui.show_attention(reading)
    with st.expander(_("The weights as a table")):
        ui.table_csv(ui.weights_table(reading), "rnnviz-attention")
    ui.downloads(reading)
    ui.folded(ui.attention_reading())


st.header(_("Attention"))
ui.translation_text()
views = {"map": _("the map"), "beam": _("beam search"), "bottleneck": _("the bottleneck")}
ui.pick(st.segmented_control, "translate_view", _("View"), list(views), format_func=views.get, required=True)
if reading := ui.current_reading():
    show = {"map": attention_map, "beam": ui.beam_view, "bottleneck": ui.bottleneck_view}
    show[ui.settings()["translate_view"]](reading)
    ui.about_models(reading)
