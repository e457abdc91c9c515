"""What stretches of a corpus have in common, counted against the corpus."""

from dataclasses import dataclass

import numpy as np

from rnnviz.stats import chance
from rnnviz.studies.corpus.combining import Heap, heaps
from rnnviz.studies.corpus.matching import Matches
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.corpus.searching import Found
from rnnviz.told import Told

TURNS = 9_999
BINS = (
    0,
    1,
    5,
    10,
    20,
    30,
    40,
    60,
    80,
)  # the first position of each, in characters or tokens since the line began
FEWEST = 5  # times that a value must occur in the corpus to be tried


@dataclass(frozen=True)
class Common:
    """A value that stretches have more often than the corpus. what: 'next token', 'position in line' or 'label'. here: of
    `of_here` stretches; all: of `of_all` steps of the corpus (of a label: what share of steps has it, times the stretches, would
    be expected). Of stretches that meet a second condition: of `of_all` that meet it, where all found are of one length, else
    how many of as many would be expected. p: the chance of so many or more, corrected for all values of this kind and the three
    kinds (Holm 1979, then three times)."""

    what: str
    value: str
    here: int
    of_here: int
    all: float
    of_all: float
    p: float

    @property
    def times(self) -> float:
        """How many times as often as in the corpus."""
        return (self.here / self.of_here) / (self.all / self.of_all)


def common(corpus: Corpus, matches: Matches | Found, seed: int = 0) -> tuple[Common, ...]:
    """What token comes after each stretch, how far along its line it begins, and the label of its sequence: the likeliest not to
    be chance first, each value that occurs in a stretch.

    Next token and position in line: the chance that as many stretches, laid on other steps of the corpus without regard to what
    is there, would have so many (hypergeometric, one-sided). Stretches count once each, however long; those without a next token
    count for no token. Label: all stretches of a sequence share it, and are not independent; so labels are drawn anew, each
    sequence keeping its stretches (`TURNS` permutations from the seed, one-sided). Stretches that meet a second condition
    (`combined`) are held against all of the same lengths that meet it, so many of each length. Raises Told where there are no
    stretches.
    """
    if not len(matches):
        raise Told("there are no matches to count: search for something else")
    starts, stops = np.asarray(matches.starts), np.asarray(matches.stops)
    against = heaps(corpus, matches) if isinstance(matches, Matches) and matches.conditions else None
    found = [*_next(corpus, stops, against), *_positions(corpus, starts, against)]
    found += _labels(corpus, starts, seed, against)
    return tuple(sorted(found, key=lambda one: (one.p, -one.times, one.what, one.value)))


def _next(corpus: Corpus, stops: np.ndarray, against: list[Heap] | None) -> list[Common]:
    last = np.isin(
        np.arange(corpus.steps + 1), corpus.starts
    )  # whether a sequence ends before a step: none comes next

    def counted(at: np.ndarray) -> np.ndarray:
        return np.bincount(corpus.tokens[at[~last[at]]], minlength=len(corpus.vocabulary))

    if against is None:
        drawn, every = counted(stops)[None], counted(np.arange(corpus.steps))[None]
    else:
        drawn = np.array([counted(stops[heap.own]) for heap in against])
        every = np.array([counted(heap.starts + heap.length) for heap in against])
    return _counted("next token", list(corpus.vocabulary), drawn, every)


def _positions(corpus: Corpus, starts: np.ndarray, against: list[Heap] | None) -> list[Common]:
    if "\n" not in corpus.vocabulary:
        return []
    names = [
        f"{low}" if high == low + 1 else f"{low}–{high - 1}"
        for low, high in zip(BINS, (*BINS[1:], None), strict=True)
        if high is not None
    ] + [f"{BINS[-1]} …"]
    binned = np.searchsorted(BINS, positions(corpus), side="right") - 1

    def counted(at: np.ndarray) -> np.ndarray:
        return np.bincount(binned[at], minlength=len(BINS))

    if against is None:
        drawn, every = counted(starts)[None], counted(np.arange(corpus.steps))[None]
    else:
        drawn = np.array([counted(starts[heap.own]) for heap in against])
        every = np.array([counted(heap.starts) for heap in against])
    return _counted("position in line", names, drawn, every)


