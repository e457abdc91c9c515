"""The other pages that ask something of the same text, model, layer and unit, and what is carried along to them."""

from collections.abc import Mapping

import streamlit as st

from rnnviz.ui.shell import lesson, ways
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, held, settings

KEPT = ("layer", "unit", "step")  # beside the text and the model, which nothing here lets go of


def links(found: Mapping[str, Mapping[str, object]]) -> None:
    """A way to each of these pages. found: by room, the settings it is given beyond those that all share, as a second text."""
    if lesson.shown():  # which is of one page
        return
    known = ways.stops()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="elsewhere"):
        st.caption(_("Go on with this text, layer and unit:"))
        for room, given in found.items():
            stop = known[room]
            if st.button(f"{stop.title} →", key=f"elsewhere_{room}", help=stop.question, disabled=held()):
                now = settings()
                wanted = {name: now[name] for name in KEPT} | dict(given)
                choose(
                    **{name: value for name, value in wanted.items() if name in KEPT or now[name] != value}
                )
                st.switch_page(stop.file)
