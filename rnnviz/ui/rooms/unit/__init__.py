"""What does this unit do, in a text too long to read?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, number, one_of

VIEWS = ("unit", "find", "groups", "states")
BEHAVING = ("half_life", "switches", "nearest")
BY = (*explored.ANNOTATIONS, *BEHAVING, "regex", "labels")
# by model: what is told by which unit, layer and number from 0; found with studies.corpus.finding (tests/pages/test_unit.py)
EXAMPLES = {
    "shakespeare-lstm": {
        "position in line": (1, 43),
        "half_life": (1, 255),
        "blanks": (0, 117),
        "vowels": (0, 1),
    },
    "shakespeare-gru": {
        "position in line": (1, 257),
        "half_life": (1, 62),
        "blanks": (1, 149),
        "vowels": (1, 24),
    },
    "python-lstm": {"bracket depth": (1, 19), "half_life": (1, 158), "line ends": (0, 18), "vowels": (0, 97)},
    "korean-lstm": {"particles": (1, 73), "last syllables": (1, 77), "blanks": (1, 40)},
    "korean-gru": {"last syllables": (1, 78), "position in line": (0, 102), "blanks": (0, 13)},
}
LONGEST = 2_000  # characters of all names in a link
LONGEST_NAME = 80


def key_of(model: str, layer: int, unit: int) -> str:
    """How a link calls a unit."""
    return f"{model}/{layer}/{unit}"


def named(value: str) -> dict[str, str]:
    """What units are called, as a link says it: 'shakespeare-gru/1/257=line ends;…', layers and units from 0. Raises ValueError
    where it says something else."""
    found = {}
    if len(value) > LONGEST or not value.isprintable():
        raise ValueError(_("The link's names of units cannot be read; none is taken."))
    for part in filter(None, value.split(";")):
        where, sign, name = part.partition("=")
        model, *numbers = where.split("/")
        right = len(numbers) == 2 and all(
            one.isascii() and one.isdecimal() and len(one) < 6 for one in numbers
        )
        if not (sign and model and right and name) or len(name) > LONGEST_NAME:
            raise ValueError(_("The link's names of units cannot be read; none is taken."))
        found[where] = name
    return found


def joined(names: dict[str, str]) -> str:
    """The same for a link; of names that are too many the first are let go."""
    kept = [f"{where}={name}" for where, name in names.items()]
    while len(";".join(kept)) > LONGEST:
        kept.pop(0)
    return ";".join(kept)


def _names(value: str) -> str:
    named(value)
    return value


SETTINGS = (
    explored.SETTINGS
    | explored.LONG
    | {
        "one_view": one_of("unit", VIEWS),
        "one_by": one_of("position in line", BY),
        "one_regex": checked(None, explored.expression),
        "one_names": checked("", _names),
        "one_groups": number(6, 2, 12),
        "one_states": number(8, 2, 20),
    }
)
