"""Of a network that grows up: when does one of its units begin to follow something in the text?"""

import math

import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.models import checkpoints
from rnnviz.paper.packing import Drawn
from rnnviz.stats import tracking
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored.runs import Run, measured
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.states import TRACKED
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import pick

MORE = 0.2  # of |r| above the untrained network's best unit, from which on we say that something has appeared


def tracked(run: Run) -> xr.Dataset | None:
    """What is on file of the chosen annotation, each (moment,); None of a network that does not grow up, or where there is none."""
    if run.card is None or "moment" not in run.card:
        return None
    found = measured(run.name, checkpoints.stamp(run.name))
    name = settings()["tracked"]
    if "annotation" not in found or name not in found["annotation"].values:
        return None
    return found[["best", "correlation", "control", "followed"]].sel(annotation=name)


def names() -> dict[str, str]:
    """What the annotations are called."""
    return dict(
        zip(
            TRACKED,
            (
                _("the line that names the speaker"),
                _("place in the line"),
                _("a line end comes next"),
                _("place in the word"),
            ),
            strict=True,
        )
    )


def drawing(run: Run, found: xr.Dataset) -> Drawn:
    """The curve over the training steps."""
    title = _("How closely a unit follows: {what}").format(what=names()[settings()["tracked"]])
    level = float(found["correlation"][0]) + MORE
    return drawn("tracking", title, figures.tracking, found, run.kind, run.card["moment"], level, title)


def said(found: xr.Dataset) -> None:
    """What the curve shows, and a choice of what is followed."""
    st.subheader(_("When does a unit begin to follow something?"))
    what = names()
    pick(
        st.pills,
        "tracked",
        _("What is followed"),
        list(what),
        format_func=what.get,
        required=True,
        label_visibility="collapsed",
    )
    st.text(_result(found))
    unit = int(found["best"][-1])
    if unit != settings()["unit"]:
        label = _("Show unit {unit}, the best at the end").format(unit=unit)
        st.button(label, key="tracked_unit", on_click=choose, kwargs={"unit": unit})
    st.caption(
        _(
            "|r| is the correlation of a unit’s h with what is followed (1 or 0, or a count), over 20,000 characters of text that "
            "no update saw. The best unit is chosen on the first half and measured on the second. An untrained network has a "
            "best unit, too: what counts is the rise above it; the dotted line is {more} above. Quotations are too rare there to "
            "measure: less than 1 % of the characters."
        ).format(more=MORE)
    )


def _result(found: xr.Dataset) -> str:
    """When it appeared, in a line; or that it did not."""
    r = found["correlation"]
    begins = tracking.appears(r, MORE).item()
    first, last, control = (shown(round(float(v), 2)) for v in (r[0], r[-1], found["control"].max()))
    best = r.argmax("moment").item()
    top, at = shown(round(float(r[best]), 2)), int(found["moment"][best])
    if math.isnan(begins):
        line = _(
            "No unit comes to stay: the best of the untrained network has |r| = {first}, the best of all steps {top} (step "
            "{at:,}), the last {last}. Labels of another place: at most {control}."
        )
        return line.format(first=first, top=top, at=at, last=last, control=control)
    line = _(
        "From training step {begins:,} on a unit follows it: |r| = {last} at the end (unit {unit}), {top} at most (step {at:,}). "
        "The best unit of the untrained network has {first}; labels of another place give at most {control}."
    )
    unit = int(found["best"][-1])
    return line.format(
        begins=int(begins), last=last, unit=unit, top=top, at=at, first=first, control=control
    )
