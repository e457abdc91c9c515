"""What does the network write, and why this character?"""

import streamlit as st

from rnnviz.ui import _, generation, settings

st.header(_("Text, letter by letter"))
if not settings()["projector"]:  # there the texts are to be seen without scrolling
    st.write(
        _(
            "Each model reads the seed text and goes on, one character at a time, all with the same random numbers (at "
            "temperature 0 without any). Click a character to see why it came, and put another in its place."
        )
    )
generation.controls()
if asked := generation.current():
    generation.board(asked)
    generation.take_away(asked)
st.subheader(_("Surprise"))
st.write(_("The stronger the colour, the less the model had expected this character."))
generation.surprise()
generation.reading()
