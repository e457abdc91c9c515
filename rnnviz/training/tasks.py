"""Data: generated tasks with known truth, and readers of real corpora, each with its source, licence and split. No data file
is kept in the project."""

import csv
import datetime
import functools
import hashlib
import io
import re
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Corpus:
    """A text cut into three parts, and where it came from.

    sha256: of the file as it was read or, for many files, of their names and contents in order.
    split: in words, how the parts were cut.
    """

    train: str
    validation: str
    test: str
    source: str
    licence: str
    sha256: str
    split: str


SHAKESPEARE = {
    "url": "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "sha256": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    "licence": "Public domain text (repository: MIT)",
}
ENOUGH = 10_000_000  # characters: a corpus beyond this is not for two cores


def shakespeare(path: Path | None = None) -> Corpus:
    """Tiny Shakespeare: the first 90 % to train on, the next 5 % for validation, the last 5 % for the test.

    path: the file `input.txt`; without it the file is downloaded. Raises ValueError where the sha256 is another one.
    """
    raw = _bytes_of(path, SHAKESPEARE["url"])
    found = hashlib.sha256(raw).hexdigest()
    if found != SHAKESPEARE["sha256"]:
        raise ValueError(f"not Tiny Shakespeare: sha256 is {found}, wanted {SHAKESPEARE['sha256']}")
    text = raw.decode("utf-8")
    first, second = len(text) * 90 // 100, len(text) * 95 // 100
    return Corpus(
        text[:first],
        text[first:second],
        text[second:],
        source=SHAKESPEARE["url"],
        licence=SHAKESPEARE["licence"],
        sha256=found,
        split="first 90 % of the characters train, next 5 % validation, last 5 % test",
    )


def python_source(path: Path | None = None) -> Corpus:
    """The standard library's own source, of the Python that runs this, one file after the other.

    path: the library's folder; without it the running Python's. Tests and vendored packages are left out. A file goes to
    validation or test by the sha256 of its path relative to the folder (5 % each), so a file never moves between parts.
    Raises ValueError where the folder holds no Python file.
    """
    folder = Path(path or sysconfig.get_paths()["stdlib"])
    left_out = {
        "test",
        "tests",
        "idle_test",
        "site-packages",
        "dist-packages",
        "lib2to3",
        "__pycache__",
        "ensurepip",
    }
    names = [p.relative_to(folder) for p in folder.rglob("*.py")]
    names = sorted((n for n in names if not left_out & set(n.parts)), key=lambda n: n.as_posix())
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    digest = hashlib.sha256()
    for name in names:
        raw = (folder / name).read_bytes()
        key = name.as_posix().encode()
        digest.update(key + b"\0" + raw)
        share = int.from_bytes(hashlib.sha256(key).digest()[:4]) / 2**32
        part = "test" if share < 0.05 else "validation" if share < 0.10 else "train"
        parts[part].append(raw.decode("utf-8", "replace").replace("\r\n", "\n"))
    if not parts["train"]:
        raise ValueError(f"no Python source in {folder}; give the folder of a standard library")
    version = ".".join(map(str, sys.version_info[:3]))
    return Corpus(
        *("".join(parts[p]) for p in ("train", "validation", "test")),
        source=f"standard library of CPython {version}" if path is None else str(path),
        licence="PSF License Agreement",
        sha256=digest.hexdigest(),
        split="by file: sha256 of the relative path, 5 % of the files test, 5 % validation, the rest train",
    )


@dataclass(frozen=True)
class Examples:
    """What is learned one by one, cut into three parts, and where it came from; see `Corpus`.

    An example is a sentence and what it is to become, a text and its label, or a sentence alone. attribution: whom the
    licence asks to name.
    """

    train: list
    validation: list
    test: list
    source: str
    licence: str
    sha256: str
    split: str
    attribution: str = ""


TATOEBA = "https://www.manythings.org/anki/kor-eng.zip"


