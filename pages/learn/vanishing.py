"""Why do gradients vanish or explode, and what helps? Five short parts, one picture each."""

import streamlit as st

from rnnviz.ui.rooms.vanishing import page
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.frame import pick
from rnnviz.ui.shell.language import _

parts = {
    "factor": (_("1 One factor"), page.factor),
    "product": (_("2 Many factors"), page.product),
    "unit": (_("3 One unit"), page.unit),
    "network": (_("4 A network"), page.network),
    "helps": (_("5 What helps"), page.helps),
}
st.header(_("Why gradients vanish"))
pick(
    st.segmented_control,
    "vanishing_part",
    _("Part"),
    list(parts),
    format_func=lambda name: parts[name][0],
    required=True,
)
parts[settings()["vanishing_part"]][1]()
