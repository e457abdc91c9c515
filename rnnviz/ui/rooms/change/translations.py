"""A sentence is translated twice, as it is and from changed states of the encoder or the decoder."""

import dataclasses

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.vocabularies import END_ID, START_ID, cut, visible
from rnnviz.paper.packing import keys
from rnnviz.studies import changing, translating
from rnnviz.studies.changing import Change, Changed
from rnnviz.studies.translating import Rendered, Translating
from rnnviz.told import Told
from rnnviz.ui.parts import recordings, sentences
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored.controls import module_and_unit
from rnnviz.ui.parts.explored.runs import Run, light, of_subject
from rnnviz.ui.parts.explored.views import limits_of, show_board
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.change import making, pictures
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick

SIDES = ("forward", "backward")


def show() -> None:
    """The sentence, the changes and both translations."""
    names = checkpoints.names("translation")
    if not names:
        notice(_("There is no translator here."), error=True)
        return
    name = sentences.model_of(
        names, "change_translator", "translate-korean" if current() == "ko" else "translate-dates"
    )
    text = sentences.typed("change_source", sentences.translated(name)[0], _("The sentence"))
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        pick(st.selectbox, "change_translator", _("Model"), names, value=name, width=300)
    try:
        _shown(_opened(name, checkpoints.stamp(name)), text, row)
    except (CheckpointError, Told) as problem:
        notice(said(problem), error=True)
    _reading()


@keeps
def _opened(name: str, stamp: str) -> Translating:
    return translating.shipped(name)


@keeps
def _read(model: Translating, text: str) -> Rendered:
    return light(model.read(text))


def _shown(model: Translating, typed: str, row) -> None:
    if not typed.strip():
        notice(_("Type a sentence above, and the network will translate it."))
        return
    text, left = cut(model.source, typed, sentences.LONGEST)
    if left:
        line = _("Only the first {longest} tokens of a sentence are read.")
        notice(line.format(longest=sentences.LONGEST))
    before = _read(model, text)
    with row:
        module_and_unit(before.subject)
    run = of_subject(before.subject)
    if run is None:
        return
    run = kept(_of, run, before, tuple(model.outputs))
    known = kept(_examples, model.name, text, len(before.tokens))
    changes = making.made(run, known)
    others = {source: _read(model, source) for source in changing.sources(changes)}
    fitting = pictures.made_of(changes, before, others, run.kind)
    found = kept(_changed, model, text, fitting, before, tuple(others.items()))
    making.show(run, changes, known)
    _draw(run, model, found, fitting, before)
    _take_away(run, model, found, fitting, text)


def _examples(name: str, text: str, steps: int) -> dict[str, tuple[Change, ...]]:
    """By name, changes that make a point. steps: of the decoder."""
    first, second = sentences.translated(name)
    found: dict[str, tuple[Change, ...]] = {}
    if text == first:
        where = {"dates": (6, 6), "korean": (2, 2)}["korean" if "korean" in name else "dates"]
        found["token"] = tuple(
            Change("hidden", "swap", None, where, direction=side, module="encoder", source=second)
            for side in SIDES
        )
    half = steps // 2
    found["again"] = (Change("hidden", "zero", None, (half, half), module="decoder"),)
    found["held"] = (Change("hidden", "freeze", None, (min(2, steps - 1), steps - 1), module="decoder"),)
    return found


def _changed(
    model: Translating,
    text: str,
    changes: tuple[Change, ...],
    before: Rendered,
    others: tuple[tuple[str, Rendered], ...],
) -> Changed:
    found = changing.changed(model, text, changes, None, before, others=dict(others))
    return found if found.after is before else dataclasses.replace(found, after=light(found.after))


def _of(run: Run, came: Rendered, outputs: tuple[str, ...]) -> Run:
    """The run with what came of a reading; the decoder says what it expects."""
    expected = came.log_probability if run.module == "decoder" else None
    return dataclasses.replace(
        run,
        key=f"{came.subject.key}-{run.module}-{run.direction}",
        subject=came.subject,
        text=came.subject.tokens(run.module),
        outputs=outputs,
        log_probability=expected,
    )


