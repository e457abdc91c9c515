"""What the reader of learn/counting chooses: what is counted, the order and the sentence; and the counts themselves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from rnnviz.models import checkpoints
from rnnviz.models.counting import NGrams
from rnnviz.models.vocabularies import START_ID, Lexicon, visible
from rnnviz.ui.shell.keeping import keeps
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import examples, notice, pick

SHIPPED = {"words": "counts-words", "characters": "counts-characters"}
MOST = 6  # tokens of an n-gram
LONGEST_TEXT = 3000  # characters that are counted
LONGEST = {"own": 60, "words": 60, "characters": 100}  # tokens of a sentence
DEFAULT_TEXT = """one times two is two .
two times two is four .
two times three is six .
three times one is three .
a week has seven days .
six and one is seven ."""
# by source: the order that a new source starts with, and sentences; the second is new but has no zero, the third has one
ORDERS = {"own": 2, "words": 2, "characters": 6}
EXAMPLES = {
    "own": ("one times two is two", "two times one is three", "seven times one is seven"),
    "words": ("my lord, the king is dead", "the night is cold", "the king drinks wine"),
    "characters": ("the king is dead", "the night is cold", "the king drinks wine"),
}


@dataclass(frozen=True)
class Counted:
    """Counts and a sentence that they are asked for. Shared between readers: look, never change.

    key: stands for both. tokens: of the sentence, ids: theirs, 0 for unknown. names: of all tokens. lines: of the text that was
    counted, token by token, where it is the reader's.
    """

    key: str
    source: str
    counts: NGrams
    names: tuple[str, ...]
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    order: int
    lines: tuple[tuple[str, ...], ...] = ()
    card: Mapping | None = None

    @property
    def shown(self) -> list[str]:
        return [visible(token) for token in self.tokens]

    def context(self, place: int, order: int | None = None) -> tuple[int, ...]:
        """The ids before a token that an order looks at."""
        return self.ids[max(0, place - (order or self.order) + 1) : place]

    def name(self, id: int) -> str:
        """A token as it is shown; what was not counted has no name of its own."""
        return _("⟨unknown⟩") if not id and self.source != "characters" else visible(self.names[id])

    def written(self, ids: Sequence[int]) -> str:
        """Ids as they are shown, one after the other."""
        return ("" if self.source == "characters" else " ").join(map(self.name, ids))

    def probability(self, method: str, order: int | None = None) -> np.ndarray:
        """(time,), with the reader's k and discount."""
        return self.counts.probability(self.ids, method, order or self.order, **strengths())

    def length(self, place: int, order: int | None = None) -> int:
        """Of the context at a place."""
        return min(place, (order or self.order) - 1)


# ---- what the reader chooses -----------------------------------------------------------------------------------------


def strengths() -> dict[str, float]:
    """How strongly is smoothed, as NGrams takes it."""
    now = settings()
    return {"k": now["counting_k"], "discount": now["counting_discount"]}


def _example(source: str) -> str:
    """The sentence that makes the point of the part that is open."""
    return EXAMPLES[source][1 if settings()["counting_part"] == "chain" else 2]


def sentence_text(source: str) -> str:
    typed = settings()["counting_sentence"]
    return _example(source) if typed is None else typed


