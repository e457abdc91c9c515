"""What can counting not do, that a network can? A sentence's probability from counts, and from networks, in five parts."""

import streamlit as st

from rnnviz import ui
from rnnviz.ui import _, counting

parts = {
    "chain": (
        _("1 The chain rule"),
        counting.chain,
        _(
            "How likely is a sentence? Count how often each word came after the ones before it, and multiply. Choose a word "
            "to see its fraction."
        ),
    ),
    "zero": (
        _("2 The zero"),
        counting.zero,
        _(
            "One pair of words that was never seen is enough: its factor is 0, and so is the whole product from there on."
        ),
    ),
    "smoothing": (
        _("3 Smoothing"),
        counting.smoothing,
        _(
            "Four ways to share the chances: only the first gives 0 to what was never seen. Choose a word to see where its "
            "probability comes from. Which way is best, no single sentence can tell: part 5 does."
        ),
    ),
    "network": (
        _("4 Networks"),
        counting.network,
        _(
            "Shakespeare’s letters, counted, beside three networks that read them. A network needs no smoothing to stay above 0: "
            "what it learned of one context serves others like it, also those it never saw."
        ),
    ),
    "heldout": (
        _("5 Who is best"),
        counting.heldout,
        _(
            "The test that counts is text that nobody has seen: lower is better. More text helps every method. A longer "
            "context helps up to a point, and the better the smoothing, the later that point."
        ),
    ),
}
st.header(_("What counting cannot do"))
ui.pick(
    st.segmented_control, "counting_part", _("Part"), list(parts),
    format_func=lambda name: parts[name][0], required=True,
)  # fmt: skip
_title, show, said = parts[ui.settings()["counting_part"]]
st.write(said)
show()
st.page_link("pages/explore/generate.py", label=_("Next: the same counts write text, beside networks"))
