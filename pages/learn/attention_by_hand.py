"""How does attention choose where to look? One step of it, worked by hand."""

import streamlit as st

from rnnviz.ui.rooms.attention_by_hand import page
from rnnviz.ui.shell.language import _

st.header(_("Attention by hand"))
st.write(
    _(
        "One step of a translator that is about to write its next word. Change a number, and follow it through six stages "
        "down to the word."
    )
)
page.examples()
page.sizes()
left, right = st.columns([5, 6], gap="medium")
with left:
    page.given()
    found = page.guess(page.worked())
with right:
    page.weights(found)
page.stages(found)
page.reading()
st.page_link("pages/explore/attention.py", label=_("Next: watch a trained translator attend"))
