"""Does the order of words matter? A recurrent network learns that it does; a bag of words cannot."""

import streamlit as st

from rnnviz.ui.parts import tiny
from rnnviz.ui.shell.language import _

st.header(_("The order of words"))
st.write(
    _(
        "Three sentences of the same words; only “as soon as” is right (1). The rings are what is wanted after the last word: "
        "the recurrent network learns to reach them, the bag of words says the same three times."
    )
)
found = tiny.training("order")
tiny.order_picture(found)
tiny.go_on(found)
tiny.order_results(found)
tiny.shapes(found, "order")
tiny.order_steps(found)
tiny.code("order")
tiny.order_reading()
