"""Places of a long text, under each other and in colour: by a unit's state, by what is known of each step, or by nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnviz.models.vocabularies import visible
from rnnviz.paper.packing import LOOK, packed
from rnnviz.studies.corpus import Corpus
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.explored import recorded

BEFORE, AFTER = 25, 45  # columns, as wide as a letter each

_places = component(Path(__file__).parent)


@dataclass(frozen=True)
class Colour:
    """What places are coloured by. look: of some steps, their values. low, high: of all there can be. scale: of these. title: in
    the reader's language; '' for what is said elsewhere."""

    look: Callable[[slice], np.ndarray]
    low: float = -1.0
    high: float = 1.0
    scale: str = "diverging"
    title: str = ""


def show(key: str, groups: Mapping[str, Sequence[dict]], summary: str, colour: Colour | None = None) -> None:
    """groups: by title, what `place` gives. colour: what they were made with; by default a unit's hidden state."""
    colour = colour or Colour(lambda _part: np.empty(0))
    _places(
        data={
            "groups": [{"title": title, "places": list(places)} for title, places in groups.items()],
            "labels": {"summary": summary, "colour": colour.title},
            "limits": [colour.low, colour.high],
            "scale": colour.scale,
            **LOOK,
        },
        key=key,
    )


def place(
    own: Corpus, start: int, stop: int, colour: Colour | None, note: str | None = None, after: int = AFTER
) -> dict:
    """What is shown of the steps from `start` up to `stop`: the tokens at and around them, as far as they fit, and their values.
    note: what stands beside them; by default the value at the first. after: columns from the first step on."""
    sequence = own.sequence(start)
    low, high = int(own.starts[sequence]), int(own.starts[sequence + 1])

    def shown(one: int) -> str:
        return visible(own.vocabulary[own.tokens[one]])

    first, room = start, BEFORE
    while first > low and (room := room - recorded.width(shown(first - 1))) >= 0:
        first -= 1
    last, room = start + 1, after
    while last < high and (room := room - recorded.width(shown(last))) >= 0:
        last += 1
    found = {
        "tokens": [shown(one) for one in range(first, last)],
        "at": start - first,
        "to": min(stop, last) - first,
        "note": note,
    }
    if colour is not None:
        values = np.clip(colour.look(slice(first, last)), colour.low, colour.high)
        found["values"] = packed(values.astype(np.float32))
    return found
