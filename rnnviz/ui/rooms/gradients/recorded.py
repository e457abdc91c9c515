"""The gradients that a recording holds: one module's, beside those of others on the same absolute axis."""

import contextlib
import json

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.models import checkpoints
from rnnviz.paper import curves
from rnnviz.paper.pictures import PARTS, lacking, partly, without_gradients
from rnnviz.paper.terms import part_names
from rnnviz.studies.subjects import Subject
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored import subjects
from rnnviz.ui.parts.explored.backs import Back, send_back
from rnnviz.ui.parts.explored.runs import MOST_CURVES, Run
from rnnviz.ui.parts.explored.views import compared, faded_row, in_view, show_board, unit_heatmap
from rnnviz.ui.parts.tables import fading_words, table_csv
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, held, settings
from rnnviz.ui.shell.widgets import as_text, notice, shows

MOST = 2  # others that are drawn beside it


def draw(run: Run, said: str | None = None, shares: xr.DataArray | None = None) -> None:
    """What stands below the controls where a recording is looked at. said: what was sent back, where that is known. shares: what
    each number that was read adds to that, (feature, time)."""
    if not run.subject.has_gradients(run.module):
        notice(without_gradients(run.name))
        return
    if missing := lacking(run.at(settings()["layer"]), gradients=True):
        notice(partly(run.name, run.kind, missing))
    now, node, own = settings(), run.states(settings()["layer"]), _back(run)
    layer, part = now["layer"], now["part"]
    others = _others(run)
    backs = [own, *others]
    norms = compared(backs, layer, part, run.steps)
    id = f"gradients-{run.key}-{layer}-{part}-{'-'.join(back.name for back in others)}"
    limit = kept(lambda: stats.mechanism.round_limit(node[PARTS[part]]))
    title = _("Gradient of each unit ({part}), {model}").format(part=part_names()[part], model=run.name)
    heat, finer = unit_heatmap(run, id, node, PARTS[part], (-limit, limit), title, height=360)
    reaches, kinds = in_view(norms, id, run.steps), [back.kind for back in backs]
    at_end = None if reaches is norms else norms.isel(time=own.last).values.tolist()
    drawings = [
        drawn("norms", _("What reaches each step"), curves.norms, reaches, kinds, own.last, at_end=at_end)
    ]
    if settings()["direction"] == "forward":
        why = _("Why, in {model}").format(model=run.name)
        with contextlib.suppress(ValueError):  # of a part that was not kept
            paths = in_view(kept(stats.mechanism.paths, run.at(layer), own.last), id, run.steps)
            drawings.append(drawn("mechanism", why, curves.mechanism, paths, run.kind))
        step_by_step = _("Why, step by step: what each way back passes on, {model}").format(model=run.name)
        # of several calls, a projection, and what was kept in part, they are not known
        with contextlib.suppress(ValueError):
            ways = in_view(kept(stats.mechanism.ways, run.at(layer)), id, run.steps)
            drawings.append(drawn("ways", step_by_step, curves.ways, ways))
    drawings.append(heat)
    if shares is not None and shares.sizes["feature"] <= MOST_CURVES:
        added = _("What each number that it read adds to this loss, to first order (gradient × input)")
        drawings.append(drawn("shares", added, figures.inputs, in_view(shares, id, run.steps)))
    st.text(said or _("The loss of this recording, as it was sent back"))
    show_board(
        id,
        run,
        drawings,
        finer=finer,
        cursor=own.last,
        summary=_("Gradient norms of {models} over {steps} steps.").format(
            models=", ".join(back.name for back in backs), steps=run.steps
        ),
    )
    longer = [back.name for back in others if back.node.sizes["time"] > run.steps]
    if longer:
        line = _("Of {names}, which goes on for longer, the first {steps} steps are drawn.")
        st.caption(as_text(line.format(names=", ".join(longer), steps=run.steps)))
    rows = {back.name: faded_row(back, layer, part) for back in backs}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Model"))
    table_csv(table, "rnnviz-gradients")
    st.caption(fading_words())


def _back(run: Run) -> Back:
    return kept(_sent_back, run.subject, run.module, run.direction, run.sequence, run.name)


def _sent_back(subject: Subject, module: str, direction: int, sequence: int, name: str) -> Back:
    """What a recording holds of the way back. Its last step is the last at which the loss speaks."""
    layers = [
        subject.states(module, place, direction, sequence) for place in range(len(subject.layers(module)))
    ]
    names = [field for field in ("hidden_grad", "hidden_grad_direct") if field in layers[0]]
    node = xr.concat([one[names] for one in layers], dim="layer").assign_attrs(layers[0].attrs)
    end = curves.last_spoken(node[names[0]].isel(layer=-1))
    return Back(name, node.attrs["kind"], node, None, end)


def _beside() -> None:
    """The last that were chosen: two of them have room."""
    before = json.loads(settings()["beside"] or "[]")
    now = st.session_state["pick_beside"]
    chosen = [key for key in before if key in now] + [key for key in now if key not in before]
    choose(beside=json.dumps(chosen[-MOST:]))


def _others(run: Run) -> list[Back]:
    """What the reader wants to see beside it: modules of recordings, and shipped models on the reader's text."""
    offered: dict[str, tuple[str, Subject | None, str]] = {}
    for name, subject in subjects.here().items():
        for module in subject.modules:
            if PARTS[settings()["part"]] in subject.node(module) and (subject, module) != (
                run.subject,
                run.module,
            ):
                title = f"{subject.name} · {module}" if len(subject.modules) > 1 else subject.name
                offered[f"{name}#{module}"] = (title, subject, module)
    for name in checkpoints.names("language"):
        reads = (
            _("{model}, reading this text") if run.own else _("{model}, reading the text of the start page")
        )
        offered[name] = (reads.format(model=name), None, name)
    if settings()["beside"] is None:  # what else the app was started on
        wanted = [
            key for key, (_title, subject, _module) in offered.items() if subject not in (None, run.subject)
        ]
    else:
        wanted = json.loads(settings()["beside"])
    wanted = [key for key in wanted if key in offered][:MOST]
    shows("pick_beside", wanted, list(offered))
    st.pills(
        _("Beside it, on the same axis"),
        list(offered),
        key="pick_beside",
        format_func=lambda key: as_text(offered[key][0]),
        selection_mode="multi",
        on_change=_beside,
        disabled=held(),
    )
    text = explored.reader_text()[:LONGEST]
    found = []
    for key in wanted:
        title, subject, module = offered[key]
        if subject is not None:
            node = subject.node(module)
            place = (
                min(run.direction, node.sizes["direction"] - 1),
                min(run.sequence, node.sizes["batch"] - 1),
            )
            found.append(kept(_sent_back, subject, module, *place, title))
        elif len(explored.as_read(text, module)) > 1:
            read = explored.as_read(text, module)
            found.append(send_back(module, read, len(read) - 2))
    return found
