"""What each model says of a review: read once, kept, and shared by all readers."""

import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.figures.words import named
from rnnviz.models import checkpoints
from rnnviz.models.networks import Classifier
from rnnviz.models.vocabularies import Lexicon, cut, visible
from rnnviz.studies import judging
from rnnviz.ui.rooms.sentiment import MODELS
from rnnviz.ui.shell.keeping import keeps
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice

LONGEST = 200  # tokens that are read
ARCHITECTURES = ("rnn", "gru", "lstm")  # which read out the last state
READOUTS = ("lstm", "lstm-mean", "lstm-attention")


# a model, its card and what it knows, by its place in `MODELS`
Models = dict[str, tuple[Classifier, dict, Lexicon]]


@dataclass(frozen=True)
class Opinion:
    """One review read by one model. Shared between readers: look, never change.

    which: as in `MODELS`. text: what was read. numbers: as rnnviz.judging.read makes them.
    """

    which: str
    stamp: str
    card: dict
    words: Lexicon
    text: str
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    numbers: xr.Dataset

    @property
    def name(self) -> str:
        return self.card["name"]

    @property
    def kind(self) -> str:
        return self.card["model"]["kind"]

    @property
    def label(self) -> str:
        """What it is called on the page."""
        return called(self.which)

    @cached_property
    def shown(self) -> list[str]:
        """The tokens as they are shown."""
        return [visible(token) for token in self.tokens]

    @property
    def odds(self) -> np.ndarray:
        """(time,) log odds of praise."""
        return self.numbers["verdict"].values

    @property
    def praise(self) -> np.ndarray:
        """(time,) probabilities of praise."""
        return self.numbers["probability"].values

    def shares(self) -> xr.Dataset:
        """Each token's share by three methods; see rnnviz.judging.shares."""
        return _shares(self.name, self.stamp, self.text)


def percent(share: float) -> str:
    """One digit behind the point; 0 and 100 only where it is exactly that; a dash for NaN."""
    if share != share:
        return "–"
    text = f"{100 * share:.1f} %"
    return {"0.0 %": "< 0.1 %" if share > 0 else text, "100.0 %": "> 99.9 %" if share < 1 else text}.get(
        text, text
    )


def called(which: str) -> str:
    """A model's name on the page: its architecture, and its readout where that is not the last state."""
    kind, _dash, readout = which.partition("-")
    return kind.upper() + (f" ({named(readout)})" if readout else "")


def language() -> str:
    """Of the reviews: what was chosen, else the reader's own."""
    return settings()["sentiment_language"] or ("korean" if settings()["lang"] == "ko" else "english")


def name_of(which: str) -> str:
    return f"sentiment-{language()}-{which}"


@st.cache_resource(max_entries=10, show_spinner=False)
def _model(name: str, stamp: str) -> tuple[Classifier, dict, Lexicon]:
    model, card = checkpoints.load(name)
    return model, card | {"name": name}, checkpoints.words(card)


def models() -> Models:
    """The models of the chosen language that can be opened; a line on the page for those that cannot."""
    found, missing = {}, []
    there = checkpoints.names("sentiment")
    for which in MODELS:
        name = name_of(which)
        if name not in there:
            missing.append(name)
            continue
        try:
            found[which] = _model(name, checkpoints.stamp(name))
        except checkpoints.CheckpointError as problem:
            notice(_("This model cannot be opened:") + f" {problem}", error=True)
    if missing:
        line = _("Missing here: {names}. To train one of them: {command}")
        command = f"python -m rnnviz train {missing[0]} --data FILE"
        notice(line.format(names=", ".join(missing), command=command), error=not found)
    return found


@keeps
def _read(name: str, stamp: str, which: str, text: str) -> Opinion:
    model, card, words = _model(name, stamp)
    ids = words.encode(text)
    return Opinion(
        which, stamp, card, words, text, tuple(words.split(text)), tuple(ids), judging.read(model, ids)
    )


@keeps
def _shares(name: str, stamp: str, text: str) -> xr.Dataset:
    model, _card, words = _model(name, stamp)
    return judging.shares(model, words.encode(text))


def read(opened: Models, typed: str) -> dict[str, Opinion]:
    """What each of the opened models says of a review; nothing, and a line on the page, where there is nothing to read."""
    if not opened:
        return {}
    lexicon = next(iter(opened.values()))[2]
    text, left = cut(lexicon, typed, LONGEST)
    if not lexicon.split(text):
        notice(_("Type a review above, and the networks will judge it."))
        return {}
    if left:
        line = {
            "words": _(
                "Only the first {longest} words and punctuation marks are read; the rest ({left}) is left out."
            ),
            "characters": _("Only the first {longest} characters are read; the rest ({left}) is left out."),
        }[lexicon.unit]
        notice(line.format(longest=LONGEST, left=left))
    found = {
        which: _read(card["name"], checkpoints.stamp(card["name"]), which, text)
        for which, (_model, card, _words) in opened.items()
    }
    _say_unknown(next(iter(found.values())))
    return found


def _say_unknown(one: Opinion) -> None:
    """A line where the review is not what the models were trained on."""
    letters = [letter for letter in one.text if letter.isalpha()]
    reads = language()
    foreign = [c.isascii() if reads == "korean" else "HANGUL" in unicodedata.name(c, "") for c in letters]
    if letters and 2 * sum(foreign) >= len(letters):
        notice(
            {
                "english": _(
                    "This is in Hangul, and these models read English: choose “Korean” under “Reviews in”."
                ),
                "korean": _(
                    "This is in Latin letters, and these models read Korean: choose “English” under “Reviews in”."
                ),
            }[reads]
        )
        return
    unknown = [token for token, id in zip(one.shown, one.ids, strict=True) if not id]
    if len(unknown) == len(one.ids):
        notice(
            _(
                "These models know none of these tokens: their verdict is the same for any text of this length."
            )
        )
    elif unknown:
        some = " ".join(list(dict.fromkeys(unknown))[:5]) + (" …" if len(set(unknown)) > 5 else "")
        notice(_("Tokens that these models do not know, read as “unknown”: {tokens}.").format(tokens=some))