def tatoeba(path: Path | None = None) -> Examples:
    """English sentences and their Korean translations.

    path: a table with tabs between its columns split (train, dev or test), en, ko and attribution, as its first line says.
    Raises ValueError without one, or where a column is missing.
    """
    if path is None:
        raise ValueError(
            f"give the sentences with --data: a tab-separated file with split, en, ko, attribution, made of {TATOEBA}"
        )
    rows, sha256 = _table(path, "split", "en", "ko", "attribution")
    people = sorted(
        {name for row in rows for name in re.findall(r"\((\w+)\)", row["attribution"])} - {"France"}
    )
    return Examples(
        *_parts(rows, lambda row: (row["en"], row["ko"])),
        source=f"Tatoeba by way of {TATOEBA}",
        licence="CC BY 2.0 FR",
        sha256=sha256,
        split=AS_GIVEN,
        attribution=f"tatoeba.org contributors: {', '.join(people)}",
    )


SNIPS = "https://github.com/sonos/nlu-benchmark"


def snips(path: Path | None = None) -> Examples:
    """Sentences that people said to a voice assistant, one text each.

    path: a table with tabs between its columns split (train, dev or test), intent, tokens and bio_tags, as its first line says.
    Raises ValueError without one, or where a column is missing.
    """
    if path is None:
        raise ValueError(
            f"give the sentences with --data: a tab-separated file with split and tokens, made of {SNIPS}"
        )
    rows, sha256 = _table(path, "split", "tokens")
    return Examples(
        *_parts(rows, lambda row: row["tokens"]),
        source=f"Snips voice commands, {SNIPS}",
        licence="CC0 1.0",
        sha256=sha256,
        split=AS_GIVEN,
    )


RT_POLARITY = (
    "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/sentence_polarity.zip"
)
NSMC = "https://github.com/e9t/nsmc"


def rt_polarity(path: Path | None = None) -> Examples:
    """English sentences of film reviews (Pang & Lee 2005), each with 1 where it praises, else 0. See `_reviews`."""
    return _reviews(
        path, RT_POLARITY, "CC BY 4.0", "Bo Pang and Lillian Lee, sentence polarity dataset v1.0, 2005"
    )


def nsmc(path: Path | None = None) -> Examples:
    """Korean film reviews (Naver sentiment movie corpus), each with 1 where it praises, else 0. See `_reviews`."""
    return _reviews(path, NSMC, "CC0 1.0", "Lucy Park, Naver sentiment movie corpus")


def _reviews(path: Path | None, source: str, licence: str, attribution: str) -> Examples:
    """path: a table with tabs between its columns split (train, dev or test), label (0 or 1) and text, as its first line says.

    Raises ValueError without one, or where a column is missing or a label is another.
    """
    if path is None:
        raise ValueError(
            f"give the reviews with --data: a tab-separated file with split, label, text, made of {source}"
        )
    rows, sha256 = _table(path, "split", "label", "text")
    wrong = {row["label"] for row in rows} - {"0", "1"}
    if wrong:
        raise ValueError(f"{path}: a label must be 0 or 1; got {sorted(wrong)[0]!r}")
    parts = _parts(rows, lambda row: (row["text"], int(row["label"])))
    return Examples(
        *parts, source=source, licence=licence, sha256=sha256, split=AS_GIVEN, attribution=attribution
    )


AS_GIVEN = "as the file gives it: train, dev (validation), test"


def _table(path: Path, *columns: str) -> tuple[list[dict[str, str]], str]:
    """The rows of a tab-separated file and its sha256."""
    raw = Path(path).read_bytes()
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE))
    missing = set(columns) - set(rows[0] if rows else ())
    if missing:
        raise ValueError(f"{path} lacks the columns {', '.join(sorted(missing))}")
    return rows, hashlib.sha256(raw).hexdigest()


def _parts(rows: list[dict[str, str]], example: Callable) -> Iterator[list]:
    """What train, dev and test hold, in this order."""
    return ([example(row) for row in rows if row["split"] == part] for part in ("train", "dev", "test"))


FIRST_YEAR, LAST_YEAR = 1950, 2049  # so that two digits are enough to tell a year
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_ORDINALS += [f"twenty-{word}" for word in _ORDINALS[:9]] + ["thirtieth", "thirty-first"]
_KOREAN_DAYS = "월화수목금토일"


def _words(number: int) -> str:
    """0 to 99 in English words."""
    if number < 20:
        return _ONES[number]
    ten, one = divmod(number, 10)
    return _TENS[ten - 2] + (f"-{_ONES[one]}" if one else "")