def _draw(run: Run, model: Translating, found: Changed, changes: tuple[Change, ...], was: Rendered) -> None:
    now, layer, unit = settings(), settings()["layer"], settings()["unit"]
    came: Rendered = found.after
    before, after = run, kept(_of, run, came, tuple(model.outputs))
    _say_unreached(changes, came, run.kind)
    for title, one in ((_("as it was"), was), (_("changed"), came)):
        st.caption(title)
        st.code(one.written or " ", language=None, wrap_lines=True)
    decoder = run.module == "decoder"
    looked_at = after if decoder and now["change_shows"] == "after" else before
    id = f"change-{run.view}-{layer}-{looked_at.steps}"
    limits = limits_of(before.states(layer), "hidden")
    drawings = []
    if decoder:
        title = _("How far the prediction has moved, while both have written the same: KL divergence (nats)")
        padded = kept(_padded, kept(pictures.divergence_of, found), looked_at.steps)
        drawings.append(drawn("moved", title, figures.lines, padded, run.kind, None, 130))
    shared = found.shared if decoder else None
    picture, finer = pictures.heatmap(run, before, after, id, layer, limits, shared)
    drawings.append(picture)
    two = [kept(pictures.curve_of, one.states(layer), unit) for one in (before, after)]
    title = _("Unit {unit}").format(unit=unit)
    drawings.append(drawn("curve", title, figures.before_after, *two, run.kind))
    if decoder:
        chances = kept(_chances, was, came, found.shared, looked_at.steps)
        title = _("Probability of the token that was written as it was")
        drawings.append(drawn("chance", title, figures.before_after, *chances, run.kind))
    line = _summary(found, was, came, model)
    st.markdown(as_text(line))
    show_board(
        id,
        looked_at,
        drawings,
        colour=(kept(pictures.curve_of, looked_at.states(layer), unit), limits, _("hidden state h")),
        candidates=looked_at.candidates,
        finer=finer,
        summary=line,
        marks=pictures.marks(run, changes),
        marked=making.marked,
    )


def _say_unreached(changes: tuple[Change, ...], came: Rendered, kind: str) -> None:
    steps = len(came.tokens)
    late = [c for c in changes if c.module == "decoder" and c.steps is not None and c.steps[0] >= steps]
    if late:
        line = _("The changed translation ends after {count} steps, before these changes: {changes}.")
        notice(line.format(count=steps, changes="; ".join(making.said(one, kind) for one in late)))


def _padded(curve: xr.DataArray, steps: int) -> xr.DataArray:
    """The curve over so many steps, NaN where it has none."""
    values = np.full(steps, np.nan, np.float32)
    own = curve.values[:steps]
    values[: len(own)] = own
    return xr.DataArray(values, dims="time", attrs=curve.attrs)


def _chances(was: Rendered, came: Rendered, shared: int, steps: int) -> tuple[xr.DataArray, xr.DataArray]:
    """p of the tokens that were written without the changes, as it was and changed, while both have been told the same."""
    ids = list(was.target_ids)[:shared]
    about = {"long_name": "probability", "units": "1", "valid_range": (0.0, 1.0)}
    found = []
    for one in (was, came):
        chance = np.exp(one.log_probability.values[np.arange(len(ids)), ids])
        found.append(_padded(xr.DataArray(chance, dims="time", attrs=about), steps))
    return found[0], found[1]


def _token(model: Translating, id: int) -> str:
    return {START_ID: _("⟨start⟩"), END_ID: _("⟨end⟩")}.get(id) or visible(model.target.tokens[id])


def _summary(found: Changed, was: Rendered, came: Rendered, model: Translating) -> str:
    """What has come of the changes, in words."""
    if not found.edits:
        return _("Nothing is changed yet.")
    step = int(found.divergence.values.argmax())
    largest = float(found.divergence[step])
    if largest == 0:
        return _("These changes alter no prediction.")
    line = _("While both have written the same, the prediction moves most at step {step}: by {nats} nats.")
    line = line.format(step=step + 1, nats=shown(largest))
    both = enumerate(zip(was.target_ids, came.target_ids, strict=False))
    apart = next((place for place, (old, new) in both if old != new), None)
    if apart is None:
        return line + " " + _("Both write the same.")
    old, new = (_token(model, one.target_ids[apart]) for one in (was, came))
    parting = _(
        "At step {step} “{new}” is written instead of “{old}”; from there on the decoder is told that."
    )
    return line + " " + parting.format(step=apart + 1, old=old, new=new)


def _take_away(run: Run, model: Translating, found: Changed, changes: tuple[Change, ...], text: str) -> None:
    with st.container(horizontal=True):
        recordings.take_away(found.after.subject.trace, f"{model.name}-changed")
        with st.popover(_("The same in Python")):
            expression = f"rnnviz.translating.shipped({model.name!r})"
            last = ["print(before.written, after.written, sep='\\n')"]
            lines = changing.code(changes, expression, text, None, "encoder", last=last)
            st.code(lines, language=None, wrap_lines=True)


def _reading() -> None:
    folded(
        (
            _(
                "The sentence is translated twice: once as it is, and once with your changes. The encoder reads it, in both "
                "directions; the decoder writes the likeliest token at each step and is told it at the next."
            ),
            _(
                "A change of the encoder reaches the decoder through what it attends to, and through the last states, from which "
                "the decoder begins. A network without attention has only those."
            ),
            _(
                "Steps of the decoder are counted from its first, which is told that a sentence begins. Once another token is "
                "written the decoder is told another, so the two are held against each other up to there."
            ),
            _(
                "To see which token’s state carries which part of the translation, all at once, see “Transplant”; to change the "
                "attention instead, see “Attention”."
            ),
            keys(),
        )
    )
