"""Two texts and what comes next: the map of a language model, shipped or the reader's own."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr
from streamlit.delta_generator import DeltaGenerator

from rnnviz import stats
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import keys
from rnnviz.studies import patching
from rnnviz.studies.live import Live, LiveError, Reading
from rnnviz.told import Told
from rnnviz.ui.parts import explored, working
from rnnviz.ui.parts.explored import aside, elsewhere
from rnnviz.ui.parts.explored.runs import Run, again, live_run, reread
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.rooms.transplant import MEASURES, STATES, maps
from rnnviz.ui.shell.jobs import Job
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import as_text, examples, folded, notice, pick

WORK = "rnnviz.studies.patching:shipped"
FURTHEST = 64  # steps before the prediction at which states are put in
BEST = 3  # candidates of each of the three predictions
PAIRS = {
    "shakespeare": {
        "speaker": ("ROMEO:\nI pray th", "ROMEO:\nWe pray th"),
        "line": ("KING HENRY:\nThe crown,", "KING HENRY:\nThe crown."),
    },
    "python": {
        "bracket": ("rows = (first, second", "rows = [first, second"),
        "quote": ("name = 'value of x", 'name = "value of x'),
    },
    "korean": {
        "ending": ("정말 재미있게 봤어요. 배우들도 좋았", "정말 재미있게 봤다. 배우들도 좋았"),
        "denied": ("생각보다 재미있", "생각보다 재미없"),
    },
}


@dataclass(frozen=True, eq=False)
class Both:
    """The two readings. places: for each step of the first the one of the second, None where there is none or where both have
    read the same so far; every: the same with those. at: the last at which the predictions differ by a tenth of the most they
    do."""

    one: Reading
    other: Reading
    places: tuple[int | None, ...]
    every: tuple[int | None, ...]
    at: int | None


def show(row: DeltaGenerator, place: DeltaGenerator, above: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls. place: beside the text, for the second one. above: for examples."""
    run = live_run()
    if run is not None:
        try:
            _shown(run, row, place, above)
        except (LiveError, CheckpointError, Told) as problem:
            aside.say(problem)
    _reading()


def _shown(run: Run, row: DeltaGenerator, place: DeltaGenerator, above: DeltaGenerator) -> None:
    if run.own is not None and run.own.rows:
        notice(_("This model reads numbers and says no next token, so no prediction can move."))
        return
    model = again(run)
    text = explored.reader_text()[:LONGEST] if run.own is not None else "".join(run.text)
    other = settings()["transplant_text"]
    other = explored.otherwise(text) if other is None else other[:LONGEST]
    with place:
        pick(st.text_area, "transplant_text", _("The second text"), value=other, height=84)
    if run.card is not None:
        with above:
            _pairs(run, text, other)
    if not maps.differ((text, other)):
        return
    both = kept(_both, reread(model, text), reread(model, other))
    at = _looked_at(both)
    with row:
        _controls(run, both, at)
    if at is None:
        notice(
            _(
                "Both texts are the same as far as they stand side by side, so no state can be put across. Change a letter "
                "before the end."
            )
        )
        return
    if settings()["transplant_at"] is not None and settings()["transplant_at"] != at:
        line = _("After step {step} the two texts cannot be compared; step {shown} is looked at.")
        notice(line.format(step=settings()["transplant_at"] + 1, shown=at + 1))
    align = tuple(place if at - FURTHEST < step <= at else None for step, place in enumerate(both.places))
    found = _found(run, model, text, other, both, at, align)
    if found is not None:
        _draw(run, model, text, other, both, found, at)
    elsewhere.links(
        {
            "pair": {"pair_with": "text", "pair_text": other},
            "change": {"change_kind": "text"},
            "units": {},
            "lens": {},
        }
    )


def _pairs(run: Run, text: str, other: str) -> None:
    known = PAIRS[explored.corpus(run.name)]
    names = {
        "speaker": _("who speaks: I or we"),
        "line": _("a comma or a full stop"),
        "bracket": _("which bracket is open"),
        "quote": _("which quotation mark"),
        "ending": _("polite or plain"),
        "denied": _("there is or there is not"),
    }
    here = next((name for name, pair in known.items() if pair == (text, other)), None)

    def take(name: str) -> None:
        first, second = known[name]
        choose(text=first, transplant_text=second, transplant_at=None)

    examples("pick_transplant", known, here, take, names, label_visibility="collapsed")


