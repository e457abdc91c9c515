"""How does a network learn to write “hello”?"""

from rnnviz.ui.shell.settings import number, one_of, text

SETTINGS = {
    "letters_kind": one_of("rnn", ("rnn", "gru", "lstm")),
    "letters_units": number(3, 1, 8),
    "letters_seed": number(0, 0, 999),
    "letters_trained": number(200, 0, 200),  # the step of training that is shown
    "letters_text": text("hello"),
    "letters_temperature": number(1.0, 0, 2),
    "letters_draw": number(0, 0, 999),  # the seed that letters are drawn with
    "letters_shown": number(12, 1, 12),  # letters that have been drawn so far, at most
}
