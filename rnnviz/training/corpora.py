"""What is read to learn from, each with its source, licence and split. No data file is kept in the project."""

import csv
import datetime
import hashlib
import io
import re
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from rnnviz.models.vocabularies import composed
from rnnviz.training.dates import DATE_FORMATS, FIRST_YEAR, LAST_YEAR, written_date


@dataclass(frozen=True)
class Corpus:
    """A text cut into three parts, and where it came from.

    sha256: of the file as it was read or, for many files, of their names and contents in order.
    split: in words, how the parts were cut. attribution: whom the licence asks to name, or who made it.
    """

    train: str
    validation: str
    test: str
    source: str
    licence: str
    sha256: str
    split: str
    attribution: str = ""


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
    train, validation, test = ("".join(parts[p]) for p in ("train", "validation", "test"))
    return Corpus(
        train,
        validation,
        test,
        source=f"standard library of CPython {version}" if path is None else str(path),
        licence="PSF License Agreement",
        sha256=digest.hexdigest(),
        split="by file: sha256 of the relative path, 5 % of the files test, 5 % validation, the rest train",
    )


Example = TypeVar("Example")


@dataclass(frozen=True)
class Examples(Generic[Example]):
    """What is learned one by one, cut into three parts, and where it came from; see `Corpus`.

    An example is a sentence and what it is to become, a text and its label, or a sentence alone. attribution: whom the
    licence asks to name.
    """

    train: list[Example]
    validation: list[Example]
    test: list[Example]
    source: str
    licence: str
    sha256: str
    split: str
    attribution: str = ""


TATOEBA = "https://www.manythings.org/anki/kor-eng.zip"


def tatoeba(path: Path | None = None) -> Examples[tuple[str, str]]:
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


def snips(path: Path | None = None) -> Examples[str]:
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


def rt_polarity(path: Path | None = None) -> Examples[tuple[str, int]]:
    """English sentences of film reviews (Pang & Lee 2005), each with 1 where it praises, else 0. See `_reviews`."""
    return _reviews(
        path, RT_POLARITY, "CC BY 4.0", "Bo Pang and Lillian Lee, sentence polarity dataset v1.0, 2005"
    )


def nsmc(path: Path | None = None) -> Examples[tuple[str, int]]:
    """Korean film reviews (Naver sentiment movie corpus), each with 1 where it praises, else 0. See `_reviews`."""
    return _reviews(path, NSMC, "CC0 1.0", "Lucy Park, Naver sentiment movie corpus")


def nsmc_text(path: Path | None = None) -> Corpus:
    """The same reviews as one text for each part, a review a line, without their labels: what a language model reads.

    Hangul that came in parts is put together (NFC); nothing is left out. The parts are those of `nsmc`, so that no review that a
    sentiment model or a language model is tested on was read in training by either.
    """
    reviews = nsmc(path)
    train, validation, test = (
        "".join(f"{composed(text)}\n" for text, _label in part)
        for part in (reviews.train, reviews.validation, reviews.test)
    )
    return Corpus(
        train,
        validation,
        test,
        source=reviews.source,
        licence=f"{reviews.licence}, as the compiler says of reviews that readers of Naver wrote",
        sha256=reviews.sha256,
        split=f"{reviews.split}; one review a line",
        attribution=reviews.attribution,
    )


def _reviews(path: Path | None, source: str, licence: str, attribution: str) -> Examples[tuple[str, int]]:
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


def _parts(
    rows: list[dict[str, str]], example: Callable[[dict[str, str]], Example]
) -> tuple[list[Example], list[Example], list[Example]]:
    """What each part holds, in the order of `Examples`."""
    train, validation, test = (
        [example(row) for row in rows if row["split"] == name] for name in ("train", "dev", "test")
    )
    return train, validation, test


def dates(
    path: Path | None = None, pairs: tuple[int, int, int] = (60_000, 1_000, 2_000)
) -> Examples[tuple[str, str]]:
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
    made: list[list[tuple[str, str]]] = []
    for number, (own, count) in enumerate(zip(parts.values(), pairs, strict=True)):
        draw = np.random.default_rng([1950, number])
        chosen = draw.integers(len(own), size=count), draw.integers(len(DATE_FORMATS), size=count)
        made.append(
            [
                (written_date(own[i], DATE_FORMATS[j]), own[i].isoformat())
                for i, j in zip(*chosen, strict=True)
            ]
        )
    train, validation, test = made
    return Examples(
        train,
        validation,
        test,
        source=f"made: {len(DATE_FORMATS)} ways to write a date, {FIRST_YEAR} to {LAST_YEAR}",
        licence="none needed",
        sha256=hashlib.sha256(repr(made).encode()).hexdigest(),
        split="by day: sha256 of its ISO form, 5 % of the days validation, 10 % test, the rest train",
    )


def windows(
    ids: npt.NDArray[np.int64], batch: int, length: int, seed: int, step: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Random windows of a text and, for each token, the token after it; the same for the same seed and step.

    ids: (time,). Returns inputs and targets, each (batch, length). Raises ValueError where the text is too short.
    """
    if len(ids) <= length:
        raise ValueError(f"a window of {length} tokens needs a text of more than {length}; got {len(ids)}")
    starts = np.random.default_rng([seed, step]).integers(0, len(ids) - length, batch)
    rows = starts[:, None] + np.arange(length + 1)
    return ids[rows[:, :-1]], ids[rows[:, 1:]]


def _bytes_of(path: Path | None, url: str) -> bytes:
    if path is not None:
        return Path(path).read_bytes()
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            raw: bytes = answer.read(ENOUGH)
            return raw
    except (urllib.error.URLError, TimeoutError) as problem:
        raise ValueError(f"could not download {url} ({problem}); give the file with --data") from problem


CORPORA: dict[str, Callable[[Path | None], Corpus | Examples[Any]]] = {
    "shakespeare": shakespeare,
    "python": python_source,
    "dates": dates,
    "tatoeba": tatoeba,
    "snips": snips,
    "rt_polarity": rt_polarity,
    "nsmc": nsmc,
    "nsmc_text": nsmc_text,
}
