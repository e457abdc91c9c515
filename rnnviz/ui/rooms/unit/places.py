"""Places of a long text, under each other and coloured by a unit."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import LOOK, packed
from rnnviz.studies.corpus import Corpus
from rnnviz.studies.corpus.unit import Column
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.explored import recorded

BEFORE, AFTER = 25, 9  # columns, as wide as a letter each

_places = component(Path(__file__).parent)


def show(key: str, groups: Mapping[str, Sequence[dict]], summary: str) -> None:
    """groups: by title, what `place` gives."""
    _places(
        data={
            "groups": [{"title": title, "places": list(places)} for title, places in groups.items()],
            "labels": {"summary": summary},
            **LOOK,
        },
        key=key,
    )


def place(own: Corpus, column: Column, step: int) -> dict:
    """What is shown of a step: the tokens around it, as far as they fit, and the unit's values at them."""
    sequence = own.sequence(step)
    low, high = int(own.starts[sequence]), int(own.starts[sequence + 1])

    def shown(one: int) -> str:
        return visible(own.vocabulary[own.tokens[one]])

    first, room = step, BEFORE
    while first > low and (room := room - recorded.width(shown(first - 1))) >= 0:
        first -= 1
    last, room = step + 1, AFTER
    while last < high and (room := room - recorded.width(shown(last))) >= 0:
        last += 1
    return {
        "tokens": [shown(one) for one in range(first, last)],
        "at": step - first,
        "values": packed(np.clip(column.at(slice(first, last)), -1, 1).astype(np.float32)),
    }
