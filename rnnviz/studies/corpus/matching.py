"""Where else are these units on? Stretches of a corpus at which some units are above a threshold and others are not.

Source of the idea: Strobelt, Gehrmann, Pfister & Rush 2018, LSTMVis, arXiv:1606.07461. Here over the whole corpus, with nothing
left out, and with units that must be off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnviz.studies.corpus.opened import Corpus, inside
from rnnviz.studies.corpus.store import Array
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

FEW = 0.05  # share of steps below which they are looked at one by one


@dataclass(frozen=True)
class Pattern:
    """What is sought.

    on, off: units that are above the threshold, and units that are not. place: of the corpus, see `Corpus.place`. length:
    stretches of just so many steps; None: the longest stretches at whose every step the pattern holds, of `at_least` to `at_most`
    steps. outside: whether all of these units must be the other way round right before and right after, where the sequence has
    such steps; a stretch of `length` is then a whole one.

    No stretch goes beyond a sequence. Of a longer stretch, `length` takes the part with the highest score, the first of equals.
    Raises Told where no unit is named, one both ways, or the numbers cannot be.
    """

    on: tuple[int, ...] = ()
    off: tuple[int, ...] = ()
    threshold: float = 0.0
    place: str | None = None
    length: int | None = None
    at_least: int = 1
    at_most: int | None = None
    outside: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "on", tuple(dict.fromkeys(int(unit) for unit in self.on)))
        object.__setattr__(self, "off", tuple(dict.fromkeys(int(unit) for unit in self.off)))
        if not self.on and not self.off:
            raise Told("a pattern names at least one unit that is on or off")
        both = sorted(set(self.on) & set(self.off))
        if both:
            raise Told("unit {unit} is both on and off", unit=both[0])
        if not np.isfinite(self.threshold):
            raise Told("the threshold must be a number; got {threshold}", threshold=self.threshold)
        most = self.at_least if self.at_most is None else self.at_most
        if self.at_least < 1 or most < self.at_least or (self.length is not None and self.length < 1):
            raise Told("a stretch has at least one step, and no fewer at most than at least")


@dataclass(frozen=True, eq=False)
class Condition:
    """where: (step,), whether something is so. without: only stretches without such a step meet it; else those with one."""

    where: np.ndarray
    without: bool = False

    def meets(self, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """(stretch,), which of some meet it."""
        sums = np.append(0, np.cumsum(self.where))
        return np.asarray((sums[stops] > sums[starts]) != self.without)


@dataclass(frozen=True, eq=False)
class Matches:
    """Stretches, the best first. starts, stops: (match,), steps from `start` up to `stop`. scores: (match,), how far the units
    are beyond the threshold, each on its side, the mean over the units and steps of the stretch. held: steps at which the pattern
    holds. conditions: those that all of them meet besides, see combining.py.
    """

    pattern: Pattern
    starts: np.ndarray
    stops: np.ndarray
    scores: np.ndarray
    held: int
    steps: int
    conditions: tuple[Condition, ...] = ()

    def __len__(self) -> int:
        return len(self.starts)

    def where(self) -> np.ndarray:
        """(step,), whether a step is in one of the stretches."""
        return inside(self.starts, self.stops, self.steps)


def standing_out(
    states: np.ndarray, first: int, last: int, threshold: float, outside: bool = True, inverted: bool = False
) -> tuple[int, ...]:
    """The units that are above the threshold at every step of a stretch and, with `outside`, at neither of the two steps around
    it, where these are. states: (step, unit). first, last: of the stretch, both in it. inverted: those that are not above it at
    any step of the stretch and, with `outside`, are at both steps around."""
    on = (states > np.float32(threshold)) != inverted
    found = on[first : last + 1].all(0)
    if outside:
        for step in (first - 1, last + 1):
            if 0 <= step < len(on):
                found &= ~on[step]
    return tuple(int(unit) for unit in np.flatnonzero(found))


def match(corpus: Corpus, pattern: Pattern, progress: Progress | None = None) -> Matches:
    """All stretches of a corpus with that pattern, the highest score first; of equals the longer, then the earlier.

    Exact: every step is looked at. progress: is told (steps looked at, steps in all) after each file, and may raise to stop.
    Raises Told where a unit is not there, and where the pattern holds nowhere, or everywhere: a threshold that tells nothing.
    """
    place = corpus.place(pattern.place)
    corpus.units(place, [*pattern.on, *pattern.off])
    array = corpus.arrays[place]
    # of stored whole numbers: these are compared and summed as they stand, which takes a third of the time
    limit = _limit(array, pattern.threshold)
    threshold = np.float32(pattern.threshold) if limit is None else limit
    signs = [(unit, True) for unit in pattern.on] + [(unit, False) for unit in pattern.off]
    both = len(pattern.on) - len(pattern.off)
    switched = np.zeros(corpus.steps if pattern.outside else 0, bool)

    def look(number: int, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        read = corpus.one if limit is None else corpus.stored
        values = [read(place, number, unit) for unit, _on in signs]
        where = _hold(values, [on for _unit, on in signs], threshold)
        if pattern.outside:
            switched[first:last] = _all(values, [not on for _unit, on in signs], threshold)
        total = _total(values, signs, where) * (1.0 if limit is None else float(np.float32(array.scale)))
        return where + first, (total - both * float(np.float32(pattern.threshold))) / len(signs)

    held, margins = zip(*corpus.each(place, look, progress), strict=True)
    steps, margin = np.concatenate(held), np.concatenate(margins)
    _refuse(len(steps), corpus.steps, pattern)
    starts, stops, scores = _stretches(corpus, pattern, steps, margin, switched)
    order = np.lexsort((starts, starts - stops, -scores))
    return Matches(pattern, starts[order], stops[order], scores[order], len(steps), corpus.steps)


def _all(values: Sequence[np.ndarray], on: Sequence[bool], threshold: np.number) -> np.ndarray:
    found = np.ones(len(values[0]), bool)
    for one, above in zip(values, on, strict=True):
        found &= (one > threshold) if above else (one <= threshold)
    return found


def _hold(values: Sequence[np.ndarray], on: Sequence[bool], threshold: np.number) -> np.ndarray:
    """The steps, ascending, at which all are as they should be. Once few are left, only these are looked at."""
    whole: np.ndarray | None = np.ones(len(values[0]), bool)
    few = np.empty(0, np.intp)
    for one, above in zip(values, on, strict=True):
        if whole is None:
            few = few[(one[few] > threshold) == above]
            continue
        whole &= (one > threshold) if above else (one <= threshold)
        if np.count_nonzero(whole) < FEW * len(whole):
            few, whole = np.flatnonzero(whole), None
    return few if whole is None else np.flatnonzero(whole)


def _total(values: Sequence[np.ndarray], signs: Sequence[tuple[int, bool]], where: np.ndarray) -> np.ndarray:
    """The sum over the units at these steps, those that are off taken away; float64, or whole numbers as stored."""
    # then all is summed and some of it taken: to take first costs more
    dense = 2 * len(where) > len(values[0])
    kind = np.int32 if values[0].dtype.kind in "iu" else np.float64
    total = np.zeros(len(values[0]) if dense else len(where), kind)
    for one, (_unit, on) in zip(values, signs, strict=True):
        own = one if dense else one[where]
        (np.add if on else np.subtract)(total, own, out=total)
    return np.asarray(total[where] if dense else total)


def _limit(array: Array, threshold: float) -> np.integer | None:
    """The stored number beyond which what it stands for is beyond the threshold; None where none is, or numbers stand as they
    are."""
    if array.scale is None or array.kind.itemsize > 1:
        return None
    ends = np.iinfo(array.kind)
    numbers = np.arange(ends.min, ends.max + 1)
    below = numbers[array.decoded(numbers) <= np.float32(threshold)]
    return array.kind.type(below[-1]) if len(below) else None


def _refuse(held: int, steps: int, pattern: Pattern) -> None:
    if not held:
        raise Told(
            "nowhere in {steps:,} steps are these units so; lower the threshold ({threshold:g}) or take fewer units",
            steps=steps,
            threshold=pattern.threshold,
        )
    if held == steps:
        raise Told(
            "these units are so at every one of {steps:,} steps; raise the threshold ({threshold:g}) or take more units",
            steps=steps,
            threshold=pattern.threshold,
        )


def _stretches(
    corpus: Corpus, pattern: Pattern, steps: np.ndarray, margin: np.ndarray, switched: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """starts, stops and scores, in the order of the corpus. steps: where the pattern holds, ascending."""
    begins = np.empty(len(steps), bool)
    begins[0] = True
    begins[1:] = np.diff(steps) > 1
    # a sequence that begins parts a stretch
    at = np.searchsorted(steps, corpus.starts[:-1])
    at = at[at < len(steps)]
    begins[at] |= np.isin(steps[at], corpus.starts[:-1])
    first = np.flatnonzero(begins)
    size = np.diff(np.append(first, len(steps)))
    scores = np.add.reduceat(margin, first) / size
    least = pattern.at_least if pattern.length is None else pattern.length
    most = pattern.at_most if pattern.length is None else (pattern.length if pattern.outside else None)
    kept = size >= least
    if most is not None:
        kept &= size <= most
    if pattern.outside:
        start, stop = steps[first], steps[first] + size
        edge = np.isin(start, corpus.starts)
        kept &= edge | switched[start - 1]
        edge = np.isin(stop, corpus.starts)
        kept &= edge | switched[np.minimum(stop, corpus.steps - 1)]
    first, size, scores = first[kept], size[kept], scores[kept]
    if pattern.length is not None and not pattern.outside and len(first):
        first, scores = _best(margin, first, size, pattern.length)
        size = np.full(len(first), pattern.length)
    return steps[first], steps[first] + size, scores


def _best(
    margin: np.ndarray, first: np.ndarray, size: np.ndarray, length: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of each stretch the part of that length with the highest mean, the first of equals."""
    sums = np.empty(len(margin) - length + 1)
    window = np.lib.stride_tricks.sliding_window_view(margin, length)
    for begin in range(0, len(sums), 1 << 16):
        sums[begin : begin + (1 << 16)] = window[begin : begin + (1 << 16)].mean(1)
    count = size - length + 1  # parts of each
    owner = np.repeat(np.arange(len(first)), count)
    parts = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[owner]
    order = np.lexsort((parts, -sums[parts], owner))
    chosen = parts[order[np.cumsum(count) - count]]
    return chosen, sums[chosen]
