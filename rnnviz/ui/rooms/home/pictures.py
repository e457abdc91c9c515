"""A text, and the hidden states of a network that reads it; then the way to every page."""

import streamlit as st

from rnnviz.paper.packing import keys
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.parts.explored.views import limits_of, show_board, unit_heatmap
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded


def show() -> None:
    """What stands below the reader's text."""
    if run := current_run():
        _draw(run)
    _reading()
    st.header(_("Where to go from here"))
    rooms = {
        _("Learn"): {
            "cell": (_("One cell by hand"), _("What enters a cell, what does it keep, what does it write?")),
            "order": (
                _("The order of words"),
                _("What does a network see in the order of words that counting does not?"),
            ),
            "letters": (_("The four letters"), _("How does a network learn to write “hello”?")),
            "network": (_("The network unrolled"), _("How does a perceptron become a recurrent network?")),
            "bptt": (
                _("One weight, many steps"),
                _("What does each step add to the gradient of the weight that all steps share?"),
            ),
            "memory": (
                _("Who remembers longest?"),
                _(
                    "Which network learns to carry a symbol over many steps, and when does the gradient arrive?"
                ),
            ),
            "vanishing": (
                _("Why gradients vanish"),
                _("What does a product of many small numbers do to learning, and what helps?"),
            ),
            "clipping": (
                _("What does clipping save?"),
                _("What does one step too long do to a training, and what does a clipped one do?"),
            ),
            "attention_by_hand": (_("Attention by hand"), _("What is attention, one product at a time?")),
            "blank": (_("Fill in the blank"), _("What do we gain by reading what comes after, too?")),
            "counting": (_("The limits of counting"), _("What can a network do that counting cannot?")),
        },
        _("Explore"): {
            "states": (
                _("Hidden states"),
                _("Which units are active, on which characters, and what comes next?"),
            ),
            "gates": (_("Gates"), _("What does an LSTM or GRU let in, keep and show, and for how long?")),
            "gradients": (
                _("Gradients"),
                _(
                    "How much of the error at one step reaches each earlier step, in an RNN, a GRU and an LSTM?"
                ),
            ),
            "attention": (_("Attention"), _("Where does a translator look while it writes?")),
            "generate": (
                _("Text, letter by letter"),
                _("What does a network write, letter by letter, and why this character?"),
            ),
            "sentiment": (_("Sentiment"), _("Where does a network change its mind about a film review?")),
        },
        _("Lab"): {
            "own": (_("Your own"), _("What did your own PyTorch model do, unit by unit, gate by gate?")),
            "compare": (
                _("Compare architectures"),
                _("Which architecture, initialisation and gate keep the error alive longest?"),
            ),
        },
    }
    for (heading, entries), folder in zip(rooms.items(), ("learn", "explore", "lab"), strict=True):
        st.subheader(heading)
        columns = st.columns(3)
        for number, (page, (title, question)) in enumerate(entries.items()):
            with columns[number % 3].container(border=True):
                st.page_link(f"pages/{folder}/{page}.py", label=f"**{title}**")
                st.write(question)


def _draw(run: Run) -> None:
    layer, unit = settings()["layer"], settings()["unit"]
    node, id = run.states(layer), f"home-{run.view}-{layer}"
    limits = limits_of(node, "hidden")
    picture, finer = unit_heatmap(
        run, id, node, "hidden", limits, _("Hidden state h"), height=400, order="similarity"
    )
    st.write(
        _(
            "Below is the hidden state h of layer {layer}: each row is one unit, each column one step, and every "
            "number is computed by the network itself."
        ).format(layer=layer + 1)
    )
    show_board(
        id,
        run,
        [picture],
        colour=(node["hidden"].sel(unit=unit), limits, _("hidden state h")),
        candidates=run.candidates,
        finer=finer,
        summary=_("Hidden states of {model}; units: {units}, steps: {steps}.").format(
            model=run.name, units=node.sizes["unit"], steps=run.steps
        ),
    )


def _reading() -> None:
    """How to read the pictures and which keys move them, folded below."""
    folded(
        (
            _(
                "Each column is one character. Each row is one unit, with its value h, between −1 and 1, after reading that "
                "character. White (or the dark background) is 0."
            ),
            _(
                "The candidates are the next characters at the cursor, with the probability that the model gives them."
            ),
            keys(),
        )
    )
