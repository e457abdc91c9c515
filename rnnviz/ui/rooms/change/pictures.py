"""The text as it was and as it is with the changes, on one axis: what is expected, what is in the layer, and the difference."""

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import figures, stats
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import keys
from rnnviz.studies import changing, directions
from rnnviz.studies.changing import Change, Changed
from rnnviz.studies.live import LiveError
from rnnviz.studies.telling import KINDS
from rnnviz.ui.parts import explored, recordings
from rnnviz.ui.parts.board import Mark, drawn
from rnnviz.ui.parts.explored import aside, elsewhere
from rnnviz.ui.parts.explored.runs import Run, again, live_run, reread
from rnnviz.ui.parts.explored.views import difference_heatmap, in_view, limits_of, show_board, unit_heatmap
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.rooms.change import making, results
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import LONGEST, held, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice

SPREAD = 0.1  # nats below which silencing a unit has cost little


def show() -> None:
    """What stands below the reader's text."""
    run = live_run()
    if run is None:
        return
    changes = making.made(run)
    try:
        model = again(run)
        text = results.text_of(run, explored.reader_text()[: None if run.own and run.own.rows else LONGEST])
        before = reread(model, text)
        others = {source: reread(model, source) for source in changing.sources(changes)}
        fitting = made_of(changes, before, others, run.kind)
        leads, fitting = results.led(run, model, text, fitting)
        found = results.changed(model, text, fitting, tuple(others.items()), leads)
    except (LiveError, CheckpointError, ValueError) as problem:
        aside.say(problem)
        return
    making.show(run, changes)
    _draw(run, found, fitting)
    _onward(run, model, text, found)
    _take_away(run, found, fitting, text)
    source = next(iter(changing.sources(changes)), None)
    elsewhere.links(
        {
            "units": {},
            "lens": {},
            "pair": {} if source is None else {"pair_with": "text", "pair_text": source},
            "transplant": {"transplant_kind": "text"}
            | ({} if source is None else {"transplant_text": source}),
        }
    )
    _reading()


def made_of(changes: tuple[Change, ...], before, others, kind: str) -> tuple[Change, ...]:
    """The changes that are on and have a place in this model and text; of the others a line says why not."""
    found, wrong = [], []
    for change in (change for change in changes if change.on):
        if problem := changing.misfit(change, before, others.get(change.source), counted=1):
            wrong.append(f"{making.said(change, kind)} ({said(problem)})")
        else:
            found.append(change)
    if wrong:
        notice(_("Not made: {changes}.").format(changes="; ".join(wrong)))
    return tuple(found)


def _draw(run: Run, found: Changed, changes: tuple[Change, ...]) -> None:
    now, layer = settings(), settings()["layer"]
    after, before = results.of(run, found.after), results.of(run, found.before)
    id, unit = f"change-{run.view}-{layer}", now["unit"]
    drawings, limits = [], limits_of(before.states(layer), "hidden")
    if found.divergence is not None:
        moved = kept(divergence_of, found)
        title = _("How far the prediction has moved: KL divergence (nats)")
        drawings.append(
            drawn("moved", title, figures.lines, in_view(moved, id, run.steps), run.kind, None, 130)
        )
    picture, finer = heatmap(run, before, after, id, layer, limits)
    drawings.append(picture)
    curve, was = (kept(curve_of, one.states(layer), unit) for one in (after, before))
    two = (in_view(was, id, run.steps), in_view(curve, id, run.steps))
    drawings.append(drawn("curve", _("Unit {unit}").format(unit=unit), figures.before_after, *two, run.kind))
    chances = kept(_chances, found, tuple(run.text or ()), tuple(run.outputs))
    if chances is not None:
        two = tuple(in_view(one, id, run.steps) for one in chances)
        title = _("Probability of the character that came next")
        drawings.append(drawn("chance", title, figures.before_after, *two, run.kind))
    line = _summary(run, found, chances)
    st.markdown(as_text(line))
    if told := _told(run, found, changes):
        st.markdown(as_text(told))
    show_board(
        id,
        run,
        drawings,
        colour=(curve, limits, _("hidden state h")),
        candidates=after.candidates,
        finer=finer,
        summary=line,
        before=None
        if after.candidates is None
        else (kept(_earlier, found, after.candidates[0]), _("The line on each bar: before the change.")),
        marks=marks(run, changes),
        marked=making.marked,
    )


