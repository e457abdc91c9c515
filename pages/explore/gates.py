"""Which gates are open, and when?"""

import streamlit as st

from rnnviz import figures, stats
from rnnviz.ui.parts.board import show_board
from rnnviz.ui.parts.runs import current_run, kept
from rnnviz.ui.parts.views import drawn, gate_name, small_multiples, subject
from rnnviz.ui.shell.choices import choose, settings
from rnnviz.ui.shell.frame import downloads, pick, reader_text, reading
from rnnviz.ui.shell.language import _


def gated(run) -> None:
    now = settings()
    layer, id = run.at(now["layer"]), f"gates-{run.key}-{now['layer']}"
    names, keeping = stats.gates.names(layer), stats.gates.KEEPING[run.kind]
    gates = [name for name in names if name.endswith("gate")]
    if now["gate"] not in gates:
        choose(gate=keeping)
    pick(
        st.segmented_control,
        "gate",
        _("Gate in the saturation plot"),
        gates,
        format_func=gate_name,
        required=True,
    )
    drawings, finer = small_multiples(run, id, layer, names)
    parts = kept(lambda: stats.gates.contributions(layer), "parts", id).sel(unit=now["unit"])
    lives = kept(lambda: stats.gates.half_life(layer[keeping]), "half-life", id)
    shares = kept(lambda: stats.gates.saturation(layer[now["gate"]]), "saturation", id, now["gate"])
    falling = lives.sortby(lives, ascending=False)
    drawings += [
        drawn(
            "contributions",
            lambda: figures.contributions(parts),
            _("Unit {unit}: kept and written").format(unit=now["unit"]),
            id,
        ),
        drawn(
            "saturation",
            lambda: figures.saturation(shares, run.kind, now["unit"]),
            _("How often is the {gate} open, how often shut?").format(gate=gate_name(now["gate"])),
            id,
            now["unit"],
        ),
        drawn(
            "half_life",
            lambda: figures.half_lives(falling, run.kind, now["unit"]),
            _("Half-life that each {gate} implies").format(gate=gate_name(keeping)),
            id,
            now["unit"],
        ),
    ]
    summary = _(
        "Gates of {model}, layer {layer}; characters read: {steps}. Half-life of unit {unit}, in steps: {life:.4g}."
    ).format(
        model=run.name,
        layer=now["layer"] + 1,
        steps=len(run.text),
        unit=now["unit"],
        life=lives.sel(unit=now["unit"]).item(),
    )
    colour = (layer[keeping].sel(unit=now["unit"]), (0, 1), gate_name(keeping, run.kind))
    show_board(
        id,
        **run.strip,
        figures=drawings,
        colour=colour,
        unit=now["unit"],
        finer=finer,
        summary=summary,
        subject=subject(run),
    )
    downloads(run)


def ungated(run) -> None:
    now = settings()
    st.info(
        _(
            "A plain RNN has no gates: every step overwrites the whole state through one tanh. What it has instead is "
            "its hidden state, and the slope of its tanh, 1 − h²: where the slope is near 0 the unit is saturated and "
            "passes no gradient."
        )
    )
    st.page_link("pages/explore/states.py", label=_("To the hidden states"))
    layer, id = run.at(now["layer"]), f"gates-{run.key}-{now['layer']}"
    layer = layer.assign(slope=kept(lambda: stats.states.slope(layer["hidden"]), "slope", id))
    drawings, finer = small_multiples(run, id, layer, ("hidden", "slope"))
    summary = _("Hidden state and slope of the tanh of {model}.").format(model=run.name)
    colour = (layer["slope"].sel(unit=now["unit"]), (0, 1), gate_name("slope", run.kind))
    show_board(
        id,
        **run.strip,
        figures=drawings,
        colour=colour,
        unit=now["unit"],
        finer=finer,
        summary=summary,
        subject=subject(run),
    )
    downloads(run)


st.header(_("Gates"))
st.write(
    _(
        "Each gate lies between 0 (shut) and 1 (open). Click a row or a dot to follow one unit through all of them."
    )
)
reader_text()
if run := current_run():
    (ungated if run.kind == "rnn" else gated)(run)
reading("gates")
