"""What linear probes read from the states of a judge of reviews: the label, and the verdict so far. They come with the judge."""

import json

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.figures.words import named
from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.studies import verdicts
from rnnviz.ui.parts import board, sentences
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import folded, notice, pick

NEAR, FAR = {"end": 0, "share": 100}, {"end": 10, "share": 50}  # places that the lines in words are about


def show() -> None:
    """The judge, what is read from, and the pictures."""
    names = checkpoints.names("sentiment")
    if not names:
        notice(_("There is no judge of reviews here."), error=True)
        return
    wanted = "sentiment-korean-lstm" if current() == "ko" else "sentiment-english-lstm"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = sentences.model_of(names, "knows_judge", wanted)
        pick(st.selectbox, "knows_judge", _("Model"), names, value=name, width=300)
        try:
            found = _found(name, f"{checkpoints.stamp(name)} {verdicts.stamp(name)}")
        except CheckpointError as problem:
            notice(said(problem), error=True)
            return
        if found is not None:
            _controls(found)
    if found is None:
        line = _("No probes came with this model. Fit them:")
        notice(f"{line} python benchmarks/reviews.py {name} --data FOLDER --write")
    else:
        _pictures(name, found[settings()["knows_axis"]])
    _reading()


@keeps
def _found(name: str, stamp: str) -> dict[str, xr.Dataset] | None:
    return verdicts.shipped(name)


def _controls(found: dict[str, xr.Dataset]) -> None:
    fields = found["end"]["field"].values.tolist()
    if settings()["knows_field"] not in fields:
        choose(knows_field="hidden")
    if len(fields) > 1:
        names = {"hidden": _("from h"), "cell": _("from c")}
        label = _("What is read from")
        pick(st.segmented_control, "knows_field", label, fields, format_func=names.get, required=True)
    axes = {"end": _("before the end"), "share": _("so far into the review")}
    label = _("Where it is asked")
    pick(st.segmented_control, "knows_axis", label, list(axes), format_func=axes.get, required=True)


def _titles() -> dict[str, str]:
    return {"label": _("Does the review praise?"), "verdict": _("The verdict so far")}


def _pictures(name: str, found: xr.Dataset) -> None:
    field, axis = settings()["knows_field"], settings()["knows_axis"]
    one = kept(_one, found, field)
    titles = _titles()
    heading = {
        "end": _("How often a probe is right, against how many tokens before the end it is asked"),
        "share": _("How often a probe is right, after so much of the review"),
    }[axis]
    drawings = [drawn("probes", heading, figures.by_distance, one, titles)]
    lines = [_told(one, what, title, axis) for what, title in titles.items()]
    about = f"{name}, h" if field == "hidden" else f"{name}, c"
    board.show_figures(f"knows-{name}-{field}-{axis}", drawings, subject=about, summary=" ".join(lines))
    for line in lines:
        st.text(line)
    learned, tested = (int(one["reviews"].sel(part=part).max()) for part in ("learned", "tested"))
    st.caption(
        _("{learned:,} reviews to learn from, {tested:,} others to be tested on.").format(
            learned=learned, tested=tested
        )
    )
    table_csv(kept(_table, one, titles, True), "probes-reviews", file=kept(_table, one, titles, False))
    card = json.loads(found.attrs["card"])
    with st.expander(_("About these probes")):
        rows = {
            _("data"): card["data"]["source"].removeprefix("https://"),
            _("attribution"): card["data"].get("attribution"),
            _("licence"): card["data"]["licence"],
            _("made by"): card["command"],
        }
        for title, value in rows.items():
            if value:
                st.caption(title)
                st.text(value)


def _one(found: xr.Dataset, field: str) -> xr.Dataset:
    return found.sel(field=field, drop=True)


def _told(one: xr.Dataset, what: str, title: str, axis: str) -> str:
    """What the picture says of a property, in words."""
    words = {
        "end": _(
            "“{title}” At the end the probe is right {near_score} of the time (guess without memory {near_guess}, control task "
            "{near_control}); {far} tokens before, {far_score} (guess {far_guess}, control task {far_control})."
        ),
        "share": _(
            "“{title}” After the whole review the probe is right {near_score} of the time (guess without memory {near_guess}, "
            "control task {near_control}); after {far} % of it, {far_score} (guess {far_guess}, control task {far_control})."
        ),
    }[axis]
    values = {
        f"{place}_{which}": percent(one[which].sel(property=what, distance=at[axis]).item())
        for place, at in (("near", NEAR), ("far", FAR))
        for which in ("score", "control", "guess")
    }
    return words.format(title=title, far=FAR[axis], **values)


def _table(one: xr.Dataset, titles: dict[str, str], readable: bool) -> pd.DataFrame:
    """A row for each property and place, as they are read; or as numbers in full."""
    columns = {
        _("probe"): "score",
        _("control task"): "control",
        _("commonest answer"): "majority",
        _("from the token just read"): "present",
    }
    rows = []
    for what, title in titles.items():
        for place in one["distance"].values.tolist():
            at = one.sel(property=what, distance=place)
            values = [at[which].item() for which in columns.values()]
            rows.append([title, place, *(map(shown, values) if readable else values)])
    frame = pd.DataFrame(rows, columns=[_("asked"), named(one["distance"].attrs["long_name"]), *columns])
    return frame.set_index(_("asked"))


def _reading() -> None:
    folded(
        (
            _(
                "A probe is a logistic regression from the units of one state to an answer. It learns from reviews that the "
                "judge was not trained on, and is counted on others, at each place by itself."
            ),
            _(
                "“Does the review praise?” asks for what its author meant; “The verdict so far” for what the judge itself would "
                "say, had the review ended there. A judge that reads its verdict from the last h has it there for a linear probe "
                "too; c it does not see, and one that takes a mean of all states needs more than one."
            ),
            _(
                "Guess without memory: the better of the commonest answer and the commonest answer after the token that was just "
                "read."
            ),
            _(
                "Control task: each token was given an answer by lot, and the probe is asked for that of the token just read. A "
                "probe that is as good at it has learned tokens by heart. At the end that is easy, where most reviews end alike."
            ),
            _(
                "Far before the end only long reviews have a state to ask, so there are fewer of them; shares of a review have "
                "them all."
            ),
            _(
                "That something can be read does not show that the judge uses it. Which step carries the verdict is found by "
                "changing it: see “Transplant”."
            ),
        )
    )
