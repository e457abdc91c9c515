"""The five parts of learn/vanishing: each asks one question, draws one picture and writes its formula with the numbers in."""

import streamlit as st

from rnnviz.ui.parts.tasks import by_hand, guess_first
from rnnviz.ui.parts.tiny import STYLE
from rnnviz.ui.rooms.vanishing.derivatives import factor, product
from rnnviz.ui.rooms.vanishing.helps import helps
from rnnviz.ui.rooms.vanishing.network import network
from rnnviz.ui.rooms.vanishing.tasks import tasks
from rnnviz.ui.rooms.vanishing.unit import unit
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import pick


def show() -> None:
    parts = {
        "factor": (_("1 One factor"), factor),
        "product": (_("2 Many factors"), product),
        "unit": (_("3 One unit"), unit),
        "network": (_("4 A network"), network),
        "helps": (_("5 What helps"), helps),
    }
    st.html(f"<style>{STYLE}</style>")
    st.header(_("Why gradients vanish"))
    pick(
        st.segmented_control,
        "vanishing_part",
        _("Part"),
        list(parts),
        format_func=lambda name: parts[name][0],
        required=True,
    )
    guessing = st.container()
    asked = parts[settings()["vanishing_part"]][1]()
    with guessing:
        guess_first("vanishing", asked.questions)
    by_hand("vanishing", tasks(asked))
