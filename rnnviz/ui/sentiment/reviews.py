"""Many reviews at once: from a pasted list or a CSV file to a table of verdicts."""

import csv
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz import judging
from rnnviz.ui.frame import notice
from rnnviz.ui.language import _
from rnnviz.ui.sentiment.opinions import LONGEST, Models, called, language
from rnnviz.ui.views import table_csv

LARGEST = 5 * 2**20  # bytes of a file
ROWS = 10_000  # that are read
CHUNK = 250  # reviews between two looks at the clock and the stop button
# names of columns that are taken for the reviews and for the labels until the reader chooses others
REVIEWS = ("text", "review", "sentence", "document", "리뷰", "내용", "문장")
LABELS = ("label", "sentiment", "polarity", "레이블", "라벨", "감성")
PRAISE, CRITICISM = {"1", "1.0", "pos", "positive", "긍정"}, {"0", "0.0", "-1", "neg", "negative", "부정"}
PASTED = {
    "english": "A warm and very funny film.\nTwo hours that feel like four.\nNot bad, but not good either.",
    "korean": "따뜻하고 정말 재미있는 영화\n두 시간이 네 시간처럼 느껴진다\n나쁘지는 않은데 그렇다고 좋지도 않다",
}


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
    try:
        reviews, labels = (_pasted if source == "paste" else _uploaded)()
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
    _judge(work, opened)
    if work.done:
        _results(work, labels)


# ---- where the reviews come from -----------------------------------------------------------------------------------


def _pasted() -> tuple[list[str], None]:
    """The lines of a box that are not empty."""
    typed = st.session_state.setdefault("sentiment_pasted", {})
    key = "pick_sentiment_pasted"
    st.session_state[key] = typed.get(language(), PASTED[language()])
    here = language()
    st.text_area(
        _("Reviews, one a line"), key=key, height=150,
        on_change=lambda: typed.update({here: st.session_state[key]}),
    )  # fmt: skip
    reviews = [line.strip() for line in st.session_state[key].splitlines() if line.strip()]
    if not reviews:
        notice(_("Type or paste at least one review."))
    return _no_more(reviews), None


