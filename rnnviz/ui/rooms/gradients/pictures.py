"""A loss sent back through RNN, GRU and LSTM: what reaches each earlier step, on one absolute axis, and why."""

import functools
import math
from collections.abc import Collection

import streamlit as st
import xarray as xr
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures, stats
from rnnviz.figures.words import named
from rnnviz.paper import curves
from rnnviz.paper.packing import keys
from rnnviz.paper.pictures import PARTS
from rnnviz.paper.terms import part_names
from rnnviz.studies.live import LiveError
from rnnviz.ui.parts import recordings
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored import aside
from rnnviz.ui.parts.explored.ahead import prepare
from rnnviz.ui.parts.explored.backs import Back, loss_matrix, peers, send_back
from rnnviz.ui.parts.explored.runs import Run, current_run, own_back
from rnnviz.ui.parts.explored.views import compared, fading, show_board, unit_heatmap
from rnnviz.ui.parts.numbers import power, probability, shown
from rnnviz.ui.parts.tables import fading_words, table_csv
from rnnviz.ui.rooms.gradients import recorded
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick


def show(row: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls."""
    if run := current_run():
        if run.own is not None:
            _draw_own(run, row)
        elif not run.live:
            with row:
                _part({name for name, field in PARTS.items() if field in run.node})
            recorded.draw(run)
            recordings.take_page(run)
        elif len(run.text) > 1:
            _draw(run, row)
            recordings.take_page(run)
        else:
            notice(_("A loss needs a next character: type at least two."))
    _reading()


def _part(there: Collection[str] = PARTS) -> dict[str, str]:
    """Which gradient is drawn; what the parts are called. there: those that can be."""
    parts = {name: called for name, called in part_names().items() if name in there}
    if parts and settings()["part"] not in parts:
        choose(part=next(iter(parts)))
    if not parts:
        return parts
    pick(st.segmented_control, "part", _("Gradient"), list(parts), format_func=parts.get, required=True)
    return parts


def _loss() -> None:
    pick(
        st.segmented_control,
        "loss",
        _("The loss that is sent back"),
        ("step", "all"),
        format_func={"step": _("of one step"), "all": _("of all steps")}.get,
        required=True,
    )


def _steps_back() -> None:
    pick(
        st.number_input,
        "back",
        _("Steps back"),
        min_value=1,
        max_value=LONGEST,
        step=1,
        width=150,
        help=_("At this distance the line above the picture says what is left of each gradient."),
    )


def _draw_own(run: Run, row: DeltaGenerator) -> None:
    """A loss sent back through a model of the reader's own."""
    if not run.own.learns:
        line = _(
            "{name} has no loss. Give rnnviz.Live a `loss`, or `next` and `outputs`, and it can be sent back."
        )
        notice(said(run.own.lacks) if run.own.lacks else line.format(name=run.name))
        return
    with row:
        _loss()
        _part()
    now = settings()
    last = run.steps - 1 if run.own.loss else run.steps - 2  # the last token has none after it
    step = last if now["step"] is None else now["step"]
    try:
        back, reading = own_back(run, None if now["loss"] == "all" else max(0, step))
    except LiveError as problem:
        aside.say(problem)
        return
    where = (
        _("The loss of all steps, summed")
        if reading.step is None
        else _("The loss of step {step}").format(step=reading.step + 1)
    )
    recorded.draw(back, f"{where}: {shown(reading.loss)}", reading.shares)
    recordings.take_page(back)


def _draw(run: Run, row: DeltaGenerator) -> None:
    with row:
        _loss()
        parts = _part()
        _steps_back()
    now, last = settings(), len(run.text) - 2
    step = None if now["loss"] == "all" else last if now["step"] is None else min(now["step"], last)
    with st.spinner(_("Sending the loss back …")):
        backs, matrix = _sent(run, step)
    own = next(back for back in backs if back.name == run.name)
    layer, part = min(now["layer"], own.node.sizes["layer"] - 1), now["part"]
    id = f"gradients-{run.view}-{layer}-{step}-{part}"
    node, end = own.at(layer), own.last
    norms = compared(backs, layer, part, run.steps)
    name = "hidden_grad" if part == "total" else "hidden_grad_direct"
    limit = kept(lambda: stats.mechanism.round_limit(node[name]))
    heat, finer = unit_heatmap(
        run,
        id,
        node,
        name,
        (-limit, limit),
        _("Gradient of each unit ({part}), {model}").format(part=parts[part], model=run.name),
        height=360,
    )
    drawings = [
        drawn("norms", _("What reaches each step"), curves.norms, norms, [b.kind for b in backs], end),
        drawn(
            "mechanism",
            _("Why, in {model}").format(model=run.name),
            curves.mechanism,
            kept(stats.mechanism.paths, node, end),
            run.kind,
        ),
        drawn(
            "ways",
            _("Why, step by step: what each way back passes on, {model}").format(model=run.name),
            curves.ways,
            own.ways.isel(layer=layer),
        ),
        heat,
        drawn(
            "matrix",
            _("What each step's error contributes to each earlier step, {model}").format(model=run.name),
            lambda: figures.log_matrix(matrix.isel(layer=layer)),
        ),
    ]
    speaks = _("The loss of step {step} (“{token}” comes next)").format(
        step=(step or 0) + 1, token=run.strip["tokens"][(step or 0) + 1]
    )
    of_one = " · ".join(
        _("{model} {loss} nats, p = {share}").format(
            model=back.kind.upper(), loss=shown(back.loss), share=probability(back.loss)
        )
        for back in backs
    )
    st.text(f"{speaks}: {of_one}" if step is not None else _("The loss of all steps, summed"))
    st.text(_left(backs, norms, end))
    show_board(
        id,
        run,
        drawings,
        finer=finer,
        cursor=end,
        summary=_("Gradient norms of {models} over {steps} characters.").format(
            models=", ".join(b.name for b in backs), steps=len(run.text)
        ),
    )
    table_csv(fading(backs, norms, end), "rnnviz-gradients")
    st.caption(fading_words())
    _why(backs, layer, end)
    prepare(run, functools.partial(_sent, step=step))


def _sent(run: Run, step: int | None) -> tuple[list[Back], xr.DataArray]:
    """The loss of a step, or of all, sent back through the network and its like; and what each step's contributes."""
    return [send_back(name, run.text, step) for name in peers(run)], loss_matrix(run.name, run.text)


def _left(backs: list[Back], norms: xr.DataArray, end: int) -> str:
    """What is left of each gradient at the distance that the reader has chosen, as far as the text goes back."""
    steps = min(settings()["back"], end)
    found = stats.gradients.left(norms, end, steps).values.tolist()
    each = [
        f"{back.kind.upper()} "
        + (_("exactly 0") if log == -math.inf else f"÷ {power(-log)}" if log <= 0 else f"× {power(log)}")
        for back, log in zip(backs, found, strict=True)
        if not math.isnan(log)
    ]
    return _("The gradient {steps} steps back, against that at step {end}: {models}").format(
        steps=steps, end=end + 1, models=" · ".join(each)
    )


def _why(backs: list[Back], layer: int, end: int) -> None:
    """What a typical step passes back, in each architecture, and by which ways."""
    st.subheader(_("Why: what a typical step passes back"))
    st.write(
        _(
            "Going back, each step multiplies the gradient by a factor. The nearer to 1, the further the error reaches: 0.98 "
            "leaves a third after 50 steps, 0.9 half a percent."
        )
    )
    for back in backs:
        ways = back.ways.isel(layer=min(layer, back.ways.sizes["layer"] - 1), time=slice(1, end + 1))
        typical = stats.mechanism.typical(ways)
        found = dict(zip(typical["way"].values.tolist(), map(shown, typical.values.tolist()), strict=True))
        if back.kind == "rnn":
            line = _(
                "RNN: × {together}. The slopes of tanh leave × {slopes}, and the weights multiply that by {weights}."
            )
            st.text(line.format(**found))
            continue
        letter = "z" if back.kind == "gru" else "f"
        line = _("{model}: × {together}. Directly, times {letter}: × {direct}. Through weights: {gates}.")
        gates = ", ".join(f"{named(way)} × {value}" for way, value in found.items() if way in curves.THROUGH)
        st.text(
            line.format(
                model=back.kind.upper(),
                together=found["together"],
                letter=letter,
                direct=found[f"directly, times {letter}"],
                gates=gates,
            )
        )
    st.caption(
        _(
            "Typical is the geometric mean over the steps that the loss went back through. The ways are added as vectors and "
            "may cancel, so their factors need not add up to the whole. An LSTM’s are of h and c together. In a lower layer, the "
            "layer above adds to the gradient at every step; that is not counted here."
        )
    )


def _reading() -> None:
    """How to read the pictures and which keys move them, folded below."""
    folded(
        (
            _(
                "The total gradient ∂L/∂h is what a small change of the state at a step would do to the loss, through all "
                "the steps after it. The direct part is what does not come back from the next step."
            ),
            _(
                "All models share one log axis, without rescaling. A straight line means a constant factor per step; the "
                "higher it stands at the left end, the further back the error reaches."
            ),
            _(
                "Why: for an LSTM, ∂L/∂c beside what the forget gates alone would leave of it; for a GRU, ∂L/∂h beside the "
                "update gates alone; for an RNN the slopes of tanh and the weights, each alone. The rest comes through the "
                "other paths."
            ),
            _(
                "Step by step: an RNN’s gradient has one way back, through the slope of tanh and then the weights. In a GRU it "
                "also goes back directly, multiplied by z, and through the weights of its two gates and candidate; in an LSTM "
                "directly along the cell, multiplied by f, and through the weights of its three gates and candidate."
            ),
            _(
                "In the matrix each row is one step's loss and each column an earlier step; click a row to send that loss back."
            ),
            _(
                "Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013. Computed in float64 with "
                "the model's own weights."
            ),
            keys(),
        )
    )
