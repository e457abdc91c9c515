"""What does it still know?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import checked, number, one_of, some_of

NAMED = (
    "token",
    "blank",
    "vowel",
    "capital",
    "first letter",
    "line end",
    "punctuation",
    "speaker's line",
    "speaker",
)
NUMBERS = ("place in the word", "place in the line")
KINDS = ("text", "review")
SETTINGS = explored.SETTINGS | {
    "knows_kind": one_of("text", KINDS),
    "knows_judge": checked(None, explored.module_named),
    "knows_axis": one_of("end", ("end", "share")),
    "knows_field": one_of("hidden", ("hidden", "cell")),
    "knows_text": one_of("written", ("written", "own")),
    "knows_seed": number(1, 1, 9999),
    "knows_properties": some_of(["token", "blank", "vowel"], NAMED),
}
