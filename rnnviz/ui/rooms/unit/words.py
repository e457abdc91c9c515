"""What is known of the steps of a long text, as the reader calls it."""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.language import _


def annotations() -> dict[str, str]:
    return explored.kind_names() | {
        "position in line": _("how far along the line"),
        "bracket depth": _("how many brackets are open"),
        "in a quotation": _("inside a quotation"),
        "punctuation": _("punctuation"),
        "indentation": _("how far the line is indented"),
    }


def annotation(name: str) -> str:
    """One of them; a label of a sequence as it is called."""
    return annotations().get(name, name)


def rankings() -> dict[str, str]:
    """By what units are ranked."""
    return annotations() | {
        "half_life": _("remember longest"),
        "switches": _("switch rarely"),
        "nearest": _("are most unlike the others"),
        "regex": _("my own: a regular expression"),
        "labels": _("my own: a file of labels"),
    }
