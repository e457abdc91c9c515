"""How does a network write? It learns 'hello' letter by letter, then reads what it wrote itself."""

import streamlit as st

from rnnviz.ui import _, on_the_spot

st.header(_("The four letters"))
st.write(
    _(
        "A network learns to say which letter of “hello” comes next. Pull the slider to see how well it knew it at each step "
        "of training; below, it writes by itself."
    )
)
found = on_the_spot.training("letters")
network = on_the_spot.letters_picture(found)
on_the_spot.go_on(found)
st.subheader(_("Reading and writing, letter by letter"))
st.write(
    _(
        "Pull the slider above to step 10, or the temperature up to 2: once a wrong letter is drawn and fed back, the two rows "
        "part."
    )
)
if text := on_the_spot.letters_text():
    on_the_spot.letters_steps(network, text)
    on_the_spot.letters_numbers(network, text)
on_the_spot.letters_twins(network)
on_the_spot.shapes(found, "letters")
on_the_spot.code("letters")
on_the_spot.letters_reading()
