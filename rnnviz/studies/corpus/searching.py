"""Search by text, and which units tell the places that were found from all others."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from rnnviz.stats.states import separation
from rnnviz.studies.corpus.opened import Corpus, inside
from rnnviz.studies.progress import Progress
from rnnviz.told import Told

LIMIT = 5.0  # seconds
MOST = 100_000
LONGEST = 1000  # characters of an expression
SHIFTS = 199
CHOSEN = 20

# What runs in a process of its own, since neither a thread nor a signal ends Python's `re`: a line that says the expression and
# how long each text is, then the texts; it answers with pairs of places.
PROGRAM = """
import array, json, re, sys
said = json.loads(sys.stdin.buffer.readline())
text = sys.stdin.buffer.read().decode("utf-32-le", "surrogatepass")
found, at, expression = array.array("q"), 0, re.compile(said["regex"], re.MULTILINE)
for length in said["lengths"]:
    for one in expression.finditer(text[at : at + length]):
        if one.end() > one.start():
            found.extend((at + one.start(), at + one.end()))
            if len(found) > 2 * said["most"]:
                break
    if len(found) > 2 * said["most"]:
        break
    at += length
sys.stdout.buffer.write(found.tobytes())
"""


@dataclass(frozen=True, eq=False)
class Found:
    """Places of a corpus in its order: steps from `start` up to `stop`. more: whether there are more than were asked for. steps:
    of the corpus."""

    starts: np.ndarray
    stops: np.ndarray
    more: bool
    steps: int

    def __len__(self) -> int:
        return len(self.starts)

    def where(self) -> np.ndarray:
        """(step,), whether a step is in one of the places."""
        return inside(self.starts, self.stops, self.steps)


def search(corpus: Corpus, regex: str, limit: float = LIMIT, most: int = MOST) -> Found:
    """Where a regular expression of Python's matches the text of a sequence (^ and $ at each line), with at least one character.

    A token counts wherever one of its characters does. limit: seconds after which it is given up.
    Raises Told for an expression that Python does not take, that matches nothing, and that takes longer.
    """
    if not regex or len(regex) > LONGEST:
        raise Told("wanted a regular expression of 1 to {most} characters", most=LONGEST)
    try:
        re.compile(regex, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as problem:
        raise Told("{regex!r} is no regular expression: {problem}", regex=regex, problem=problem) from None
    text, ends, lengths = _text(corpus)
    said = json.dumps({"regex": regex, "lengths": lengths, "most": most}).encode() + b"\n"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", PROGRAM],
            input=said + text.encode("utf-32-le", "surrogatepass"),
            capture_output=True,
            timeout=limit,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise Told(
            "{regex!r} had not ended after {limit:g} seconds: nested repeats such as (a+)+ take for ever; write it without",
            regex=regex,
            limit=limit,
        ) from None
    except subprocess.CalledProcessError as problem:
        last = problem.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Told("{regex!r} could not be searched for: {problem}", regex=regex, problem=last) from None
    pairs = np.frombuffer(done.stdout, np.int64).reshape(-1, 2)
    if not len(pairs):
        raise Told("{regex!r} matches nothing in {steps:,} steps", regex=regex, steps=corpus.steps)
    more, pairs = len(pairs) > most, pairs[:most]
    starts = np.searchsorted(ends, pairs[:, 0], side="right")
    stops = np.searchsorted(ends, pairs[:, 1] - 1, side="right") + 1
    return Found(starts, stops, more, corpus.steps)


def _text(corpus: Corpus) -> tuple[str, np.ndarray, list[int]]:
    """All sequences one after the other; behind which character each step ends, (step,); and how long each sequence is. What
    joins two tokens belongs to the first."""
    sizes = np.array([len(token) for token in corpus.vocabulary], np.int64) + len(corpus.joint)
    ends = np.cumsum(sizes[corpus.tokens])
    words = np.array([token + corpus.joint for token in corpus.vocabulary], object)
    text = "".join(words[corpus.tokens])
    bounds = np.append(0, ends[corpus.starts[1:] - 1])
    return text, ends, np.diff(bounds).tolist()


def telling(
    corpus: Corpus,
    where: Sequence[bool] | np.ndarray,
    place: str | None = None,
    count: int = CHOSEN,
    seed: int = 0,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Which units tell some steps from all others, found on one half of the corpus and measured on the other.

    where: (step,), true at the steps that are sought. The corpus is parted where half of these lie before; on the first half
    `stats.states.separation` of every unit, and the `count` that are farthest from 0.5 are measured on the second. Returns,
    over `unit`: `found` and `held_out`, shares of pairs in which the unit is higher at the steps sought (0.5 is chance), and `p`:
    the share of turns of the second half (`where` shifted around it as a whole, by one of `SHIFTS` lengths drawn from the seed,
    so that what is near stays near) in which any of these units is as far from 0.5 as this one, the one as it stands counted: so
    it is corrected for as many units as were tried. Raises Told where a half has not steps of both kinds.
    """
    name = corpus.place(place)
    sought = np.asarray(where, bool)
    if sought.shape != (corpus.steps,):
        raise Told("where has {count} steps; the corpus has {steps:,}", count=sought.size, steps=corpus.steps)
    at = np.flatnonzero(sought)
    cut = int(at[len(at) // 2]) if len(at) else 0
    for half in (sought[:cut], sought[cut:]):
        if half.all() or not half.any():
            raise Told(
                "wanted steps of both kinds in both halves of the corpus; {count:,} of {steps:,} are sought",
                count=len(at),
                steps=corpus.steps,
            )
    units = corpus.arrays[name].units
    early = np.empty(units)
    for unit in range(units):
        early[unit] = separation(_unit(corpus, name, unit, 0, cut), sought[:cut]).item()
        if progress:
            progress(unit + 1, units + count)
    chosen = np.argsort(-abs(early - 0.5), kind="stable")[:count]
    late = sought[cut:]
    shifts = np.random.default_rng(seed).integers(1, len(late), SHIFTS)
    held_out, turned = np.empty(len(chosen)), np.zeros(SHIFTS)
    for number, unit in enumerate(chosen):
        values = _unit(corpus, name, int(unit), cut, corpus.steps)
        held_out[number] = separation(values, late).item()
        turned = np.maximum(turned, abs(_shifted(values.values[0], late, shifts) - 0.5))
        if progress:
            progress(units + number + 1, units + count)
    p = (1 + (turned[:, None] >= abs(held_out - 0.5)).sum(0)) / (1 + SHIFTS)
    attrs = {"long_name": "share of pairs in which it is higher", "units": "1", "valid_range": [0.0, 1.0]}
    return xr.Dataset(
        {
            "found": ("unit", early[chosen], attrs),
            "held_out": ("unit", held_out, attrs),
            "p": (
                "unit",
                p,
                {"long_name": "chance that one of these units is as far from 0.5", "units": "1"},
            ),
        },
        {"unit": chosen},
        {"place": name, "cut": cut, "shifts": SHIFTS},
    )


def _unit(corpus: Corpus, name: str, unit: int, start: int, stop: int) -> xr.DataArray:
    """(unit, time), one unit over some steps."""
    parts = [
        corpus.one(name, number, unit)[max(0, start - first) : max(0, stop - first)]
        for number, first, last in corpus.pieces(name)
        if first < stop and last > start
    ]
    return xr.DataArray(np.concatenate(parts)[None], dims=("unit", "time"))


def _shifted(values: np.ndarray, where: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """The separation, had the steps sought been others: as `where`, turned by each of `shifts`."""
    order = np.sort(values)
    ranks = (np.searchsorted(order, values) + np.searchsorted(order, values, side="right") + 1) / 2
    at, size = np.flatnonzero(where), len(where)
    count = len(at)
    sums = np.array([ranks[(at + shift) % size].sum() for shift in shifts])
    return np.asarray((sums - count * (count + 1) / 2) / (count * (size - count)))
