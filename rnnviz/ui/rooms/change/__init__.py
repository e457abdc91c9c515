"""What would the network have expected, had a state or a gate been different?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, kept, one_of, text

LONGEST_CHANGES = 40_000  # characters of a link, those of other texts among them
SHOWN = ("difference", "after", "before")
KINDS = ("text", "translation")


def _changes(value: str) -> str:
    """What they say is read once the page has what they are changes of; studies.changing.parsed reads it."""
    if len(value) > LONGEST_CHANGES or not value.isprintable():
        raise ValueError(_("The link's changes cannot be read; none are made."))
    return value


SETTINGS = explored.SETTINGS | {
    "change_kind": one_of("text", KINDS).but(
        resets=("changes", "step", "module", "layer", "unit", "mark_units", "mark_steps")
    ),
    "change_translator": checked(None, explored.module_named).but(resets=("step", "module")),
    "change_source": text().but(resets=("step",)),  # the sentence that is translated
    "changes": checked(None, _changes).but(
        folds=True
    ),  # as studies.changing.written; None: the first example
    "change_other": text(),  # of links from before: what changes that name no text of their own take from
    "change_shows": one_of("difference", SHOWN),
    "mark_units": kept(None),  # what was drawn up on the board: a tuple
    "mark_steps": kept(None),  # the first and the last
}
