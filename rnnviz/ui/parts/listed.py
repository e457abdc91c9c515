"""Many short texts that a reader brings: a pasted list, or a column of a CSV file and one with labels."""

import csv
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import typed
from rnnviz.ui.shell.widgets import brings, notice, sent, shows

LARGEST = 5 * 2**20  # bytes of a file
ROWS = 10_000  # that are read
# more are refused before the table is parsed: a list of 100,000 columns freezes the browser
COLUMNS, LINES = 100, 200_000
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


def pasted(name: str, here: str, most: int | None = None) -> tuple[list[str], None]:
    """The lines of a box that are not empty. name: of the page, before its keys. here: the language that the texts are in. most:
    that are read; `ROWS`."""
    pasted = st.session_state.setdefault(f"{name}_pasted", {})
    key = f"pick_{name}_pasted"
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
    return _no_more(reviews, most or ROWS), None


def uploaded(name: str, most: int | None = None) -> tuple[list[str], list[str] | None]:
    """A column of a CSV file, and the one with labels if there is one. name, most: as `pasted`. Raises ValueError with a line for
    the reader."""
    # files that went with a server: each leaves its box behind
    lost = st.session_state.setdefault(f"{name}_lost", 0)
    told = sent(key := f"{name}_file_{lost}")
    file = st.file_uploader(
        _("A CSV file (UTF-8 or CP949), up to {size} MB and {rows:,} rows").format(
            size=LARGEST // 2**20, rows=most or ROWS
        ),
        type=["csv", "tsv", "txt"],
        max_upload_size=LARGEST // 2**20,
        key=key,
    )
    if file is None:
        if told is not None and told.file_uploader_state_value.uploaded_file_info:
            st.session_state[f"{name}_lost"] += 1
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
            ).format(names=", ".join(_shown(one, i) for i, one in enumerate(header)))
        )
    rows = _no_more(rows, most or ROWS)
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


def _no_more(rows: list, most: int) -> list:
    if len(rows) > most:
        line = _("There are {count:,} reviews; the first {rows:,} are judged.")
        notice(line.format(count=len(rows), rows=most))
    return rows[:most]


def meant(labels: Sequence[str]) -> np.ndarray:
    """What labels mean, (text,): 1 praise, 0 criticism, −1 neither. Beside −1 a 0 is neither."""
    lower = [label.lower() for label in labels]
    criticism = CRITICISM - ZERO if MINUS & set(lower) else CRITICISM
    return np.array([1 if v in PRAISE else 0 if v in criticism else -1 for v in lower], int)


def not_understood(labels: Sequence[str]) -> int:
    """Says which labels are missing and which mean something else. Returns how many these are."""
    blank = sum(not label for label in labels)
    if blank:
        notice(_("Rows without a label, which are not counted: {count:,}.").format(count=blank))
    if other := int((meant(labels) < 0).sum()) - blank:
        line = _(
            "Labels that are not understood, so no accuracy is given: {count:,} (understood: 1, pos, positive, 긍정; 0, −1, "
            "neg, negative, 부정; 0 beside −1 is neither)."
        )
        notice(line.format(count=other))
    return other


def safe(text: str) -> str:
    """A spreadsheet would run what begins like a formula; a number is none."""
    return "'" + text if text.startswith(FORMULA) and text not in CRITICISM else text
