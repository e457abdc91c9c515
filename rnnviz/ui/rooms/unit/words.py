"""What is known of the steps of a long text, as the reader calls it."""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _


def annotation(name: str) -> str:
    """One thing that is known; a label of a sequence as it is called."""
    return explored.annotation_names().get(name, name)


def rankings() -> dict[str, str]:
    """By what units are ranked."""
    return explored.annotation_names() | {
        "half_life": _("remember longest"),
        "switches": _("switch rarely"),
        "nearest": _("are most unlike the others"),
        "regex": _("my own: a regular expression"),
        "labels": _("my own: a file of labels"),
    }
