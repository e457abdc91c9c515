"""The reader's text with what is marked on it, and what is sought because of it."""

from dataclasses import dataclass, replace

import streamlit as st

from rnnviz import figures
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import keys
from rnnviz.studies import changing
from rnnviz.studies.corpus import Pattern, standing_out
from rnnviz.ui.parts.board import Mark, Marked, drawn
from rnnviz.ui.parts.explored import recorded, stores
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.parts.explored.views import in_view, limits_of, show_board, unit_heatmap
from rnnviz.ui.parts.numbers import shown
from rnnviz.ui.rooms.corpus import LENGTHS, STRETCHES, results
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick


@dataclass(frozen=True)
class Sought:
    """first, last: the steps that are marked, both in it. on, off: units; chosen: whether the reader named them. also: the same
    of a second stretch that is to be there, or is not to be; None for no such stretch."""

    first: int
    last: int
    on: tuple[int, ...]
    off: tuple[int, ...]
    chosen: bool
    also: "Sought | None" = None

    def pattern(self, place: str) -> Pattern | None:
        """What is sought with them; None where there are no units. Raises Told where one is both on and off."""
        now = settings()
        if not self.on and not self.off:
            return None
        length = self.last - self.first + 1 if now["where_length"] == "same" else None
        return Pattern(self.on, self.off, now["where_threshold"], place, length, outside=now["where_outside"])


def show() -> None:
    """What stands below the reader's text."""
    run = current_run()
    if run is None:
        return
    if run.card is None and not (run.own and stores.fitting(run)):
        line = stores.refused(run) if run.own else None
        notice(
            line
            or _(
                "Here the shipped models read long texts. For your own: rnnviz corpus package.module:function text.txt, then "
                "rnnviz explore package.module:function --corpus states.zarr."
            )
        )
        return
    sought = _sought(run)
    _controls(run, sought)
    _draw(run, sought)
    try:
        text, place = recorded.text(run), st.container()
        recorded.box(run, text)
        with place:
            if (own := recorded.opened(run, text)) is not None:
                results.show(own, run, sought, text)
    except (CheckpointError, ValueError) as problem:
        notice(said(problem), error=True)
        return
    _reading()


def _sought(run: Run) -> Sought:
    now = settings()
    first, last = _stretch("where_steps", run) or _opening(run)
    named: dict[str, tuple[int, ...]] = {"where_on": (), "where_off": ()}
    for name in named:
        try:
            named[name] = changing.whole(now[name]) if now[name] else ()
            if named[name] and named[name][-1] >= run.units:
                named[name] = ()
                raise ValueError(_("The units must be from 0 to {last}.").format(last=run.units - 1))
        except ValueError as problem:
            notice(said(problem))
    on, off = named["where_on"], named["where_off"]
    two = now["where_also"] != "none" and now["where_also_by"] == "steps"
    second = _stretch("where_also_steps", run) if two else None
    also = _of_stretch(run, *second) if second else None
    if now["where_on"] is not None or off:
        if now["where_inverted"]:
            on, off = off, on
        return Sought(first, last, on, off, True, also)
    return replace(_of_stretch(run, first, last), also=also)


def _stretch(name: str, run: Run) -> tuple[int, int] | None:
    """The steps that a setting names, the first and the last; None where it names none, with a line where it cannot be read."""
    if settings()[name] is None:
        return None
    try:
        steps = changing.whole(settings()[name])
        if steps[0] < 1 or steps[-1] > run.steps or len(steps) != steps[-1] - steps[0] + 1:
            raise ValueError(_("The steps must be one stretch, from 1 to {last}.").format(last=run.steps))
    except ValueError as problem:
        notice(said(problem))
        return None
    return steps[0] - 1, steps[-1] - 1


def _of_stretch(run: Run, first: int, last: int) -> Sought:
    """The units that stand out there."""
    now = settings()
    states = run.states(now["layer"])["hidden"].transpose("time", "unit").values
    asked = now["where_threshold"], now["where_outside"], now["where_inverted"]
    found = standing_out(states, first, last, *asked)
    return Sought(first, last, *(((), found) if now["where_inverted"] else (found, ())), False)


def _opening(run: Run) -> tuple[int, int]:
    """What is marked until the reader marks something: a stretch of a model's first text that is found elsewhere, or some in the
    middle."""
    if settings()["text"] is None and settings()["layer"] == 0 and run.name in STRETCHES:
        return STRETCHES[run.name]
    middle = run.steps // 2
    return middle, min(run.steps - 1, middle + 2)


