"""What does a network write, letter by letter, and why this character?"""

from rnnviz.ui.parts.explored import training_step
from rnnviz.ui.shell.settings import LONGEST, checked, kept, number, one_of, text

WRITERS = ("rnn", "gru", "lstm", "counts")
QUANTITIES = (
    "hidden",
    "cell",
    "input_gate",
    "forget_gate",
    "candidate",
    "output_gate",
    "reset_gate",
    "update_gate",
)


def _changes(value: str) -> str:
    from rnnviz.ui.rooms.generate import changes

    return changes.checked(value)


# what a written text follows from: a character that was put into one text has no place in another
_WRITTEN = {
    "generate_who": one_of("plays", ("plays", "python", "korean", "growing")),
    "generate_trained": checked(
        None, training_step
    ),  # of networks that grow up; None: the end of their training
    "generate_text": text(),  # the seed text; None: the default of who writes
    "generate_temperature": number(0.8, 0, 2),
    "generate_top_k": number(0, 0, 1000),
    "generate_top_p": number(1.0, 0, 1),
    "generate_seed": number(1, 0, 999_999),
    "generate_order": number(6, 1, 6),  # of the counting model
}
WRITTEN = frozenset(_WRITTEN)
SETTINGS = {name: one.but(resets=("generate_changes",)) for name, one in _WRITTEN.items()} | {
    "generate_length": number(600, 1, LONGEST),
    "generate_writer": one_of("lstm", WRITERS),  # whose states are shown
    "generate_layer": number(1, 1, 9),
    "generate_quantity": one_of("hidden", QUANTITIES),
    "generate_place": number(
        None, 1, 2 * LONGEST, int
    ),  # the character that is explained; None: the last one written
    "generate_changes": checked("", _changes).but(undo="generate_dropped"),
    "generate_dropped": kept(""),  # those that the last change of the other settings has left out
    "generate_compare": one_of(False, (False, True)),  # one step at two temperatures
    "generate_cold": number(0.2, 0, 2),
    "generate_hot": number(1.5, 0, 2),
    "generate_pasted": text(),  # the text whose surprise is shown
}
