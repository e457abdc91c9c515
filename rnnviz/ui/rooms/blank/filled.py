"""A sentence filled in by two models, each word left out in turn: computed once for all readers."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import END, END_ID, START, START_ID, Lexicon
from rnnviz.studies import filling
from rnnviz.ui.shell.keeping import keeps

MODELS = ("blank-forward", "blank-both")


@dataclass(frozen=True)
class Filling:
    """One sentence filled in by one model, each word left out in turn. Shared between readers: look, never change.

    ids: with both ends. numbers: as rnnviz.filling.fill makes them.
    """

    name: str
    card: dict
    words: Lexicon
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    numbers: xr.Dataset
    trace: xr.DataTree

    @property
    def probability(self) -> np.ndarray:
        """(place, candidate)."""
        return np.exp(self.numbers["log_probability"].values)

    def best(self, place: int, count: int) -> list[int]:
        """The ids of the likeliest candidates."""
        return np.argsort(-self.numbers["log_probability"].values[place], kind="stable")[:count].tolist()


@dataclass(frozen=True)
class Blank:
    """A sentence with a blank, filled in by both models. place: of the blank, counted from 0."""

    key: str
    place: int
    forward: Filling
    both: Filling

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.both.tokens

    @property
    def true(self) -> int | None:
        """The id of the word that was left out; None where the models do not know it."""
        return self.both.ids[self.place + 1] or None


@st.cache_resource(max_entries=4, show_spinner=False)
def loaded(name: str, stamp: str):
    model, card = checkpoints.load(name)
    return model, card, checkpoints.words(card)


@keeps
def fill(name: str, stamp: str, text: str) -> Filling:
    model, card, words = loaded(name, stamp)
    tokens, ids = words.split(text), [START_ID, *words.encode(text), END_ID]
    numbers, trace = filling.fill(model, ids, [START, *tokens, END])
    return Filling(name, card, words, tuple(tokens), tuple(ids), numbers, trace)
