"""A recording spread over a Dask cluster.

Short texts go to the workers by groups, long ones cut by cut: the states that a cut ends in come back with what is stored, and
are sent with the next one, so that a text is one chain, wherever its links are made. So the texts of one group of long ones keep
one worker at a time busy; what spreads is many texts. Here it is written, as each piece comes: workers need no disk of ours, and
no two processes write into one file, which disks that are shared by network do not promise to bear.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors.torch
from torch import Tensor

from rnnviz.studies import spreading
from rnnviz.studies.corpus.cutting import Cut, Group, Place, Reader, cuts
from rnnviz.studies.corpus.material import Feed, Material
from rnnviz.studies.live import Live

if TYPE_CHECKING:
    from distributed import Client

    from rnnviz.studies.corpus.recording import Writing

Shared = tuple[
    Live, tuple[str, ...], tuple[Place, ...], int
]  # model, vocabulary, what is kept, steps of a cut


@contextlib.contextmanager
def begun(
    dask: "str | Client", feed: Feed, places: Sequence[Place], cut: int
) -> Iterator[spreading.Spread[Any]]:
    """Workers that know the model. Raises Told as `spreading.spread`."""
    shared: Shared = (feed.model, feed.material.vocabulary, tuple(places), cut)
    with spreading.spread(dask, shared) as cluster:
        yield cluster


def run(cluster: spreading.Spread[Any], feed: Feed, writing: "Writing", cut: int) -> None:
    """All that is missing of a recording."""
    own, left = feed.material, iter(writing.missing())
    going: dict[int, Iterator[Cut]] = {}  # what is left of each long group

    def send(one: Cut, carried: bytes) -> None:
        cluster.send(one, _cut, own.part(one.spans), replace(one, spans=[]), carried)

    while True:
        while cluster.room and (number := next(left, None)) is not None:
            group = writing.all[number]
            if group.long:
                at, carried = writing.standing.at.get(number, 0), writing.standing.carried.get(number, {})
                going[number] = cuts(own, number, group, feed.stacks, cut, at)
                send(next(going[number]), _packed(carried))
            else:
                every = [(n, 0, own.length(n)) for n in range(group.first, group.last)]
                cluster.send(number, _group, own.part(every))
        if not cluster.waits:
            return
        ended = cluster.take()
        if ended is None:
            writing.told()
            continue
        mark, found = ended
        if isinstance(mark, Cut):
            stored, carried_on = found
            if (after := next(going[mark.group], None)) is not None:
                send(after, carried_on)
            writing.cut(mark, stored, safetensors.torch.load(carried_on))
        else:
            writing.whole(mark, found)


def _reader(shared: Shared, own: Material) -> tuple[Reader, int]:
    model, vocabulary, places, cut = shared
    return Reader(Feed(model, replace(own, vocabulary=vocabulary)), places), cut


def _group(shared: Shared, own: Material) -> list[np.ndarray]:
    """On a worker: a group of short texts, all of `own`."""
    reader, cut = _reader(shared, own)
    return reader.gathered(Group(0, len(own.names), False), cut)


def _cut(shared: Shared, own: Material, one: Cut, carried: bytes) -> tuple[list[list[np.ndarray]], bytes]:
    """On a worker: a cut of long texts, whose spans are all of `own`."""
    reader, _cut_steps = _reader(shared, own)
    spans = [(n, 0, own.length(n)) for n in range(len(own.names))]
    stored, carried_on = reader.read(replace(one, spans=spans), safetensors.torch.load(carried))
    return stored, _packed(carried_on)


def _packed(carried: dict[str, Tensor]) -> bytes:
    return safetensors.torch.save({name: state.contiguous().cpu() for name, state in carried.items()})
