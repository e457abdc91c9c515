"""What does this unit do? Where it is strongest and weakest, how it is spread and for how long it keeps what it has, what it says
of the next token, and what can be read from it alone.

    own = corpus.Corpus.open("states.zarr")
    column = corpus.unit.column(own, "rnn/layer_1", 257)
    corpus.unit.contexts(own, column), corpus.unit.half_life(corpus.unit.autocorrelation(own, column))
    corpus.unit.reactions(column, corpus.unit.Annotated(own))

Every step of the corpus counts. A unit's numbers are put into classes, in which all is counted: of states kept in 8 bits they are
those bits, of others 4,096 from the smallest to the largest, so that a value is off by at most 1/8,190 of that range.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xarray as xr

from rnnviz.stats import chance
from rnnviz.studies.corpus import annotating
from rnnviz.studies.corpus.annotating import Annotation
from rnnviz.studies.corpus.opened import Corpus

CLASSES = 1 << 12
LAGS = 200
SHORT = 8
APART = 20  # steps between two contexts, at least
ALIKE = 4  # tokens: no two contexts end in the same
LOOKED_AT = 4_000  # steps of one value that are looked at, drawn by lot where there are more
HIGH = 0.9  # beyond which a unit is saturated
BINS = 40
FEWEST = 5  # steps of either kind in each half, from which on something can be said


@dataclass(frozen=True, eq=False)
class Column:
    """One unit over a corpus. codes: (step,), the class of each value. values: (class,), rising, what each stands for."""

    place: str
    unit: int
    codes: np.ndarray
    values: np.ndarray

    @cached_property  # a page and a survey ask for it several times, and it goes through all steps
    def counts(self) -> np.ndarray:
        """(class,), how many steps are in each."""
        return np.bincount(self.codes, minlength=len(self.values))

    def at(self, steps: np.ndarray | slice) -> np.ndarray:
        return np.asarray(self.values[self.codes[steps]])

    def quantile(self, share: float) -> float:
        """The smallest value that so many of the steps do not exceed."""
        sums = self.counts.cumsum()
        return float(self.values[np.searchsorted(sums, share * sums[-1])])

    @property
    def spread(self) -> tuple[float, float]:
        """Its mean and standard deviation."""
        counts = self.counts / len(self.codes)
        mean = float(counts @ self.values)
        return mean, float(np.sqrt(counts @ (self.values - mean) ** 2))


def column(corpus: Corpus, place: str | None, unit: int) -> Column:
    """One unit of a corpus. Raises Told for a place or a unit that is not there."""
    name = corpus.place(place)
    corpus.units(name, [unit])
    array = corpus.arrays[name]
    parts = [corpus.stored(name, number, unit) for number in range(array.count)]
    row = np.concatenate(parts)
    if array.scale is not None:
        info = np.iinfo(array.kind)
        codes = (row.astype(np.int16) - info.min).astype(np.uint8)
        return Column(name, unit, codes, np.arange(info.min, info.max + 1) * float(np.float32(array.scale)))
    low, high = float(row.min()), float(row.max())
    step = max(high - low, 1e-6) / (CLASSES - 1)
    codes = np.rint((row - np.float32(low)) * np.float32(1 / step)).clip(0, CLASSES - 1).astype(np.uint16)
    return Column(name, unit, codes, low + step * np.arange(CLASSES))


def contexts(
    corpus: Corpus,
    column: Column,
    count: int = 10,
    highest: bool = True,
    alike: int = ALIKE,
    apart: int = APART,
    seed: int = 0,
) -> np.ndarray:
    """The steps at which a unit is highest, or lowest, and which differ: (context,), the most extreme first.

    No two lie less than `apart` steps from each other, and no two end in the same `alike` tokens. Steps of one value come in an
    order drawn from the seed, of up to `LOOKED_AT` of them: a unit that is saturated half of the time has many a highest one.
    """
    counts = column.counts
    present = np.flatnonzero(counts)
    random = np.random.default_rng(seed)

    def steps() -> Iterator[int]:
        for classes in _falling(counts, present[::-1] if highest else present):
            low, high = min(classes), max(classes)
            own = np.flatnonzero((column.codes >= low) & (column.codes <= high))
            own = random.choice(own, min(len(own), LOOKED_AT), replace=False)
            codes = column.codes[own].astype(np.int64)
            yield from own[np.argsort(-codes if highest else codes, kind="stable")].tolist()

    return differing(corpus, steps(), count, alike, apart)


def differing(
    corpus: Corpus, steps: Iterable[int], count: int, alike: int = ALIKE, apart: int = APART
) -> np.ndarray:
    """The first of some steps that differ, as `contexts` has it: (context,)."""
    chosen: list[int] = []
    seen: set[bytes] = set()
    for step in steps:
        first = max(int(corpus.starts[corpus.sequence(step)]), step + 1 - alike)
        end = corpus.tokens[first : step + 1].tobytes()
        if end in seen or any(abs(step - one) < apart for one in chosen):
            continue
        seen.add(end)
        chosen.append(step)
        if len(chosen) == count:
            break
    return np.array(chosen, np.int64)


def _falling(counts: np.ndarray, order: np.ndarray) -> Iterator[list[int]]:
    """Classes that follow each other, together of up to LOOKED_AT steps, or one alone."""
    found: list[int] = []
    taken = 0
    for each in order.tolist():
        if found and taken + counts[each] > LOOKED_AT:
            yield found
            found, taken = [], 0
        found.append(each)
        taken += counts[each]
    yield found


def distribution(column: Column, bins: int = BINS) -> xr.DataArray:
    """How often a unit has which value: (bin,), shares of the steps, with the middle of each bin. Where all values are from −1 to
    1, that is what the bins go over."""
    low, high = float(column.values[0]), float(column.values[-1])
    if low >= -1.01 and high <= 1.01:
        low, high = -1.0, 1.0
    edges = np.linspace(low, high, bins + 1)
    shares, _edges = np.histogram(
        column.values.clip(low, high), edges, weights=column.counts / len(column.codes)
    )
    middle = (edges[1:] + edges[:-1]) / 2
    attrs = {"long_name": "share of steps", "units": "1", "valid_range": [0.0, 1.0]}
    return xr.DataArray(
        shares, dims="bin", coords={"bin": ("bin", middle, {"long_name": "value", "units": "1"})}, attrs=attrs
    )


def saturation(column: Column, high: float = HIGH) -> tuple[float, float]:
    """The shares of steps at which it is below −high, and above high."""
    counts = column.counts
    return tuple(
        float(counts[where].sum() / len(column.codes))
        for where in (column.values < -high, column.values > high)
    )  # type: ignore[return-value]


def autocorrelation(corpus: Corpus, column: Column, lags: int = LAGS) -> xr.DataArray:
    """How alike a unit's value is to its own some steps before: Pearson's r over all pairs of steps of one sequence, about the
    mean of the corpus, (lag,), from 0. NaN throughout where it never changes.

    lags: at most, no more than three times the mean length of a sequence, and less than the longest.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    lengths = np.diff(corpus.starts)
    lags = _lags(lengths, lags)
    mean, deviation = column.spread
    attrs = {"long_name": "autocorrelation", "units": "1", "valid_range": [-1.0, 1.0]}
    coords = {"lag": ("lag", np.arange(lags + 1), {"long_name": "steps apart", "units": "1"})}
    if deviation < 1e-9:
        return xr.DataArray(np.full(lags + 1, np.nan), dims="lag", coords=coords, attrs=attrs)
    # zeros between sequences, so that no product joins two of them
    size = next_fast_len(corpus.steps + lags * len(lengths), real=True)
    row = np.zeros(size, np.float32)
    shift = np.repeat(np.arange(len(lengths)) * lags, lengths)
    row[np.arange(corpus.steps) + shift] = (column.values - mean).astype(np.float32)[column.codes]
    power = np.abs(rfft(row)) ** 2
    sums = irfft(power, size)[: lags + 1].astype(np.float64)
    return xr.DataArray(
        (sums / _pairs(lengths, lags) / deviation**2).clip(-1, 1), dims="lag", coords=coords, attrs=attrs
    )


