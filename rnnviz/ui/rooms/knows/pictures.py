"""What probes read: against the distance, in words, and as a table."""

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st
import xarray as xr
from streamlit.delta_generator import DeltaGenerator

from rnnviz import figures
from rnnviz.figures.words import named
from rnnviz.studies import probing
from rnnviz.ui.parts import board, explored, working
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.explored.runs import Run, current_run
from rnnviz.ui.parts.explored.views import subject
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.knows import NAMED, NUMBERS
from rnnviz.ui.shell.jobs import Job
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick

WORK = "rnnviz.studies.probing:shipped"
LENGTH = 3000  # characters of the text that the network goes on with
NEAR, FAR = 1, 10  # distances that the line in words is about
COMMON = 0.99  # how often the commonest answer may be given by the text
MOST = 5  # properties in one picture


def show(row: DeltaGenerator) -> None:
    """What stands below the reader's text. row: for controls."""
    if run := current_run():
        if not run.live:
            st.info(
                _("For probes, the network itself must be here: choose a shipped model, or bring your own.")
            )
        elif run.own is not None and (run.own.rows or run.text is None):
            notice(_("Probes ask for characters, and this model reads none."))
        elif run.direction:
            notice(_("Probes read the direction that reads forward; choose that one."))
        else:
            _probed(run, row)
    _reading()


def _probed(run: Run, row: DeltaGenerator) -> None:
    layer = settings()["layer"]
    fields = [field for field in ("hidden", "cell") if field in run.at(layer)]
    if settings()["knows_field"] not in fields:
        choose(knows_field="hidden")
    with row:
        _controls(run, fields)
    now = settings()
    own, fewest = now["knows_text"] == "own" or run.own is not None, kept(probing.enough)
    if run.own is not None and run.steps < fewest:
        line = _(
            "Probes learn from many characters: at least {fewest}, and your text has {count}. Give it a longer one."
        )
        notice(line.format(fewest=fewest, count=run.steps))
        return
    if own and run.steps < fewest:
        line = _(
            "Probes learn from many characters: at least {fewest}, and your text has {count}. The network can go on with it."
        )
        notice(line.format(fewest=fewest, count=run.steps))
        st.button(_("Let the network go on"), on_click=choose, kwargs={"knows_text": "written"})
        return
    asked = {
        "layer": layer,
        "field": now["knows_field"],
        "properties": [*NAMED, *NUMBERS],
        "seed": now["knows_seed"],
    }
    if run.own is None:
        text, length = "".join(run.text or ()), 0 if own else LENGTH
        found = working.found(
            "knows", WORK, {"name": run.name, "text": text, "length": length, **asked}, _so_far
        )
    else:
        asked |= {"text": explored.reader_text()[:LONGEST], "module": run.module}

        def work(progress) -> xr.Dataset:
            return probing.of_layer(run.own, **asked, progress=progress)

        found = working.found_here("knows", work, {"model": run.own, **asked}, _so_far)
    if found is not None:
        _pictures(run, found, row)


def _so_far(job: Job) -> str:
    if job.what == "writing":
        line = _("The network goes on with your text: {done:,} of {total:,} characters")
    else:
        line = _("Probe {done:,} of {total:,} learns")
    return line.format(done=min(job.done + 1, job.total), total=job.total)


def _controls(run: Run, fields: list[str]) -> None:
    if len(fields) > 1:
        names = {"hidden": _("from h"), "cell": _("from c")}
        pick(
            st.segmented_control,
            "knows_field",
            _("What is read from"),
            fields,
            format_func=names.get,
            required=True,
            help=_("h is what the layer shows to others at a step, c what an LSTM keeps for itself."),
        )
    if run.own is not None:
        return  # it takes too long to write so much
    texts = {"written": _("your text and on"), "own": _("your text alone")}
    pick(
        st.segmented_control,
        "knows_text",
        _("What is read"),
        list(texts),
        format_func=texts.get,
        required=True,
        help=_(
            "Probes need a long text. The network goes on with yours, up to {count:,} characters, each drawn as it predicts."
        ).format(count=LENGTH),
    )
    if settings()["knows_text"] == "written":
        pick(st.number_input, "knows_seed", _("Seed"), min_value=1, max_value=9999, step=1, width=130)


def _titles() -> dict[str, str]:
    """What the properties are called."""
    return {
        "token": _("Which character?"),
        "blank": _("A blank?"),
        "vowel": _("A vowel?"),
        "capital": _("A capital?"),
        "first letter": _("First of its word?"),
        "line end": _("A line end?"),
        "punctuation": _("Punctuation?"),
        "speaker's line": _("A speaker's line?"),
        "speaker": _("Who speaks?"),
        "place in the word": _("Place in the word"),
        "place in the line": _("Place in the line"),
    }