def heatmap(
    run: Run,
    before: Run,
    after: Run,
    id: str,
    layer: int,
    limits: tuple[float, float],
    shared: int | None = None,
):
    """The layer as it was, as it is, or the difference, and whether there is finer than was drawn. shared: how many steps have
    read the same, where that is not all."""
    which = settings()["change_shows"]
    if which == "difference":
        node = kept(_difference, before.states(layer), after.states(layer), shared)
        return difference_heatmap(before, id, node, _("Change of the hidden state h"), 380)
    one = after if which == "after" else before
    title = _("Hidden state h, changed") if which == "after" else _("Hidden state h, as it was")
    # in one order of the units, whatever was changed
    return unit_heatmap(one, id, one.states(layer), "hidden", limits, title, 380, units_of=before)


def _difference(before: xr.Dataset, after: xr.Dataset, shared: int | None) -> xr.Dataset:
    was, now = (one["hidden"].transpose("time", "unit") for one in (before, after))
    if shared is None:
        found = now - was
    else:
        values = np.full(was.shape, np.nan, np.float32)
        values[:shared] = now.values[:shared] - was.values[:shared]
        found = was.copy(data=values)
    return xr.Dataset({"hidden": found.assign_attrs(long_name="change of h", units="1")})


def curve_of(node: xr.Dataset, unit: int) -> xr.DataArray:
    return node["hidden"].sel(unit=unit)


def divergence_of(found: Changed) -> xr.DataArray:
    return found.divergence.astype(np.float32)


def _chances(
    found: Changed, text: tuple[str, ...], outputs: tuple[str, ...]
) -> tuple[xr.DataArray, xr.DataArray] | None:
    """p of what came after each step, as it was and changed; NaN at the last. None where the model does not say."""
    places = {token: place for place, token in enumerate(outputs)}
    if found.divergence is None or not text or len(text) != found.divergence.size:
        return None
    ids = [places.get(token, 0) for token in text]
    made = []
    for one in (found.before, found.after):
        nats = stats.text.surprise(one.log_probability, ids).values
        chance = np.append(np.exp(-nats[1:]), np.nan).astype(np.float32)
        about = {"long_name": "probability", "units": "1", "valid_range": (0.0, 1.0)}
        made.append(xr.DataArray(chance, dims="time", attrs=about))
    return made[0], made[1]


def _earlier(found: Changed, best: xr.Dataset) -> xr.DataArray:
    """What the candidates' probabilities were."""
    logs = found.before.log_probability.transpose("time", "candidate").values
    return xr.DataArray(np.exp(np.take_along_axis(logs, best["id"].values, 1)), dims=("time", "rank"))


def _summary(run: Run, found: Changed, chances) -> str:
    """What has come of the changes, in words."""
    if not found.edits:
        return _("Nothing is changed yet.")
    if found.divergence is None:
        return _("Changes made: {count}.").format(count=len(found.edits))
    step = int(found.divergence.values.argmax())
    largest = float(found.divergence[step])
    if largest == 0:
        return _("These changes alter no prediction.")
    line = _("The prediction moves most after step {step}: by {nats} nats.").format(
        step=step + 1, nats=shown(largest)
    )
    if run.text and len(run.text) == run.steps:
        line = _("The prediction moves most after step {step}, “{token}”: by {nats} nats.").format(
            step=step + 1, token=visible(run.text[step]), nats=shown(largest)
        )
    if chances is not None and run.steps > 1:
        was, now = (float(-np.log(one.values[:-1]).mean()) for one in chances)
        line += " " + _("The loss of this text goes from {was} to {now} nats a character.").format(
            was=shown(was), now=shown(now)
        )
    return line


def _told(run: Run, found: Changed, changes: tuple[Change, ...]) -> str:
    """Where a unit is silenced that tells one kind of character from all else: how well it tells, and what its silence costs."""
    known = making.telling(run)
    if known is None or "".join(run.text or ()) != known[0]:
        return ""
    text, kind, layer, unit = known
    if changes != (Change("hidden", "zero", (unit,), None, layer=layer),):
        return ""
    where = KINDS[kind](text)
    share, was, now = kept(_silence, found, tuple(where), layer, unit, text, tuple(run.outputs))
    line = _(
        "Unit {unit} tells {kind} from all else in {share} of all pairs of characters. Without it, the loss of what follows "
        "them goes from {was} to {now} nats."
    ).format(
        unit=unit, kind=explored.kind_names()[kind], share=percent(share), was=shown(was), now=shown(now)
    )
    if now - was < SPREAD:
        line += " " + _(
            "What a unit goes along with need not hang on it: the rest of the state does without it."
        )
    return line


