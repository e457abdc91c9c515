"""From one unit to a recurrent network unrolled in time, as one picture."""

import streamlit as st

from rnnviz.ui.rooms.network import page
from rnnviz.ui.shell.language import _

st.header(_("From a perceptron to an unrolled network"))
page.stepper()
# whatever the stage offers, the picture keeps its place on the page, and so its life in the browser
with st.container():
    page.options()
graph = page.picture()
page.costs(graph)
page.background()