def _both(one: Reading, other: Reading) -> Both:
    every = patching.aligned(one.tokens, other.tokens)
    same = next(
        (
            step
            for step, (token, place) in enumerate(zip(one.tokens, every, strict=True))
            if place != step or token != other.tokens[place]
        ),
        len(every),
    )
    places = tuple(None if step < same else place for step, place in enumerate(every))
    there = [step for step, place in enumerate(places) if place is not None]
    at = None
    if there and one.log_probability is not None and other.log_probability is not None:
        apart = stats.text.divergence(
            other.log_probability.isel(time=[places[step] for step in there]),
            one.log_probability.isel(time=there),
        ).values
        most = apart.max()
        at = there[int(np.flatnonzero(apart >= most / 10)[-1])]
    return Both(one, other, places, tuple(every), at)


def _looked_at(both: Both) -> int | None:
    """The step whose prediction is looked at: the chosen one, or the last at which the two still differ by a tenth of the most
    they do."""
    chosen = settings()["transplant_at"]
    if chosen is not None and chosen < len(both.places) and both.places[chosen] is not None:
        return chosen
    return both.at


def _controls(run: Run, both: Both, at: int | None) -> None:
    if at is not None:
        pick(
            st.number_input,
            "transplant_at",
            _("Prediction after step"),
            value=at + 1,
            choose=lambda value: choose(transplant_at=value - 1, transplant_row=None, step=None),
            min_value=1,
            max_value=len(both.places),
            step=1,
            width=170,
        )
    with st.popover(_("How it is cut and measured")):
        maps.choose_groups()
        if "cell" in run.at(0):
            names = {"state": _("h and c"), "hidden": _("h alone"), "cell": _("c alone")}
            pick(
                st.segmented_control,
                "transplant_state",
                _("What is put in"),
                list(STATES),
                format_func=names.get,
                required=True,
            )
        measures = {"moved": _("log odds of two tokens"), "nearer": _("KL over all candidates")}
        pick(
            st.segmented_control,
            "transplant_measure",
            _("Measured by"),
            list(MEASURES),
            format_func=measures.get,
            required=True,
        )


def _found(
    run: Run, model: Live, first: str, second: str, both: Both, at: int, align: tuple[int | None, ...]
) -> xr.Dataset | None:
    now = settings()
    state = now["transplant_state"] if "cell" in run.at(0) else "hidden"
    asked = {
        "first": first,
        "second": second,
        "groups": now["transplant_groups"],
        "state": state,
        "at": at,
        "tokens": kept(_tokens, both, at, tuple(model.outputs)),
        "align": list(align),
    }
    if run.card is not None:
        return working.found("transplant", WORK, {"name": run.name, **asked}, _so_far)

    def work(progress) -> xr.Dataset:
        return patching.patch(model, module=run.module, progress=progress, **asked)

    return working.found_here("transplant", work, {"model": model, "module": run.module, **asked}, _so_far)


def _tokens(both: Both, at: int, outputs: tuple[str, ...]) -> list[str] | None:
    """The token that tells the first text's prediction from the second's the most, and the one that does it the other way: the
    largest parts of KL(first ‖ second) and of KL(second ‖ first). None where these are one."""
    one = both.one.log_probability.values[at].astype(np.float64)
    other = both.other.log_probability.values[both.every[at]].astype(np.float64)
    first = int((np.exp(one) * (one - other)).argmax())
    second = int((np.exp(other) * (other - one)).argmax())
    return None if first == second else [outputs[first], outputs[second]]


def _so_far(job: Job) -> str:
    return _("Transplant {done:,} of {total:,}").format(done=min(job.done + 1, job.total), total=job.total)


