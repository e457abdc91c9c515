"""What enters a cell, what does it keep, what does it write?"""

import re

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, index, number, one_of, opened_on

PRESETS = ("hello", "latch", "remember", "forget", "counter", "explode", "random")


def _numbers(value: str) -> str:
    from rnnviz.ui.rooms.cell import setup

    return setup.checked(value)


def _product(value: str) -> str:
    if not re.fullmatch(r"[xh][irfzgnoh]?(-[1-8])?", value):
        raise ValueError(_("The link names a product that no cell has; none is opened."))
    return value


_SETTINGS = {
    "cell_kind": one_of("rnn", ("rnn", "lstm", "gru", "all")),
    "cell_preset": one_of("hello", PRESETS),
    "cell_seed": number(1, 1, 9999),  # of the preset 'random'
    "cell_own": checked(None, _numbers),  # numbers that differ from the preset, packed
    "cell_step": index(
        None
    ),  # where the drawing begins; where the reader goes from there is told by the browser
    "cell_product": checked(None, _product),  # that is open then: of x or h, into which gate, of which unit
}
SETTINGS = opened_on(_SETTINGS, cell_kind="lstm", cell_preset="latch")
