"""What is attention, one product after the other?"""

from rnnviz.ui.shell.settings import checked, one_of

NAMES = ("one", "even", "tie", "long", "turned", "own")


def _setup(value: str) -> str:
    from rnnviz.ui.rooms.attention_by_hand import setup

    return setup.checked(value)


SETTINGS = {
    "attention_example": one_of("one", NAMES),
    "attention_guess": one_of(False, (False, True)),  # whether the reader guesses first
    "attention_own": checked(None, _setup),  # the reader's own numbers, packed
}
