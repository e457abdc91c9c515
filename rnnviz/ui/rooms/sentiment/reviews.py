"""Many reviews at once: from a pasted list or a CSV file to a table of verdicts."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz.studies import judging
from rnnviz.ui.parts import listed
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.sentiment.opinions import LONGEST, Models, called, language, percent
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.widgets import notice

CHUNK = 250  # reviews between two looks at the clock and the stop button


@dataclass
class Work:
    """Reviews on their way to a table. ids: of their tokens; odds: log odds by model, both as far as they are computed.
    stopped: by the reader."""

    key: str
    reviews: list[str]
    ids: list[list[int]] = field(default_factory=list)
    odds: dict[str, list[float]] = field(default_factory=dict)
    stopped: bool = False

    @property
    def done(self) -> int:
        return min(map(len, self.odds.values()), default=0)


def show(opened: Models) -> None:
    """The list or the file, progress, and the table."""
    if not opened:
        return
    sources = {"paste": _("a pasted list"), "file": _("a CSV file")}
    source = st.segmented_control(
        _("From"),
        list(sources),
        default="paste",
        format_func=sources.get,
        required=True,
        key="sentiment_source",
    )
    # emptied at once: while a list is judged, the table of the one before is gone
    given, progress, results = st.container(), st.empty(), st.empty()
    try:
        with given:
            st.write(_("The list is not part of the address: a link opens this view without it."))
            if source == "paste":
                reviews, labels = listed.pasted("sentiment", language())
            else:
                reviews, labels = listed.uploaded("sentiment")
    except ValueError as problem:
        notice(str(problem), error=True)
        return
    if not reviews:
        return
    stamp = "".join(f"{card['name']}{card['sha256']}" for _model, card, _words in opened.values())
    key = hashlib.sha256("\0".join((stamp, *reviews)).encode("utf-8", "replace")).hexdigest()
    work = st.session_state.get("sentiment_work")
    if work is None or work.key != key:
        work = st.session_state["sentiment_work"] = Work(key, reviews)
    with progress.container():
        _judge(work, opened)
    if work.done:
        with results.container():
            _results(work, labels)


# ---- what is made of them ------------------------------------------------------------------------------------------


def _judge(work: Work, opened: Models) -> None:
    """Reads what is not read yet, with progress; a click on Stop ends this run of the page between two chunks."""
    total = len(work.reviews)
    if work.odds and work.done == total:
        return
    if work.stopped:
        notice(_("Stopped: {done:,} of {total:,} reviews are judged.").format(done=work.done, total=total))
        st.button(_("Continue"), on_click=_stop, args=(work, False), key="sentiment_on")
        return
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button(_("Stop"), on_click=_stop, args=(work, True), key="sentiment_stop")
    while not work.odds or work.done < total:
        start = work.done
        bar.progress(start / total, text=_("{done:,} of {total:,} reviews").format(done=start, total=total))
        some = work.reviews[start : start + CHUNK]
        # the models of a language know the same words, but nothing holds them to it
        rows = {words: [words.encode(review) for review in some] for _model, _card, words in opened.values()}
        found = {
            which: judging.log_odds(model, [ids[:LONGEST] for ids in rows[words]])
            for which, (model, _card, words) in opened.items()
        }
        for which, odds in found.items():
            work.odds.setdefault(which, []).extend(odds.tolist())
        work.ids += next(iter(rows.values()))
    place.empty()


def _stop(work: Work, stopped: bool) -> None:
    work.stopped = stopped


def _results(work: Work, labels: list[str] | None) -> None:
    """Accuracy where there are labels, and the table."""
    labels = labels and labels[: work.done]
    shown, file = tables(work, labels)
    _say_what_is_odd(work.ids)
    if labels:
        _accuracy(work, labels)
    st.write(
        _("Percentages are the probability that a review is positive. Click a column’s name to sort by it.")
    )
    table_csv(shown, "rnnviz-reviews", file)


def tables(work: Work, labels: Sequence[str] | None) -> "tuple[pd.io.formats.style.Styler, pd.DataFrame]":
    """What was judged so far, rounded for the screen and in full for the file, whose texts no spreadsheet takes for
    formulas."""
    texts = {_("review"): work.reviews[: work.done]} | ({_("label"): labels} if labels else {})
    index = pd.RangeIndex(1, work.done + 1, name=_("row"))
    unknown = np.array([row.count(0) / len(row) if row else math.nan for row in work.ids])
    shown, file = (
        dict(texts),
        {name: [listed.safe(text) for text in column] for name, column in texts.items()},
    )
    for which, values in work.odds.items():
        odds = np.array(values[: work.done])
        file[f"{called(which)}: p"] = shown[f"{called(which)} (%)"] = 1 / (1 + np.exp(-odds))
        file[f"{called(which)}: " + _("log odds")] = odds
    file[_("tokens")] = shown[_("tokens")] = [len(row) for row in work.ids]
    file[_("unknown share")] = shown[_("unknown (%)")] = unknown
    frame = pd.DataFrame(shown, index=index)
    shares = [name for name in frame if name.endswith("(%)")]
    frame[shares] *= 100
    words = frame.style.format(lambda v: percent(v / 100).removesuffix(" %"), subset=shares, na_rep="–")
    return words, pd.DataFrame(file, index=index)


def _say_what_is_odd(ids: Sequence[Sequence[int]]) -> None:
    if empty := sum(not row for row in ids):
        notice(_("Rows without a review, which get no verdict: {count:,}.").format(count=empty))
    if long := sum(len(row) > LONGEST for row in ids):
        notice(
            _("Reviews of which only the first {longest} tokens are read: {count:,}.").format(
                longest=LONGEST, count=long
            )
        )


def _accuracy(work: Work, labels: Sequence[str]) -> None:
    """How many of the labelled reviews each model judges right; nothing where some labels mean something else."""
    known = listed.meant(labels)
    if listed.not_understood(labels):
        return
    rows = {}
    for which, odds in work.odds.items():
        values = np.array(odds[: len(known)])
        counted = (known >= 0) & ~np.isnan(values)
        if counted.any():
            rows[called(which)] = float(((values > 0) == (known == 1))[counted].mean())
    if rows:
        st.write(
            _("Judged right, of {count:,} reviews with a label:").format(count=int(counted.sum()))
            + " "
            + ", ".join(f"{name} {percent(share)}" for name, share in rows.items())
            + "."
        )
