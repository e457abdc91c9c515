"""What happens inside one cell, at one step? Every number can be changed, and leads to the next."""

import streamlit as st

from rnnviz.ui import _, cell_bench

st.header(_("One cell by hand"))
st.write(
    _(
        "The state of the step before comes in at the left, the input below; the state that the next step gets leaves at the "
        "right. Go a step on and watch which values are kept and which are written."
    )
)
cell_bench.kind()
cell_bench.presets()
cell_bench.numbers()
cell_bench.show()
cell_bench.prose()
cell_bench.onward()
