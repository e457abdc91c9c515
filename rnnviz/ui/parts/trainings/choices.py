"""What every page that trains lets a reader choose."""

import streamlit as st

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.widgets import pick


def optimiser(name: str, order: tuple[str, str] = ("adam", "sgd")) -> None:
    """Adam or SGD, in that order. name: of the setting."""
    pick(
        st.segmented_control,
        name,
        _("Optimiser"),
        list(order),
        format_func={"adam": "Adam", "sgd": "SGD"}.get,
        required=True,
    )


def rate(name: str, most: float = 100.0, step: float = 0.001) -> None:
    """The learning rate. name: of the setting; most: that it may be; step: of its buttons."""
    pick(
        st.number_input,
        name,
        _("Learning rate"),
        min_value=1e-6,
        max_value=most,
        step=step,
        format="%g",
        width=140,
    )