def marked(told: Marked) -> None:
    """What the reader has drawn up is sought; units of a single row are named, all others are those that stand out."""
    if told.steps is not None:
        choose(where_steps=changing.numbers(range(told.steps[0] + 1, told.steps[1] + 2)), where_on=None)
    if told.units is not None and len(told.units) <= 16:
        choose(where_on=changing.numbers(told.units))


def _controls(run: Run, sought: Sought) -> None:
    lengths = {"any": _("of any length"), "same": _("of the same length")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(
            st.number_input,
            "where_threshold",
            _("On: hidden state above"),
            min_value=-1.0,
            max_value=1.0,
            step=0.05,
            width=190,
        )
        pick(st.toggle, "where_outside", _("off right before and after"))
        pick(st.toggle, "where_inverted", _("the other way round: off there"))
        pick(
            st.segmented_control,
            "where_length",
            _("Stretches"),
            list(LENGTHS),
            format_func=lengths.get,
            required=True,
        )
        with st.popover(_("Choose the units")):
            pick(
                st.text_input,
                "where_on",
                _("Units that are on, as in 3, 7-9; empty: those that stand out"),
                value=settings()["where_on"] or "",
                choose=lambda value: choose(where_on=value.strip() or None),
                placeholder=changing.numbers((sought.on or sought.off)[:40]),
            )
            pick(
                st.text_input,
                "where_off",
                _("Units that are off"),
                value=settings()["where_off"] or "",
                choose=lambda value: choose(where_off=value.strip() or None),
            )
            pick(
                st.text_input,
                "where_steps",
                _("Steps that are marked, as in 5-12"),
                value=settings()["where_steps"] or f"{sought.first + 1}-{sought.last + 1}",
                choose=lambda value: choose(where_steps=value.strip() or None),
            )


def summary(run: Run, sought: Sought) -> str:
    """What is marked, and which units are sought because of it."""
    text = "".join(visible(one) for one in (run.text or ())[sought.first : sought.last + 1])
    if sought.chosen:
        line = _("Chosen units: {on} on, {off} off.").format(on=len(sought.on), off=len(sought.off))
    elif not sought.on and not sought.off:
        line = _(
            "No unit stands out at “{text}”: lower the threshold, mark fewer letters, or let them be on around it."
        )
    elif settings()["where_inverted"]:
        line = _("Units at or below {threshold} at “{text}”: {off}.")
        if settings()["where_outside"]:
            line = _("Units at or below {threshold} at “{text}”, and above it right before and after: {off}.")
    elif settings()["where_outside"]:
        line = _("Units above {threshold} at “{text}”, and not right before or after: {on}.")
    else:
        line = _("Units above {threshold} at “{text}”: {on}.")
    return line.format(
        on=len(sought.on), off=len(sought.off), threshold=shown(settings()["where_threshold"]), text=text
    )


def _draw(run: Run, sought: Sought) -> None:
    now, layer = settings(), settings()["layer"]
    id = f"corpus-{run.view}-{layer}"
    node = run.states(layer)
    limits = limits_of(node, "hidden")
    picture, finer = unit_heatmap(run, id, node, "hidden", limits, _("Hidden state h"), 260)
    curve = kept(_curve, node, now["unit"])
    title = _("Unit {unit}").format(unit=now["unit"])
    drawings = [
        picture,
        drawn("curve", title, figures.lines, in_view(curve, id, run.steps), run.kind, None, 130),
    ]
    line = summary(run, sought)
    st.markdown(as_text(line))
    show_board(
        id,
        run,
        drawings,
        colour=(curve, limits, _("hidden state h")),
        finer=finer,
        summary=line,
        marks=[Mark(one.first, one.last, None) for one in (sought, sought.also) if one is not None],
        marked=marked,
    )


def _curve(node, unit: int):
    return node["hidden"].sel(unit=unit)


def _reading() -> None:
    folded(
        (
            _(
                "A unit is on where its hidden state is above the threshold. Those that are on at every marked letter, and off "
                "right before and after, are what the network has in common there and nowhere next to it."
            ),
            _(
                "Every letter of the long text is looked at, none is sampled. The states are kept in 8 bits, off by at most "
                "1/254. Matches are ranked by how far the units are beyond the threshold, the mean over units and letters."
            ),
            _(
                "In common: how often a character comes next, or a position in the line, among the matches and in the whole "
                "text. The chance is that of as many places drawn at random, corrected for all values that were tried "
                "(hypergeometric; Holm)."
            ),
            _(
                "A second condition leaves the matches that share a letter with a place where it holds, or that share none. They "
                "are then held against all stretches of the same lengths that meet it, so that what it brings along by itself is "
                "not taken for what the units say."
            ),
            _(
                "The link holds the search, and the text to search only where it was typed or pasted; a file is brought again."
            ),
            keys(),
        )
    )