def _silence(
    found: Changed, where: tuple[bool, ...], layer: int, unit: int, text: str, outputs: tuple[str, ...]
) -> tuple[float, float, float]:
    """In which share of pairs the unit is right; the mean loss of what follows characters of the kind, as it was and changed."""
    hidden = found.before.subject.states("rnn", layer)["hidden"].transpose("unit", "time")
    share = float(stats.states.separation(hidden.sel(unit=[unit]), list(where))[0])
    places = {token: place for place, token in enumerate(outputs)}
    ids = [places.get(token, 0) for token in text]
    both = [stats.text.surprise(one.log_probability, ids).values for one in (found.before, found.after)]
    chosen = np.roll(where, 1) & ~np.isnan(both[0])  # what is expected once such a character has been read
    was, now = (float(nats[chosen].mean()) for nats in both)
    return max(share, 1 - share), was, now


def marks(run: Run, changes: tuple[Change, ...]) -> list[Mark]:
    """Where the shown layer is changed, and what was marked last."""
    now, found = settings(), []
    for change in changes:
        if (change.layer, change.direction) == (now["layer"], now["direction"]) and change.module in (
            None,
            run.module,
        ):
            steps = changing.stretch(change, run.steps)
            found.append(Mark(steps[0], steps[-1], change.units))
    if now["mark_units"] is not None or now["mark_steps"] is not None:
        first, last = now["mark_steps"] or (0, run.steps - 1)
        found.append(Mark(first, last, now["mark_units"] or (now["unit"],)))
    return found


def _onward(run: Run, model, text: str, found: Changed) -> None:
    """What the network writes from here, as it is and changed."""
    if not model.writes:
        return
    st.subheader(_("It writes on"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(_("Seed number"), 0, 999_999, key="change_seed", width=150, disabled=held())
        asked = st.button(_("Write on from both"), key="change_write")
    if asked:
        st.session_state["change_writes"] = found.after.subject.key
    if st.session_state.get("change_writes") != found.after.subject.key:
        return
    try:
        with st.spinner(_("Writing …")):
            was, now = results.written_on(model, text, found, st.session_state["change_seed"])
    except LiveError as problem:
        notice(said(problem), error=True)
        return
    for title, written in ((_("as it was"), was), (_("changed"), now)):
        st.caption(title)
        st.code(written, language=None, wrap_lines=True)
    if was == now:
        st.caption(_("Both write the same: the same luck, and no probability has moved far enough."))


def _take_away(run: Run, found: Changed, changes: tuple[Change, ...], text: str) -> None:
    with st.container(horizontal=True):
        recordings.take_away(found.after.subject.trace, f"{run.name}-changed")
        with st.popover(_("The same in Python")):
            expression = f"rnnviz.live.shipped({run.name!r})"
            if run.own is not None:
                expression = f"rnnviz.live.found({(settings()['subject'] or '').rpartition('~')[0]!r})"
            corpus = (
                "text" if run.own is not None else f"rnnviz.directions.written(model, {results.begin(run)!r})"
            )
            lines = changing.code(changes, expression, text, None, run.module, corpus)
            st.code(lines, language=None, wrap_lines=True)


def _reading() -> None:
    folded(
        (
            _(
                "The network reads your text twice: once as it is, and once with your changes. Up to the first change both are "
                "the same to the last digit; from there on everything follows from the changed numbers."
            ),
            _(
                "KL divergence measures how far the expected next characters have moved, over all of them: 0 where nothing has "
                "changed, ln 2 ≈ 0.69 nats where the probability of a certain character has fallen to a half."
            ),
            _(
                "“Keep as without any change” holds units at what they were while something else is changed: what then still "
                "moves came by another way."
            ),
            _(
                "Towards a kind of character: the mean state after such characters less the mean after all others, over "
                "{count:,} characters that the network writes itself; for a model of your own, over your text. Added once, a "
                "state of the others lands, on average, where the kind is."
            ).format(count=directions.WRITTEN),
            _(
                "A frame shows where the shown layer is changed. The button ▭ above the picture turns marking off, so that "
                "dragging zooms."
            ),
            keys(),
        )
    )