def _lags(lengths: np.ndarray, most: int) -> int:
    return int(min(most, lengths.max() - 1, 3 * lengths.sum() // len(lengths)))


def _pairs(lengths: np.ndarray, lags: int) -> np.ndarray:
    """How many pairs of steps of one sequence are so far apart, (lag,)."""
    return np.array([int((lengths[lengths > lag] - lag).sum()) for lag in range(lags + 1)])


def half_life(correlation: xr.DataArray) -> float:
    """The steps after which an autocorrelation has first fallen to a half, between two of them on a straight line; inf where it
    does not within its lags, NaN where there is none."""
    values = correlation.values
    if np.isnan(values[0]):
        return float("nan")
    below = np.flatnonzero(values <= 0.5)
    if not len(below):
        return float("inf")
    lag = int(below[0])
    return float(lag - (0.5 - values[lag]) / (values[lag - 1] - values[lag]))


def life(corpus: Corpus, column: Column) -> float:
    """`half_life` of `autocorrelation`, by the first few lags alone where these are enough: of most units they are."""
    mean, deviation = column.spread
    lengths = np.diff(corpus.starts)
    lags = _lags(lengths, SHORT)
    if deviation < 1e-9 or lags < 1:
        return half_life(autocorrelation(corpus, column))
    row = (column.values - mean).astype(np.float32)[column.codes]
    pairs, before = _pairs(lengths, lags), 1.0
    for lag in range(1, lags + 1):
        # what joins two sequences is taken out
        apart = np.unique(corpus.starts[1:-1, None] - np.arange(1, lag + 1))
        apart = apart[(apart >= 0) & (apart + lag < corpus.steps)]
        total = float(np.dot(row[:-lag], row[lag:])) - float(np.dot(row[apart], row[apart + lag]))
        now = total / int(pairs[lag]) / deviation**2
        if now <= 0.5:
            return lag - (0.5 - now) / (before - now)
        before = now
    return half_life(autocorrelation(corpus, column))


@dataclass(eq=False)
class Annotated:
    """What is said of a corpus, ready to be held against many units. annotations: by default all of `annotating.of`, and no more
    than say something in both halves: the first, up to `cut`, in which the direction is found, and the second, which is
    measured. tried: those that are left."""

    corpus: Corpus
    annotations: Sequence[Annotation] | None = None
    cut: int = field(init=False)
    tried: list["Halves"] = field(init=False)

    def __post_init__(self) -> None:
        from scipy.fft import prev_fast_len

        steps = self.corpus.steps
        self.cut = steps - int(prev_fast_len(max(1, (steps + 1) // 2), real=True))
        known = annotating.of(self.corpus) if self.annotations is None else self.annotations
        self.tried = [one for each in known if (one := Halves.of(each, self.cut)) is not None]


@dataclass(frozen=True, eq=False)
class Halves:
    """An annotation, cut in two. early, late: of truths where they hold, of numbers their ranks with mean 0 and variance 1."""

    annotation: Annotation
    early: np.ndarray
    late: np.ndarray
    spectrum: np.ndarray  # of the second half, with mean 0

    @classmethod
    def of(cls, annotation: Annotation, cut: int) -> "Halves | None":
        halves = [annotation.values[:cut], annotation.values[cut:]]
        if annotation.numeric:
            if any(len(one) < 2 * FEWEST or one.min() == one.max() for one in halves):
                return None
            early, late = (_ranked(one) for one in halves)
            return cls(annotation, early, late, chance.spectrum(late))
        halves = [one.astype(bool) for one in halves]
        if any(min(np.count_nonzero(one), np.count_nonzero(~one)) < FEWEST for one in halves):
            return None
        spectrum = chance.spectrum(halves[1] - halves[1].mean())
        return cls(annotation, np.flatnonzero(halves[0]), np.flatnonzero(halves[1]), spectrum)

    def found(self, codes: np.ndarray, counts: np.ndarray, late: bool) -> float:
        """How well one half of a unit goes with it: of truths the share of pairs, of numbers Spearman's ρ. counts: of that half's
        codes."""
        own = self.late if late else self.early
        if self.annotation.numeric:
            ranks = _standard(_middle(counts), counts)
            return float(np.dot(ranks.astype(np.float32)[codes], own) / len(codes))
        inside = np.bincount(codes[own], minlength=len(counts))
        return float(
            ((_middle(counts) * inside).sum() - len(own) * (len(own) - 1) / 2)
            / (len(own) * (len(codes) - len(own)))
        )


def reactions(column: Column, annotated: Annotated) -> xr.Dataset:
    """What can be told from this unit alone, each annotation tried.

    Returns, over `annotation`: `numeric`; `found`, on the first half, and `held_out`, on the second. Of truths it is the share of
    pairs, one step of the kind and one that is not, in which the unit is higher at the first: 0.5 is chance. Of numbers it is
    Spearman's ρ: 0 is chance. `mcc` (truths), Matthews' correlation on the second half of 'beyond a threshold' with the
    annotation, the threshold and the side taken from the first. `p`: the share of all turns of the second half's labels (as a
    whole, so that what is near stays near) that do as well or better in the direction of the first half; `corrected` for all
    annotations tried (Holm). What does best on the second half, in the direction of the first, comes first.
    """
    rows = measured(column, annotated.tried, annotated.cut)
    order = np.argsort([-strength(row.found, row.held_out, row.numeric) for row in rows], kind="stable")
    rows = [rows[n] for n in order]
    p = np.array([row.p for row in rows])
    return xr.Dataset(
        {
            "numeric": ("annotation", np.array([row.numeric for row in rows], bool)),
            "found": ("annotation", np.array([row.found for row in rows]), SHARE),
            "held_out": ("annotation", np.array([row.held_out for row in rows]), SHARE),
            "mcc": ("annotation", np.array([row.mcc for row in rows]), MCC),
            "p": ("annotation", p, {"long_name": "share of turned labels that do as well", "units": "1"}),
            "corrected": ("annotation", chance.holm(p), {"long_name": "the same, corrected", "units": "1"}),
        },
        coords={"annotation": np.array([row.name for row in rows], object)},
        attrs={"place": column.place, "unit": column.unit, "cut": annotated.cut},
    )


@dataclass(frozen=True)
class Measured:
    """What `reactions` says of one annotation."""

    name: str
    numeric: bool
    found: float
    held_out: float
    mcc: float
    p: float


def measured(column: Column, tried: Sequence["Halves"], cut: int) -> list[Measured]:
    """One unit against annotations, uncorrected, in their order."""
    if not tried:
        return []
    halves = column.codes[:cut], column.codes[cut:]
    counts = [np.bincount(half, minlength=len(column.values)) for half in halves]
    ranks = _standard(_middle(counts[1]), counts[1]).astype(np.float32)
    own = chance.spectrum(ranks[halves[1]])
    rows = []
    for one in tried:
        numeric = one.annotation.numeric
        found = one.found(halves[0], counts[0], late=False)
        held_out = one.found(halves[1], counts[1], late=True)
        turns = chance.against(own, one.spectrum, len(halves[1]))
        p = chance.share_as_high(turns if found >= level(numeric) else -turns)
        mcc = float("nan") if numeric else _mcc(one, halves, counts)
        rows.append(Measured(one.annotation.name, numeric, found, held_out, mcc, p))
    return rows


def level(numeric: bool) -> float:
    """What chance gives."""
    return 0.0 if numeric else 0.5


def strength(found: float, held_out: float, numeric: bool) -> float:
    """How far from chance the second half is in the direction of the first, from −1 to 1."""
    beyond = (held_out - level(numeric)) / (1 - level(numeric))
    return beyond if found >= level(numeric) else -beyond


SHARE = {"long_name": "share of pairs in which it is higher, or rank correlation", "units": "1"}
MCC = {"long_name": "Matthews' correlation", "units": "1", "valid_range": [-1.0, 1.0]}


def _middle(counts: np.ndarray) -> np.ndarray:
    """(class,), the mean rank of the steps in each, from 0."""
    return counts.cumsum() - (counts + 1) / 2


def _standard(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """With mean 0 and variance 1, so often as counts say."""
    total = counts.sum()
    centred = values - (values @ counts) / total
    return np.asarray(centred / (np.sqrt(centred**2 @ counts / total) or 1.0))


def _ranked(values: np.ndarray) -> np.ndarray:
    _distinct, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return _standard(_middle(counts), counts).astype(np.float32)[codes]


def _mcc(one: Halves, halves: Sequence[np.ndarray], counts: Sequence[np.ndarray]) -> float:
    tables = []
    for half, own, every in zip(halves, (one.early, one.late), counts, strict=True):
        inside = np.bincount(half[own], minlength=len(every))
        above = (inside[::-1].cumsum()[::-1], every[::-1].cumsum()[::-1])  # (threshold,): at or above it
        tables.append(_matthews(above[0], above[1], len(own), len(half)))
    best = int(np.abs(tables[0]).argmax())
    return float(tables[1][best] * np.sign(tables[0][best]))


def _matthews(right: np.ndarray, said: np.ndarray, wanted: int, size: int) -> np.ndarray:
    """right: of `said` steps those that are wanted, in all `wanted` of `size`."""
    top = right.astype(float) * size - said.astype(float) * wanted
    bottom = np.sqrt(said.astype(float) * (size - said) * wanted * (size - wanted))
    return np.asarray(np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0))