def given(source: str | None = None) -> str:
    """What is counted, the order, and the sentence: the widgets, and the source that was chosen. source: where it is not free."""
    now = settings()
    labels = {
        "own": _("A few lines of your own"),
        "words": _("Shakespeare, words"),
        "characters": _("Shakespeare, characters"),
    }
    free = source is None
    source = source or now["counting_source"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if free:
            pick(
                st.segmented_control,
                "counting_source",
                _("What is counted"),
                labels,
                format_func=labels.get,
                required=True,
            )
        pick(
            st.slider,
            "counting_order",
            _("Order n"),
            value=order_of(source),
            min_value=1,
            max_value=MOST,
            step=1,
            width=200,
            help=_("A token and the n − 1 before it: with order 2 each word is judged by the one before."),
        )
    if source != "own":
        _sentence(source)
        return source
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _lines()
    with right:
        _sentence(source)
    return source


def order_of(source: str) -> int:
    """The order that the reader chose, or the one that shows most of a source."""
    return settings()["counting_order"] or ORDERS[source]


def _lines() -> None:
    """The box for the reader's own lines; what is typed stays."""
    typed = settings()["counting_text"]
    pick(
        st.text_area,
        "counting_text",
        _("Your lines: change them, and everything is counted again"),
        height=176,
        value=DEFAULT_TEXT if typed is None else typed,
        help=_(
            "Up to {longest:,} characters, in any language. Lines run on: the end of one is followed by the start of the "
            "next. Press Ctrl+Enter to count them."
        ).format(longest=LONGEST_TEXT),
    )


def _sentence(source: str) -> None:
    """The box for the sentence, and sentences that make a point; what is typed stays."""
    here, texts = sentence_text(source), EXAMPLES[source]
    pick(
        st.text_input,
        "counting_sentence",
        _("The sentence"),
        value=here,
        help=_("Up to {longest} tokens; press Enter to have them read.").format(longest=LONGEST[source]),
    )
    if source == "own" and settings()["counting_text"] is not None:
        return  # the examples are sentences of our lines
    shown = here if here in texts else None
    examples("pick_counting_example", texts, shown, lambda text: choose(counting_sentence=text))


def current(source: str) -> Counted | None:
    """The counts and the sentence that the settings name; None, and a line on the page, where that cannot be."""
    now = settings()
    text = DEFAULT_TEXT if now["counting_text"] is None else now["counting_text"]
    if source == "own" and len(text) > LONGEST_TEXT:
        line = _("Only the first {longest:,} of your {count:,} characters are counted.")
        notice(line.format(longest=LONGEST_TEXT, count=len(text)))
    try:
        if source == "own":
            lexicon, counts, lines = _own(text[:LONGEST_TEXT])
            names, card, stamp = lexicon.tokens, None, text[:LONGEST_TEXT]
        else:
            stamp = checkpoints.stamp(SHIPPED[source])
            lexicon, counts, card = shipped(SHIPPED[source], stamp)
            names, lines = lexicon.tokens, ()
    except checkpoints.CheckpointError as problem:
        notice(_("These counts cannot be opened:") + f" {problem}", error=True)
        return None
    if counts is None:
        notice(_("There is nothing to count: write a few words in the box above."))
        return None
    typed = sentence_text(source)
    tokens = list(typed) if source == "characters" else lexicon.split(typed)
    ids = lexicon.encode(typed)
    if source == "own":
        names, ids = (names[0], *names[_ENDS + 1 :]), [max(0, i - _ENDS) for i in ids]
    if not tokens:
        notice(_("Type a sentence above, and each of its tokens is looked up in the counts."))
        return None
    if len(tokens) > LONGEST[source]:
        line = _("Only the first {longest} tokens of the sentence are read; the rest ({left}) is left out.")
        notice(line.format(longest=LONGEST[source], left=len(tokens) - LONGEST[source]))
        tokens, ids = tokens[: LONGEST[source]], ids[: LONGEST[source]]
    wanted = order_of(source)
    order = min(wanted, counts.order)
    if order < wanted:
        line = _(
            "Your lines have {count} tokens, so there is no n-gram of order {wanted}; order {order} is shown."
        )
        notice(line.format(count=sum(map(len, lines)), wanted=wanted, order=order))
    _say_unknown(tokens, ids)
    key = hashlib.sha256(
        "\0".join((source, stamp, str(order), typed)).encode("utf-8", "replace")
    ).hexdigest()[:16]
    return Counted(key, source, counts, tuple(names), tuple(tokens), tuple(ids), order, lines, card)


def _say_unknown(tokens: Sequence[str], ids: Sequence[int]) -> None:
    unknown = list(dict.fromkeys(visible(t) for t, i in zip(tokens, ids, strict=True) if not i))
    if not all(ids) and not any(ids):
        notice(_("None of these tokens was counted: each is read as the one token “unknown”."))
    elif unknown:
        some = " ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        notice(_("Not counted, and read as the one token “unknown”: {tokens}").format(tokens=some))


_ENDS = START_ID + 1  # ids of a lexicon before its first entry, less the one for unknown tokens


@keeps
def _own(text: str) -> tuple[Lexicon, NGrams | None, tuple[tuple[str, ...], ...]]:
    """The reader's lines: one id for each different word, and 0 for all others. None for the counts where there is no word."""
    lexicon = Lexicon.of([text], "words")
    lines = tuple(tuple(lexicon.split(line)) for line in text.splitlines())
    ids = [max(0, i - _ENDS) for i in lexicon.encode(text)]
    return lexicon, NGrams.of(ids, MOST, len(lexicon) - _ENDS) if ids else None, lines


@st.cache_resource(max_entries=4, show_spinner=False)
def shipped(name: str, stamp: str):
    """What knows the tokens, the counts and their card. Raises CheckpointError."""
    counts, card = checkpoints.load(name)
    return checkpoints.words(card) if "words" in card else checkpoints.vocabulary(card), counts, card


def place_of(found: Counted) -> int:
    """The token that is worked out, counted from 0: the one that was clicked, else the first that gets a zero, else the last."""
    place = settings()["counting_place"]
    if place is not None and place >= len(found.tokens):
        line = _("There is no token {place} any more, since the sentence has {count}.")
        notice(line.format(place=place + 1, count=len(found.tokens)))
        choose(counting_place=None)
        place = None
    if place is None:
        zero = found.probability("likelihood") == 0
        place = int(zero.argmax()) if zero.any() else len(found.tokens) - 1
    return place
