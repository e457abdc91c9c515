"""What can counting not do, that a network can? A sentence's probability from counts, and from networks, in five parts."""

import streamlit as st

from rnnviz.ui.rooms.counting import page
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.frame import pick
from rnnviz.ui.shell.language import _

parts = {
    "chain": (
        _("1 The chain rule"),
        page.chain,
        _(
            "How likely is a sentence? Count how often each word came after the ones before it, and multiply. Choose a word "
            "to see its fraction."
        ),
    ),
    "zero": (
        _("2 The zero"),
        page.zero,
        _(
            "One pair of words that was never seen is enough: its factor is 0, and so is the whole product from there on."
        ),
    ),
    "smoothing": (
        _("3 Smoothing"),
        page.smoothing,
        _(
            "Four ways to share the chances: only the first gives 0 to what was never seen. Choose a word to see where its "
            "probability comes from. Which way is best, no single sentence can tell: part 5 does."
        ),
    ),
    "network": (
        _("4 Networks"),
        page.network,
        _(
            "Shakespeare’s letters, counted, beside three networks that read them. A network needs no smoothing to stay above 0: "
            "what it learned of one context serves others like it, also those it never saw."
        ),
    ),
    "heldout": (
        _("5 Who is best"),
        page.heldout,
        _(
            "The test that counts is text that nobody has seen: lower is better. More text helps every method. A longer "
            "context helps up to a point, and the better the smoothing, the later that point."
        ),
    ),
}
st.header(_("What counting cannot do"))
pick(
    st.segmented_control,
    "counting_part",
    _("Part"),
    list(parts),
    format_func=lambda name: parts[name][0],
    required=True,
)
_title, show, said = parts[settings()["counting_part"]]
st.write(said)
show()
st.page_link("pages/explore/generate.py", label=_("Next: the same counts write text, beside networks"))