def _draw(run: Run, model: Live, first: str, second: str, both: Both, found: xr.Dataset, at: int) -> None:
    layers = found.sizes["layer"]
    rows = kept(maps.rows_of, layers, run.units, settings()["transplant_groups"])
    moved = kept(maps.stacked, found, settings()["transplant_measure"], layers)
    if not np.isfinite(moved.values).any():
        notice(_("After this step both texts predict the same, so nothing can move. Choose another step."))
        return
    title = _("What is put in at one step: how far the prediction after step {step} moves (1: all the way)")
    drawings = [maps.picture(moved, rows, title.format(step=at + 1))]
    cell = maps.chosen(moved, rows)
    line = _summary(found, moved, rows)
    st.markdown(as_text(line))
    looked = ""
    if cell is not None:
        row, step = cell
        place = both.every[step]
        if place is None or np.isnan(moved.values[row, step]):
            looked = _(
                "Step {step} has no transplant: both texts have left the same state there, or the other has no such step."
            )
            looked = looked.format(step=step + 1)
        else:
            shares, names = kept(
                _predictions,
                run,
                model,
                first,
                second,
                both,
                at,
                step,
                place,
                rows[row],
                found.attrs["state"],
                (found.attrs["first_token"], found.attrs["second_token"]),
            )
            title = _("The prediction after step {at}, with {row} put in at step {step}")
            title = title.format(at=at + 1, row=rows[row].name, step=step + 1)
            drawings.append(maps.bars(shares, names, title))
            looked = _("{row} at step {step}: {share} of the way.").format(
                row=rows[row].name, step=step + 1, share=shown(float(moved.values[row, step]))
            )
        if settings()["transplant_row"] is not None:  # else the line above says it
            st.text(looked)
    maps.show_board(
        f"transplant-{run.view}-{both.other.subject.key}",
        maps.side_by_side(both.one.tokens, both.other.tokens, both.every),
        drawings,
        cell,
        run.name,
        f"{line} {looked}",
        str(settings()["transplant_groups"]),
    )


def _predictions(
    run: Run,
    model: Live,
    first: str,
    second: str,
    both: Both,
    at: int,
    step: int,
    place: int,
    row: maps.Row,
    state: str,
    tokens: tuple[str, str],
) -> tuple[xr.DataArray, list[str]]:
    """What is expected after `at`: by the first text, with the transplant, by the second; of the likeliest of each."""
    came = patching.put(model, first, second, step, place, dict(row.units), state=state, module=run.module)
    logs = [
        both.one.log_probability.values[at],
        came.log_probability.values[at],
        both.other.log_probability.values[both.every[at]],
    ]
    pair = [list(model.outputs).index(token) for token in tokens]  # which the line above the picture compares
    wanted: dict[int, float] = {id: max(float(one[id]) for one in logs) for id in pair}
    for one in logs:
        for id in np.argsort(-one, kind="stable")[:BEST]:
            wanted[int(id)] = max(wanted.get(int(id), -np.inf), float(one[id]))
    ids = sorted(wanted, key=wanted.get, reverse=True)
    shares = xr.DataArray(
        np.exp(np.array(logs, np.float64)[:, ids]),
        dims=("series", "candidate"),
        coords={"series": ["first", "changed", "second"]},
        attrs={"long_name": "probability", "units": "1"},
    )
    return shares, [visible(model.outputs[id]) for id in ids]


def _summary(found: xr.Dataset, moved: xr.DataArray, rows: list[maps.Row]) -> str:
    """Which two tokens are compared, and what moves the prediction the most."""
    about = found.attrs
    line = _(
        "Log odds of “{second}” against “{first}”: {was} after the first text, {then} after the second."
    ).format(
        first=visible(about["first_token"]),
        second=visible(about["second_token"]),
        was=shown(about["log_odds_first"]),
        then=shown(about["log_odds_second"]),
    )
    nearest = maps.furthest_group(moved, rows)
    if nearest is None:
        return line
    row, step = nearest
    best = _("Of the single groups, {row} at step {step} moves it the most: {share} of the way.").format(
        row=rows[row].name, step=step + 1, share=percent(float(moved.values[row, step]))
    )
    return f"{line} {best}"


def _reading() -> None:
    folded(
        (
            *maps.words(),
            _(
                "KL over all candidates: 1 − KL(second ‖ changed) / KL(second ‖ first). 1 where the prediction is wholly that of "
                "the second text. The two measures can disagree: the log odds look at two tokens alone."
            ),
            _(
                "For whole layers against the distance of two readings, and how the difference fades, see “Side by side”."
            ),
            keys(),
        )
    )
