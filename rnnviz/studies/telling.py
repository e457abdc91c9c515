"""What single units tell apart: kinds of characters, and units whose hidden state is higher (or lower) at them than elsewhere.

The units were found by `stats.states.separation` over all units of a model on held-out text, and are shown with what that gives
on the text that is looked at: `python benchmarks/telling.py` prints both for 24 stretches of held-out text.
"""

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

from rnnviz.stats.states import separation

LATE = 25  # characters after which a line is far along
HANGUL = ("가", "힣")
PARTICLES = "은는이가을를도의에"


def _depths(text: str) -> list[bool]:
    """Whether a bracket is open after each character, itself included."""
    depth, found = 0, []
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        found.append(depth > 0)
    return found


def _is_hangul(character: str) -> bool:
    return HANGUL[0] <= character <= HANGUL[1]


def _after_line(text: str, at: int) -> int:
    """Characters since the line began, that at `at` included."""
    return at - text.rfind("\n", 0, at + 1)


# each takes a text and says of every character whether it is of the kind; the model has read that character, and none after it
KINDS: dict[str, Callable[[str], list[bool]]] = {
    "capitals": lambda text: [c.isupper() for c in text],
    "line ends": lambda text: [c == "\n" for c in text],
    "blanks": lambda text: [c.isspace() for c in text],
    "vowels": lambda text: [c.lower() in "aeiou" for c in text],
    "first letters": lambda text: [
        c.isalpha() and not (t and (text[t - 1].isalpha() or text[t - 1] == "'")) for t, c in enumerate(text)
    ],
    "late in the line": lambda text: [_after_line(text, t) > LATE for t in range(len(text))],
    "indentation": lambda text: [
        c == " " and not text[:t].rpartition("\n")[2].strip(" ") for t, c in enumerate(text)
    ],
    "what stands in brackets": _depths,
    "last syllables": lambda text: [text[t : t + 2] in ("다.", "요.") for t in range(len(text))],
    "particles": lambda text: [
        c in PARTICLES and text[t + 1 : t + 2] == " " and t > 0 and _is_hangul(text[t - 1])
        for t, c in enumerate(text)
    ],
}


@dataclass(frozen=True)
class Telling:
    """A unit and the kind that it tells from all else. layer, unit: from 0. higher: whether its state is higher there."""

    kind: str
    layer: int
    unit: int
    higher: bool = True

    def right(self, hidden: xr.DataArray, text: str) -> float | None:
        """The share of all pairs, a character of the kind and one that is not, in which the unit's value tells which is which;
        0.5 is chance. None where the text has not both. hidden: (unit, time) of its layer, a step a character."""
        where = KINDS[self.kind](text)
        if not any(where) or all(where):
            return None
        share = float(separation(hidden.sel(unit=[self.unit]), where).item())
        return share if self.higher else 1 - share


# by shipped model, those that show the most on the first page: all of one layer
FIRST = {
    "shakespeare-gru": (
        Telling("late in the line", 1, 257),
        Telling("vowels", 1, 24, higher=False),
        Telling("blanks", 1, 149),
    ),
    "korean-lstm": (
        Telling("last syllables", 1, 77, higher=False),
        Telling("particles", 1, 73),
        Telling("blanks", 1, 40),
    ),
}
