"""From one unit to a recurrent network unrolled in time, as one picture."""

import streamlit as st

from rnnviz.ui import _, network_bench

st.header(_("From a perceptron to an unrolled network"))
network_bench.stepper()
# whatever the stage offers, the picture keeps its place on the page, and so its life in the browser
with st.container():
    network_bench.options()
graph = network_bench.picture()
network_bench.costs(graph)
network_bench.background()
