"""How does a network write? It learns 'hello' letter by letter, then reads what it wrote itself."""

import streamlit as st

from rnnviz.ui.parts import tiny
from rnnviz.ui.shell.language import _

st.header(_("The four letters"))
st.write(
    _(
        "A network learns to say which letter of “hello” comes next. Pull the slider to see how well it knew it at each step "
        "of training; below, it writes by itself."
    )
)
found = tiny.training("letters")
network = tiny.letters_picture(found)
tiny.go_on(found)
st.subheader(_("Reading and writing, letter by letter"))
st.write(
    _(
        "Pull the slider above to step 10, or the temperature up to 2: once a wrong letter is drawn and fed back, the two rows "
        "part."
    )
)
if text := tiny.letters_text():
    tiny.letters_steps(network, text)
    tiny.letters_numbers(network, text)
tiny.letters_twins(network)
tiny.shapes(found, "letters")
tiny.code("letters")
tiny.letters_reading()