def positions(corpus: Corpus) -> np.ndarray:
    """(step,), tokens since the line began; 0 at its first."""
    begins = np.zeros(corpus.steps, bool)
    begins[corpus.starts[:-1]] = True
    line = corpus.vocabulary.index("\n")
    begins[1:] |= corpus.tokens[:-1] == line
    at = np.flatnonzero(begins)
    found: np.ndarray = np.arange(corpus.steps) - np.repeat(at, np.diff(np.append(at, corpus.steps)))
    return found


def _counted(what: str, names: list[str], drawn: np.ndarray, every: np.ndarray) -> list[Common]:
    """drawn, every: (heap, value), how many of the stretches found have a value, and how many of those they are held against."""
    here, draws, sizes = drawn.sum(0), drawn.sum(1), every.sum(1)
    tried = np.flatnonzero(every.max(0) >= FEWEST)
    if not draws.sum() or not len(tried):
        return []
    own = draws > 0
    expected = (draws[own, None] * every[own] / sizes[own, None]).sum(0)
    # what is no more frequent than expected has a chance that no correction makes less than one
    chances = np.array(
        [
            chance.drawn(int(here[n]), sizes[own], every[own, n], draws[own])
            if here[n] > expected[n]
            else 1.0
            for n in tried
        ]
    )
    one = len(every) == 1
    return [
        Common(
            what,
            names[n],
            int(here[n]),
            int(draws.sum()),
            int(every[0, n]) if one else float(expected[n]),
            int(sizes[0]) if one else int(draws.sum()),
            p,
        )
        for n, p in zip(tried, _corrected(chances), strict=True)
        if here[n]
    ]


def _labels(corpus: Corpus, starts: np.ndarray, seed: int, against: list[Heap] | None) -> list[Common]:
    names, own = np.unique(corpus.labels, return_inverse=True)
    if len(names) < 2:
        return []
    matched = _by_sequence(corpus, starts)
    here = np.bincount(own, matched, len(names))
    # more than the share of steps with that label: a longer sequence brings its length along where its label is drawn anew
    expected = len(starts) * np.diff(corpus.starts) / corpus.steps
    if against is not None:
        expected = np.sum(
            [len(heap.own) * _by_sequence(corpus, heap.starts) / len(heap.starts) for heap in against], axis=0
        )
    every = np.bincount(own, expected, len(names))
    excess = matched - expected
    seen = np.bincount(own, excess, len(names))
    random, above = np.random.default_rng(seed), np.ones(len(names))
    for _turn in range(TURNS):
        above += np.bincount(random.permutation(own), excess, len(names)) >= seen - 1e-9
    chances = above / (TURNS + 1)
    steps = np.bincount(own, np.diff(corpus.starts), len(names))
    return [
        Common(
            "label",
            str(name),
            int(here[n]),
            len(starts),
            int(steps[n]) if against is None else float(every[n]),
            corpus.steps if against is None else len(starts),
            p,
        )
        for n, (name, p) in enumerate(zip(names, _corrected(chances), strict=True))
        if here[n]
    ]


def _by_sequence(corpus: Corpus, starts: np.ndarray) -> np.ndarray:
    """(sequence,), how many of the stretches are in each."""
    sequence = np.searchsorted(corpus.starts, starts, side="right") - 1
    return np.bincount(sequence, minlength=len(corpus.names)).astype(float)


def _corrected(chances: np.ndarray) -> list[float]:
    """Holm's, for as many values as were tried, then for three kinds."""
    return [float(one) for one in np.minimum(1, 3 * chance.holm(chances))]
