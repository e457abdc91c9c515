"""Models that write from one seed text side by side, why each character came, and how any text surprises them."""

import streamlit as st

from rnnviz.ui.rooms.generate.authors import controls, current
from rnnviz.ui.rooms.generate.away import take_away
from rnnviz.ui.rooms.generate.growing import over_training
from rnnviz.ui.rooms.generate.surprise import surprise
from rnnviz.ui.rooms.generate.temperatures import two_temperatures
from rnnviz.ui.rooms.generate.texts import board
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded


def show() -> None:
    st.header(_("Text, letter by letter"))
    if not settings()["projector"]:  # there the texts are to be seen without scrolling
        st.write(
            _(
                "Each model reads the seed text and carries on, one character at a time, all with the same random numbers "
                "(none at temperature 0). Click a character to see why it came, and put another in its place."
            )
        )
    controls()
    if asked := current():
        board(asked)
        two_temperatures(asked)
        take_away(asked)
        over_training(asked)
    st.subheader(_("Surprise"))
    st.write(_("The stronger the colour, the less the model had expected this character."))
    surprise()
    reading()


def reading() -> None:
    """How to read the page, folded below."""
    folded(
        (
            _(
                "A network reads one character, updates its state, and gives every character a probability. One is drawn "
                "and read next. Counts do the same from a table of what followed the last few characters (interpolated "
                "Kneser-Ney)."
            ),
            _(
                "Before a character is drawn: temperature (scores divided by it), then top-k, then top-p (Holtzman et al. 2020). "
                "Characters that the model did not know in training share one “unknown” candidate, which is never written."
            ),
            _(
                "The candidates lie on a line from 0 to 1, the likeliest first, each as long as its probability. A number that "
                "depends only on the seed number and the place falls into one of them: at each place it is the same for all "
                "models, also after a changed character."
            ),
            _(
                "Surprise is −ln p of the character that came: 0 nats where it was certain, 0.69 at 50 %, 4.6 at 1 %. Its "
                "mean is the loss of training; divided by ln 2 it is bits per character; perplexity is e to the power of "
                "nats per character: that many equally likely characters would be just as hard."
            ),
            _(
                "States are those after the character was read, recorded from the network that wrote. Units that did similar "
                "things while it read our examples lie side by side. Counts have no states; what is shown "
                "instead is how many of the characters before stood together anywhere in the training text."
            ),
            _(
                "Space plays and stops, unless a box, a slider or a button has the focus. Once you have clicked the texts, "
                "or reached them with Tab: ← → choose a character, Home and End go to the ends, Escape lets the choice "
                "follow the text again."
            ),
        )
    )
