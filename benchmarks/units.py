"""What a unit's page costs over a million steps, and how often the search for units finds what is there, and what is not.

    python -m benchmarks.units                     # both; --corpora 200 are simulated

It must hold, on two cores: a unit's page within 500 ms once its corpus is open (1,000,000 steps × 256 units). And of corpora in
which nothing is planted no more than one in twenty may have a unit that is said to tell something, at 5 % (corrected), while
what is planted is found.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.corpus import UNITS, made, timed
from rnnviz.studies.corpus import annotating, finding, grouping, machine, store, unit
from rnnviz.studies.corpus.opened import Corpus

LEVEL = 0.05


def page(own: Corpus, column: unit.Column, annotated: unit.Annotated) -> None:
    """All that the page shows of a unit, but what the network itself is asked."""
    for highest in (True, False):
        for step in unit.contexts(own, column, highest=highest):
            own.context(int(step), int(step) + 1), column.at(slice(max(0, step - 40), step + 12))
    unit.distribution(column), unit.saturation(column)
    unit.half_life(unit.autocorrelation(own, column))
    unit.reactions(column, annotated)


def costs(folder: Path, steps: int, bits: int) -> None:
    own = made(folder / f"{bits}.zarr", steps, bits)
    start = time.perf_counter()
    annotated = unit.Annotated(own)
    took = time.perf_counter() - start
    print(f"what is known of every step ({len(annotated.tried)} annotations), once: {took:.2f} s")
    numbers, where = iter(range(3, 200)), f"{steps:,} x {UNITS}, {bits} bits"
    timed(
        f"a unit's page, {where}",
        lambda: page(own, unit.column(own, None, next(numbers)), annotated),
        times=5,
    )
    column = unit.column(own, None, 3)
    timed("  column", lambda: unit.column(own, None, next(numbers)))
    timed("  contexts", lambda: (unit.contexts(own, column), unit.contexts(own, column, highest=False)))
    timed("  autocorrelation", lambda: unit.autocorrelation(own, column))
    timed("  reactions", lambda: unit.reactions(column, annotated))
    if bits == 8:
        timed("units of all annotations", lambda: finding.by_annotation(own, annotated), times=1)
        timed("survey", lambda: finding.survey(own), times=1)
        timed("groups", lambda: grouping.groups(grouping.responses(own)), times=1)
        timed("a machine", lambda: machine.build(own).found, times=1)


def drawn(
    random: np.random.Generator, steps: int, units: int, planted: float
) -> tuple[Corpus, annotating.Annotation]:
    """A corpus of units that each keep some of what they had, and an annotation in stretches that has nothing to do with them;
    but unit 0 has `planted` of it added, in units of its own standard deviation."""
    keep = random.uniform(0.5, 0.97, units).astype(np.float32)
    states = random.standard_normal((steps, units)).astype(np.float32) * np.sqrt(1 - keep**2)
    for step in range(1, steps):
        states[step] += keep * states[step - 1]
    where, at, now = np.zeros(steps, bool), 0, False
    while at < steps:
        length = int(random.geometric(1 / 12))
        where[at : at + length], at, now = now, at + length, not now
    states[:, 0] += planted * where
    values = np.tanh(states)
    array = store.Array(Path("nowhere"), values.shape, steps, np.dtype("float32"))
    own = Corpus(
        Path("nowhere"), "drawn", ("text",), ("",), np.array([0, steps]), np.zeros(steps, np.int32), ("a", "b"), "", 2,
        {"rnn/layer_0/hidden": array},
    )  # fmt: skip
    own._held["rnn/layer_0/hidden"] = [np.ascontiguousarray(values.T)]
    return own, annotating.Annotation("planted", where)


def rates(
    corpora: int, steps: int = 4000, units: int = 64, planted: float = 1.0, seed: int = 0
) -> dict[str, float]:
    """Of so many corpora the share in which a unit is found where nothing is planted; the share in which the planted one is; and
    the share in which, beside it, one is found that is not planted."""
    random = np.random.default_rng(seed)
    found = {"false": 0, "planted": 0, "beside": 0, "unit": 0}
    for _corpus in range(corpora):
        own, annotation = drawn(random, steps, units, 0.0)
        best = finding.by_annotation(own, unit.Annotated(own, (annotation,))).isel(annotation=0)
        found["false"] += bool((best["corrected"] <= LEVEL).any())
        alone = unit.reactions(unit.column(own, None, 1), unit.Annotated(own, (annotation,)))
        found["unit"] += bool((alone["corrected"] <= LEVEL).any())
        own, annotation = drawn(random, steps, units, planted)
        best = finding.by_annotation(own, unit.Annotated(own, (annotation,))).isel(annotation=0)
        chosen = best["unit"].values[best["corrected"].values <= LEVEL]
        found["planted"] += 0 in chosen
        found["beside"] += bool((chosen != 0).any())
    return {name: count / corpora for name, count in found.items()}


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("--steps", type=int, default=1_000_000)
    reader.add_argument("--corpora", type=int, default=200)
    reader.add_argument("--folder", type=Path, help="where stores are written: a folder for a while")
    options = reader.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as inner:
        for bits in (8, 32):
            costs(Path(inner), options.steps, bits)
    print(f"{options.corpora} corpora of 4,000 steps x 64 units, at {LEVEL:.0%}, corrected")
    for planted in (0.5, 1.0):
        shares = rates(options.corpora, planted=planted)
        print(
            f"  nothing planted: one is found in {shares['false']:.1%}, one unit's page finds it in {shares['unit']:.1%}"
        )
        print(
            f"  {planted} standard deviations planted: found in {shares['planted']:.1%}, another beside in {shares['beside']:.1%}"
        )
