"""The questions of the course: say it first, then open the picture that answers it, with the settings that show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from rnnviz.ui.shell import lesson, ways
from rnnviz.ui.shell.language import _, current


@dataclass(frozen=True)
class Question:
    """look: what to look for in the picture. room, view: where it is, and the settings that show it, as a link has them."""

    asks: str
    look: str
    room: str
    view: Mapping[str, object] = field(default_factory=dict)


def questions() -> dict[str, tuple[Question, ...]]:
    """By chapters of the way, in the reader's language."""
    titles = [chapter.title for chapter in ways.chapters()]
    asked = (
        (
            Question(
                _("Why does a model that counts give a good sentence the probability 0?"),
                _("One pair of words that was never seen, and what it does to the product."),
                "counting",
                {"counting_part": "zero"},
            ),
            Question(
                _("What does smoothing buy, and what does it cost?"),
                _("Where the probability of the unseen pair comes from, and which pairs give it up."),
                "counting",
                {"counting_part": "smoothing"},
            ),
        ),
        (
            Question(
                _("What has to be added to a perceptron to make it recurrent?"),
                _("The one arrow that leads from the hidden layer back to itself."),
                "network",
                {"network_stage": "recurrent", "network_numbers": "hello"},
            ),
            Question(
                _("How many weights does a network need to read eight steps rather than four?"),
                _("Move the number of steps, and watch the count of parameters."),
                "network",
                {"network_stage": "unrolled", "network_numbers": "seed"},
            ),
            Question(
                _(
                    "How does a network tell “as soon as” from “soon as as”, which hold the same words equally often?"
                ),
                _("The hidden state after each word: it depends on what came before."),
                "order",
            ),
        ),
        (
            Question(
                _("How does an LSTM keep a value for many steps?"),
                _("f = 1 and i = 0: follow the cell state from left to right."),
                "cell",
                {"cell_kind": "lstm", "cell_preset": "remember"},
            ),
            Question(
                _("What does a GRU do without a cell state and an output gate?"),
                _("z mixes the old state and the candidate; mind which of the two a large z keeps."),
                "cell",
                {"cell_kind": "gru"},
            ),
            Question(
                _("How does a network that knows four letters learn to write “hello”?"),
                _(
                    "The loss over the steps of training, and the letter that needs the context: after the first l comes "
                    "l, after the second comes o."
                ),
                "letters",
            ),
        ),
        (
            Question(
                _("What is backpropagation through time?"),
                _("One matrix for each step, and that their sum is what torch has in .grad."),
                "bptt",
            ),
            Question(
                _("What does truncated backpropagation lose?"),
                _("Move the window: the part that is cut off, and the angle between the two gradients."),
                "bptt",
                {"bptt_window": 2},
            ),
            Question(
                _("Can a plain RNN learn to remember a symbol over twenty steps?"),
                _("How many of ten seeds learned it, with which optimiser, and when the gradient arrived."),
                "memory",
                {"memory_steps": 20},
            ),
        ),
        (
            Question(
                _("Why does a gradient shrink on its way back, though tanh′ can be 1?"),
                _(
                    "The dotted line, which is the weight alone, beside the solid one, which is measured: the gap is "
                    "tanh′. The dashed line is the bound by the largest singular value."
                ),
                "vanishing",
                {"vanishing_part": "network"},
            ),
            Question(
                _("When does it explode?"),
                _(
                    "The weight is above 1 here: move it to both sides of 1, and watch the product over the steps."
                ),
                "vanishing",
                {"vanishing_part": "unit", "vanishing_weight": 1.2, "vanishing_function": "relu"},
            ),
            Question(
                _("What does clipping change, and what does it leave as it is?"),
                _(
                    "The gradient norm before and after clipping; then how far the whole update and the clipped one move "
                    "the weights, and where the loss lands."
                ),
                "clipping",
            ),
        ),
        (
            Question(
                _("How long does a forget gate of 0.9 keep a memory?"),
                _("The half-life at the cursor, ln 2 / −ln f, and how it differs from unit to unit."),
                "gates",
                {"model": "shakespeare-lstm"},
            ),
        ),
        (
            Question(
                _("When does it help to read what comes after?"),
                _(
                    "The same blank, filled by a model that has read the left side, and by one that has read both."
                ),
                "blank",
            ),
            Question(
                _("How does a score become an attention weight, and weights a context vector?"),
                _("One product at a time: score, softmax, weighted sum."),
                "attention_by_hand",
            ),
            Question(
                _("What is the bottleneck that attention removes?"),
                _("How both translators do as the sentence grows longer."),
                "attention",
                {"translate_view": "bottleneck"},
            ),
        ),
        (
            Question(
                _("What does the temperature change when a network writes?"),
                _("The same step at 0.2 and at 1.5: the order stays, the shares do not."),
                "generate",
                {"generate_compare": True},
            ),
        ),
        (
            Question(
                _("What does one unit of a trained network stand for?"),
                _(
                    "Where in a long text it is strongest, what can be told from it alone, and what is missing without it."
                ),
                "unit",
            ),
        ),
    )
    return dict(zip(titles, asked, strict=True))


def show() -> None:
    st.header(_("What I can explain"), anchor=False)
    st.write(
        _(
            "Twenty questions. Say your answer aloud or write it down first; then open the picture and see whether it agrees."
        )
    )
    number, known = 0, ways.stops()
    for chapter, asked in questions().items():
        st.subheader(chapter, anchor=False)
        for one in asked:
            number += 1
            with st.container(border=True):
                st.markdown(f"**{number}. {one.asks}**")
                if not lesson.asks(lesson.UNANSWERED):
                    st.caption(one.look)
                st.page_link(
                    known[one.room].file,
                    label=f"{known[one.room].title} →",
                    query_params={name: str(value) for name, value in one.view.items()} | {"lang": current()},
                )
