"""Tables to read and to take away."""

import math
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from rnnviz import stats
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings

MOST_ROWS = 40  # of a table in the projector view; a longer one scrolls


def table_csv(frame: pd.DataFrame, name: str, file: pd.DataFrame | None = None) -> None:
    """A table, and the same as CSV to take away. name: of the file. file: what it holds where that is not what is shown,
    as numbers in full."""
    if settings()["projector"] and len(frame.index) <= MOST_ROWS:
        st.table(frame)  # whose type grows with the page's
    else:
        st.dataframe(frame, width="stretch")
    st.download_button(
        _("Download the table (CSV)"),
        data=lambda: (frame.to_csv().replace("−", "-") if file is None else file.to_csv()).encode("utf-8"),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"csv_{name}",
        on_click="ignore",
    )


def faded(decay: Mapping[str, float], steps: int) -> dict[str, str]:
    """How fast a gradient fades, as cells of a table. decay: numbers as stats.gradients.decay names them."""
    half_life, within = decay["half_life"], _("not within {steps}").format(steps=steps)
    return {
        _("factor per step"): shown(stats.gradients.factor(decay["rate"])),
        _("half left after (steps)"): within if decay["halved"] == math.inf else shown(decay["halved"]),
        _("thousandth after (steps)"): within if decay["horizon"] == math.inf else shown(decay["horizon"]),
        _("half-life of the line (steps)"): _("does not fade") if half_life == math.inf else shown(half_life),
        _("line over (steps)"): shown(decay["fitted"]),
    }


def fading_words() -> str:
    """What the columns of `faded` are."""
    return _(
        "Half and a thousandth are read off the curves: how far back you first find no more than that left (between two steps "
        "the curve is taken as straight on the log axis). The half-life is that of a straight line fitted to the whole curve. "
        "The two can disagree: a curve that starts off level and then drops keeps its first half for longer than its line says."
    )
