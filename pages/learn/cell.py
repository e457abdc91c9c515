"""What happens inside one cell, at one step? Every number can be changed, and leads to the next."""

import streamlit as st

from rnnviz.ui.rooms.cell import page
from rnnviz.ui.shell.language import _

st.header(_("One cell by hand"))
st.write(
    _(
        "The state of the step before comes in at the left, the input below; the state that the next step gets leaves at the "
        "right. Go a step on and watch which values are kept and which are written."
    )
)
page.kind()
page.presets()
page.numbers()
page.show()
page.prose()
page.onward()
