"""Both readings under one cursor: how far their predictions and states lie apart, the difference itself, and how it fades."""

import dataclasses
import math

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures
from rnnviz.figures.style import SEVERAL
from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.paper.packing import keys
from rnnviz.paper.terms import gate_name
from rnnviz.studies import differing
from rnnviz.studies.live import Live, LiveError
from rnnviz.told import Told
from rnnviz.ui.parts import explored
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored import aside, elsewhere, growing
from rnnviz.ui.parts.explored.runs import Run, again, live_run, named_again, reread
from rnnviz.ui.parts.explored.views import (
    choose_picture,
    difference_heatmap,
    in_view,
    limits_of,
    show_board,
    unit_heatmap,
)
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.pair import results
from rnnviz.ui.rooms.pair.results import Both
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick


def show(place: DeltaGenerator) -> None:
    """What stands below the reader's text. place: beside it, for what says the second reading."""
    run = live_run()
    if run is None:
        return
    text = explored.reader_text()[: None if run.own and run.own.rows else LONGEST]
    text = text if run.own is not None else "".join(run.text)
    try:
        model = again(run)
        row = st.container(horizontal=True, vertical_alignment="bottom")
        with row:
            way = _way(run)
        with place:
            second = _second(run, model, text, way)
        if second is None:
            return
        one, other = reread(model, text), reread(*second)
        found = results.both(run, one, other)
    except (LiveError, CheckpointError, Told) as problem:
        aside.say(problem)
        return
    if differing.alike(found.pair):
        with row:
            _field(found)
            _shows()
    _draw(run, found, model, second[0] is model, text, second[1])
    both = {"transplant_text": second[1]} if way == "text" else {}
    elsewhere.links(
        {
            "transplant": {"transplant_kind": "text"} | both,
            "change": {"change_kind": "text"},
            "units": {},
            "lens": {},
        }
    )
    _reading()


def _moments(run: Run) -> tuple[int, ...]:
    """At which its training was kept."""
    return checkpoints.moments(checkpoints.parted(run.name)[0]) if run.card is not None else ()


def _way(run: Run) -> str:
    """What the second reading is another of: text, model or moment."""
    now = settings()
    ways = {"text": _("another text")}
    if _others(run):
        ways["model"] = _("another model")
    if _moments(run):
        ways["moment"] = _("another moment of its training")
    way = now["pair_with"] if now["pair_with"] in ways else "text"
    pick(
        st.segmented_control,
        "pair_with",
        _("Beside it"),
        list(ways),
        value=way,
        format_func=ways.get,
        required=True,
    )
    return way


def _second(run: Run, model: Live, text: str, way: str) -> tuple[Live, str] | None:
    """The model and the text of the second reading; None where there is none, which a line says."""
    now = settings()
    if way == "model":
        others = _others(run)
        chosen = now["pair_model"] if now["pair_model"] in others else others[0]
        if now["pair_model"] not in (None, chosen):
            line = _("The model {gone} cannot stand beside this one; {shown} is shown.")
            notice(line.format(gone=now["pair_model"], shown=chosen))
        pick(
            st.selectbox,
            "pair_model",
            _("The second model"),
            others,
            value=chosen,
            format_func=growing.label,
            width=300,
        )
        return named_again(growing.named(chosen)), text
    if way == "moment":
        moments = _moments(run)
        name = checkpoints.parted(run.name)[0]
        step = now["pair_trained"] if now["pair_trained"] in moments else moments[0]
        if now["pair_trained"] not in (None, step):
            line = _("Training step {step:,} was not kept; there is {kept}. The first one is shown.")
            notice(line.format(step=now["pair_trained"], kept=", ".join(f"{one:,}" for one in moments)))
        pick(
            st.select_slider,
            "pair_trained",
            _("The second moment (training step)"),
            list(moments),
            value=step,
            format_func="{:,}".format,
            width=360,
        )
        return named_again(checkpoints.at(name, step)), text
    other = explored.otherwise(text) if now["pair_text"] is None else now["pair_text"]
    pick(st.text_area, "pair_text", _("The second text"), value=other, height=84)
    other = other if model.rows else other[:LONGEST]
    if not other:
        notice(_("Type at least one character, and the network will read it."))
        return None
    return model, other


