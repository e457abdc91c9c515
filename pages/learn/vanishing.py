"""Why do gradients vanish or explode, and what helps? Five short parts, one picture each."""

import streamlit as st

from rnnviz import ui
from rnnviz.ui import _, vanishing

parts = {
    "factor": (_("1 One factor"), vanishing.factor),
    "product": (_("2 Many factors"), vanishing.product),
    "unit": (_("3 One unit"), vanishing.unit),
    "network": (_("4 A network"), vanishing.network),
    "helps": (_("5 What helps"), vanishing.helps),
}
st.header(_("Why gradients vanish"))
ui.pick(
    st.segmented_control, "vanishing_part", _("Part"), list(parts),
    format_func=lambda name: parts[name][0], required=True,
)  # fmt: skip
parts[ui.settings()["vanishing_part"]][1]()
