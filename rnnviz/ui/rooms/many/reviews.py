"""Film reviews, read by one of the judges that come along: those that come along with them, or the reader's own."""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnviz.models import checkpoints
from rnnviz.models.networks import Classifier
from rnnviz.models.vocabularies import Lexicon, visible
from rnnviz.studies import reviews, trajectories
from rnnviz.ui.parts import listed
from rnnviz.ui.rooms.many import MODELS
from rnnviz.ui.rooms.many.material import MOST, Material
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice, pick

LONGEST = 200  # tokens that are read


def language() -> str:
    """Of the reviews: what was chosen, else the reader's own."""
    return settings()["many_language"] or ("korean" if current() == "ko" else "english")


def chosen(row: DeltaGenerator) -> Material | None:
    """What is drawn; None, and a line on the page, where there is nothing. row: for the controls."""
    with row:
        languages = {"english": _("English"), "korean": _("Korean")}
        pick(
            st.segmented_control,
            "many_language",
            _("Reviews in"),
            list(languages),
            value=language(),
            format_func=languages.get,
            required=True,
        )
        pick(st.selectbox, "many_model", _("Model"), MODELS, format_func=called, width=280)
        sources = {"shipped": _("held-out reviews"), "paste": _("a pasted list"), "file": _("a CSV file")}
        pick(
            st.segmented_control,
            "many_from",
            _("From"),
            list(sources),
            format_func=sources.get,
            required=True,
        )
    name = f"sentiment-{language()}-{settings()['many_model']}"
    try:
        texts, labels = _given()
        if not texts:
            return None
        return kept(_read, name, checkpoints.stamp(name), texts, labels, _note())
    except (checkpoints.CheckpointError, ValueError) as problem:
        notice(said(problem), error=True)
        return None


def called(which: str) -> str:
    """A judge's name on the page: its architecture, and what it reads its verdict from where that is not the last state."""
    kind, _dash, readout = which.partition("-")
    names = {"mean": _("mean of the states"), "attention": _("attention over the states")}
    return kind.upper() + (f" ({names[readout]})" if readout else "")


def _given() -> tuple[tuple[str, ...], tuple[int, ...] | None]:
    """The reviews, and what each is meant as: 1 praise, 0 criticism, −1 unknown; None where nobody said."""
    source = settings()["many_from"]
    if source == "shipped":
        found = reviews.shipped(language())
        return found.texts, found.labels
    st.write(_("The list is not part of the address: a link opens this view without it."))
    if source == "paste":
        texts, labels = listed.pasted("many", language(), MOST)
    else:
        texts, labels = listed.uploaded("many", MOST)
    meant = None
    if labels is not None and not listed.not_understood(labels):
        meant = listed.meant(labels)
    words = _words(language())
    there = [number for number, text in enumerate(texts) if words.split(text)]
    if texts and len(there) < len(texts):
        line = _("Rows without a review, which get no verdict: {count:,}.")
        notice(line.format(count=len(texts) - len(there)))
    if 0 < len(there) < 2:
        line = _("Two reviews at least are needed; there is {count}.")
        raise ValueError(line.format(count=len(there)))
    found = tuple(texts[number] for number in there)
    return found, None if meant is None else tuple(int(meant[number]) for number in there)


def _note() -> str:
    """Where the reviews come from."""
    if settings()["many_from"] != "shipped":
        return ""
    data = reviews.shipped(language()).card["data"]
    line = _("Reviews that no model here has read in training: {attribution}; {licence}, {source}.")
    source = data["source"].removeprefix("https://")
    return line.format(attribution=data["attribution"], licence=data["licence"], source=source)


def _words(language: str) -> Lexicon:
    """What the judges of a language know."""
    return checkpoints.words(checkpoints.card(f"sentiment-{language}-{settings()['many_model']}"))


@st.cache_resource(max_entries=4, show_spinner=False)
def _model(name: str, stamp: str) -> tuple[Classifier, Lexicon]:
    model, card = checkpoints.load(name)
    return model, checkpoints.words(card)


def _read(
    name: str, stamp: str, texts: tuple[str, ...], labels: tuple[int, ...] | None, note: str
) -> Material:
    model, words = _model(name, stamp)
    tokens = [words.split(text)[:LONGEST] for text in texts]
    found = trajectories.of_reviews(model, [words.encode(text)[:LONGEST] for text in texts])
    odds = trajectories.last(found)
    known = np.full(len(texts), -1) if labels is None else np.array(labels)
    judged = (_("judged criticism"), _("judged praise"))
    language = name.split("-")[1]
    return Material(
        key=f"{name}-{stamp}-{len(texts)}",
        name=name,
        found=found,
        labels=(_("criticism"), _("praise")) if (known >= 0).any() else (),
        label=known,
        missed=trajectories.wrong(odds, known) if (known >= 0).any() else None,
        tokens=tuple(tuple(visible(token) for token in row) for row in tokens),
        said=tuple(judged[int(one > 0)] for one in odds),
        link=f"sentiment?sentiment_language={language}&sentiment_model={name.split('-', 2)[2]}&sentiment_text={{text}}",
        note=note,
    )
