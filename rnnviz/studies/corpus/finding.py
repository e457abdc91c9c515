"""Which units? All units of all layers, ranked by what can be told from each alone, and by how it behaves.

    annotated = corpus.unit.Annotated(own)
    corpus.finding.by_annotation(own, annotated).sel(annotation="position in line")   # the units that tell it best
    corpus.finding.survey(own)                                         # half-lives, switches, the nearest other unit

The best of hundreds of units does well by chance: so units are chosen on the first half of the corpus, measured on the second,
and what is said of them is corrected for as many as are measured.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray as xr

from rnnviz.stats import chance
from rnnviz.studies.corpus import unit as units
from rnnviz.studies.corpus.opened import THREADS, Corpus
from rnnviz.studies.corpus.unit import FEWEST, Annotated, Column, Halves
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

CHOSEN = 20
STILL = 0.02  # standard deviation, as a share of the largest, up to which a unit hardly moves


def places(corpus: Corpus, asked: Sequence[str] | None = None) -> list[str]:
    """Paths of arrays, by them or by layers; None: the hidden states of all layers, or where there are none all arrays."""
    if asked is not None:
        return [corpus.place(one) for one in asked]
    return [one for one in corpus.arrays if one.endswith("/hidden")] or list(corpus.arrays)


def units_of(corpus: Corpus, names: Sequence[str]) -> list[tuple[str, int]]:
    """The place and the number of each unit of these places."""
    return [(name, unit) for name in names for unit in range(corpus.arrays[name].units)]


def labels(every: Sequence[tuple[str, int]]) -> dict[str, tuple[str, np.ndarray]]:
    """The coordinates `place` and `number` of these units, over `unit`."""
    return {
        "place": ("unit", np.array([name for name, _unit in every], object)),
        "number": ("unit", np.array([unit for _name, unit in every])),
    }


def by_annotation(
    corpus: Corpus,
    annotated: Annotated,
    asked: Sequence[str] | None = None,
    count: int = CHOSEN,
    progress: Progress | None = None,
) -> xr.Dataset:
    """For each annotation the units from which most can be told.

    All units of the places asked for are measured on the first half, the `count` farthest from chance on the second, in the
    direction of the first. Returns, over (annotation, rank): `place`, `unit`, and `found`, `held_out`, `mcc` and `p` as
    `unit.reactions` has them, `corrected` for the units that were measured (Holm); and `numeric` (annotation,). What does best on
    the second half comes first. Not corrected for several annotations. Raises Told where no annotation says anything in both
    halves.
    """
    if not annotated.tried:
        raise Told(
            "nothing can be told by this: wanted at least {few} steps of each kind in both halves", few=FEWEST
        )
    names = places(corpus, asked)
    every = units_of(corpus, names)
    early = np.empty((len(every), len(annotated.tried)))

    def look(number: int) -> int:
        column = units.column(corpus, *every[number])
        half = column.codes[: annotated.cut]
        counts = np.bincount(half, minlength=len(column.values))
        early[number] = [one.found(half, counts, late=False) for one in annotated.tried]
        return number

    _each(look, len(every), progress)
    parts = [
        _best(corpus, annotated, one, every, early[:, row], count) for row, one in enumerate(annotated.tried)
    ]
    return xr.concat(parts, "annotation").assign_coords(
        annotation=np.array([one.annotation.name for one in annotated.tried], object)
    )


def _best(
    corpus: Corpus,
    annotated: Annotated,
    one: Halves,
    every: Sequence[tuple[str, int]],
    early: np.ndarray,
    count: int,
) -> xr.Dataset:
    """The rows of one annotation. early: (unit,), of the first half."""
    chosen = np.argsort(-abs(early - units.level(one.annotation.numeric)), kind="stable")[:count]
    rows = [units.measured(units.column(corpus, *every[n]), [one], annotated.cut)[0] for n in chosen]
    order = np.argsort([-units.strength(row.found, row.held_out, row.numeric) for row in rows], kind="stable")
    corrected = chance.holm(np.array([row.p for row in rows]))[order]
    rows, chosen = [rows[n] for n in order], chosen[order]
    return xr.Dataset(
        {
            "place": ("rank", np.array([every[n][0] for n in chosen], object)),
            "unit": ("rank", np.array([every[n][1] for n in chosen])),
            "found": ("rank", np.array([row.found for row in rows]), units.SHARE),
            "held_out": ("rank", np.array([row.held_out for row in rows]), units.SHARE),
            "mcc": ("rank", np.array([row.mcc for row in rows]), units.MCC),
            "p": ("rank", np.array([row.p for row in rows])),
            "corrected": ("rank", corrected),
            "numeric": one.annotation.numeric,
        },
        attrs={"tried": len(every), "cut": annotated.cut},
    )


def survey(
    corpus: Corpus, asked: Sequence[str] | None = None, progress: Progress | None = None
) -> xr.Dataset:
    """How each unit of all layers behaves, over `unit` with coordinates `place` and `number`.

    `deviation`: the standard deviation of its values. `half_life`: see `unit.half_life`, steps; inf beyond `unit.LAGS`.
    `switches`: how often in 1,000 steps it crosses the middle between its lowest and highest twentieth. `saturated`: the share of
    steps beyond ±0.9. `nearest`: the largest |r| that it has with any other unit, and `like`, which that is (a position along
    `unit`): whoever has the smallest is the most unlike the others. Half-life, switches and nearest are NaN of a unit that hardly
    moves: its deviation is at most `STILL` of the largest.
    """
    names = places(corpus, asked)
    every = units_of(corpus, names)
    found = np.full((4, len(every)), np.nan)

    def look(number: int) -> int:
        column = units.column(corpus, *every[number])
        life = units.life(corpus, column)
        found[:, number] = column.spread[1], life, switches(corpus, column), sum(units.saturation(column))
        return number

    _each(look, len(every), progress)
    deviation, life, switched, saturated = found
    still = deviation <= STILL * deviation.max()
    nearest, like = _nearest(corpus, names, still)
    life, switched = (np.where(still, np.nan, one) for one in (life, switched))
    return xr.Dataset(
        {
            "deviation": ("unit", deviation, {"long_name": "standard deviation", "units": "1"}),
            "half_life": ("unit", life, {"long_name": "half-life", "units": "steps"}),
            "switches": ("unit", switched, {"long_name": "switches in 1,000 steps", "units": "1"}),
            "saturated": ("unit", saturated, {"long_name": "share of steps beyond ±0.9", "units": "1"}),
            "nearest": (
                "unit",
                nearest,
                {"long_name": "|correlation| with the unit most like it", "units": "1"},
            ),
            "like": ("unit", like, {"long_name": "the unit most like it", "units": "1"}),
        },
        coords=labels(every),
    )


def switches(corpus: Corpus, column: Column) -> float:
    """How often in 1,000 steps a unit crosses the middle between its lowest and its highest twentieth, within sequences."""
    middle = (column.quantile(0.05) + column.quantile(0.95)) / 2
    above = (column.values > middle)[column.codes]
    crossed = above[1:] != above[:-1]
    crossed[corpus.starts[1:-1] - 1] = False
    return float(1000 * np.count_nonzero(crossed) / max(1, corpus.steps - len(corpus.names)))


def _nearest(corpus: Corpus, names: Sequence[str], still: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each unit the largest |r| with another, and that other's position."""
    total, sums = np.zeros((len(still), len(still))), np.zeros(len(still))
    for number, _first, _last in corpus.pieces(names[0]):
        values = np.concatenate([corpus.values(name, number) for name in names])
        total += values @ values.T
        sums += values.sum(1, dtype=np.float64)
    mean = sums / corpus.steps
    covariance = total / corpus.steps - np.outer(mean, mean)
    deviation = np.sqrt(np.maximum(covariance.diagonal(), 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = abs(covariance / np.outer(deviation, deviation))
    np.fill_diagonal(r, -1)
    r[still], r[:, still] = -1, -1
    r = np.nan_to_num(r, nan=-1.0)
    nearest, like = r.max(1).clip(max=1), r.argmax(1)
    return np.where(nearest < 0, np.nan, nearest), np.where(nearest < 0, -1, like)


def _each(look: Callable[[int], int], count: int, progress: Progress | None) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for done, _number in enumerate(pool.map(look, range(count)), 1):
                if progress:
                    progress(done, count)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
