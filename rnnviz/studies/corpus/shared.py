"""What stretches of a corpus have in common, counted against the corpus."""

from dataclasses import dataclass

import numpy as np

from rnnviz.stats.chance import holm
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
    be expected). p: the chance of so many or more, corrected for all values of this kind and the three kinds (Holm 1979, then
    three times)."""

    what: str
    value: str
    here: int
    of_here: int
    all: int
    of_all: int
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
    sequence keeping its stretches (`TURNS` permutations from the seed, one-sided). Raises Told where there are no stretches.
    """
    if not len(matches):
        raise Told("there are no matches to count: search for something else")
    starts, stops = np.asarray(matches.starts), np.asarray(matches.stops)
    found = [*_next(corpus, stops), *_positions(corpus, starts), *_labels(corpus, starts, seed)]
    return tuple(sorted(found, key=lambda one: (one.p, -one.times, one.what, one.value)))


def _next(corpus: Corpus, stops: np.ndarray) -> list[Common]:
    inside = ~np.isin(stops, corpus.starts)
    possible = np.ones(corpus.steps, bool)
    possible[corpus.starts[:-1]] = False  # nothing comes before the first of a sequence
    count = len(corpus.vocabulary)
    here = np.bincount(corpus.tokens[stops[inside]], minlength=count)
    every = np.bincount(corpus.tokens[possible], minlength=count)
    return _counted("next token", list(corpus.vocabulary), here, every)


def _positions(corpus: Corpus, starts: np.ndarray) -> list[Common]:
    if "\n" not in corpus.vocabulary:
        return []
    position = positions(corpus)
    names = [
        f"{low}" if high == low + 1 else f"{low}–{high - 1}"
        for low, high in zip(BINS, (*BINS[1:], None), strict=True)
        if high is not None
    ] + [f"{BINS[-1]} …"]
    binned = np.searchsorted(BINS, position, side="right") - 1
    here = np.bincount(binned[starts], minlength=len(BINS))
    return _counted("position in line", names, here, np.bincount(binned, minlength=len(BINS)))


def positions(corpus: Corpus) -> np.ndarray:
    """(step,), tokens since the line began; 0 at its first."""
    begins = np.zeros(corpus.steps, bool)
    begins[corpus.starts[:-1]] = True
    line = corpus.vocabulary.index("\n")
    begins[1:] |= corpus.tokens[:-1] == line
    at = np.flatnonzero(begins)
    found: np.ndarray = np.arange(corpus.steps) - np.repeat(at, np.diff(np.append(at, corpus.steps)))
    return found


def _counted(what: str, names: list[str], here: np.ndarray, every: np.ndarray) -> list[Common]:
    from scipy.stats import hypergeom

    of_here, of_all = int(here.sum()), int(every.sum())
    tried = np.flatnonzero(every >= FEWEST)
    if not of_here or not len(tried):
        return []
    chances = np.asarray(hypergeom.sf(here[tried] - 1, of_all, every[tried], of_here))
    return [
        Common(what, names[n], int(here[n]), of_here, int(every[n]), of_all, p)
        for n, p in zip(tried, _corrected(chances), strict=True)
        if here[n]
    ]


def _labels(corpus: Corpus, starts: np.ndarray, seed: int) -> list[Common]:
    names, own = np.unique(corpus.labels, return_inverse=True)
    if len(names) < 2:
        return []
    sequence = np.searchsorted(corpus.starts, starts, side="right") - 1
    matched = np.bincount(sequence, minlength=len(own)).astype(float)
    lengths = np.diff(corpus.starts)
    here = np.bincount(own, matched, len(names))
    steps = np.bincount(own, lengths, len(names))
    # more than the share of steps with that label: a longer sequence brings its length along where its label is drawn anew
    excess = matched - matched.sum() * lengths / corpus.steps
    seen = np.bincount(own, excess, len(names))
    random, above = np.random.default_rng(seed), np.ones(len(names))
    for _turn in range(TURNS):
        above += np.bincount(random.permutation(own), excess, len(names)) >= seen - 1e-9
    chances = above / (TURNS + 1)
    return [
        Common("label", str(name), int(here[n]), len(starts), int(steps[n]), corpus.steps, p)
        for n, (name, p) in enumerate(zip(names, _corrected(chances), strict=True))
        if here[n]
    ]


def _corrected(chances: np.ndarray) -> list[float]:
    """Holm's, for as many values as were tried, then for three kinds."""
    return [float(one) for one in np.minimum(1, 3 * holm(chances))]
