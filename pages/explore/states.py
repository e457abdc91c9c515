"""Which units are active, and on which tokens?"""

import streamlit as st

from rnnviz import figures, stats
from rnnviz.ui.parts.board import show_board
from rnnviz.ui.parts.runs import current_run
from rnnviz.ui.parts.views import drawn, subject, unit_heatmap
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.frame import downloads, pick, reader_text, reading
from rnnviz.ui.shell.language import _


def draw(run) -> None:
    now, orders = settings(), (_("as stored"), _("by similarity"), _("by activity"))
    names = dict(zip(stats.states.ORDERS, orders, strict=True))
    with st.container(horizontal=True):
        pick(
            st.segmented_control,
            "order",
            _("Order of the units"),
            list(names),
            format_func=names.get,
            required=True,
        )
        pick(st.segmented_control, "components", _("Components of the path"), (2, 3), required=True)

    layer, id = run.at(now["layer"]), f"states-{run.key}-{now['layer']}"
    curve = layer["hidden"].sel(unit=now["unit"])
    axes = run.components.isel(layer=now["layer"], direction=0, component=slice(now["components"]))
    height = 420 if layer.sizes["unit"] <= 300 else 560
    states, finer = unit_heatmap(run, id, layer["hidden"], (-1, 1), _("Hidden state h"), height)
    unit = _("Unit {unit}").format(unit=now["unit"])
    drawings = [
        states,
        drawn("curve", lambda: figures.lines(curve, run.kind), unit, id),
        drawn(
            "path",
            lambda: figures.path(stats.states.path(layer["hidden"], axes), run.kind),
            _("The state's path"),
            id,
            now["components"],
        ),
    ]
    extremes = stats.states.strongest(curve)
    show_board(
        id,
        **run.strip,
        figures=drawings,
        colour=(curve, (-1, 1), _("hidden state h")),
        candidates=run.candidates,
        lists=[(_("Highest at"), extremes["highest"]), (_("Lowest at"), extremes["lowest"])],
        unit=now["unit"],
        finer=finer,
        subject=subject(run),
        summary=_(
            "Hidden states of {model}, layer {layer}; units: {units}, characters read: {steps}. "
            "Unit {unit} runs from {low:.2f} to {high:.2f}."
        ).format(
            model=run.name,
            layer=now["layer"] + 1,
            units=layer.sizes["unit"],
            steps=len(run.text),
            unit=now["unit"],
            low=curve.min().item(),
            high=curve.max().item(),
        ),
    )
    downloads(run)


st.header(_("Hidden states"))
st.write(
    _(
        "Move over the picture: one line runs through everything. Click a row to follow that unit through the text."
    )
)
reader_text()
if run := current_run():
    draw(run)
reading("states")
