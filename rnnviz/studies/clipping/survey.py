"""What clipping saved over ten seeds: trainings that are shipped, so that a claim stands on them and a picture is there at once.

checkpoints/clipping/NAME.nc    one experiment: every seed without clipping and at each threshold, and its worst update both ways
"""

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from rnnviz import netcdf
from rnnviz.models import checkpoints
from rnnviz.stats import learning
from rnnviz.studies.clipping.one import one_update
from rnnviz.studies.clipping.running import Course, Made, gathered, worst
from rnnviz.studies.clipping.work import as_worst
from rnnviz.studies.comparing.setup import Architecture
from rnnviz.studies.memory.setup import Setup

SEEDS = 10
THRESHOLDS = (0.1, 1.0, 10.0)
LEVEL = 0.95  # of right answers at the end, from which on a task counts as learned
THROWN = 2.0  # times the loss of the first batch, above which a run counts as thrown back
DIGITS = 14  # bits of a number that are kept, of 24

UNITS, BATCH = 32, 16
TANH = Architecture("rnn", units=UNITS, initialisation="orthogonal")
RELU = Architecture("rnn", "relu", units=UNITS, initialisation="identity")
_FIRST = Setup((RELU,), updates=250, batch=BATCH, every=1, optimiser="sgd", rate=0.03)
EXPERIMENTS = {
    "relu": _FIRST,
    "tanh": dataclasses.replace(_FIRST, networks=(TANH,), rate=0.3),
    "slow": dataclasses.replace(_FIRST, networks=(TANH,)),
    "adam": dataclasses.replace(_FIRST, networks=(TANH,), optimiser="adam", rate=0.01),
    "quick": dataclasses.replace(_FIRST, networks=(TANH,), optimiser="adam", rate=0.1),
    "numbers": dataclasses.replace(_FIRST, task="adding", steps=50, updates=100),
}


def setup(name: str) -> Setup:
    """An experiment. Raises ValueError for a name that is none."""
    if name not in EXPERIMENTS:
        raise ValueError(f"the experiments are {', '.join(EXPERIMENTS)}; got {name!r}")
    return EXPERIMENTS[name]


def run(asked: Setup, seeds: int = SEEDS) -> Iterator[xr.Dataset]:
    """An experiment with one seed after the other, from 0 on: `running.NUMBERS` over (clip, update), the threshold 0 for none;
    `right` (clip,); and what `one_update` gives of the worst update of the run without clipping, for each threshold, as
    `worst_NAME`."""
    for seed in range(seeds):
        one = dataclasses.replace(asked, seed=seed)
        made: list[list[Made]] = []
        right = []
        for clip in (None, *THRESHOLDS):
            course = Course(dataclasses.replace(one, clip=clip))
            made.append([])
            while not course.over:
                made[-1].append(course.next())
            right.append(course.right())
        clips = xr.DataArray([0.0, *THRESHOLDS], dims="clip", name="clip")
        every = [
            gathered(one, (made[0], each), (right[0], end)) for each, end in zip(made, right, strict=True)
        ]
        numbers = xr.concat([found.sel(run="with", drop=True) for found in every], dim=clips, join="outer")
        at = int(worst(every[0]))
        looks = [as_worst(one_update(dataclasses.replace(one, clip=clip), at)) for clip in THRESHOLDS]
        looked = xr.concat(
            looks, dim=xr.DataArray(list(THRESHOLDS), dims="threshold", name="threshold"), data_vars="all"
        )
        yield (
            numbers.merge(looked).assign(worst_update=at).drop_attrs(deep=False).assign_attrs(every[0].attrs)
        )


def together(runs: list[xr.Dataset]) -> xr.Dataset:
    """The runs of all seeds in one, float32 to four digits, over (seed, clip, update) and, of the worst update, (seed, threshold,
    way, place)."""
    seeds = xr.DataArray(np.arange(len(runs)), dims="seed", name="seed")
    whole = xr.concat(runs, dim=seeds, join="outer", combine_attrs="override")
    return whole.map(_short, keep_attrs=True)


