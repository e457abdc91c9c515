"""What enters a cell, what does it keep, what does it write?"""

from rnnviz.ui.shell.settings import checked, number, one_of

PRESETS = ("latch", "remember", "forget", "counter", "explode", "random")


def _numbers(value: str) -> str:
    from rnnviz.ui.rooms.cell import setup

    return setup.checked(value)


SETTINGS = {
    "cell_kind": one_of("lstm", ("rnn", "lstm", "gru", "all")),
    "cell_preset": one_of("latch", PRESETS),
    "cell_seed": number(1, 1, 9999),  # of the preset 'random'
    "cell_own": checked(None, _numbers),  # numbers that differ from the preset, packed
}
