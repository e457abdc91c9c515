"""One unit over a long text."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.models.vocabularies import visible
from rnnviz.studies.corpus import Corpus, speaking, unit
from rnnviz.told import Told
from rnnviz.ui.parts import places
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.explored import recorded
from rnnviz.ui.parts.explored.runs import again
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.unit import words
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text, notice

PLACES = 10
AFTER = 9  # columns from a place on


@dataclass(frozen=True, eq=False)
class About:
    """What is shown of a unit. strongest, weakest: as `places.place` gives them."""

    strongest: list[dict]
    weakest: list[dict]
    distribution: xr.DataArray
    autocorrelation: xr.DataArray
    half_life: float
    saturated: tuple[float, float]
    reactions: xr.Dataset


def show(own: Corpus, run) -> None:
    now = settings()
    about = kept(_about, own, recorded.place(own, run), now["unit"])
    line = _summary(about, own)
    st.markdown(as_text(line))
    groups = {_("Where it is strongest"): about.strongest, _("Where it is weakest"): about.weakest}
    places.show("unit_places", groups, line)
    curves = [
        drawn("spread", _("How often it has which value"), figures.distribution, about.distribution, run.kind)
    ]
    if not np.isnan(about.autocorrelation.values[0]):
        title = _("How alike it is to itself, so many steps before")
        curve = (about.autocorrelation, about.half_life, run.kind)
        curves.append(drawn("autocorrelation", title, figures.autocorrelation, *curve))
    curves += _effects(own, run)
    show_figures(f"unit-{run.view}-{now['layer']}-{now['unit']}", curves, summary=line)
    _reactions(about.reactions)


def _about(own: Corpus, place: str, number: int) -> About:
    column = unit.column(own, place, number)
    curve = unit.autocorrelation(own, column)
    strongest, weakest = (
        [coloured(own, column, int(step)) for step in unit.contexts(own, column, PLACES, highest)]
        for highest in (True, False)
    )
    return About(
        strongest,
        weakest,
        unit.distribution(column),
        curve,
        unit.half_life(curve),
        unit.saturation(column),
        unit.reactions(column, kept(_annotated, own)),
    )


def coloured(own: Corpus, column: unit.Column, step: int) -> dict:
    """A step of a long text in the colours of a unit, for `places.show`."""
    return places.place(own, step, step + 1, places.Colour(column.at), after=AFTER)


def _annotated(own: Corpus) -> unit.Annotated:
    return unit.Annotated(own)


def _summary(about: About, own: Corpus) -> str:
    now = settings()
    life = about.half_life
    keeps = _("half-life {steps} steps").format(steps=shown(life))
    if np.isinf(life):
        keeps = _("half-life beyond {steps} steps").format(steps=about.autocorrelation.sizes["lag"] - 1)
    elif np.isnan(life):
        keeps = _("it never changes")
    line = _(
        "Unit {unit} of layer {layer}, over {count:,} characters: {keeps}; below −0.9 at {low} of them, above 0.9 at {high}."
    )
    low, high = map(percent, about.saturated)
    return line.format(
        unit=now["unit"], layer=now["layer"] + 1, count=own.steps, keeps=keeps, low=low, high=high
    )


def _effects(own: Corpus, run) -> list[Any]:
    """What the unit says of the next character, by its weights and by its silence."""
    now = settings()
    found = []
    model = again(run)
    direct = kept(speaking.direct, model, now["layer"], now["unit"])
    if direct is not None:
        title = _("By its own weights: what one unit more of it adds to the score of the next character")
        found.append(drawn("direct", title, figures.effects, kept(_readable, direct)))
    try:
        silenced = kept(
            speaking.silenced, model, own, now["layer"], now["unit"], module=run.module if run.own else None
        )
    except Told as problem:
        notice(said(problem))
        return found
    growth = silenced["growth"].values
    line = _(
        "Measured: with it, these next characters are so much likelier than without; without it, the loss grows by {growth} "
        "± {error} nats"
    )
    error = growth.std(ddof=1) / np.sqrt(len(growth)) if len(growth) > 1 else np.nan
    title = line.format(growth=shown(round(growth.mean(), 4)), error=shown(round(error, 4)))
    found.append(drawn("silenced", title, figures.effects, kept(_readable, silenced["change"])))
    return found


def _readable(change: xr.DataArray) -> xr.DataArray:
    """With candidates as they are shown."""
    names = np.array([visible(str(one)) for one in change["candidate"].values], object)
    return change.assign_coords(candidate=names)


def _reactions(found: xr.Dataset) -> None:
    heading = _("What can be told from this unit alone")
    st.markdown(f"**{as_text(heading)}**")
    if not found.sizes["annotation"]:
        st.markdown(as_text(_("Nothing is known of this text that could be told: bring a longer one.")))
        return
    table_csv(kept(reaction_table, found), "rnnviz-reactions")


def reaction_table(found: xr.Dataset) -> pd.DataFrame:
    names = [words.annotation(str(one)) for one in found["annotation"].values]
    frame = {
        _("what"): names,
        _("first half"): _scores(found["found"].values, found["numeric"].values),
        _("second half"): _scores(found["held_out"].values, found["numeric"].values),
        _("Matthews' correlation"): [shown(round(float(one), 3)) for one in found["mcc"].values],
        _("chance"): [shown(float(one)) for one in found["corrected"].values],
    }
    return pd.DataFrame(frame).set_index(_("what"))


def _scores(values: np.ndarray, numeric: np.ndarray) -> list[str]:
    return [score(float(value), bool(one)) for value, one in zip(values, numeric, strict=True)]


def score(value: float, numeric: bool) -> str:
    """Of numbers a rank correlation, of kinds the share of pairs in which the unit is higher there."""
    if numeric:
        return f"ρ = {shown(round(value, 3))}"
    return _("higher in {share} of pairs").format(share=percent(value))
