"""The gates of a layer as heatmaps, how often each is open, and for how long a memory lasts."""

import functools

import streamlit as st
import xarray as xr
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures, stats
from rnnviz.paper.packing import keys
from rnnviz.paper.pictures import lacking, partly, without_gates
from rnnviz.paper.terms import LETTERS, gate_name
from rnnviz.ui.parts import recordings
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored.ahead import prepare
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.parts.explored.views import in_view, show_board, small_multiples
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick


def show(row: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls."""
    if run := current_run():
        if run.kind == "rnn":
            _ungated(run)
        else:
            _gated(run, row)
    _reading()
    if run:
        prepare(run, functools.partial(_needed, layer=settings()["layer"]))


def _gated(run: Run, row: DeltaGenerator) -> None:
    unit, layer = settings()["unit"], settings()["layer"]
    node, id = run.at(layer), f"gates-{run.view}-{layer}"
    names, keeping = stats.gates.names(node), stats.gates.KEEPING[run.kind]
    if missing := lacking(node):
        notice(partly(run.name, run.kind, missing))
        _partly(run, id, node, [name for name in names if name not in missing])
        recordings.take_page(run)
        return
    gates = [name for name in names if name.endswith("gate")]
    if settings()["gate"] not in gates:
        choose(gate=keeping)
    with row:
        pick(
            st.segmented_control,
            "gate",
            _("Gate in the saturation plot"),
            gates,
            format_func=gate_name,
            required=True,
        )
    gate = settings()["gate"]
    drawings, finer = small_multiples(run, id, node, names)
    lives = kept(lambda: stats.gates.half_life(node[keeping]))
    shares = kept(lambda: stats.gates.saturation(node[gate]))
    parts = in_view(kept(_contributions, node, unit), id, run.steps)
    drawings += [
        drawn(
            "contributions",
            _("Unit {unit}: kept and written").format(unit=unit),
            figures.contributions,
            parts,
        ),
        drawn(
            "saturation",
            _("How often is the {gate} open, how often shut?").format(gate=gate_name(gate)),
            figures.saturation,
            shares,
            run.kind,
            unit,
        ),
        drawn(
            "half_life",
            _("Memory length of each unit: steps to half, by its mean {gate} over this text").format(
                gate=gate_name(keeping)
            ),
            lambda: figures.half_lives(lives.sortby(lives, ascending=False), run.kind, unit),
        ),
    ]
    summary = _(
        "Gates of {model}, layer {layer}; steps: {steps}. Memory length of unit {unit}, in steps: {life:.4g}."
    ).format(model=run.name, layer=layer + 1, steps=run.steps, unit=unit, life=lives.sel(unit=unit).item())
    colour = (node[keeping].sel(unit=unit), (0, 1), gate_name(keeping, run.kind))
    show_board(
        id, run, drawings, colour=colour, keeps=LETTERS[run.kind][keeping], finer=finer, summary=summary
    )
    with st.container(horizontal=True):
        if run.live:
            recordings.take_away(run.trace, run.name)
        recordings.take_page(run)


def _partly(run: Run, id: str, node: xr.Dataset, names: list[str]) -> None:
    """Of a recording that kept some of them only: those."""
    if names:
        drawings, finer = small_multiples(run, id, node, names)
        summary = _("Gates of {model}; steps: {steps}.").format(model=run.name, steps=run.steps)
        show_board(id, run, drawings, finer=finer, summary=summary)


def _needed(run: Run, layer: int) -> None:
    """What of the pictures takes longest."""
    if run.kind != "rnn":
        kept(stats.gates.contributions, run.at(layer))


def _contributions(node: xr.Dataset, unit: int) -> xr.Dataset:
    return kept(stats.gates.contributions, node).sel(unit=unit)


def _ungated(run: Run) -> None:
    unit, layer = settings()["unit"], settings()["layer"]
    relu = run.node.attrs.get("nonlinearity") == "relu"
    st.info(without_gates(relu))
    st.page_link("pages/explore/states.py", label=_("To the hidden states"))
    node, id = run.at(layer), f"gates-{run.view}-{layer}"
    node = kept(lambda: node.assign(slope=stats.states.slope(node["hidden"], relu)))
    drawings, finer = small_multiples(run, id, node, ("hidden", "slope"))
    summary = _("Hidden state and slope of the nonlinearity of {model}.").format(model=run.name)
    colour = (node["slope"].sel(unit=unit), (0, 1), gate_name("slope", run.kind))
    show_board(id, run, drawings, colour=colour, finer=finer, summary=summary)
    with st.container(horizontal=True):
        if run.live:
            recordings.take_away(run.trace, run.name)
        recordings.take_page(run)


def _reading() -> None:
    """How to read the pictures and which keys move them, folded below."""
    folded(
        (
            _(
                "LSTM: i lets the candidate g in, f keeps the old cell state c, o shows it: c = f∘c + i∘g, h = o∘tanh(c)."
            ),
            _(
                "GRU, in PyTorch's sign: h = (1 − z)∘n + z∘h before, so z keeps the old. Chung et al. 2014 and many "
                "textbooks write z the other way round."
            ),
            _(
                "PyTorch’s candidate is n = tanh(W_xn x + b_xn + r∘(W_hn h + b_hn)): r acts after the weight. In Cho et al. 2014 "
                "and most diagrams it acts before: W_hn(r∘h)."
            ),
            _(
                "A dot at the right edge is a unit whose gate is nearly always open, at the top one that is nearly "
                "always shut; on the dotted line it is never in between."
            ),
            _(
                "Half-life at the cursor: a gate that stayed at f = 0.9 would halve a memory every ln 2 / −ln 0.9 = 6.6 steps. "
                "The memory length of a unit is ln 2 divided by the mean of −ln f over the text: one number for all its steps. "
                "Both count this gate alone; the paths through the other gates are left out."
            ),
            keys(),
        )
    )
