"""How much of the error at one step reaches each earlier step: RNN, GRU and LSTM on one absolute axis."""

import streamlit as st

from rnnviz import figures, stats
from rnnviz.ui.parts.board import show_board
from rnnviz.ui.parts.runs import current_run, kept, loss_matrix, peers, send_back
from rnnviz.ui.parts.views import compared, drawn, fading, subject, table_csv, unit_heatmap
from rnnviz.ui.shell.choices import settings
from rnnviz.ui.shell.frame import notice, pick, reader_text, reading
from rnnviz.ui.shell.language import _


def draw(run) -> None:
    now, last = settings(), len(run.text) - 2
    parts = {"total": _("total"), "direct": _("direct")}
    with st.container(horizontal=True):
        pick(
            st.segmented_control,
            "loss",
            _("The loss that is sent back"),
            ("step", "all"),
            format_func={"step": _("of one step"), "all": _("of all steps")}.get,
            required=True,
        )
        pick(st.segmented_control, "part", _("Gradient"), list(parts), format_func=parts.get, required=True)
    step = None if now["loss"] == "all" else last if now["step"] is None else min(now["step"], last)
    with st.spinner(_("Sending the loss back …")):
        backs = [send_back(name, run.text, step) for name in peers(run)]
        matrix = loss_matrix(run.name, run.text)
    own = next(back for back in backs if back.name == run.name)
    layer = min(now["layer"], own.node.sizes["layer"] - 1)
    id = f"gradients-{run.key}-{layer}-{step}-{now['part']}"
    norms = compared(backs, layer, now["part"], id)
    paths = kept(lambda: stats.mechanism.paths(own.at(layer), own.last), "paths", id)
    name = "hidden_grad" if now["part"] == "total" else "hidden_grad_direct"
    signed = own.at(layer)[name]
    limit = kept(lambda: stats.mechanism.round_limit(signed), "limit", id)
    heat, finer = unit_heatmap(
        run,
        id,
        signed,
        (-limit, limit),
        _("Gradient of each unit ({part}), {model}").format(part=parts[now["part"]], model=run.name),
        height=360,
    )
    drawings = [
        drawn(
            "norms",
            lambda: figures.log_norms(norms, [b.kind for b in backs]),
            _("What reaches each step"),
            id,
        ),
        drawn(
            "mechanism",
            lambda: figures.log_norms(paths, [run.kind] * paths.sizes["path"], height=240),
            _("Why, in {model}").format(model=run.name),
            id,
        ),
        heat,
        drawn(
            "matrix",
            lambda: figures.log_matrix(matrix.isel(layer=layer)),
            _("What each step's error contributes to each earlier step, {model}").format(model=run.name),
            id,
        ),
    ]
    speaks = _("The loss of step {step} (“{token}” comes next)").format(
        step=(step or 0) + 1, token=run.strip["tokens"][(step or 0) + 1]
    )
    st.text(speaks if step is not None else _("The loss of all steps, summed"))
    show_board(
        id,
        **run.strip,
        figures=drawings,
        unit=now["unit"],
        finer=finer,
        subject=subject(run),
        cursor=own.last,
        summary=_("Gradient norms of {models} under {steps} characters.").format(
            models=", ".join(b.name for b in backs), steps=len(run.text)
        ),
    )
    table_csv(fading(backs, norms, own.last), "rnnviz-gradients")


st.header(_("Gradients"))
st.write(
    _(
        "Click a character: the error there is sent back through all models. See how much of it reaches each earlier step."
    )
)
reader_text()
if run := current_run():
    if len(run.text) > 1:
        draw(run)
    else:
        notice(_("A loss needs a next character: type at least two."))
reading("gradients")
