"""How any text surprises the models, character by character."""

import math

import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz import stats
from rnnviz.figures.style import SCALES
from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import Vocabulary, visible
from rnnviz.studies.writing import surprises
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.generate.authors import colour_of, models, open_writer, or_default, title_of
from rnnviz.ui.rooms.generate.texts import picture
from rnnviz.ui.shell.keeping import keeps
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, settings
from rnnviz.ui.shell.widgets import notice, pick

PLAYS = "To be, or not to be, that is the question: whether to tweet it.\n"
PASTED = {
    "plays": PLAYS,
    "growing": PLAYS,
    "python": "for i in range(10):\n    print(i)\nwhile you sleep, dear reader\n",
    "korean": "재미있을 줄 알았는데 생각보다 지루했다. 다음에는 우주선을 타고 봐야겠다.\n",
}
MOST_NATS = 8.0  # where the colour of surprise ends


@keeps
def _surprises(name: str, stamp: str, order: int, text: str) -> xr.Dataset:
    writer, _card, vocabulary = open_writer(name, stamp, order)
    return surprises(writer, vocabulary.encode(text))


def surprise() -> None:
    """A text of the reader's, coloured by how much each character surprises each model; and the totals."""
    now = settings()
    text = or_default("generate_pasted", PASTED)
    pick(
        st.text_area,
        "generate_pasted",
        _("Any text"),
        value=text,
        height=110,
        help=_(
            "Up to {longest:,} characters. Press Ctrl+Enter or click outside the box to have them read."
        ).format(longest=LONGEST),
    )
    if not text:
        notice(_("Paste a text above, and each model says how much every character surprises it."))
        return
    if len(text) > LONGEST:
        message = _(
            "The text has {count:,} characters; only the first {longest:,} are read. Shorten it to choose which ones."
        )
        notice(message.format(count=len(text), longest=LONGEST))
        text = text[:LONGEST]
    if len(text) == 1:
        notice(_("Nothing is read before the first character, so nothing predicts it: type two or more."))
    found = {}
    for kind, name in models().items():
        stamp = checkpoints.stamp(name)
        try:
            writer, _card, vocabulary = open_writer(name, stamp, now["generate_order"])
            found[kind] = (name, writer, vocabulary, _surprises(name, stamp, now["generate_order"], text))
        except checkpoints.CheckpointError:
            continue  # which the page has said above
    if not found:
        return
    if unknown := vocabulary.unknown(text):
        line = _(
            "Unknown to these models: {count} of {total} characters. They are underlined and not scored."
        )
        notice(line.format(count=unknown.total(), total=len(text)))
    picture(
        data={
            "mode": "surprise",
            "characters": [visible(c) for c in text],
            "shown": [{" ": " ", "\n": "↵\n"}.get(c) or visible(c) for c in text],
            "unknown": [i for i, c in enumerate(text) if c in unknown],
            "most": MOST_NATS,
            "models": [_surprised(kind, *one[1:]) for kind, one in found.items()],
            "scales": {"surprise": SCALES["probability"]},
            "labels": {
                "text": _("{model}: the text by surprise. Arrow keys choose a character."),
                "first": _("nothing comes before the first character"),
                "unknown": _("unknown, not scored"),
                "hover": _("Click a character, or move over it."),
                "surprise": _("“{character}”: {nats} nats, p = {share}"),
                "expected": _("expected “{character}”, {share}"),
                "legend": _("surprise, −ln p (nats)"),
            },
        },
        key="surprise_view",
    )
    rows = {}
    names = {"nats": _("nats per character"), "bits": _("bits per character"), "perplexity": _("perplexity")}
    for kind, (_name, writer, _vocabulary, numbers) in found.items():
        rates = stats.text.rates(numbers["surprise"])
        rows[title_of(kind, writer)] = {
            _("characters scored"): int(rates["count"]),
            **{label: float(rates[name]) for name, label in names.items()},
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("Model"))
    table_csv(table.style.format(precision=3, na_rep="–"), "rnnviz-surprise", table)


def _surprised(kind: str, writer, vocabulary: Vocabulary, numbers: xr.Dataset) -> dict:
    nats = [None if math.isnan(v) else round(float(v), 5) for v in numbers["surprise"].values]
    return {
        "kind": kind,
        "title": title_of(kind, writer),
        "colour": colour_of(kind),
        "nats": nats,
        "likeliest": [visible(vocabulary.tokens[id]) for id in numbers["likeliest"].values],
        "share": [None if math.isnan(v) else round(float(v), 5) for v in numbers["probability"].values],
    }