def _year_in_words(year: int) -> str:
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {_words(rest)}" if rest else "")
    return f"{_words(century)} {_words(rest)}"


def _korean(number: int) -> str:
    """1 to 9999 in Sino-Korean words."""
    said = ""
    for size, name in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit = number // size % 10
        if digit:
            said += ("" if digit == 1 and name else "일이삼사오육칠팔구"[digit - 1]) + name
    return said


_KOREAN_MONTHS = ["유월" if m == 6 else "시월" if m == 10 else f"{_korean(m)}월" for m in range(1, 13)]
_YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
# a part of a date as it is written: which field it tells (or none), and each value's writing
_PARTS: dict[str, tuple[str, dict[int, str]]] = {
    "Y": ("year", {y: str(y) for y in _YEARS}),
    "y": ("year", {y: f"{y % 100:02}" for y in _YEARS}),
    "year_words": ("year", {y: _year_in_words(y) for y in _YEARS}),
    "year_korean": ("year", {y: _korean(y) for y in _YEARS}),
    "m": ("month", {m: str(m) for m in range(1, 13)}),
    "mm": ("month", {m: f"{m:02}" for m in range(1, 13)}),
    "Month": ("month", dict(enumerate(_MONTHS, 1))),
    "MONTH": ("month", {m: name.upper() for m, name in enumerate(_MONTHS, 1)}),
    "month": ("month", {m: name.lower() for m, name in enumerate(_MONTHS, 1)}),
    "Mon": ("month", {m: name[:3] for m, name in enumerate(_MONTHS, 1)}),
    "month_korean": ("month", dict(enumerate(_KOREAN_MONTHS, 1))),
    "d": ("day", {d: str(d) for d in range(1, 32)}),
    "dd": ("day", {d: f"{d:02}" for d in range(1, 32)}),
    "dth": ("day", {d: f"{d}{_ENDINGS.get(d, 'th')}" for d in range(1, 32)}),
    "day_words": ("day", dict(enumerate(_ORDINALS, 1))),
    "day_korean": ("day", {d: f"{_korean(d)}일" for d in range(1, 32)}),
    "Weekday": ("weekday", dict(enumerate(_DAYS))),
    "Wd": ("weekday", {w: name[:3] for w, name in enumerate(_DAYS)}),
    "weekday_korean": ("weekday", {w: f"{name}요일" for w, name in enumerate(_KOREAN_DAYS)}),
    "wd_korean": ("weekday", dict(enumerate(_KOREAN_DAYS))),
}
# slashes count as in the United States, dots with the year last as in Europe: what is written decides what is meant
DATE_FORMATS = (
    "{Month} {d}, {Y}",
    "{Month} {d} {Y}",
    "{d} {Month} {Y}",
    "{Mon} {d}, {Y}",
    "{Mon}. {d}, {Y}",
    "{d} {Mon} {Y}",
    "{Month} {dth}, {Y}",
    "{Month} {dth} {Y}",
    "{dth} {Month} {Y}",
    "the {dth} of {Month} {Y}",
    "the {dth} of {Month}, {Y}",
    "{Weekday}, {Month} {d}, {Y}",
    "{Weekday}, {d} {Month} {Y}",
    "{Weekday} the {dth} of {Month}, {Y}",
    "{Wd} {d} {Mon} {Y}",
    "{Wd}, {Mon} {d}, {Y}",
    "{m}/{d}/{Y}",
    "{mm}/{dd}/{Y}",
    "{m}/{d}/{y}",
    "{d}.{m}.{Y}",
    "{dd}.{mm}.{Y}",
    "{d}.{m}.{y}",
    "{Y}-{mm}-{dd}",
    "{Y}/{mm}/{dd}",
    "{Y}/{m}/{d}",
    "{Y}{mm}{dd}",
    "{d}-{Mon}-{Y}",
    "{Mon}-{dd}-{Y}",
    "{d} {Month} '{y}",
    "{Mon} {d} '{y}",
    "{MONTH} {d}, {Y}",
    "{month} {d}, {Y}",
    "{d} {month} {Y}",
    "{Y} {Month} {d}",
    "{Month} the {day_words}, {Y}",
    "the {day_words} of {Month} {Y}",
    "{Month} {day_words}, {year_words}",
    "the {day_words} of {Month}, {year_words}",
    "{Weekday}, the {day_words} of {Month}, {year_words}",
    "{Y}년 {m}월 {d}일",
    "{Y}년{m}월{d}일",
    "{Y}년 {mm}월 {dd}일",
    "{y}년 {m}월 {d}일",
    "{Y}. {m}. {d}.",
    "{Y}.{mm}.{dd}",
    "{Y}.{m}.{d}.",
    "{Y}년 {m}월 {d}일 {weekday_korean}",
    "{Y}년 {m}월 {d}일({wd_korean})",
    "{Y}. {m}. {d}. ({wd_korean})",
    "{year_korean}년 {month_korean} {day_korean}",
    "{Y}년 {month_korean} {day_korean}",
    "{year_korean}년 {month_korean} {day_korean} {weekday_korean}",
    "{m}월 {d}일 {Y}년",
    "서기 {Y}년 {m}월 {d}일",
)


