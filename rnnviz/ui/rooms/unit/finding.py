"""Which units tell something, remember longest, switch rarely, or are unlike the others: all layers, ranked."""

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz.studies.corpus import Corpus
from rnnviz.ui.parts import working
from rnnviz.ui.parts.explored import recorded
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.unit import BEHAVING, BY, key_of, named, words
from rnnviz.ui.rooms.unit.one import score
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings, typed
from rnnviz.ui.shell.widgets import as_text, held, notice, pick

LISTED = 15
LARGEST = 2  # MB of a file of labels
WORK = "rnnviz.studies.corpus.work"


def show(own: Corpus, run) -> None:
    names = words.rankings()
    pick(st.selectbox, "one_by", _("Units ranked by"), list(BY), format_func=names.get, width=360)
    by = settings()["one_by"]
    if by in BEHAVING:
        found = working.found("unit_survey", f"{WORK}:survey", {"path": str(own.path)}, recorded.units_so_far)
        if found is not None:
            _ranked(_behaving(found, by), run)
        return
    asked: dict | None = {"path": str(own.path)}
    if by == "regex":
        asked = _regex(asked)
    elif by == "labels":
        asked = _labels(asked)
    if asked is None:
        return
    found = working.found("unit_found", f"{WORK}:found", asked, recorded.units_so_far)
    if found is None:
        return
    if by not in ("regex", "labels"):
        if by not in found["annotation"].values:
            there = ", ".join(words.annotation(str(one)) for one in found["annotation"].values)
            notice(_("This text says too little of that; it does of: {names}.").format(names=there))
            return
        found = found.sel(annotation=[by])
    for number in range(found.sizes["annotation"]):
        one = found.isel(annotation=number)
        if found.sizes["annotation"] > 1:
            st.markdown(f"**{as_text(str(one['annotation'].item()))}**")
        _ranked(_telling(one), run, str(number) if number else "")


def _regex(asked: dict) -> dict | None:
    regex = recorded.expression("one_regex")
    return None if regex is None else asked | {"regex": regex, "limit": recorded.LIMIT}


def _labels(asked: dict) -> dict | None:
    one = st.file_uploader(
        _(
            "A CSV file, up to {size} MB: a column “label” with a row for each character, or “start,stop,label”, counted from 1"
        ).format(size=LARGEST),
        type=["csv"],
        max_upload_size=LARGEST,
        key="one_labels",
    )
    if one is None:
        return None
    try:
        if one.size > LARGEST * 2**20:
            raise ValueError
        return asked | {"table": typed(one.getvalue().decode("utf-8-sig"))}
    except ValueError:  # what is no UTF-8 is one, too
        notice(_("The file is not text in UTF-8. Save it as UTF-8 and choose it again."), error=True)
        return None


def _telling(one: xr.Dataset) -> pd.DataFrame:
    numeric = bool(one["numeric"])
    rows = [one.isel(rank=rank) for rank in range(min(LISTED, one.sizes["rank"]))]
    return pd.DataFrame(
        {
            "layer": [layer_of(row["place"].item()) for row in rows],
            "unit": [int(row["unit"]) for row in rows],
            _("first half"): [score(float(row["found"]), numeric) for row in rows],
            _("second half"): [score(float(row["held_out"]), numeric) for row in rows],
            _("Matthews' correlation"): [shown(round(float(row["mcc"]), 3)) for row in rows],
            _("chance"): [shown(float(row["corrected"])) for row in rows],
        }
    )


def _behaving(found: xr.Dataset, by: str) -> pd.DataFrame:
    values = found[by].values
    order = np.argsort(-values if by == "half_life" else values, kind="stable")  # NaN comes last
    order = order[~np.isnan(values[order])][:LISTED]
    like = [int(one) for one in found["like"].values[order]]
    places, numbers = found["place"].values, found["number"].values
    return pd.DataFrame(
        {
            "layer": [layer_of(str(places[n])) for n in order],
            "unit": [int(numbers[n]) for n in order],
            _("half-life (steps)"): [shown(one) for one in found["half_life"].values[order].tolist()],
            _("switches in 1,000 steps"): [shown(one) for one in found["switches"].values[order].tolist()],
            _("|r| with the unit most like it"): [
                _("{r} (layer {layer}, unit {unit})").format(
                    r=shown(round(float(found["nearest"].values[n]), 3)),
                    layer=layer_of(str(places[other])) + 1,
                    unit=int(numbers[other]),
                )
                for n, other in zip(order, like, strict=True)
            ],
        }
    )


def layer_of(place: str) -> int:
    """Of a path in the store."""
    return int(place.rpartition("/layer_")[2].partition("/")[0])


def _ranked(frame: pd.DataFrame, run, more: str = "") -> None:
    """A table, and a way to look at each of its units. frame: with columns `layer`, from 0, and `unit`."""
    names = named(settings()["one_names"])
    pairs = list(zip(frame["layer"].tolist(), frame["unit"].tolist(), strict=True))
    called = [names.get(key_of(run.name, layer, number), "") for layer, number in pairs]
    shown_as = frame.drop(columns=["layer", "unit"])
    if any(called):
        shown_as.insert(0, _("You call it"), called)
    shown_as.index = pd.Index([_said(*pair) for pair in pairs], name=_("Unit"))
    table_csv(shown_as, f"rnnviz-units{more}")
    key = f"one_look{more}"
    st.session_state[key] = None
    st.pills(
        _("Look at one of them"),
        pairs,
        format_func=lambda pair: _said(*pair),
        key=key,
        on_change=_look,
        args=(key,),
        disabled=held(),
    )


def _said(layer: int, number: int) -> str:
    return _("layer {layer}, unit {unit}").format(layer=layer + 1, unit=number)


def _look(key: str) -> None:
    if (pair := st.session_state[key]) is not None:
        choose(layer=pair[0], unit=pair[1], one_view="unit")
