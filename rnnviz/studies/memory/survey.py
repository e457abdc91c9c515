"""What was found over ten seeds: trainings that are shipped, so that a claim stands on them and a picture is there at once.

checkpoints/memory/NAME-STEPS.nc    one experiment at one length: what `gathered` gives for each seed, in float32
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from rnnviz import netcdf
from rnnviz.models import checkpoints
from rnnviz.stats import learning
from rnnviz.studies.comparing.setup import Architecture
from rnnviz.studies.memory.running import Race, gathered
from rnnviz.studies.memory.setup import Setup

UNITS = 32
SEEDS = 10
STEPS = (5, 10, 20, 50)
KINDS = ("rnn", "gru", "lstm")
LEVEL = 0.95  # of right answers, from which on a task counts as learned
RESTED = 3  # moments with every answer right in all networks, after which a seed is over

PLAIN = tuple(Architecture(kind, units=UNITS) for kind in KINDS)
_FIRST = Setup(PLAIN, updates=1000, every=20)
EXPERIMENTS = {
    "plain": _FIRST,
    "repaired": dataclasses.replace(
        _FIRST,
        networks=(
            Architecture("rnn", units=UNITS, initialisation="orthogonal"),
            Architecture("gru", units=UNITS, initialisation="orthogonal"),
            Architecture("lstm", units=UNITS, forget_bias=3.0),
        ),
    ),
    "sgd": dataclasses.replace(_FIRST, optimiser="sgd", rate=0.1),
    "truncated": dataclasses.replace(_FIRST, truncate=4),
    "adding": dataclasses.replace(_FIRST, task="adding"),
    "copy": dataclasses.replace(_FIRST, task="copy"),
    "parity": dataclasses.replace(_FIRST, task="parity"),
    "brackets": dataclasses.replace(_FIRST, task="brackets"),
}


def setup(name: str, steps: int) -> Setup:
    """An experiment at a length. Raises ValueError for a name that is none."""
    if name not in EXPERIMENTS:
        raise ValueError(f"the experiments are {', '.join(EXPERIMENTS)}; got {name!r}")
    return dataclasses.replace(EXPERIMENTS[name], steps=steps)


def run(asked: Setup, seeds: int = SEEDS) -> Iterator[xr.Dataset]:
    """An experiment with one seed after the other, from 0 on: what `gathered` gives, up to the moment from which on all networks
    were right for good."""
    for seed in range(seeds):
        one = dataclasses.replace(asked, seed=seed)
        moments, rested = [], 0
        for moment in Race(one).run():
            moments.append(moment)
            rested = rested + 1 if min(moment.accuracy) == 1 else 0
            if rested == RESTED:
                break
        yield gathered(one, moments)


def together(runs: Sequence[xr.Dataset]) -> xr.Dataset:
    """The runs of all seeds in one, float32, over (seed, network, moment, time): NaN after the end of a seed, ended by its being
    right."""
    whole = xr.concat(
        [one.swap_dims(moment="update") for one in runs],
        dim=xr.DataArray(np.arange(len(runs)), dims="seed", name="seed"),
        join="outer",
        coords="minimal",
        compat="override",
        combine_attrs="override",
    )
    return whole.astype(np.float32)


def write(found: xr.Dataset, path: Path) -> None:
    """Writes what `together` gave."""
    packed = {name: {"zlib": True, "complevel": 9, "shuffle": True} for name in found.data_vars}
    found.to_netcdf(path, engine="h5netcdf", encoding=packed)


def path(name: str, steps: int) -> Path:
    """Where an experiment at a length lies."""
    return checkpoints.folder() / "memory" / f"{name}-{steps}.nc"


def opened(name: str, steps: int) -> xr.Dataset:
    """A shipped experiment. Raises ValueError, in one line, where it is missing or no such file."""
    where = path(name, steps)
    if name not in EXPERIMENTS or not where.is_file():
        raise ValueError(f"{name} at {steps} steps is not shipped")
    return netcdf.whole(netcdf.stamp(where))


def counted(name: str, steps: int) -> dict[str, float]:
    """How many seeds a shipped experiment has at a length, as 'seeds', in how many of them each network learned it, by its kind;
    in how many trainings it was learned at all, as 'learned', and in how many of those the gradient had arrived by then, as
    'arrived'; in how many it was neither, as 'lost'. As KIND_arrived with how many seeds the gradient arrived in a network, as
    KIND_right the median of its right answers at the end, a share; as KIND_low and KIND_high between which shares of all seeds
    would learn it (`learning.shares`).
    Raises ValueError as `opened`."""
    opened(name, steps)
    return _counted(netcdf.stamp(path(name, steps)))


@functools.lru_cache(maxsize=len(EXPERIMENTS) * len(STEPS))  # every rerun of the page asks
def _counted(file: tuple[Path, int, int]) -> dict[str, float]:
    found = netcdf.whole(file)
    own, reached = learning.learned(found["accuracy"], LEVEL), learning.arrived(found["log_norm"])
    each = own.notnull().sum("seed").values.tolist()
    kinds = found["kind"].values.tolist()
    there = reached.notnull().sum("seed").values.tolist()
    right = learning.at_the_end(found["accuracy"]).median("seed").values.tolist()
    counts: dict[str, float] = dict(zip(kinds, each, strict=True))
    counts |= {f"{kind}_arrived": count for kind, count in zip(kinds, there, strict=True)}
    counts |= {f"{kind}_right": share for kind, share in zip(kinds, right, strict=True)}
    between = learning.shares(own)
    for side in ("low", "high"):
        shares = between[side].values.tolist()
        counts |= {f"{kind}_{side}": share for kind, share in zip(kinds, shares, strict=True)}
    return counts | {
        "seeds": found.sizes["seed"],
        "learned": sum(each),
        "arrived": int((reached <= own).sum()),
        "lost": int((reached.isnull() & own.isnull()).sum()),
    }


def ready() -> None:
    """Counts all that is shipped, so that the first reader need not wait. Raises ValueError as `opened`."""
    for name in EXPERIMENTS:
        for steps in STEPS:
            if path(name, steps).is_file():
                counted(name, steps)
