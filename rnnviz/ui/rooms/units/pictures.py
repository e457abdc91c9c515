"""Every unit of a layer silenced in turn: ranked, beside what gradient and activity say, and many of them together."""

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures
from rnnviz.figures.words import named
from rnnviz.studies import ablation
from rnnviz.studies.telling import KINDS
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored import elsewhere
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.parts.explored.views import show_board
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.units import FIELDS, results
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick

OTHERS, SEED = 4, 1  # texts beside the reader's own
MARKED = 5  # units that bear their numbers: those that gradients or activity misjudge the most
LISTED = 10  # units in the table


def show(row: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls."""
    if run := current_run():
        if not run.live:
            st.info(
                _(
                    "To silence units, the network itself must be here: choose a shipped model, or bring your own."
                )
            )
        elif run.own is not None and not run.own.learns:
            notice(_("This model has no loss that could grow: give Live a `loss`, or `next` and `outputs`."))
        elif run.direction:
            notice(_("Units are silenced in the direction that reads forward; choose that one."))
        elif run.steps < 2:
            notice(_("A loss needs a next character: type at least two."))
        else:
            _silenced(run, row)
    _reading()


def _silenced(run: Run, row: DeltaGenerator) -> None:
    layer = settings()["layer"]
    fields = [field for field in FIELDS if field in run.at(layer)]
    if settings()["units_field"] not in fields:
        choose(units_field="hidden")
    kinds = []
    if run.text is not None and all(len(token) == 1 for token in run.text):
        text = "".join(run.text)
        kinds = [kind for kind in KINDS if any(KINDS[kind](text)[1:])]
    if settings()["units_kind"] not in ("all", *kinds):
        notice(_("This text has no such characters to predict; all of them count."))
        choose(units_kind="all")
    with row:
        _controls(run, fields, kinds)
        if run.own is None:
            _texts()
    now = settings()
    asked = {
        "layer": layer,
        "field": now["units_field"],
        "to": "mean" if now["units_to"] == "mean" else 0.0,
        "kind": None if now["units_kind"] == "all" else now["units_kind"],
    }
    if run.own is None:
        others = {"others": OTHERS, "seed": SEED} if now["units_texts"] == "several" else {}
        found = results.found({"name": run.name, "text": run.text, **asked, **others})
    else:
        text = explored.reader_text()[: None if run.own.rows else LONGEST]
        found = results.found_here(run.own, {"text": text, **asked, "module": run.module})
    if found is not None:
        _pictures(run, found)
        silent = f"{layer + 1},{now['units_field']},zero,{now['unit']},all"
        if len(run.subject.modules) > 1:
            silent += f",,{run.module}"
        elsewhere.links({"change": {"change_kind": "text", "changes": silent}, "lens": {}, "pair": {}})


def _controls(run: Run, fields: list[str], kinds: list[str]) -> None:
    pick(
        st.selectbox,
        "units_field",
        _("What is silenced"),
        fields,
        format_func=lambda field: named(run.at(settings()["layer"])[field].attrs["long_name"]),
        width=170,
    )
    ways = {"zero": _("to 0"), "mean": _("to its mean")}
    pick(
        st.segmented_control,
        "units_to",
        _("How"),
        list(ways),
        format_func=ways.get,
        required=True,
        help=_("A unit that is nearly always on is missed for its height as well: its mean leaves that in."),
    )
    names = _kind_names()
    pick(
        st.selectbox,
        "units_kind",
        _("What is to be predicted"),
        ["all", *kinds],
        format_func=names.get,
        width=210,
    )


def _texts() -> None:
    ways = {"this": _("your text alone"), "several": _("your text and {count} more").format(count=OTHERS)}
    pick(
        st.segmented_control,
        "units_texts",
        _("Over which texts"),
        list(ways),
        format_func=ways.get,
        required=True,
        help=_(
            "The network writes the others itself, {length} characters each. Growth is then the mean over all, with its spread, "
            "and a unit’s own mean is taken over all."
        ).format(length=ablation.WRITTEN),
    )


def _kind_names() -> dict[str, str]:
    return {"all": _("every character")} | explored.kind_names()


def _pictures(run: Run, found: xr.Dataset) -> None:
    unit, layer = settings()["unit"], settings()["layer"]
    off = {name: kept(_misjudged, found, name) for name in ("foretold", "activity")}
    drawings = [
        drawn(
            "importances",
            _("Each unit: how much the loss grows without it"),
            figures.importances,
            found,
            run.kind,
            unit,
        ),
        drawn(
            "foretold",
            _("What the gradient predicts, and what happens"),
            figures.beside_growth,
            found,
            "foretold",
            run.kind,
            unit,
            off["foretold"],
        ),
        drawn(
            "activity",
            _("Active units, and missed ones"),
            figures.beside_growth,
            found,
            "activity",
            run.kind,
            unit,
            off["activity"],
        ),
        drawn(
            "together",
            _("More and more units silenced together"),
            figures.silenced_together,
            kept(lambda: found["together"]),
            run.kind,
        ),
    ]
    rank = int(found["rank"].sel(measure="growth", unit=unit))
    loss, growth = found["loss"].item(), found["growth"].sel(unit=unit).item()
    line = _(
        "Loss of this text: {loss:.3f} nats a character. Without unit {unit} it grows by {growth}: place {rank} of {count} in "
        "layer {layer}."
    ).format(
        loss=loss, unit=unit, growth=shown(growth), rank=rank, count=found.sizes["unit"], layer=layer + 1
    )
    if found.attrs.get("texts", 1) > 1:
        line = _(
            "Mean loss of {texts} texts: {loss:.3f} nats a character. Without unit {unit} it grows by {growth}, with a standard "
            "deviation of {spread} over the texts: place {rank} of {count} in layer {layer}."
        ).format(
            texts=found.attrs["texts"],
            loss=loss,
            unit=unit,
            growth=shown(growth),
            spread=shown(found["spread"].sel(unit=unit).item()),
            rank=rank,
            count=found.sizes["unit"],
            layer=layer + 1,
        )
    st.text(line)
    colour = (run.at(layer)["hidden"].sel(unit=unit), (-1, 1), named("hidden state h"))
    show_board(f"units-{run.view}-{layer}", run, drawings, colour=colour, summary=line)
    line = _(
        "How far the other rankings agree with this one (1: wholly, 0: not at all): gradient {slope:.2f}, activity {active:.2f}."
    )
    agreement = {name: found["agreement"].sel(measure=name).item() for name in ("foretold", "activity")}
    st.caption(line.format(slope=agreement["foretold"], active=agreement["activity"]))
    st.subheader(_("The units that are missed the most"))
    table_csv(kept(_table, found, True), "units", file=kept(_table, found, False))


def _misjudged(found: xr.Dataset, measure: str) -> tuple[int, ...]:
    """The units of which a measure says the most wrongly what the loss grows by: in nats where it is a prediction, else by their
    places, among those whose silence changes the loss the most."""
    growth = found["growth"].values
    if measure == "foretold":
        off = np.abs(growth - found["foretold"].values)
    else:
        ranks = found["rank"]
        off = np.abs(ranks.sel(measure=measure) - ranks.sel(measure="growth")).values
        off = np.where(np.abs(growth) >= np.quantile(np.abs(growth), 7 / 8), off, -1)
    return tuple(np.argsort(-off, kind="stable")[:MARKED].tolist())


def _table(found: xr.Dataset, readable: bool) -> pd.DataFrame:
    """The first units, as they are read; or all, as numbers in full."""
    order = np.argsort(-found["growth"].values, kind="stable")
    order = order[:LISTED] if readable else order
    columns = {
        _("growth of the loss (nats)"): "growth",
        _("predicted by the gradient (nats)"): "foretold",
        _("mean activity"): "activity",
    }
    if found.attrs.get("texts", 1) > 1:
        columns[_("spread over the texts (nats)")] = "spread"
    cells = {
        title: [shown(value) if readable else value for value in found[name].values[order].tolist()]
        for title, name in columns.items()
    }
    return pd.DataFrame(cells, index=pd.Index([str(unit) for unit in order], name=_("Unit")))


def _reading() -> None:
    folded(
        (
            _(
                "Silenced means: the number is set at every step, and all that follows goes on from it. With its hidden state "
                "set to 0, a unit counts as if all its outgoing weights were 0."
            ),
            _(
                "Loss: −ln of the probability that the network gave to the character that came, in nats; the mean over the "
                "characters that count."
            ),
            _(
                "What the gradient predicts: gradient × change, summed over the steps. It needs one pass back where silencing "
                "needs a run for each unit, but it is exact for small changes only. On the dotted line it is right."
            ),
            _("Growth below 0: this text is predicted better without the unit. Other texts may need it."),
            _(
                "Units stand in for each other. Many of the least missed can go together before the loss grows much: the last "
                "picture shows how many."
            ),
            _("Dots with numbers: units that the other measure misjudges the most."),
        )
    )
