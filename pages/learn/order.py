"""Does the order of words matter? A recurrent network learns that it does; a bag of words cannot."""

import streamlit as st

from rnnviz.ui import _, on_the_spot

st.header(_("The order of words"))
st.write(
    _(
        "Three sentences of the same words; only “as soon as” is right (1). The rings are what is wanted after the last word: "
        "the recurrent network learns to reach them, the bag of words says the same three times."
    )
)
found = on_the_spot.training("order")
on_the_spot.order_picture(found)
on_the_spot.go_on(found)
on_the_spot.order_results(found)
on_the_spot.shapes(found, "order")
on_the_spot.order_steps(found)
on_the_spot.code("order")
on_the_spot.order_reading()
