"""Which gates are open, and when?"""

import streamlit as st

from rnnviz import figures, stats, ui
from rnnviz.ui import _


def gated(run) -> None:
    now = ui.settings()
    layer, id = run.at(now["layer"]), f"gates-{run.key}-{now['layer']}"
    names, keeping = stats.gates.names(layer), stats.gates.KEEPING[run.kind]
    gates = [name for name in names if name.endswith("gate")]
    if now["gate"] not in gates:
        ui.choose(gate=keeping)
    ui.pick(
        st.segmented_control, "gate", _("Gate in the saturation plot"), gates, format_func=ui.gate_name, required=True
    )  # fmt: skip
    drawings, finer = ui.small_multiples(run, id, layer, names)
    parts = ui.kept(lambda: stats.gates.contributions(layer), "parts", id).sel(unit=now["unit"])
    lives = ui.kept(lambda: stats.gates.half_life(layer[keeping]), "half-life", id)
    shares = ui.kept(lambda: stats.gates.saturation(layer[now["gate"]]), "saturation", id, now["gate"])
    falling = lives.sortby(lives, ascending=False)
    drawings += [
        ui.drawn(
            "contributions", lambda: figures.contributions(parts),
            _("Unit {unit}: kept and written").format(unit=now["unit"]), id,
        ),
        ui.drawn(
            "saturation", lambda: figures.saturation(shares, run.kind, now["unit"]),
            _("How often is the {gate} open, how often shut?").format(gate=ui.gate_name(now["gate"])), id, now["unit"],
        ),
        ui.drawn(
            "half_life", lambda: figures.half_lives(falling, run.kind, now["unit"]),
            _("Half-life that each {gate} implies").format(gate=ui.gate_name(keeping)), id, now["unit"],
        ),
    ]  # fmt: skip
    summary = _(
        "Gates of {model}, layer {layer}; characters read: {steps}. Half-life of unit {unit}, in steps: {life:.4g}."
    ).format(
        model=run.name, layer=now["layer"] + 1, steps=len(run.text), unit=now["unit"],
        life=lives.sel(unit=now["unit"]).item(),
    )  # fmt: skip
    colour = (layer[keeping].sel(unit=now["unit"]), (0, 1), ui.gate_name(keeping, run.kind))
    ui.show_board(
        id, **run.strip, figures=drawings, colour=colour, unit=now["unit"], finer=finer, summary=summary,
        subject=ui.subject(run),
    )  # fmt: skip
    ui.downloads(run)


def ungated(run) -> None:
    now = ui.settings()
    st.info(
        _(
            "A plain RNN has no gates: every step overwrites the whole state through one tanh. What it has instead is "
            "its hidden state, and the slope of its tanh, 1 − h²: where the slope is near 0 the unit is saturated and "
            "passes no gradient."
        )
    )
    st.page_link("pages/explore/states.py", label=_("To the hidden states"))
    layer, id = run.at(now["layer"]), f"gates-{run.key}-{now['layer']}"
    layer = layer.assign(slope=ui.kept(lambda: stats.states.slope(layer["hidden"]), "slope", id))
    drawings, finer = ui.small_multiples(run, id, layer, ("hidden", "slope"))
    summary = _("Hidden state and slope of the tanh of {model}.").format(model=run.name)
    colour = (layer["slope"].sel(unit=now["unit"]), (0, 1), ui.gate_name("slope", run.kind))
    ui.show_board(
        id, **run.strip, figures=drawings, colour=colour, unit=now["unit"], finer=finer, summary=summary,
        subject=ui.subject(run),
    )  # fmt: skip
    ui.downloads(run)


st.header(_("Gates"))
st.write(
    _(
        "Each gate lies between 0 (shut) and 1 (open). Click a row or a dot to follow one unit through all of them."
    )
)
ui.reader_text()
if run := ui.current_run():
    (ungated if run.kind == "rnn" else gated)(run)
ui.reading("gates")
