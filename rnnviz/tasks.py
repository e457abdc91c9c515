"""Data: generated tasks with known truth, and readers of real corpora, each with its source, licence and split. No data file
is kept in the project."""

import hashlib
import sys
import sysconfig
import urllib.error
import urllib.request
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


CORPORA = {"shakespeare": shakespeare, "python": python_source}


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
