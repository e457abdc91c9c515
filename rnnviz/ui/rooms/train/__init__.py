"""What does a network learn from my own text or series, or from a task, and when?"""

import re

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import checked, index, kept, number, one_of


def _key(value: str) -> str:
    if not re.fullmatch(r"[\w-]{22}", value, re.ASCII):
        raise ValueError(_("The link names no training."))
    return value


KINDS = ("rnn", "gru", "lstm")
OPTIMISERS = ("adam", "sgd")
DATA = ("text", "series", "task")
TASKS = ("first", "adding", "copy", "parity", "brackets")
SCALES = ("as they are", "standardised", "from 0 to 1")  # as studies.series names them
SETTINGS = {
    "train_run": checked(None, _key),  # of a training, which opens in this browser alone
    "train_data": one_of("text", DATA),
    "train_text": kept(None),  # None: the example; it may be longer than a link
    "train_table": kept(None),  # None: the example
    "train_scale": one_of("standardised", SCALES),
    "train_column": index(0),
    "train_task": one_of("first", TASKS),
    "train_steps": number(20, 1, 200),
    "train_kind": one_of("lstm", KINDS),
    "train_units": number(64, 1, 256),
    "train_layers": number(1, 1, 3),
    "train_dropout": number(0.0, 0, 0.9),
    "train_length": number(50, 1, 200),
    "train_updates": number(400, 1, 20_000),
    "train_optimiser": one_of("adam", OPTIMISERS),
    "train_rate": number(0.005, 1e-6, 1000),
    "train_clip": number(1.0, 0, 1000),  # 0: none
    "train_seed": number(0, 0, 999),
    "train_layer": index(0),
    "train_update": number(None, 0, 20_000, int),  # None: the last
}
