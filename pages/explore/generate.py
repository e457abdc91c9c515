"""What does the network write, and why this character?"""

import streamlit as st

from rnnviz.ui.rooms.generate import page
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.language import _

st.header(_("Text, letter by letter"))
if not settings()["projector"]:  # there the texts are to be seen without scrolling
    st.write(
        _(
            "Each model reads the seed text and goes on, one character at a time, all with the same random numbers (at "
            "temperature 0 without any). Click a character to see why it came, and put another in its place."
        )
    )
page.controls()
if asked := page.current():
    page.board(asked)
    page.take_away(asked)
st.subheader(_("Surprise"))
st.write(_("The stronger the colour, the less the model had expected this character."))
page.surprise()
page.reading()
