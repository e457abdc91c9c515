"""What the five parts share: sliders, and a picture with its formula and what it means below."""

from collections.abc import Callable

import streamlit as st

from rnnviz.ui.parts.board import show_figures
from rnnviz.ui.parts.numbers import aligned
from rnnviz.ui.parts.tasks import answers
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import folded, pick

NORM = "‖∂L/∂h<sub>t</sub>‖"


def slide(name: str, label: str, low: float, high: float, step: float) -> float:
    digits = None if isinstance(step, int) else f"%.{1 if step >= 0.1 else 2}f"
    pick(st.slider, f"vanishing_{name}", label, min_value=low, max_value=high, step=step, format=digits)
    return settings()[f"vanishing_{name}"]


def typed(name: str, label: str, low: float, high: float, step: float) -> float:
    pick(st.number_input, f"vanishing_{name}", label, min_value=low, max_value=high, step=step, format="%g")
    return settings()[f"vanishing_{name}"]


def radius_and_steps() -> tuple[float, int]:
    left, right = st.columns(2)
    with left:
        radius = slide("radius", _("Spectral radius ρ of the plain RNN"), 0.1, 2.0, 0.05)
    with right:
        return radius, slide("steps", _("Steps T"), 2, 100, 1)


def pictured(
    drawings: list,
    summary: str,
    formulas: list[str],
    lines: list[str],
    below: Callable = lambda: None,
    above: Callable = lambda: None,
) -> None:
    """The picture, what stands above and below it, the formula with its numbers, and what it means, folded."""
    with answers():
        above()
        show_figures("vanishing-" + settings()["vanishing_part"], drawings, summary=summary)
        below()
        if formulas:
            aligned(formulas)
    folded(lines)
