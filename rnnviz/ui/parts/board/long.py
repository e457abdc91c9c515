"""What the board is sent of a sequence that is too long to be sent whole: the names and values of the steps in view as they are,
of all others few names and rounded values."""

from collections.abc import Iterable, Sequence
from typing import Any

import xarray as xr

from rnnviz.paper.packing import packed
from rnnviz.stats.pixels import LONG, codes

COARSE = 1000  # names that are sent whatever is in view, evenly spread
BEFORE, AFTER = 9, 9  # steps beside one that is shown by itself, whose names stand beside its own

Window = tuple[int, int] | None


def is_long(count: int) -> bool:
    return count > LONG


def names(tokens: Sequence[str], window: Window, shown: Iterable[int]) -> list[str] | dict[str, Any]:
    """The tokens, one a step; of a long sequence what names.js puts together from: `count`, `coarse`: the name of each step that
    `every` divides, `known`: names one after the other, from the step `first` on; of steps without names their count alone.

    window: steps [first, last) in view, all without one. shown: steps that are shown by themselves.
    """
    count = len(tokens)
    if not is_long(count):
        return list(tokens)
    if not any(tokens):
        return {"count": count, "every": 1, "coarse": [], "known": []}
    every = -(-count // COARSE)
    ranges = [(max(0, step - BEFORE), min(count, step + AFTER + 1)) for step in shown]
    if window is not None and not is_long(window[1] - window[0]):
        ranges.append(window)
    known = [{"first": first, "names": list(tokens[first:last])} for first, last in ranges]
    return {"count": count, "every": every, "coarse": list(tokens[::every]), "known": known}


def colours(values: xr.DataArray, limits: tuple[float, float], window: Window) -> dict[str, Any]:
    """`values` (time,) for the strip, as bytes: of a long sequence one a step, 0 to 255 between the limits, and the exact ones of
    the window in view as `exact`."""
    if not is_long(values.size):
        return {"values": packed(values.values)}
    found: dict[str, Any] = {"values": packed(codes(values, limits).values)}
    if window is not None and not is_long(window[1] - window[0]):
        found["exact"] = {"first": window[0], "values": packed(values.values[slice(*window)])}
    return found


def steps(lists: Iterable[dict[str, Any]]) -> list[int]:
    """The steps that lists lead to; see packing.listed."""
    return [entry["step"] for one in lists for entry in one["entries"]]