def _others(run: Run) -> list[str]:
    """The shipped models that read what this one reads."""
    if run.card is None:
        return []
    own = checkpoints.parted(run.name)[0]
    kind = explored.corpus(own)
    names = [name for name in checkpoints.names("language") if name != own and explored.corpus(name) == kind]
    found = [name for name in names if _tokens(name) == tuple(run.outputs)]
    return sorted(
        found, key=lambda name: bool(checkpoints.moments(name))
    )  # small ones that grow up come last


def _tokens(name: str) -> tuple[str, ...]:
    try:
        return checkpoints.vocabulary(checkpoints.card(name)).tokens
    except CheckpointError:
        return ()


def _carried(found: Both, model: Live, text: str, other: str, moved, id: str, drawings: list) -> None:
    """At which step, and in which layer, what decides the prediction at the cursor is carried."""
    place = results.looked_at(found, moved, explored.cursor())
    came = None if place is None else results.carried(found, model, text, other, place)
    if came is not None:
        title = _(
            "Swap in the second state at one step: how far the prediction after step {step} moves (1: all the way)"
        ).format(step=place + 1)
        drawings.insert(2, drawn("carried", title, figures.inputs, in_view(came, id, found.steps)))


def _draw(run: Run, found: Both, model: Live, same_model: bool, text: str, other_text: str) -> None:
    now = settings()
    layer, unit = now["layer"], now["unit"]
    id, alike = f"pair-{found.key}-{layer}", differing.alike(found.pair)
    drawings, finer = [], False
    moved = results.divergence(found)
    if moved is not None:
        title = _("How far the predictions lie apart: KL divergence (nats)")
        drawings.append(
            drawn("moved", title, figures.lines, in_view(moved, id, found.steps), run.kind, None, 130)
        )
    limits = limits_of(results.states(found, 0, layer), "hidden")
    names = (_("first"), _("second"))
    if alike:
        logs = results.distances(found, model if same_model else None, text)
        drawings.append(_distances(logs, id, found))
        picture, finer = _heatmap(found, id, layer, limits)
        drawings.append(picture)
        field = settings()["pair_field"]
        curves = [kept(_curve, results.states(found, which, layer, field), unit) for which in (1, 0)]
        two = [in_view(curve, id, found.steps) for curve in reversed(curves)]
        title = _("Unit {unit}").format(unit=unit)
        if field != "hidden":
            title = f"{title}: {_named(field, found)}"
        drawings.append(drawn("curve", title, figures.before_after, *two, run.kind, None, 160, names))
    else:
        logs = None
        for which, title in enumerate((_("Hidden state h, first"), _("Hidden state h, second"))):
            node = results.states(found, which, min(layer, _layers(found, which) - 1))
            own = limits_of(node, "hidden")
            whose = results.second(found) if which else found
            picture, more = unit_heatmap(whose, id, node, "hidden", own, title, 300, order="stored")
            drawings.append(dataclasses.replace(picture, id=f"hidden-{which}"))
            finer = finer or more
    if same_model and model.next is not None and settings()["pair_with"] == "text":
        _carried(found, model, text, other_text, moved, id, drawings)
    best = results.candidates(found)
    line = _summary(found, layer, moved, logs)
    st.markdown(as_text(line))
    show_board(
        id,
        found,
        drawings,
        colour=(kept(_filled, results.states(found, 0, layer), unit), limits, _("hidden state h")),
        candidates=None if best is None else best[:2],
        finer=finer,
        summary=line,
        before=None
        if best is None or best[2] is None
        else (best[2], _("The line on each bar: the second reading.")),
    )


def _layers(found: Both, which: int) -> int:
    return (found.pair.one, found.pair.other)[which].subject.node(found.module).sizes["layer"]


def _field(found: Both) -> None:
    """Which numbers of the layer stand side by side."""
    layer = settings()["layer"]
    there = results.fields(found, layer)
    if settings()["pair_field"] not in there:
        choose(pair_field="hidden")
    pick(
        st.selectbox,
        "pair_field",
        _("What of the layer"),
        there,
        format_func=lambda name: _named(name, found),
        width=200,
    )


def _named(field: str, found: Both) -> str:
    states = {"hidden": _("hidden state h"), "cell": _("cell state c")}
    return states.get(field) or gate_name(field, found.kind)


def _shows() -> None:
    names = {"difference": _("the difference"), "one": _("the first"), "other": _("the second")}
    choose_picture("pair_shows", names)


