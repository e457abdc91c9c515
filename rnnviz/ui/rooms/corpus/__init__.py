"""Where else in a long text are these units on?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, number, one_of

BY = ("units", "state", "text")
METRICS = ("cosine", "euclid")
LENGTHS = ("any", "same")
ALSO = ("none", "and", "not")
ALSO_BY = ("text", "steps")
COLOURS = ("sought", "unit", "none", *explored.ANNOTATIONS)
FIELDS = ("hidden", "cell")
AMONG = ("all", "sought")
# by model, of its first text and first layer: the stretch that is marked until the reader marks another, its first and last step
# from 0; found by looking at all of them (tests/pages/test_corpus.py)
STRETCHES = {
    "shakespeare-lstm": (23, 24),
    "shakespeare-gru": (21, 24),
    "python-lstm": (27, 28),
    "korean-lstm": (2, 3),
    "korean-gru": (20, 20),
}
LONGEST_LIST = 4_000  # characters of a link


def _list(value: str) -> str:
    """What it says is read once the page has what it is of; studies.changing.whole reads it."""
    if len(value) > LONGEST_LIST or not value.isprintable():
        raise ValueError(_("The link's units or steps cannot be read; those of the picture are taken."))
    return value


SETTINGS = (
    explored.SETTINGS
    | explored.LONG
    | {
        "where_by": one_of("units", BY),
        "where_steps": checked(None, _list),  # '5-7', counted from 1; None: some in the middle
        "where_on": checked(None, _list),  # '3 7-9'; None: those that stand out there
        "where_off": checked(None, _list),
        "where_threshold": number(0.3, -1.0, 1.0),
        "where_outside": one_of(True, (True, False)),
        "where_inverted": one_of(False, (False, True)),
        "where_also": one_of("none", ALSO),
        "where_also_by": one_of("text", ALSO_BY),
        "where_also_regex": checked(None, explored.expression),
        "where_also_steps": checked(None, _list),
        "where_colour": one_of("sought", COLOURS),
        "where_field": one_of("hidden", FIELDS),
        "where_among": one_of("all", AMONG),
        "where_length": one_of("any", LENGTHS),
        "where_metric": one_of("cosine", METRICS),
        "where_regex": checked(None, explored.expression),
    }
)
