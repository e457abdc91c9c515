"""The attention of a recording, or of a model of the reader's own: one head over one sequence, as a map and as a table."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.ui.parts.board import drawn, show_figures
from rnnviz.ui.parts.explored import controls, live, runs, subjects
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import notice, pick

if TYPE_CHECKING:
    from rnnviz.studies.subjects import Subject

MOST = 400  # queries, and keys, that are drawn


def show() -> None:
    """What stands below the choice of what is looked at."""
    subject = controls.own_subject() if live.is_chosen() else subjects.chosen()
    if subject is None:
        if not live.is_chosen():
            notice(subjects.wanted())
            st.page_link("pages/lab/own.py", label=_("To “Your own”"))
        return
    if not subject.attentions:
        line = _(
            "{name} holds no attention. A recording has it where the model calls nn.MultiheadAttention or "
            "rnnviz.attention.attend."
        )
        notice(line.format(name=subject.name))
        return
    module, sequence, head = _chosen(subject)
    try:
        weights = kept(_weights, subject, module, sequence, head)
    except ValueError as problem:
        notice(said(problem), error=True)
        return
    queries, keys = weights.sizes["query"], weights.sizes["key"]
    if not queries or not keys:
        notice(_("Nothing is looked at in this sequence; choose another."))
        return
    if max(queries, keys) > MOST:
        line = _(
            "There are {queries:,} positions that look and {keys:,} that are looked at; the first {most} of each are drawn."
        )
        notice(line.format(queries=queries, keys=keys, most=MOST))
    _draw(subject, module, weights, f"{subject.key}-{module}-{sequence}-{head}")


def _chosen(subject: "Subject") -> tuple[str, int, int | None]:
    """The controls, and what they say; what is not in this recording gives way to what is, with a line."""
    modules = subject.attentions
    module = runs.module_of(subject, modules, "attention_module")
    sequence, heads = runs.sequence_of(subject, module), subject.node(module).sizes["head"]
    if (settings()["attention_head"] or 0) >= heads:
        notice(_("Number of heads here: {count}. Their mean is shown.").format(count=heads))
        choose(attention_head=None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(modules) > 1:
            pick(st.selectbox, "attention_module", _("Module"), list(modules), value=module, width=240)
        controls.sequence_choice(subject, module)
        if heads > 1:
            pick(
                st.selectbox,
                "attention_head",
                _("Head"),
                [None, *range(heads)],
                format_func=lambda head: _("mean of all heads") if head is None else str(head + 1),
                width=180,
            )
    return module, sequence, settings()["attention_head"] if heads > 1 else 0


def _weights(subject: "Subject", module: str, sequence: int, head: int | None) -> xr.DataArray:
    return subject.attention(module, sequence, head)


def _draw(subject: "Subject", module: str, weights: xr.DataArray, id: str) -> None:
    st.write(
        _(
            "Each row is one position that looks (a query), each column one that it can look at (a key): the stronger the "
            "colour, the larger the weight."
        )
    )
    part = kept(_first, weights)
    found = kept(stats.attention.looked_at, weights)
    at = int(found["weight"].fillna(-1).values.argmax())
    strongest = _name(weights, "key", int(found["key"][at]))
    show_figures(
        f"attention-{id}",
        [
            drawn(
                "attention",
                _("Attention weights of {module}").format(module=module),
                figures.attention_map,
                part,
            )
        ],
        summary=_(
            "Attention of {module}: {queries} positions look at {keys}. The largest weight: {query} looks at {key} with {weight}."
        ).format(
            module=module,
            queries=weights.sizes["query"],
            keys=weights.sizes["key"],
            query=_name(weights, "query", at),
            key=strongest,
            weight=shown(float(found["weight"][at])),
        ),
        subject=subject.name,
    )
    with st.expander(_("Where each position looks most, as a table")):
        table_csv(kept(_table, weights), "rnnviz-attention")
        st.caption(
            _(
                "Positions looked at: e to the power of the row’s entropy. Equal weights on that many positions would have the "
                "same entropy; at 1, all of the weight is on one position."
            )
        )


def _first(weights: xr.DataArray) -> xr.DataArray:
    return weights.isel(query=slice(MOST), key=slice(MOST))


def _name(weights: xr.DataArray, dim: str, at: int) -> str:
    """A position by its number, counted from 1, and by its token where it has one."""
    number = str(at + 1)
    return f"{number} {weights[f'{dim}_token'].values[at]}" if f"{dim}_token" in weights.coords else number


def _table(weights: xr.DataArray) -> pd.DataFrame:
    found = stats.attention.looked_at(weights)
    places = range(weights.sizes["query"])
    keys = found["key"].values.tolist()
    return pd.DataFrame(
        {
            _("looks most at"): [_name(weights, "key", key) if key >= 0 else "–" for key in keys],
            _("weight"): [shown(float(weight)) for weight in found["weight"].values],
            _("positions looked at"): [shown(float(spread)) for spread in found["spread"].values],
        },
        index=pd.Index([_name(weights, "query", place) for place in places], name=_("position")),
    )
