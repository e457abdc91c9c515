"""A model read over its texts cut by cut, wherever that is done.

Place  what of it is kept
Group  sequences that are read side by side
cuts   what is read at one call, and after it
Reader what reads them
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from rnnviz.models.networks import reading
from rnnviz.recording.block import record as recorded
from rnnviz.studies.corpus import store
from rnnviz.studies.corpus.carrying import Carrying
from rnnviz.studies.corpus.material import Feed, Material
from rnnviz.told import Told
from rnnviz.trace import branch

BESIDE = 32  # sequences that are read side by side


@dataclass(frozen=True)
class Place:
    """A layer of a module and a field of it. name: of its folder in the store; kind: of what is stored."""

    node: str
    layer: int
    direction: str
    field: str
    units: int
    kind: str
    scale: float | None
    long_name: str

    @property
    def group(self) -> str:
        return f"{self.node}/layer_{self.layer}" + ("" if self.direction == "forward" else "_backward")

    def taken(self, trace: xr.DataTree, rows: int, steps: int) -> np.ndarray:
        """Its numbers of a recording, (batch, time, unit), float32. Raises Told where the module took another number of steps."""
        if self.node not in trace.children or trace[self.node].sizes.get("time") != steps:
            raise Told("{name} did not take one step for each token", name=self.node)
        array = branch(trace, self.node).to_dataset()[self.field]
        found: np.ndarray = array.sel(layer=self.layer, direction=self.direction).values
        if len(found) != rows:
            raise Told(
                "{name} read {count} sequences at once; wanted {rows}",
                name=self.node,
                count=len(found),
                rows=rows,
            )
        return found

    def stored(self, values: np.ndarray) -> np.ndarray:
        if self.scale is None:
            return np.asarray(values, np.float32)
        low = -127 if self.kind == "int8" else 0
        levels = 127 if self.kind == "int8" else 255
        return np.asarray(np.clip(np.rint(values * levels), low, levels), self.kind)

    def array(self, out: Path, steps: int) -> store.Array:
        """Where it is stored."""
        kind = np.dtype(self.kind)
        path = out / self.group / self.field
        return store.Array(path, (steps, self.units), min(store.STEPS, steps), kind, scale=self.scale)


@dataclass
class Group:
    """Sequences that are read side by side: from `first` up to `last`. long: one at least is read cut by cut, straight into the
    store; else all of it is gathered and written at once."""

    first: int
    last: int
    long: bool


@dataclass(frozen=True)
class Cut:
    """What is read at one call: spans (sequence, from, to), side by side. group: whose. last: where that group goes on after it,
    as `cuts` counts. done: steps of the group so far. fresh: whether the sequences begin here. carried: whether one of them is
    longer than a call. more: whether they go on after it."""

    group: int
    spans: list[tuple[int, int, int]]
    last: int
    done: int
    fresh: bool
    carried: bool
    more: bool


def cuts(own: Material, number: int, group: Group, stacks: bool, cut: int, at: int = 0) -> Iterator[Cut]:
    """A group, cut by cut: the longest first, so many side by side. at: where a long group goes on."""
    beside = BESIDE if stacks else 1
    order = sorted(range(group.first, group.last), key=lambda n: (-own.length(n), n))
    if (
        group.long
    ):  # what goes on after a kill must know its place by one number: a sequence at a time, or all at once
        beside = len(order) if stacks else 1
    for begin in range(0, len(order), beside):
        rows = order[begin : begin + beside]
        longest = own.length(rows[0])
        before = sum(own.length(n) for n in order[:begin])
        offset = (
            before if beside == 1 else 0
        )  # `at` counts through the sequences where they are read one at a time
        if at >= offset + longest:
            continue
        for start in range(max(0, at - offset), longest, cut):
            spans = [(n, start, min(start + cut, own.length(n))) for n in rows if own.length(n) > start]
            last = start + spans[0][2] - spans[0][1]
            done = before + sum(min(own.length(n), last) for n in rows)
            yield Cut(number, spans, offset + last, done, not start, longest > cut, last < longest)


@dataclass(frozen=True, eq=False)
class Reader:
    """What reads cuts of a material: by itself the same wherever it is."""

    feed: Feed
    places: Sequence[Place]

    def read(self, one: Cut, carried: dict[str, Tensor]) -> tuple[list[list[np.ndarray]], dict[str, Tensor]]:
        """What is stored of each place, span by span, (step, unit), and the states that the text goes on from."""
        carrying = Carrying(self.feed.model.model, {} if one.fresh else carried)
        carrying.keep(len(one.spans))  # the longest come first
        width = max(last - first for _n, first, last in one.spans)
        fields, layers = {place.field for place in self.places}, {place.layer for place in self.places}
        trace = read(self.feed, one.spans, tuple(fields), sorted(layers), carrying if one.carried else None)
        found = [
            [
                place.stored(row[: last - first])
                for row, (_n, first, last) in zip(
                    place.taken(trace, len(one.spans), width), one.spans, strict=True
                )
            ]
            for place in self.places
        ]
        return found, carrying.last if one.more else {}

    def gathered(self, group: Group, cut: int) -> list[np.ndarray]:
        """All that is stored of a group, place by place, (step, unit)."""
        own = self.feed.material
        base, total = int(own.starts[group.first]), int(own.starts[group.last] - own.starts[group.first])
        found = [np.empty((total, place.units), place.kind) for place in self.places]
        carried: dict[str, Tensor] = {}
        for one in cuts(own, 0, group, self.feed.stacks, cut):
            stored, carried = self.read(one, carried)
            for into, rows in zip(found, stored, strict=True):
                for row, (sequence, first, last) in zip(rows, one.spans, strict=True):
                    where = int(own.starts[sequence]) - base
                    into[where + first : where + last] = row
        return found


def read(
    feed: Feed,
    spans: list[tuple[int, int, int]],
    fields: Sequence[str],
    layers: Iterable[int] | None,
    carrying: Carrying | None = None,
) -> xr.DataTree:
    model = feed.model
    arguments = feed.arguments(spans)
    with (
        model._lock,
        reading(model.model),
        torch.no_grad(),
        carrying.on() if carrying else contextlib.nullcontext(),
    ):
        with model._says("recording"), recorded(model.model, keep=fields, layers=layers) as found:
            model._called(model.model, arguments)
        with model._says("recording"):
            return found.trace
