"""What can be said of every step of a corpus: where it stands in its line, whether it is inside a quotation, and what a reader
says of it, by a file of labels, a regular expression or a function.

All of a corpus at once, by whole arrays: of a million characters each takes some hundredths of a second.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnnviz.studies.corpus import searching
from rnnviz.studies.corpus.opened import Corpus, inside
from rnnviz.studies.telling import PARTICLES
from rnnviz.told import Told

MOST_NAMES = 12  # different labels of a file, each of which is an annotation
MOST_LABELS = 6  # of sequences
OPENING, CLOSING = "“「", "”」"


@dataclass(frozen=True, eq=False)
class Annotation:
    """values: (step,), truths, or numbers where it is `numeric`."""

    name: str
    values: np.ndarray
    numeric: bool = False

    @property
    def told(self) -> bool:
        """Whether it says anything: not the same at every step."""
        return bool(self.values.min() != self.values.max())


def of(corpus: Corpus) -> tuple[Annotation, ...]:
    """All that is known of this corpus, without what is the same at every step. Of a token of several characters the last
    counts. Brackets and quotations are counted anew after an empty line, so that one that is never closed does no more harm."""
    token = _Tokens(corpus)
    found = [
        Annotation("position in line", token.position.astype(np.float32), numeric=True),
        Annotation("indentation", _indentation(token), numeric=True),
        Annotation("bracket depth", _depth(token), numeric=True),
        Annotation("in a quotation", _quotation(token)),
        Annotation("capitals", token.where(str.isupper)),
        Annotation("first letters", _first_letters(token)),
        Annotation("vowels", token.where(lambda c: c.lower() in "aeiou")),
        Annotation("blanks", token.where(str.isspace)),
        Annotation("line ends", token.where(lambda c: c == "\n")),
        Annotation("punctuation", token.where(lambda c: not (c.isalnum() or c.isspace()))),
        Annotation("particles", _particles(token)),
        Annotation("last syllables", token.where(lambda c: c in "다요") & token.after(lambda c: c == ".")),
        *_labels(corpus),
    ]
    return tuple(one for one in found if one.told)


def of_regex(corpus: Corpus, regex: str, limit: float = searching.LIMIT) -> Annotation:
    """The steps in a match of a regular expression; see `searching.search`, which raises Told."""
    return Annotation(regex, searching.search(corpus, regex, limit).where())


def of_function(
    corpus: Corpus, function: Callable[[Sequence[str]], Sequence[object]], name: str
) -> Annotation:
    """What a function says of each step of a sequence, from its tokens: truths, or numbers. Raises Told where it raises, or
    gives no such row."""
    rows = []
    for first, last in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        tokens = tuple(corpus.vocabulary[n] for n in corpus.tokens[first:last])
        try:
            row = np.asarray(list(function(tokens)))
        except Exception as problem:
            raise Told(
                "{name} raised {kind}: {problem}", name=name, kind=type(problem).__name__, problem=problem
            ) from None
        if row.shape != (len(tokens),) or row.dtype.kind not in "biuf":
            raise Told(
                "{name} must give a number or truth for each of {count} tokens; got {got}",
                name=name,
                count=len(tokens),
                got=f"{row.dtype} {row.shape}",
            )
        rows.append(row)
    return _of_row(name, np.concatenate(rows))


def of_csv(corpus: Corpus, text: str, name: str = "labels") -> tuple[Annotation, ...]:
    """Labels of a file. text: CSV with a header. Either a column `label` with a row for each step; or `start` and `stop`, the
    first and the last step of a stretch, counted from 1, and where they differ a `label`; all other steps have none. Labels that
    are numbers are one annotation, numeric where they are not only 0 and 1; names are one for each name.

    Raises Told, in one line, for what is neither.
    """
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as problem:
        raise Told("{name} is no CSV: {problem}", name=name, problem=problem) from None
    head = [one.strip().lower() for one in rows[0]] if rows else []
    rows = [row for row in rows[1:] if row]
    if "label" not in head and not {"start", "stop"} <= set(head):
        raise Told("{name} needs a header with a column label, or start and stop", name=name)
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise Told(
                "{name}, row {row} has {count} columns; wanted {wanted}",
                name=name,
                row=number,
                count=len(row),
                wanted=len(head),
            )
    labels = [row[head.index("label")].strip() for row in rows] if "label" in head else ["1"] * len(rows)
    if "start" not in head:
        if len(labels) != corpus.steps:
            raise Told(
                "{name} has {count:,} rows; the corpus has {steps:,} steps",
                name=name,
                count=len(labels),
                steps=corpus.steps,
            )
        return _named(corpus, name, labels, np.arange(corpus.steps), np.arange(1, corpus.steps + 1))
    try:
        starts, stops = (
            np.array([int(row[head.index(one)]) for row in rows], np.int64) for one in ("start", "stop")
        )
    except (ValueError, OverflowError):
        raise Told("{name}: start and stop must be whole numbers", name=name) from None
    if not len(starts) or starts.min() < 1 or stops.max() > corpus.steps or (stops < starts).any():
        raise Told(
            "{name}: start and stop must be steps from 1 to {steps:,}, the first no later than the last",
            name=name,
            steps=corpus.steps,
        )
    return _named(corpus, name, labels, starts - 1, stops)


def _named(
    corpus: Corpus, name: str, labels: Sequence[str], starts: np.ndarray, stops: np.ndarray
) -> tuple[Annotation, ...]:
    try:
        numbers = np.array([float(one or 0) for one in labels])
    except ValueError:
        numbers = None
    if numbers is not None:
        if not np.isfinite(numbers).all():
            raise Told("{name}: a label must be a finite number or a name", name=name)
        values = np.zeros(corpus.steps)
        lengths = stops - starts
        at = np.repeat(starts - (lengths.cumsum() - lengths), lengths) + np.arange(lengths.sum())
        values[at] = np.repeat(numbers, lengths)
        return (_of_row(name, values),)
    names = sorted(set(labels) - {""})
    if len(names) > MOST_NAMES:
        raise Told(
            "{name} has {count} different labels; at most {most}, or numbers",
            name=name,
            count=len(names),
            most=MOST_NAMES,
        )
    kinds = np.array(labels)
    return tuple(
        Annotation(one, inside(starts[kinds == one], stops[kinds == one], corpus.steps)) for one in names
    )


def _of_row(name: str, row: np.ndarray) -> Annotation:
    numeric = row.dtype != bool and not np.isin(row, (0, 1)).all()
    if not np.isfinite(row.astype(float)).all():
        raise Told("{name} must give finite numbers", name=name)
    found = Annotation(name, row.astype(np.float32 if numeric else bool), numeric)
    if not found.told:
        raise Told("{name} says the same of every step: nothing can be told by it", name=name)
    return found


class _Tokens:
    """The tokens of a corpus and what is asked of them. position: (step,), since the line or the sequence began. paragraph: the
    step at which each paragraph begins, a sequence at the latest."""

    def __init__(self, corpus: Corpus):
        self.corpus, self.ids = corpus, corpus.tokens
        self.last = [token[-1:] for token in corpus.vocabulary]
        ends = self.where(lambda c: c == "\n")
        begins = np.zeros(corpus.steps, bool)
        begins[corpus.starts[:-1]] = True
        lines = begins.copy()
        lines[1:] |= ends[:-1]
        self.lines = np.flatnonzero(lines)
        self.position = np.arange(corpus.steps) - np.repeat(self.lines, self._lengths(self.lines))
        begins[1:] |= (ends & (self.position == 0))[:-1]
        self.paragraphs = np.flatnonzero(begins)

    def _lengths(self, at: np.ndarray) -> np.ndarray:
        return np.diff(np.append(at, self.corpus.steps))

    def over(self, at: np.ndarray, values: np.ndarray) -> np.ndarray:
        """(step,): the value of the stretch that each step is of. at: where stretches begin."""
        return np.repeat(values, self._lengths(at))

    def where(self, so: Callable[[str], bool]) -> np.ndarray:
        """(step,), whether the last character is so."""
        return np.asarray(np.array([bool(c) and so(c) for c in self.last])[self.ids])

    def before(self, so: Callable[[str], bool]) -> np.ndarray:
        """(step,), whether that of the step before is, in the same sequence."""
        found = np.roll(self.where(so), 1)
        found[self.corpus.starts[:-1]] = False
        return found

    def after(self, so: Callable[[str], bool]) -> np.ndarray:
        found = np.roll(self.where(so), -1)
        found[self.corpus.starts[1:] - 1] = False
        return found


def _indentation(token: _Tokens) -> np.ndarray:
    """(step,), blanks at the beginning of the line, as many as were read."""
    other = np.where(token.where(lambda c: c in " \t"), token.corpus.steps, token.position)
    first = np.minimum.reduceat(other, token.lines)
    return np.asarray(np.minimum(token.position + 1, token.over(token.lines, first)).astype(np.float32))


def _depth(token: _Tokens) -> np.ndarray:
    """(step,), brackets that are open."""
    changes = [sum((c in "([{") - (c in ")]}") for c in one) for one in token.corpus.vocabulary]
    depth = np.array(changes, np.int64)[token.ids].cumsum()
    before = np.append(0, depth)[token.paragraphs]
    return np.asarray(np.maximum(depth - token.over(token.paragraphs, before), 0).astype(np.float32))


def _quotation(token: _Tokens) -> np.ndarray:
    """(step,), whether a quotation is open. Only the marks are looked at one by one."""
    marks = token.where(lambda c: c in OPENING + CLOSING + '"')
    at = np.flatnonzero(marks)
    paragraph = np.searchsorted(token.paragraphs, at, side="right")
    starts, opened, now, own = [], [], False, 0
    for step, each in zip(at.tolist(), paragraph.tolist(), strict=True):
        now, own = now and each == own, each
        mark = token.last[token.ids[step]]
        now = mark in OPENING or (now != (mark == '"') and mark not in CLOSING)
        starts.append(step)
        opened.append(now)
    edges = np.concatenate([[0], token.paragraphs, np.array(starts, np.int64)]).astype(np.int64)
    open_ = np.concatenate([np.zeros(1 + len(token.paragraphs), bool), np.array(opened, bool)])
    order = np.argsort(edges, kind="stable")  # of a mark that begins a paragraph, the mark counts
    edges, open_ = edges[order], open_[order]
    return np.repeat(open_, np.diff(np.append(edges, token.corpus.steps)))


def _first_letters(token: _Tokens) -> np.ndarray:
    return np.asarray(token.where(str.isalpha) & ~token.before(lambda c: c.isalpha() or c == "'"))


def _particles(token: _Tokens) -> np.ndarray:
    hangul = token.before(lambda c: "가" <= c <= "힣")
    return np.asarray(token.where(lambda c: c in PARTICLES) & hangul & token.after(lambda c: c == " "))


def _labels(corpus: Corpus) -> list[Annotation]:
    """What sequences are labelled as: reviews, say, as good or bad."""
    names = sorted(set(corpus.labels))
    if not 2 <= len(names) <= MOST_LABELS:
        return []
    own, lengths = np.array(corpus.labels), np.diff(corpus.starts)
    chosen = names[1:] if len(names) == 2 else names  # of two, each says what the other does not
    return [Annotation(f"label {name}", np.repeat(own == name, lengths)) for name in chosen]