def _distances(logs, id: str, found: Both):
    count = sum("first order" not in str(name) for name in logs["series"].values)
    kinds = [SEVERAL[i % count % len(SEVERAL)] for i in range(logs.sizes["series"])]
    dashes = ["solid" if i < count else "dot" for i in range(logs.sizes["series"])]
    title = _("How far the states lie apart: ‖h − h′‖")
    if count < logs.sizes["series"]:
        title = _(
            "How far the states lie apart: ‖h − h′‖ (dotted: to first order, by the Jacobians along the way)"
        )
    seen = in_view(logs, id, found.steps)
    return drawn("distance", title, figures.log_norms, seen, kinds, None, title, 240, "time", dashes)


def _heatmap(found: Both, id: str, layer: int, limits: tuple[float, float]):
    which, field = settings()["pair_shows"], settings()["pair_field"]
    if field != "hidden":
        name = _named(field, found)
        if which == "difference":
            title = _("{name}, second minus first").format(name=name)
            return difference_heatmap(found, id, results.difference(found, layer, field), title, 340)
        title = (_("{name}, first") if which == "one" else _("{name}, second")).format(name=name)
        node = results.states(found, 0 if which == "one" else 1, layer, field)
        return unit_heatmap(found, id, node, "hidden", limits_of(found.at(layer), field), title, 340)
    if which == "difference":
        node = results.difference(found, layer)
        return difference_heatmap(found, id, node, _("Hidden state h, second minus first"), 340)
    node = results.states(found, 0 if which == "one" else 1, layer)
    title = _("Hidden state h, first") if which == "one" else _("Hidden state h, second")
    return unit_heatmap(found, id, node, "hidden", limits, title, 340)


def _curve(node, unit: int):
    return node["hidden"].sel(unit=min(unit, node.sizes["unit"] - 1))


def _filled(node, unit: int):
    """The curve that colours the strip: 0 where the first reading has nothing."""
    return _curve(node, unit).fillna(0.0)


def _summary(found: Both, layer: int, moved, logs) -> str:
    """Where they part, how the difference fades, and when it is forgotten."""
    pair, parts = found.pair, []
    if logs is None:
        parts.append(
            _("These networks differ in shape, so their units cannot be compared; their predictions can.")
        )
    if pair.parted is not None and logs is not None:
        size = differing.distance(pair, layer, found.direction).values
        gone = differing.forgotten(size, pair.parted)
        parts.append(_("They last differ at step {step}.").format(step=pair.parted + 1))
        if not pair.both[pair.parted :].any():
            pass
        elif gone is None:
            parts.append(_("Its trace in layer {layer} outlasts this text.").format(layer=layer + 1))
        else:
            line = _("In layer {layer} less than 1 % of the difference is left after {count} steps.")
            parts.append(line.format(layer=layer + 1, count=gone))
        rate = differing.rate(size, pair.parted)
        if not math.isnan(rate):
            line = _(
                "It changes by a factor of {factor} a step; a difference that fades most slowly would, on this path, by "
                "{expected} (largest Lyapunov exponent of this layer: {exponent})."
            )
            exponent = results.exponent(found, layer)
            parts.append(
                line.format(
                    factor=shown(math.exp(rate)), exponent=shown(exponent), expected=shown(math.exp(exponent))
                )
            )
    elif pair.parted is None and logs is not None and not bool((logs > -math.inf).any()):
        parts.append(_("Both readings are the same."))
    if moved is not None and float(moved.max()) > 0:
        place = int(moved.argmax("time"))
        line = _("The predictions lie furthest apart after step {step}: {nats} nats.")
        parts.append(line.format(step=place + 1, nats=shown(float(moved[place]))))
    return " ".join(parts)


def _reading() -> None:
    folded(
        (
            _(
                "Both readings lie on one axis: what they read alike stands in one column, where they differ the strip "
                "shows both, as in "
                "b|m, and a dash where one of them has nothing."
            ),
            _(
                "The dotted lines show what a small difference in this direction would do: the product of the "
                "Jacobians from step to "
                "step, applied to the difference at the last step where the readings differ. Where the solid line "
                "leaves the dotted one, "
                "the difference is too large for this straight view."
            ),
            _(
                "The largest Lyapunov exponent says how fast small differences grow (above 0) or fade (below 0) along "
                "this path in the long "
                "run, whatever their direction; over a few steps one difference can do otherwise."
            ),
            _("Which units carry the difference, step by step, is shown on “Transplant”."),
            keys(),
        )
    )