def _uploaded() -> tuple[list[str], list[str] | None]:
    """A column of a CSV file, and the one with labels if there is one. Raises ValueError with a line for the reader."""
    file = st.file_uploader(
        _("A CSV file in UTF-8, up to {size} MB and {rows:,} rows").format(size=LARGEST // 2**20, rows=ROWS),
        type=["csv", "tsv", "txt"], max_upload_size=LARGEST // 2**20, key="sentiment_file",
    )  # fmt: skip
    if file is None:
        return [], None
    if file.size > LARGEST:
        line = _(
            "The file has {size:.1f} MB; up to {largest} MB are read. Split it, or leave out other columns."
        )
        raise ValueError(line.format(size=file.size / 2**20, largest=LARGEST // 2**20))
    header, rows = table(file.getvalue())
    columns = list(range(len(header)))
    with st.container(horizontal=True):
        column = st.selectbox(
            _("Column with the reviews"), columns, index=_named(header, REVIEWS), format_func=lambda i: _shown(header[i], i),
            placeholder=_("choose a column"),
        )  # fmt: skip
        label = st.selectbox(
            _("Column with labels, if there is one"), [None, *columns],
            index=1 + i if (i := _named(header, LABELS)) is not None else 0,
            format_func=lambda i: _("none") if i is None else _shown(header[i], i),
        )  # fmt: skip
    if column is None:
        raise ValueError(
            _(
                "No column is called “text” or “review”; choose the one with the reviews. There are: {names}."
            ).format(names=", ".join(_shown(name, i) for i, name in enumerate(header)))
        )
    rows = _no_more(rows)
    reviews = [row[column].strip() if column < len(row) else "" for row in rows]
    if not any(reviews):
        raise ValueError(_("The column “{name}” is empty.").format(name=_shown(header[column], column)))
    return reviews, None if label is None else [
        row[label].strip() if label < len(row) else "" for row in rows
    ]


def table(raw: bytes) -> tuple[list[str], list[list[str]]]:
    """The names of the columns and the rows of a CSV file, separated by commas, semicolons or tabs.

    Raises ValueError with a line for the reader: another encoding, no rows, or not a table.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(_("The file is UTF-16. Save it as “CSV UTF-8” and choose it again."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            raw.decode("cp949")
        except UnicodeDecodeError:
            raise ValueError(
                _("The file is not text in UTF-8. Save it as “CSV UTF-8” and choose it again.")
            ) from None
        raise ValueError(
            _(
                "The file is not UTF-8; it looks like CP949 (EUC-KR). In Excel save it as “CSV UTF-8” and choose it again."
            )
        ) from None
    if "\0" in text:
        raise ValueError(_("The file is not a text table."))
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [
            row
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            if any(map(str.strip, row))
        ]
    except csv.Error as problem:
        raise ValueError(_("The file cannot be read as CSV:") + f" {problem}") from None
    if len(rows) < 2:
        raise ValueError(
            _("The file needs a line with the names of its columns and at least one row below it.")
        )
    return [name.strip() for name in rows[0]], rows[1:]


def _named(header: Sequence[str], names: Sequence[str]) -> int | None:
    lower = [name.lower() for name in header]
    return next((lower.index(name) for name in names if name in lower), None)


def _shown(name: str, column: int) -> str:
    """A column's name, short enough for a line, or its number."""
    return name[:40] + ("…" if len(name) > 40 else "") or f"{column + 1}"


def _no_more(rows: list) -> list:
    if len(rows) > ROWS:
        line = _("There are {count:,} reviews; the first {rows:,} are judged.")
        notice(line.format(count=len(rows), rows=ROWS))
    return rows[:ROWS]


# ---- what is made of them ------------------------------------------------------------------------------------------


def _judge(work: Work, opened: Models) -> None:
    """Reads what is not read yet, with progress; a click on Stop ends this run of the page between two chunks."""
    total = len(work.reviews)
    if work.odds and work.done == total:
        return
    if work.stopped:
        notice(_("Stopped: {done:,} of {total:,} reviews are judged.").format(done=work.done, total=total))
        st.button(_("Go on"), on_click=_stop, args=(work, False), key="sentiment_on")
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
    some, ids = work.reviews[: work.done], work.ids
    columns = {_("review"): some}
    if labels:
        columns[_("label")] = labels[: work.done]
    columns |= {
        f"{called(which)} (%)": np.round(100 / (1 + np.exp(-np.array(odds[: work.done]))), 1)
        for which, odds in work.odds.items()
    }
    columns[_("tokens")] = [len(row) for row in ids]
    columns[_("unknown (%)")] = [round(100 * row.count(0) / len(row), 1) if row else math.nan for row in ids]
    _say_what_is_odd(ids)
    if labels:
        _accuracy(work, labels[: work.done])
    st.write(_("Percent are the probability that a review is positive. Click a column’s name to sort by it."))
    table_csv(pd.DataFrame(columns, index=pd.RangeIndex(1, len(some) + 1, name=_("row"))), "rnnviz-reviews")


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
    """How many of the labelled reviews each model judges right."""
    known = np.array([1 if v.lower() in PRAISE else 0 if v.lower() in CRITICISM else -1 for v in labels])
    if other := int((known < 0).sum()):
        line = _(
            "Labels that are neither 1, pos, positive nor 0, −1, neg, negative, and are not counted: {count:,}."
        )
        notice(line.format(count=other))
    rows = {}
    for which, odds in work.odds.items():
        values = np.array(odds[: len(known)])
        counted = (known >= 0) & ~np.isnan(values)
        if counted.any():
            rows[called(which)] = 100 * float(((values > 0) == (known == 1))[counted].mean())
    if rows:
        st.write(
            _("Judged right, of {count:,} reviews with a label:").format(count=int(counted.sum()))
            + " "
            + ", ".join(f"{name} {share:.1f} %" for name, share in rows.items())
            + "."
        )