def _short(array: xr.DataArray) -> xr.DataArray:
    """As float32 that pack well: the last bits, which nobody sees, are 0."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(over="ignore"):
        bits = array.values.astype(np.float32).view(np.uint32)
    there = np.isfinite(bits.view(np.float32))
    half, mask = np.uint32(1 << (23 - DIGITS)), np.uint32(0xFFFFFFFF << (24 - DIGITS) & 0xFFFFFFFF)
    return array.copy(data=np.where(there, (bits + half) & mask, bits).view(np.float32))


def write(found: xr.Dataset, path: Path) -> None:
    """Writes what `together` gave."""
    packed = {
        name: {"zlib": True, "complevel": 9, "shuffle": True} for name in found.data_vars if found[name].ndim
    }
    found.to_netcdf(path, engine="h5netcdf", encoding=packed)


def path(name: str) -> Path:
    """Where an experiment lies."""
    return checkpoints.folder() / "clipping" / f"{name}.nc"


def opened(name: str) -> xr.Dataset:
    """A shipped experiment. Raises ValueError, in one line, where it is missing or no such file."""
    where = path(name)
    if name not in EXPERIMENTS or not where.is_file():
        raise ValueError(f"{name} is not shipped")
    return netcdf.whole(netcdf.stamp(where))


def ends(found: xr.Dataset) -> xr.Dataset:
    """What a shipped experiment came to, over (seed, clip), as numbers of updates, NaN where it never came about.

    thrown: the first after which the loss is more than twice that of the first batch, or beyond float32; threw: its gradient
    norm. left: the first that was not made, its numbers being beyond float32. largest: that with the largest gradient norm, which
    is in norm. learned: the last one, NaN where fewer than 95 % of the answers were right after it.
    """
    update, made = found["update"].astype(float), found["length"].notnull()
    far = found["loss"].shift(update=-1) > THROWN * found["loss"].isel(update=0, drop=True)
    far = made & (far | ~np.isfinite(found["after"]))
    norm = found["norm"].where(made)
    first = far.argmax("update")
    return xr.Dataset(
        {
            "left": update.where(~made).min("update"),
            "thrown": update.where(far).min("update"),
            "threw": norm.isel(update=first).where(far.any("update")).drop_vars("update"),
            "largest": update.isel(update=norm.fillna(0).argmax("update")).drop_vars("update"),
            "learned": update.max().where(found["right"] >= LEVEL),
            "norm": norm.max("update"),
        }
    )


def counted(name: str) -> xr.Dataset:
    """In how many seeds of a shipped experiment it was `learned`, `thrown` back, `left` float32: counts over (clip,), the
    threshold 0 for none, each with the ends of its 95 % interval as NAME_low and NAME_high. seeds: how many there are. norm: the
    median of the largest gradient norms. Of those that were thrown back, late: in how many the largest gradient came after that;
    threw: the median of the gradient norms that did it. Raises ValueError as `opened`.
    """
    opened(name)
    return _counted(netcdf.stamp(path(name)))


@functools.lru_cache(maxsize=len(EXPERIMENTS))  # every rerun of the page asks
def _counted(file: tuple[Path, int, int]) -> xr.Dataset:
    every = ends(netcdf.whole(file))
    found = {
        "seeds": every.sizes["seed"],
        "norm": every["norm"].median("seed"),
        "threw": every["threw"].median("seed"),
        "late": (every["largest"] > every["thrown"]).sum("seed"),
    }
    for each in ("learned", "thrown", "left"):
        shares = learning.shares(every[each])
        found |= {each: shares["learned"], f"{each}_low": shares["low"], f"{each}_high": shares["high"]}
    return xr.Dataset(found)


def ready() -> None:
    """Counts all that is shipped, so that the first reader need not wait. Raises ValueError as `opened`."""
    for name in EXPERIMENTS:
        counted(name)
