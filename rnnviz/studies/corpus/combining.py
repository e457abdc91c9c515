"""A second condition on stretches that were found: only those that touch a place where something else is so, or only the others.

    found = corpus.match(own, corpus.Pattern(on=(3, 70), threshold=0.5))
    corpus.combined(found, corpus.search(own, r"\\bking\\b").where())               # and there the text is so
    corpus.combined(found, corpus.match(own, other).where(), without=True)         # but these other units are not so there

`corpus.common` then counts them against all stretches of the same lengths that meet the condition, so that what the condition
alone brings along is not taken for what the units say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnviz.studies.corpus.matching import Condition, Matches
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.told import Told


def combined(found: Matches, where: Sequence[bool] | np.ndarray, without: bool = False) -> Matches:
    """The stretches of `found`, in its order, that share at least one step with where something else is so; without: those that
    share none. where: (step,). Raises Told where `where` has another length, and where none is left."""
    so = np.asarray(where, bool)
    if so.shape != (found.steps,):
        raise Told("where has {count} steps; the corpus has {steps:,}", count=so.size, steps=found.steps)
    condition = Condition(so, without)
    kept = condition.meets(found.starts, found.stops)
    if not kept.any():
        if without:
            raise Told(
                "all of the {count:,} places meet the second condition too: none is left without it",
                count=len(found),
            )
        raise Told("none of the {count:,} places meets the second condition", count=len(found))
    starts, stops, scores = found.starts[kept], found.stops[kept], found.scores[kept]
    return replace(
        found, starts=starts, stops=stops, scores=scores, conditions=(*found.conditions, condition)
    )


@dataclass(frozen=True, eq=False)
class Heap:
    """All stretches of one length that meet the conditions: where each starts. own: which of those found are so long."""

    length: int
    starts: np.ndarray
    own: np.ndarray


def heaps(corpus: Corpus, found: Matches) -> list[Heap]:
    """Against what stretches that meet conditions are counted, a heap for each of their lengths."""
    lengths = found.stops - found.starts
    ends = np.repeat(corpus.starts[1:], np.diff(corpus.starts))  # of the sequence that a step is of
    made = []
    for length in np.unique(lengths).tolist():
        starts = np.flatnonzero(np.arange(corpus.steps) + length <= ends)
        for condition in found.conditions:
            starts = starts[condition.meets(starts, starts + length)]
        made.append(Heap(length, starts, np.flatnonzero(lengths == length)))
    return made
