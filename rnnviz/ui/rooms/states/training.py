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
from rnnviz.ui.rooms.states import TRACKED
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import pick

NUMBERS = ("best", "correlation", "control", "followed")
MORE = 0.2  # of |r| above the untrained network's best unit, from which on we say that something has appeared


def tracked(run: Run) -> xr.Dataset | None:
    """What is on file of the chosen annotation, each (moment,); None where the network does not grow up, or nothing is there."""
    if run.card is None or "moment" not in run.card:
        return None
    found = measured(checkpoints.parted(run.name)[0], checkpoints.stamp(run.name))
    name = settings()["tracked"]
    if not all(_sound(found, one) for one in NUMBERS) or name not in found["annotation"].values:
        return None
    return found[list(NUMBERS)].sel(annotation=name)


def _sound(found: xr.Dataset, name: str) -> bool:
    """Whether the file says this of every annotation and moment."""
    if (
        name not in found
        or found[name].dims != ("annotation", "moment")
        or found[name].dtype.kind not in "iuf"
    ):
        return False
    return bool(found[name].notnull().all()) and {"annotation", "moment"} <= set(found.coords)


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


def said(run: Run, found: xr.Dataset) -> None:
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
    step = run.card["moment"]
    unit = int(found["best"].sel(moment=step))
    if unit != settings()["unit"]:
        label = _("Show unit {unit}, the best at step {step:,}").format(unit=unit, step=step)
        st.button(label, key="tracked_unit", on_click=choose, kwargs={"unit": unit})
    st.caption(
        _(
            "|r| is the correlation of a unit’s h with what is followed (1 or 0, or a count), over 20,000 characters of text "
            "that no update saw. The best unit is chosen on the first half and measured on the second. An untrained network has "
            "a best unit, too: what counts is the rise above it; the dotted line is {more} above. Quotations are too rare there "
            "to measure: less than 1 % of the characters."
        ).format(more=MORE)
    )


def _result(found: xr.Dataset) -> str:
    """When it appeared, in a line; or that it went again, or did not."""
    r = found["correlation"]
    begins, peak = tracking.appears(r, MORE).item(), r.argmax("moment").item()
    if not math.isnan(begins):
        line = _(
            "From training step {begins:,} on a unit follows it: |r| is {last} at the end (unit {unit}) and {top} at most (step "
            "{at:,})."
        )
    elif r[peak] >= r[0] + MORE:
        line = _(
            "A unit follows it for a while: |r| is {top} at training step {at:,} (unit {then}), but {last} at the end."
        )
    else:
        line = _(
            "No unit comes to follow it: |r| is {top} at most (training step {at:,}) and {last} at the end."
        )
    line += " " + _(
        "The best unit of the untrained network has {first}; labels of another place give at most {control}."
    )
    numbers = {"last": r[-1], "top": r[peak], "first": r[0], "control": found["control"].max()}
    return line.format(
        begins=0 if math.isnan(begins) else int(begins),
        at=int(found["moment"][peak]),
        unit=int(found["best"][-1]),
        then=int(found["best"][peak]),
        **{name: f"{float(value):.2f}" for name, value in numbers.items()},
    )
