"""What the units make together: groups that go with groups of characters, and the states as a small machine."""

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.models.vocabularies import visible
from rnnviz.studies.corpus import Corpus, unit
from rnnviz.ui.parts import places, working
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.explored import recorded
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.unit.finding import WORK, layer_of
from rnnviz.ui.rooms.unit.one import coloured
from rnnviz.ui.shell.jobs import Job
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text, pick


def groups(own: Corpus, run) -> None:
    pick(st.number_input, "one_groups", _("Number of groups"), min_value=2, max_value=12, step=1, width=150)
    asked = {"path": str(own.path), "count": settings()["one_groups"]}
    found = working.found("unit_groups", f"{WORK}:groups", asked, _so_far)
    if found is None:
        return
    line = _(
        "Units and characters that go together score {found}, where 0 is chance; with each unit's responses shuffled over the "
        "characters, at most {chance}."
    ).format(found=shown(round(found.attrs["modularity"], 3)), chance=shown(round(found.attrs["chance"], 3)))
    st.markdown(as_text(line))
    title = _("How far each character moves each unit when it is read")
    show_figures(
        f"unit-groups-{run.view}",
        [drawn("groups", title, figures.co_clusters, kept(_readable, found))],
        summary=line,
    )
    table_csv(kept(_group_table, found), "rnnviz-groups")


def _so_far(job: Job) -> str:
    return _("Looked at {done:,} of {total:,} characters").format(done=job.done, total=job.total)


def _readable(found: xr.Dataset) -> xr.Dataset:
    return found.assign_coords(token=np.array([visible(str(one)) for one in found["token"].values], object))


def _group_table(found: xr.Dataset) -> pd.DataFrame:
    rows = {}
    for group in range(int(found.attrs["groups"])):
        own, theirs = found["unit_group"].values == group, found["token_group"].values == group
        tokens = " ".join(visible(str(one)) for one in found["token"].values[theirs])
        first = zip(found["place"].values[own][:8], found["number"].values[own][:8], strict=True)
        said = ", ".join(f"{layer_of(str(place)) + 1}:{n}" for place, n in first)
        rows[str(group + 1)] = {
            _("characters"): tokens,
            _("units"): int(own.sum()),
            _("the first of them (layer:unit)"): said,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Group"))


def states(own: Corpus, run) -> None:
    pick(st.number_input, "one_states", _("Number of states"), min_value=2, max_value=20, step=1, width=150)
    now, place = settings(), recorded.place(own, run)
    asked = {
        "path": str(own.path),
        "name": None if run.own else run.name,
        "place": place,
        "count": now["one_states"],
    }
    found = working.found("unit_states", f"{WORK}:states", asked, _so_far)
    if found is None:
        return
    titles = [_title(found, state) for state in range(found.sizes["state"])]
    line = _(
        "Run by itself, from character to character, the machine is in the network's cluster at {stays} of the second half. "
        "Guessing the next character costs it {machine} nats, the network {network}."
    ).format(
        stays=percent(found.attrs["stays"]),
        machine=shown(round(found["loss"].sel(by="machine").item(), 3)),
        network=shown(round(found["loss"].sel(by="network").item(), 3)),
    )
    st.markdown(as_text(line))
    title = _("Clusters of the states of layer {layer}, and what follows what (wide: often)")
    picture = drawn(
        "machine", title.format(layer=now["layer"] + 1), figures.state_machine, found, tuple(titles)
    )
    show_figures(f"unit-states-{run.view}-{now['layer']}", [picture], summary=line)
    places.show("unit_states_places", kept(_places, own, place, now["unit"], found, tuple(titles)), line)
    heading = _("How far the machine can be trusted, on the second half")
    st.markdown(f"**{as_text(heading)}**")
    table_csv(kept(_trust, found), "rnnviz-machine")


def _title(found: xr.Dataset, state: int) -> str:
    one = found.isel(state=state)
    tokens = " ".join(
        visible(str(token))
        for token, share in zip(one["token"].values, one["token_share"].values, strict=True)
        if share >= 0.03
    )
    return f"{state + 1}: {tokens} ({percent(one['share'].item())})"


def _places(
    own: Corpus, place: str, number: int, found: xr.Dataset, titles: tuple[str, ...]
) -> dict[str, list[dict]]:
    """The typical places of each cluster, coloured by the chosen unit."""
    column = unit.column(own, place, number)
    return {
        title: [coloured(own, column, int(step)) for step in steps if step >= 0]
        for title, steps in zip(titles, found["context"].values, strict=True)
    }


def _trust(found: xr.Dataset) -> pd.DataFrame:
    names = {
        "nothing": _("nothing but how common characters are"),
        "token": _("the character just read"),
        "cluster": _("the cluster that the network is in"),
        "machine": _("the machine, run by itself"),
        "network": _("the network"),
    }
    rows = {
        names[str(by)]: {
            _("loss (nats)"): shown(round(found["loss"].sel(by=by).item(), 3)),
            _("same best guess as the network"): percent(found["agreement"].sel(by=by).item()),
            _("divergence from it (nats)"): shown(round(found["divergence"].sel(by=by).item(), 3)),
        }
        for by in found["by"].values
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("What is known"))