def _pictures(run: Run, found: xr.Dataset, row: DeltaGenerator) -> None:
    one = kept(_one_field, found)
    titles = _titles()
    there = [name for name in NAMED if kept(_answered, one, name)]
    if "speaker" in there and not kept(probing.heard_again, found.attrs["text"]):
        there.remove("speaker")
    chosen = [name for name in settings()["knows_properties"] if name in there][-MOST:] or there[:1]
    if not chosen:
        notice(_("This text gives nothing to ask for; choose another."))
        return
    if chosen != settings()["knows_properties"]:
        choose(knows_properties=chosen)
    with row:
        pick(
            st.pills,
            "knows_properties",
            _("What is asked of the earlier character"),
            there,
            format_func=titles.get,
            selection_mode="multi",
        )
    drawings = [
        drawn(
            "probes",
            _("How often a probe is right, against how far back it is asked"),
            figures.by_distance,
            one,
            {name: titles[name] for name in chosen},
        )
    ]
    if numbers := {name: titles[name] for name in NUMBERS if kept(_answered, one, name)}:
        title = _(
            "Where the earlier character stood, read as a number: R² (1: exact, 0: no better than the mean)"
        )
        drawings.append(drawn("places", title, figures.by_distance, one, numbers, True, 320))
    lines = [_told(one, name, titles[name]) for name in chosen]
    lines += [_told_of_numbers(one, name, title) for name, title in numbers.items()]
    id = f"knows-{run.view}-{settings()['layer']}"
    board.show_figures(id, drawings, subject=subject(run), summary=" ".join(lines))
    for line in lines:
        st.text(line)
    st.caption(
        _("{learned:,} steps to learn from, {tested:,} other steps to be tested on.").format(
            learned=found.attrs["learned"], tested=found.attrs["tested"]
        )
    )
    table_csv(
        kept(_table, one, titles, tuple(chosen), True), "probes", file=kept(_table, one, titles, (), False)
    )
    with st.expander(_("The text that was read")):
        st.text(found.attrs["text"])


def _one_field(found: xr.Dataset) -> xr.Dataset:
    return found.isel(field=0, drop=True)


def _answered(one: xr.Dataset, name: str) -> bool:
    """Whether the text gives more than one answer, and not the same one nearly always."""
    at = one.sel(property=name)
    return bool(at["score"].notnull().all() and at["majority"].max() < COMMON)


def _told(one: xr.Dataset, name: str, title: str) -> str:
    """What the picture says of a property, in words."""
    first = _(
        "“{title}” Asked of the character {near} back, the probe is right {near_score} of the time (guess without memory "
        "{near_guess}, control task {near_control}); {far} back, {far_score} (guess {far_guess}, control task {far_control})."
    ).format(title=title, near=NEAR, far=FAR, **_values(one, name, percent))
    reach, last = int(one["reach"].sel(property=name)), int(one["distance"].max())
    if reach == 0:
        then = _("Clearly better than the guess: nowhere.")
    elif reach == last:
        then = _("Clearly better than the guess as far as was asked: {last} back.")
    else:
        then = _("Clearly better than the guess: up to {reach} back.")
    return f"{first} {then.format(reach=reach, last=last)}"


def _told_of_numbers(one: xr.Dataset, name: str, title: str) -> str:
    line = _(
        "“{title}” as a number: R² {near_score} for the character {near} back (guess {near_guess}, control task {near_control}), "
        "{far_score} for {far} back (guess {far_guess}, control task {far_control})."
    )
    values = _values(one, name, lambda value: f"{value:.2f}".replace("-", "−"))
    return line.format(title=title, near=NEAR, far=FAR, **values)


def _values(one: xr.Dataset, name: str, written: Callable[[float], str]) -> dict[str, str]:
    """What was found of a property near and far."""
    return {
        f"{place}_{which}": written(one[which].sel(property=name, distance=distance).item())
        for place, distance in (("near", NEAR), ("far", FAR))
        for which in ("score", "control", "guess")
    }


def _table(
    one: xr.Dataset, titles: Mapping[str, str], names: tuple[str, ...], readable: bool
) -> pd.DataFrame:
    """A row for each property and distance, as they are read; or all, as numbers in full."""
    columns = {
        _("probe"): "score",
        _("control task"): "control",
        _("selectivity"): "selectivity",
        _("commonest answer"): "majority",
        _("from the character just read"): "present",
    }
    rows = []
    for name in names or one["property"].values.tolist():
        for distance in one["distance"].values.tolist():
            at = one.sel(property=name, distance=distance)
            values = [at[which].item() for which in columns.values()]
            rows.append([titles[name], distance, *(map(shown, values) if readable else values)])
    frame = pd.DataFrame(rows, columns=[_("asked"), named("tokens back"), *columns])
    return frame.set_index(_("asked"))


def _reading() -> None:
    folded(
        (
            _(
                "A probe is a logistic regression from the units of one state to an answer. Three quarters of the text, less "
                "what lies next to the rest, are learned from; how often it is right is counted on the rest."
            ),
            _(
                "Guess without memory: the better of the commonest answer and the commonest answer after the character that was "
                "just read. 0 back, that character is the one that is asked for, so the guess is nearly always right there."
            ),
            _(
                "Control task: each character was given an answer by lot, the same wherever it stands. A probe that is as good "
                "at it has learned characters by heart. What it has beyond that is its selectivity: there the network itself "
                "sorts by this property. “Which character?” is learned by heart in any case, so there the control tells little."
            ),
            _(
                "A lot cannot make answers quite as common as they are in the text. Far back, the control task settles at its "
                "own commonest answer, which may lie above the guess or below it."
            ),
            _(
                "Clearly better: by more than two standard errors, at that distance and all nearer ones from 1 back on."
            ),
            _(
                "An answer that holds of 99 % of the characters or more is not asked for: nothing can be told of it."
            ),
            _(
                "Who speaks is asked where the text has lines like ROMEO: and every speaker in it has at least four."
            ),
            _(
                "With more text a probe learns to read more. What it cannot read here may be there all the same."
            ),
            _(
                "That something can be read does not show that the network uses it. What it uses is found by changing it: see "
                "“What is each unit for?”."
            ),
            _(
                "The text that the network writes is like what it has read, with its own mistakes. Another seed writes another."
            ),
        )
    )
