"""What would the network have expected, had a state or a gate been different?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, kept, one_of, text

LONGEST_CHANGES = 4_000  # characters of a link
SHOWN = ("difference", "after", "before")


def _changes(value: str) -> str:
    """What they say is read once the page has what they are changes of; studies.changing.parsed reads it."""
    if len(value) > LONGEST_CHANGES or not value.isprintable():
        raise ValueError(_("The link's changes cannot be read; none are made."))
    return value


SETTINGS = explored.SETTINGS | {
    "changes": checked(None, _changes),  # as studies.changing.written has it; None: the first example
    "change_other": text(),  # the text that states are taken from
    "change_shows": one_of("difference", SHOWN),
    "mark_units": kept(None),  # what was drawn up on the board: a tuple
    "mark_steps": kept(None),  # the first and the last
}
