"""What a network that grows up writes after so many steps of its training: one seed text, one line of numbers, a few steps."""

import streamlit as st

from rnnviz.models import checkpoints
from rnnviz.studies.writing import Rule, Writing
from rnnviz.ui.parts.explored import growing
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.generate.authors import Asked, open_writer
from rnnviz.ui.shell.keeping import keeps
from rnnviz.ui.shell.language import _

STEPS = (0, 10, 100, 1000)  # and the last
LENGTH = 120  # characters that each writes


def over_training(asked: Asked) -> None:
    """The chosen network's texts, a row for each of a few training steps."""
    name, _step = checkpoints.parted(asked.shown.name)
    kept = checkpoints.moments(name)
    if not kept:
        return
    now = growing.step(kept, "generate_trained")
    st.subheader(_("What the {model} writes as it grows up").format(model=asked.shown.title))
    st.write(_("The same seed text and the same random numbers, after more and more training steps."))
    for step in sorted({*(one for one in STEPS if one in kept), now, kept[-1]}):
        at = checkpoints.at(name, step)
        text = _written(at, checkpoints.stamp(at), asked.text, asked.rule)
        left, right = st.columns([1, 4], gap="small")
        loss = shown(checkpoints.card(at)["scores"]["validation"])
        said = _("step {step:,}").format(step=step)
        said = f"**{said}**" if step == now else said
        left.markdown(said + "  \n" + _("loss {loss} nats").format(loss=loss))
        right.code(text, language=None, wrap_lines=True)


@keeps
def _written(name: str, stamp: str, seed: str, rule: Rule) -> str:
    """What follows the seed text, line ends visible and without blank lines."""
    writer, _card, vocabulary = open_writer(name, stamp, 1)
    writing = Writing(writer, vocabulary.encode(seed), rule)
    writing.write(LENGTH)
    return vocabulary.decode(writing.ids[writing.first :]).replace("\n", "↵ ")
