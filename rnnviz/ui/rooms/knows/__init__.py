"""What does it still know?"""

from rnnviz.ui.parts import explored
from rnnviz.ui.shell.settings import number, one_of, some_of

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
SETTINGS = explored.SETTINGS | {
    "knows_field": one_of("hidden", ("hidden", "cell")),
    "knows_text": one_of("written", ("written", "own")),
    "knows_seed": number(1, 1, 9999),
    "knows_properties": some_of(["token", "blank", "vowel"], NAMED),
}