def written_date(date: datetime.date, form: str) -> str:
    """A date as one of `DATE_FORMATS` has it."""
    fields = {"year": date.year, "month": date.month, "day": date.day, "weekday": date.weekday()}
    return form.format_map({name: texts[fields[field]] for name, (field, texts) in _PARTS.items()})


@functools.cache
def _date_patterns() -> list[re.Pattern]:
    """How each format is recognised; in a longer form first, as 'twenty' also begins 'twenty-one'."""
    patterns = []
    for form in DATE_FORMATS:
        pattern = re.escape(form).replace(r"\{", "{").replace(r"\}", "}")
        for name, (field, texts) in _PARTS.items():
            ways = "|".join(re.escape(text) for text in sorted(texts.values(), key=len, reverse=True))
            ways = {"Y": r"\d{4}", "d": r"\d{1,2}", "dd": r"\d\d", "m": r"\d{1,2}", "mm": r"\d\d"}.get(
                name, ways
            )
            pattern = pattern.replace(f"{{{name}}}", f"(?P<{field}_{name}>{ways})")
        patterns.append(re.compile(pattern, re.IGNORECASE))
    return patterns


def read_date(text: str) -> datetime.date | None:
    """The date that a text in one of `DATE_FORMATS` means, None where it has no such form.

    A weekday is not compared. Raises ValueError where no such day exists or the year is not between 1950 and 2049.
    """
    for pattern in _date_patterns():
        found = pattern.fullmatch(text.strip())
        if not found:
            continue
        fields = {}
        for key, written in found.groupdict().items():
            field, name = key.split("_", 1)
            texts = {t.lower(): value for value, t in _PARTS[name][1].items()}
            fields[field] = texts.get(written.lower(), int(written) if written.isdecimal() else None)
        if not FIRST_YEAR <= fields["year"] <= LAST_YEAR:
            raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}; got {fields['year']}")
        try:
            return datetime.date(fields["year"], fields["month"], fields["day"])
        except ValueError:
            raise ValueError(
                f"there is no day {fields['day']} of month {fields['month']} in {fields['year']}"
            ) from None
    return None


def dates(path: Path | None = None, pairs: tuple[int, int, int] = (60_000, 1_000, 2_000)) -> Examples:
    """Dates from 1950 to 2049, written in one of `DATE_FORMATS`, and their ISO form; the same every time.

    path is not read. pairs: of each part. A day belongs to one part, by the sha256 of its ISO form (5 % of the days
    validation, 10 % test): a day that is tested was never seen in training, in whatever form.
    """
    first = datetime.date(FIRST_YEAR, 1, 1).toordinal()
    days = [
        datetime.date.fromordinal(n) for n in range(first, datetime.date(LAST_YEAR, 12, 31).toordinal() + 1)
    ]
    parts: dict[str, list[datetime.date]] = {"train": [], "validation": [], "test": []}
    for day in days:
        share = int.from_bytes(hashlib.sha256(day.isoformat().encode()).digest()[:4]) / 2**32
        parts["validation" if share < 0.05 else "test" if share < 0.15 else "train"].append(day)
    made = []
    for number, (own, count) in enumerate(zip(parts.values(), pairs, strict=True)):
        draw = np.random.default_rng([1950, number])
        chosen = draw.integers(len(own), size=count), draw.integers(len(DATE_FORMATS), size=count)
        made.append(
            [
                (written_date(own[i], DATE_FORMATS[j]), own[i].isoformat())
                for i, j in zip(*chosen, strict=True)
            ]
        )
    return Examples(
        *made,
        source=f"made: {len(DATE_FORMATS)} ways to write a date, {FIRST_YEAR} to {LAST_YEAR}",
        licence="none needed",
        sha256=hashlib.sha256(repr(made).encode()).hexdigest(),
        split="by day: sha256 of its ISO form, 5 % of the days validation, 10 % test, the rest train",
    )


