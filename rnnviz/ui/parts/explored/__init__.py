"""What the exploring pages share: what is looked at (a shipped model that reads the reader's text, or a recording of the
reader's own), its layer and its unit.

These settings belong to several rooms, so a part declares them, and each of the rooms names those it has.
"""

import re
from collections.abc import Iterable

from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import composed
from rnnviz.ui.shell.language import _, current
from rnnviz.ui.shell.settings import Setting, checked, choose, index, one_of, settings, text

DEFAULT_MODEL = "shakespeare-lstm"
DEFAULT_TEXTS = {
    "shakespeare": "To be, or not to be, that is the question:",
    "python": "def total(values):\n    return sum(v for v in values if v > 0)\n",
    "korean": "재미있을 줄 알았는데 생각보다 지루했다.",
}
KOREAN = "korean-gru"  # what is offered to those who read or type Korean
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
    "korean": {
        "turn": "처음에는 지루할 줄 알았는데 끝까지 보고 나니 정말 감동적이었다. 기대는 많이 했지만 결말은 아쉬웠다.",
        "spacing": "정말 재미있는 영화를 봤다.\n정말재미있는영화를봤다.\n정말 재미 있는 영화 를 봤다.\n",
        "endings": "정말 재미있게 봤어요. 배우들도 좋았어요. 추천합니다.\n정말 재미있게 봤다. 배우들도 좋았다. 추천한다.\n",
        "said": "주인공이 '다시 시작하자'고 말할 때 눈물이 났다. 친구는 \"또 보고 싶다\"고 했다.",
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
    "spacing": ("blanks", {"korean-rnn": (0, 62), "korean-gru": (0, 13), "korean-lstm": (1, 55)}),
    "endings": ("last syllables", {"korean-rnn": (1, 54), "korean-gru": (0, 60), "korean-lstm": (1, 77)}),
}


# what is known of each step of a long text, by studies.corpus.annotating
ANNOTATIONS = (
    "position in line",
    "indentation",
    "bracket depth",
    "in a quotation",
    "capitals",
    "first letters",
    "vowels",
    "blanks",
    "line ends",
    "punctuation",
    "particles",
    "last syllables",
)
LONGEST_EXPRESSION = 1_000
CHANGED = "mngr그나"  # what a letter is changed to, the first that it is not
HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


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


def module_named(value: str) -> str:
    """How a link names a module of a recording."""
    if len(value) > 300:
        raise ValueError(_("The link names a module that no recording can hold."))
    return value


def expression(value: str) -> str:
    """A regular expression of a link."""
    if not value or len(value) > LONGEST_EXPRESSION:
        raise ValueError(_("The link's regular expression is empty or too long; none is searched for."))
    return value


def _orders() -> Iterable[str]:
    from rnnviz.stats.states import ORDERS  # brings xarray, which the first answer need not wait for

    return ORDERS


SETTINGS = {
    "model": Setting(DEFAULT_MODEL, _model, always=True, resets=("step",)),
    "trained": checked(None, training_step),  # of a network that grows up; None: the end of its training
    "text": text().but(resets=("step",)),  # None: the default text of the model
    "subject": checked(None, _subject).but(
        resets=("module", "sequence", "direction", "step", "attention_module", "attention_head")
    ),  # None: a shipped model
    "module": checked(None, module_named).but(
        resets=("sequence", "direction", "step")
    ),  # None: the first one
    "sequence": index(0).but(resets=("step",)),  # of the batch
    "direction": one_of("forward", ("forward", "backward")),
    "layer": index(0),
    "unit": index(0, lowest=0),
    "order": one_of("similarity", _orders),  # of the units
    "step": index(None, last=True),  # the cursor, where a click has set it; None: the end of the text
}


def _store(value: str) -> str:
    if not value.isprintable() or not 0 < len(value) <= 200 or set(value) & set("/\\"):
        raise ValueError(_("The link names a corpus in a way that cannot be read."))
    return value


# a long text that is looked through, and which of the reader's own corpora is in its place; None: the first that fits
LONG = {"where_text": text(), "where_store": checked(None, _store)}


def reader_text() -> str:
    """What is in the text box: what the reader typed, or the default: of a model of the reader's own its text, else that of the
    model's corpus."""
    typed = settings()["text"]
    from rnnviz.ui.parts.explored import live

    if live.is_chosen():
        return live.own_text() if typed is None else typed
    return DEFAULT_TEXTS[corpus()] if typed is None else as_read(typed, settings()["model"])


def corpus(model: str | None = None) -> str:
    """What a model reads, by its name: a key of DEFAULT_TEXTS and EXAMPLES. model: by default the chosen one."""
    found = (model or settings()["model"]).split("-")[0]
    return found if found in DEFAULT_TEXTS else "shakespeare"


def as_read(text: str, model: str) -> str:
    """A text as a shipped model reads it, a character a step: Hangul that was typed in parts is put together for one that knows
    syllables (see Vocabulary.read; its card need not be opened for this)."""
    return composed(text) if corpus(model) == "korean" else text


def corpus_names() -> dict[str, str]:
    """What models were trained on, in the reader's language."""
    return {"shakespeare": _("English plays"), "python": _("Python code"), "korean": _("Korean film reviews")}


def kind_names() -> dict[str, str]:
    """What the kinds of characters that units tell apart (studies.telling.KINDS) are called, in the reader's language."""
    return {
        "capitals": _("capitals"),
        "line ends": _("line ends"),
        "blanks": _("blanks"),
        "vowels": _("vowels"),
        "first letters": _("first letters of words"),
        "late in the line": _("characters late in the line"),
        "indentation": _("indentation"),
        "what stands in brackets": _("what stands in brackets"),
        "last syllables": _("the 다 or 요 before a full stop"),
        "particles": _("particles"),
    }


def annotation_names() -> dict[str, str]:
    """What is known of each step of a long text (ANNOTATIONS), in the reader's language."""
    return kind_names() | {
        "position in line": _("how far along the line"),
        "bracket depth": _("how many brackets are open"),
        "in a quotation": _("inside a quotation"),
        "punctuation": _("punctuation"),
        "indentation": _("how far the line is indented"),
    }


def offers_korean() -> bool:
    """Whether a Korean model is a click away: where the reader reads Korean, or has typed it, and another model reads."""
    if corpus() == "korean" or KOREAN not in checkpoints.names("language"):
        return False
    typed = settings()["text"]
    return current() == "ko" if typed is None else HANGUL.search(typed) is not None


def take_korean() -> None:
    """The Korean model reads what was typed, or its own first text."""
    choose(model=KOREAN, layer=0, unit=0)


def otherwise(text: str) -> str:
    """The text with one letter changed, about a fifth into it."""
    at = next((i for i in [*range(len(text) // 5, len(text)), *range(len(text))] if text[i].isalpha()), None)
    if at is None:
        return text[:-1]
    choices = CHANGED[4:] if "가" <= text[at] <= "힣" else CHANGED[:4]
    new = next(c for c in choices if c != text[at].lower())
    return text[:at] + (new.upper() if text[at].isupper() else new) + text[at + 1 :]


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
