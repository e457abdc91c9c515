"""How does attention choose where to look? One step of it, worked by hand."""

import streamlit as st

from rnnviz.ui import _, by_hand

st.header(_("Attention by hand"))
st.write(
    _(
        "One step of a translator that is about to write its next word. Change a number, and follow it through six stages "
        "down to the word."
    )
)
by_hand.examples()
by_hand.sizes()
left, right = st.columns([5, 6], gap="medium")
with left:
    by_hand.given()
    found = by_hand.guess(by_hand.worked())
with right:
    by_hand.weights(found)
by_hand.stages(found)
by_hand.reading()
st.page_link("pages/explore/attention.py", label=_("Next: watch a trained translator attend"))