CORPORA = {
    "shakespeare": shakespeare,
    "python": python_source,
    "dates": dates,
    "tatoeba": tatoeba,
    "snips": snips,
    "rt_polarity": rt_polarity,
    "nsmc": nsmc,
}


def windows(ids: np.ndarray, batch: int, length: int, seed: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Random windows of a text and, for each token, the token after it; the same for the same seed and step.

    ids: (time,). Returns inputs and targets, each (batch, length). Raises ValueError where the text is too short.
    """
    if len(ids) <= length:
        raise ValueError(f"a window of {length} tokens needs a text of more than {length}; got {len(ids)}")
    starts = np.random.default_rng([seed, step]).integers(0, len(ids) - length, batch)
    rows = starts[:, None] + np.arange(length + 1)
    return ids[rows[:, :-1]], ids[rows[:, 1:]]


COPY_SYMBOLS = 8  # that a sequence to copy is made of
COPIED = 10  # symbols of a sequence to copy


def adding(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The adding problem: add the two numbers that are marked, however long ago they were.

    Returns what is read, (batch, time, 2): a number drawn evenly from 0 to 1, and a mark, 1 at one step of each half, else 0;
    and the sum of the marked numbers so far, (batch, time), at the last step the answer. Raises ValueError unless steps >= 2.
    Source: Hochreiter & Schmidhuber 1997, section 5.4, in the form of Le, Jaitly & Hinton 2015, arXiv:1504.00941.
    """
    if steps < 2:
        raise ValueError(f"the adding problem needs at least 2 steps; got {steps}")
    draw = np.random.default_rng(seed)
    numbers, marks = draw.uniform(size=(batch, steps)), np.zeros((batch, steps))
    half = steps // 2
    for low, high in ((0, half), (half, steps)):
        marks[np.arange(batch), draw.integers(low, high, batch)] = 1
    return np.stack((numbers, marks), -1), (numbers * marks).cumsum(1)


def copy_memory(batch: int, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Copy memory: say again what was shown at the start, when asked for it at the end.

    Returns what is read and what is to be said, each (batch, time), whole numbers: symbols 0 to 7, 8 for a blank, 9 for the
    question. Read: 10 symbols, blanks, the question, 10 blanks; to be said: blanks, and in the last 10 steps the symbols. With
    fewer than 21 steps there are as many symbols as have room. Raises ValueError unless steps >= 3.
    Source: Hochreiter & Schmidhuber 1997, in the form of Arjovsky, Shah & Bengio 2016, arXiv:1511.06464, section 5.1.
    """
    if steps < 3:
        raise ValueError(f"copy memory needs at least 3 steps; got {steps}")
    copied = min(COPIED, (steps - 1) // 2)
    symbols = np.random.default_rng(seed).integers(0, COPY_SYMBOLS, (batch, copied))
    read, said = (np.full((batch, steps), COPY_SYMBOLS) for _ in range(2))
    read[:, :copied] = said[:, -copied:] = symbols
    read[:, -copied - 1] = COPY_SYMBOLS + 1
    return read, said


def _bytes_of(path: Path | None, url: str) -> bytes:
    if path is not None:
        return Path(path).read_bytes()
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read(ENOUGH)
    except (urllib.error.URLError, TimeoutError) as problem:
        raise ValueError(f"could not download {url} ({problem}); give the file with --data") from problem
