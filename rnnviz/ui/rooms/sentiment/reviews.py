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

from rnnviz.studies import judging
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.sentiment.opinions import LONGEST, Models, called, language, percent
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import typed
from rnnviz.ui.shell.widgets import brings, notice, sent, shows

LARGEST = 5 * 2**20  # bytes of a file
ROWS = 10_000  # that are read
# more are refused before the table is parsed: a list of 100,000 columns freezes the browser
COLUMNS, LINES = 100, 200_000
CHUNK = 250  # reviews between two looks at the clock and the stop button
# names of columns that are taken for the reviews and for the labels until the reader chooses others
REVIEWS = ("text", "review", "sentence", "document", "리뷰", "내용", "문장")
LABELS = ("label", "sentiment", "polarity", "레이블", "라벨", "감성")
PRAISE = {"1", "1.0", "pos", "positive", "긍정"}
ZERO, MINUS = {"0", "0.0"}, {"-1", "-1.0", "−1"}
CRITICISM = {*ZERO, *MINUS, "neg", "negative", "부정"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet's formulas begin with
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
    # emptied at once: while a list is judged, the table of the one before is gone
    given, progress, results = st.container(), st.empty(), st.empty()
    try:
        with given:
            st.write(_("The list is not part of the address: a link opens this view without it."))
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
    with progress.container():
        _judge(work, opened)
    if work.done:
        with results.container():
            _results(work, labels)


# ---- where the reviews come from -----------------------------------------------------------------------------------


def _pasted() -> tuple[list[str], None]:
    """The lines of a box that are not empty."""
    pasted = st.session_state.setdefault("sentiment_pasted", {})
    key, here = "pick_sentiment_pasted", language()
    if (brought := brings(key)) is not None:
        pasted[here] = brought
    shows(key, pasted.get(here, PASTED[here]))
    st.text_area(
        _("Reviews, one per line"),
        key=key,
        height=150,
        on_change=lambda: pasted.update({here: typed(st.session_state[key])}),
    )
    reviews = [line.strip() for line in st.session_state[key].splitlines() if line.strip()]
    if not reviews:
        notice(_("Type or paste at least one review."))
    return _no_more(reviews), None


def _uploaded() -> tuple[list[str], list[str] | None]:
    """A column of a CSV file, and the one with labels if there is one. Raises ValueError with a line for the reader."""
    # files that went with a server: each leaves its box behind
    lost = st.session_state.setdefault("sentiment_lost", 0)
    told = sent(key := f"sentiment_file_{lost}")
    file = st.file_uploader(
        _("A CSV file (UTF-8 or CP949), up to {size} MB and {rows:,} rows").format(
            size=LARGEST // 2**20, rows=ROWS
        ),
        type=["csv", "tsv", "txt"],
        max_upload_size=LARGEST // 2**20,
        key=key,
    )
    if file is None:
        if told is not None and told.file_uploader_state_value.uploaded_file_info:
            st.session_state["sentiment_lost"] += 1
            st.rerun()
        if lost:
            notice(_("The server has started again and no longer has your file: choose it once more."))
        return [], None
    if file.size > LARGEST:
        line = _(
            "The file has {size:.1f} MB; the limit is {largest} MB. Split it, or leave out other columns."
        )
        raise ValueError(line.format(size=file.size / 2**20, largest=LARGEST // 2**20))
    header, rows = table(file.getvalue())
    columns = list(range(len(header)))
    with st.container(horizontal=True):
        column = st.selectbox(
            _("Column with the reviews"),
            columns,
            index=_named(header, REVIEWS),
            format_func=lambda i: _shown(header[i], i),
            placeholder=_("choose a column"),
        )
        label = st.selectbox(
            _("Column with labels, if there is one"),
            [None, *columns],
            index=1 + i if (i := _named(header, LABELS)) is not None else 0,
            format_func=lambda i: _("none") if i is None else _shown(header[i], i),
        )
    if column is None:
        raise ValueError(
            _(
                "No column is called “text” or “review”; choose the one with the reviews. Columns found: {names}."
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

    Raises ValueError with a line for the reader: another encoding, no rows, too many rows or columns, or not a table.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(_("The file is UTF-16. Save it as “CSV UTF-8” and choose it again."))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _korean(raw)
        if text is None:
            raise ValueError(
                _("The file is not text in UTF-8. Save it as “CSV UTF-8” and choose it again.")
            ) from None
        notice(_("The file is not UTF-8; it was read as CP949 (EUC-KR)."))
    if "\0" in text:
        raise ValueError(_("The file is not a text table."))
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    if (lines := max(map(text.count, "\n\r")) + 1) > LINES:
        line = _("The file has {count:,} lines; the limit is {limit:,}. Split it.")
        raise ValueError(line.format(count=lines, limit=LINES))
    _check_columns(first.count(delimiter) + 1)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            _check_columns(len(row))
            if any(map(str.strip, row)):
                rows.append(row)
    except csv.Error as problem:
        raise ValueError(_("The file cannot be read as CSV:") + f" {problem}") from None
    if len(rows) < 2:
        raise ValueError(
            _("The file needs a line with the names of its columns and at least one row below it.")
        )
    return [name.strip() for name in rows[0]], rows[1:]


def _check_columns(count: int) -> None:
    if count > COLUMNS:
        line = _("The file has {count:,} columns; the limit is {limit}. Leave out all but a few.")
        raise ValueError(line.format(count=count, limit=COLUMNS))


def _korean(raw: bytes) -> str | None:
    """What is written in CP949; None where it is not, or not likely.

    Letters with accents in other encodings are syllables in CP949, but hardly ever those of EUC-KR, which are in use.
    """
    try:
        text = raw.decode("cp949")
    except UnicodeDecodeError:
        return None
    foreign = "".join(letter for letter in text if not letter.isascii())
    return text if len(foreign.encode("euc_kr", "ignore")) >= len(foreign) else None


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
    shown, file = dict(texts), {name: [_safe(text) for text in column] for name, column in texts.items()}
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


def _safe(text: str) -> str:
    """A spreadsheet would run what begins like a formula; a number is none."""
    return "'" + text if text.startswith(FORMULA) and text not in CRITICISM else text


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
    lower = [label.lower() for label in labels]
    # beside −1 a 0 is neither
    criticism = CRITICISM - ZERO if MINUS & set(lower) else CRITICISM
    known = np.array([1 if v in PRAISE else 0 if v in criticism else -1 for v in lower])
    blank = lower.count("")
    if blank:
        notice(_("Rows without a label, which are not counted: {count:,}.").format(count=blank))
    if other := int((known < 0).sum()) - blank:
        line = _(
            "Labels that are not understood, so no accuracy is given: {count:,} (understood: 1, pos, positive, 긍정; 0, −1, "
            "neg, negative, 부정; 0 beside −1 is neither)."
        )
        notice(line.format(count=other))
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
