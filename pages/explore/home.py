"""What is this, and what does it look like inside?"""

import streamlit as st

from rnnviz.ui.parts.board import show_board
from rnnviz.ui.parts.runs import current_run
from rnnviz.ui.parts.views import subject, unit_heatmap
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.frame import reader_text, reading
from rnnviz.ui.shell.language import _


def draw(run) -> None:
    now = settings()
    layer, id = run.at(now["layer"]), f"home-{run.key}-{now['layer']}"
    picture, finer = unit_heatmap(
        run, id, layer["hidden"], (-1, 1), _("Hidden state h"), height=400, order="similarity"
    )
    st.write(
        _(
            "Below is the hidden state h of layer {layer}: each row is one unit, each column one character, and every "
            "number is computed by the network itself."
        ).format(layer=now["layer"] + 1)
    )
    show_board(
        id,
        **run.strip,
        figures=[picture],
        colour=(layer["hidden"].sel(unit=now["unit"]), (-1, 1), _("hidden state h")),
        candidates=run.candidates,
        unit=now["unit"],
        finer=finer,
        subject=subject(run),
        summary=_("Hidden states of {model}; units: {units}, characters read: {steps}.").format(
            model=run.name, units=layer.sizes["unit"], steps=len(run.text)
        ),
    )


st.title(_("See inside a recurrent network"))
st.write(_("Type a sentence: a trained network reads it, one character at a time."))
reader_text()
if run := current_run():
    draw(run)
reading("home")
st.header(_("Where to go from here"))
rooms = {
    _("Learn"): {
        "cell": (_("One cell by hand"), _("What enters a cell, what does it keep, what does it write?")),
        "order": (_("The order of words"), _("What does a network see in the order that a count does not?")),
        "letters": (_("The four letters"), _("How does a network learn to write “hello”?")),
        "network": (_("The network unrolled"), _("How does a perceptron become a recurrent network?")),
        "vanishing": (
            _("Why gradients vanish"),
            _("What does a product of many small numbers do to learning, and what helps?"),
        ),
        "attention_by_hand": (_("Attention by hand"), _("What is attention, one product after the other?")),
        "blank": (_("Fill in the blank"), _("What is gained by reading what comes after, too?")),
        "counting": (_("What counting cannot do"), _("What can counting not do that a network can?")),
    },
    _("Explore"): {
        "states": (
            _("Hidden states"),
            _("Which units are active, on which characters, and what comes next?"),
        ),
        "gates": (_("Gates"), _("What does an LSTM or GRU let in, keep and show, and for how long?")),
        "gradients": (
            _("Gradients"),
            _("How much of the error at one step reaches each earlier step, in an RNN, a GRU and an LSTM?"),
        ),
        "attention": (_("Attention"), _("Where does a translator look while it writes?")),
        "generate": (
            _("Text, letter by letter"),
            _("What does a network write, letter by letter, and why this character?"),
        ),
        "sentiment": (_("Sentiment"), _("Where does a network change its mind about a film review?")),
    },
    _("Lab"): {
        "compare": (
            _("Compare architectures"),
            _("Which architecture, start and gate keeps the error alive the longest?"),
        )
    },
}
for (heading, entries), folder in zip(rooms.items(), ("learn", "explore", "lab"), strict=True):
    st.subheader(heading)
    columns = st.columns(3)
    for number, (page, (title, question)) in enumerate(entries.items()):
        with columns[number % 3].container(border=True):
            st.page_link(f"pages/{folder}/{page}.py", label=f"**{title}**")
            st.write(question)
