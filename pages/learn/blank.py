"""What do the words after a blank tell? Two models fill it in: one reads what is before, one both sides."""

import streamlit as st

from rnnviz.ui.rooms.blank import page
from rnnviz.ui.shell.language import _

st.header(_("Fill in the blank"))
st.write(
    _(
        "Click a word to leave it out. One network reads only what is before the blank, the other also what comes after: "
        "which of them finds the word?"
    )
)
page.sentence()
if found := page.current():
    page.picture(found)
    page.board(found)
    page.about(found)
page.background()
st.page_link("pages/explore/attention.py", label=_("Next: a translator that reads in both directions"))
