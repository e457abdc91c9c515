"""What does a network see in the order of words that a count does not?"""

from rnnviz.ui.shell.settings import number, one_of

SETTINGS = {
    "order_kind": one_of("rnn", ("rnn", "gru", "lstm")),
    "order_units": number(3, 1, 8),
    "order_seed": number(0, 0, 999),
    "order_sequence": number(0, 0, 2),
}
