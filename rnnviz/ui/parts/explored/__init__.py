"""What the exploring pages share: what is looked at (a shipped model that reads the reader's text, or a recording of the
reader's own), its layer and its unit.

These settings belong to several rooms, so a part declares them, and each of the rooms names those it has.
"""

import re
from collections.abc import Iterable

from rnnviz.models import checkpoints
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import Setting, checked, choose, index, one_of, settings, text

DEFAULT_MODEL = "shakespeare-lstm"
DEFAULT_TEXTS = {
    "shakespeare": "To be, or not to be, that is the question:",
    "python": "def total(values):\n    return sum(v for v in values if v > 0)\n",
}
# by the corpus a model was trained on: short texts that make a point
EXAMPLES = {
    "shakespeare": {
        "speaker": "ROMEO:\nGood morrow, father.\n\nFRIAR LAURENCE:\nGood morrow, Romeo.\n\nROMEO:\n",
        "verse": "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate:\n",
        "repetition": "To-morrow, and to-morrow, and to-morrow, and to-morrow, and to-morrow, and ",
        "quotation": "Then said the king, 'Bring me my sword, my horse, and all my men from here to Rome,' and wept.",
    },
    "python": {
        "indentation": "def first(rows):\n    for row in rows:\n        if row:\n            return row\n    return None\n",
        "brackets": "pairs = dict(zip(names, (sum(row[1:]) for row in (rows + [[0, (1, 2)]]))))\n",
        "string": "message = \"a string may hold (brackets[ and # signs that mean nothing\" + 'x'  # a comment\n",
    },
}
# what one unit tells from all else in an example, and which: by model its layer and number, both from 0; found with
# stats.states.separation over all units, and kept only where it holds on another text as well (tests/pages/test_examples.py)
TELLING = {
    "speaker": (
        "capitals",
        {"shakespeare-rnn": (1, 391), "shakespeare-gru": (1, 215), "shakespeare-lstm": (0, 109)},
    ),
    "verse": (
        "line ends",
        {"shakespeare-rnn": (0, 399), "shakespeare-gru": (1, 116), "shakespeare-lstm": (0, 158)},
    ),
    "repetition": (
        "blanks",
        {"shakespeare-rnn": (1, 390), "shakespeare-gru": (1, 149), "shakespeare-lstm": (0, 117)},
    ),
    "indentation": ("indentation", {"python-lstm": (0, 167)}),
    "brackets": ("what stands in brackets", {"python-lstm": (1, 103)}),
}


def _model(_name: str, value: str) -> str:
    if value not in (there := checkpoints.names("language")):
        have = ", ".join(there) or "–"
        raise ValueError(
            _("The link names a model that is not here; choose one of {names}.").format(names=have)
        )
    return value


def training_step(value: str) -> int:
    """How a link names a training step."""
    if not (value.isascii() and value.isdecimal()) or len(value) > 9:
        raise ValueError(
            _("The link's training step must be a whole number; the end of the training is shown.")
        )
    return int(value)


def _subject(value: str) -> str:
    if len(value) > 300 or not re.fullmatch(r"[^\x00-\x1f]+~[0-9a-f]{16}", value):
        raise ValueError(
            _("The link names a recording in a way that cannot be read; open it from “Your own”.")
        )
    return value


def _module(value: str) -> str:
    if len(value) > 300:
        raise ValueError(_("The link names a module that no recording can hold."))
    return value


def _orders() -> Iterable[str]:
    from rnnviz.stats.states import ORDERS  # brings xarray, which the first answer need not wait for

    return ORDERS


SETTINGS = {
    "model": Setting(DEFAULT_MODEL, _model, always=True, resets=("step",)),
    "trained": checked(None, training_step),  # of a network that grows up; None: the end of its training
    "text": text().but(resets=("step",)),  # None: the default text of the model
    "subject": checked(None, _subject).but(
        resets=("module", "sequence", "direction", "step")
    ),  # None: a shipped model
    "module": checked(None, _module).but(resets=("sequence", "direction", "step")),  # None: the first one
    "sequence": index(0).but(resets=("step",)),  # of the batch
    "direction": one_of("forward", ("forward", "backward")),
    "layer": index(0),
    "unit": index(0, lowest=0),
    "order": one_of("similarity", _orders),  # of the units
    "step": index(None, last=True),  # the cursor, where a click has set it; None: the end of the text
}


def reader_text() -> str:
    """What is in the text box: what the reader typed, or the default: of a model of the reader's own its text, else that of the
    model's corpus."""
    typed = settings()["text"]
    if typed is not None:
        return typed
    from rnnviz.ui.parts.explored import live

    return live.own_text() if live.is_chosen() else DEFAULT_TEXTS[corpus()]


def corpus() -> str:
    """What the chosen model reads, by its name: a key of DEFAULT_TEXTS and EXAMPLES."""
    found = settings()["model"].split("-")[0]
    return found if found in DEFAULT_TEXTS else "shakespeare"


def cursor(otherwise: int | None = None) -> int | None:
    """The step that the reader has clicked, if any."""
    now = settings()["step"]
    return otherwise if now is None else now


def clicked(choice) -> None:
    """What was clicked on a board is chosen; see parts.board."""
    if choice.figure == "tracking":  # over the training steps
        from rnnviz.ui.parts.explored import growing

        growing.clicked(choice.time)
        return
    if choice.unit is not None:
        choose(unit=choice.unit)
    if choice.time is not None:
        choose(step=choice.time)
