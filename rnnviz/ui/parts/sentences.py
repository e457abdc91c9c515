"""Sentences and reviews that a reader types for a shipped model of tokens: the model, the line, and what is read of it."""

from collections.abc import Sequence

import streamlit as st

from rnnviz.models.vocabularies import Lexicon, cut
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice, pick

LONGEST = 40  # tokens of a sentence that is translated
# of each shipped translator, two sentences that differ in one token
TRANSLATED = {"dates": ("March 5, 2024", "March 7, 2024"), "korean": ("I like music.", "I like dogs.")}


def translated(name: str) -> tuple[str, str]:
    """The two sentences of a translator, by its name."""
    return TRANSLATED["korean" if "korean" in name else "dates"]


def model_of(names: Sequence[str], setting: str, wanted: str) -> str:
    """The chosen model, or the one that is wanted where none was chosen; what is gone is said. names: of those that are there."""
    chosen = settings()[setting]
    own = wanted if wanted in names else names[0]
    if chosen is None or chosen in names:
        return chosen or own
    notice(_("The model {gone} is not here any more; {shown} is shown.").format(gone=chosen, shown=own))
    return own


def typed(setting: str, otherwise: str, label: str) -> str:
    """A line that the reader types. otherwise: what stands there first."""
    now = settings()[setting]
    shown = otherwise if now is None else now
    pick(st.text_input, setting, label, value=shown)
    return shown


def read(
    words: Lexicon, texts: Sequence[str], longest: int, too_long: str
) -> tuple[list[list[str]], list[tuple[int, ...]]]:
    """The tokens of each text, as far as it is read, and their ids. too_long: what is said where that is not all."""
    parts = [cut(words, text, longest) for text in texts]
    if any(left for _text, left in parts):
        notice(too_long.format(longest=longest))
    return [words.split(text) for text, _left in parts], [tuple(words.encode(text)) for text, _left in parts]
