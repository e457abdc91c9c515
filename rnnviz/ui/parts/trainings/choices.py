"""What several pages let a reader choose of data and of trainings."""

from collections.abc import Sequence

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


def task(name: str, tasks: Sequence[str]) -> None:
    """A task that is made up. name: of the setting."""
    words = {
        "first": _("the first symbol"),
        "adding": _("the adding problem"),
        "copy": _("copy memory"),
        "parity": _("parity"),
        "brackets": _("brackets: aⁿbⁿ"),
    }
    pick(st.selectbox, name, _("Task"), list(tasks), format_func=words.get, width=220)


def rules() -> dict[str, str]:
    """What is read and what is right in each task."""
    return {
        "first": _(
            "One of two symbols comes first, then others at random. Which of the two was it? Guessing: 50 %."
        ),
        "adding": _(
            "Numbers from 0 to 1, two of them marked. What is the sum of these two? Right: nearer than 0.1. Guessing: 19 %."
        ),
        "copy": _(
            "Up to ten of eight symbols, then blanks. Say the symbols again, in their order. Guessing: 12.5 %."
        ),
        "parity": _("Zeros and ones. Is the number of ones odd? Guessing: 50 %."),
        "brackets": _("Some a, then some b. Are there as many b as a? Guessing: 50 %."),
    }


def scale(name: str, scales: Sequence[str]) -> None:
    """What is done to each column of a table. name: of the setting."""
    words = {
        "as they are": _("as they are"),
        "standardised": _("standardised"),
        "from 0 to 1": _("from 0 to 1"),
    }
    pick(st.segmented_control, name, _("Each column"), list(scales), format_func=words.get, required=True)
