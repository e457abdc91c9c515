"""The written texts on other pages, and to take away."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
import streamlit as st

from rnnviz.models import checkpoints
from rnnviz.models.vocabularies import visible
from rnnviz.studies.writing import Writing
from rnnviz.ui.rooms.generate.authors import Asked
from rnnviz.ui.rooms.generate.texts import visit, writing_of
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import LONGEST, choose


def take_away(asked: Asked) -> None:
    """The written text on other pages, and to take away: all that is there when the reader asks for it."""
    author, texts = asked.shown, visit()["writings"]
    with st.container(horizontal=True):
        if author.kind != "counts":
            for page, label in (
                ("states", _("{model}’s text in: Hidden states")),
                ("gates", _("{model}’s text in: Gates")),
            ):
                if st.button(label.format(model=author.title), key=f"leave_{page}"):
                    text = author.vocabulary.decode(writing_of(author, asked).ids)[:LONGEST]
                    name, step = checkpoints.parted(author.name)
                    choose(text=text, model=name, trained=step)
                    st.switch_page(f"pages/explore/{page}.py")
        columns = {
            "model": _("model"),
            "number": _("number"),
            "character": _("character"),
            "shown": _("character as shown"),
            "code": _("code point"),
            "drawn": _("drawn"),
            "uniform": "u",
            "rank": _("rank"),
            "before": _("p before"),
            "after": _("p after"),
            "surprise": f"−ln p ({_('nats')})",
            "seed": _("seed number"),
        }
        ahead = _("Everything written so far; the models may be ahead of what is shown.")
        titles = [author.title for author in asked.authors]  # while the reader's language is known
        st.download_button(
            _("Download what is written so far (txt)"),
            data=lambda: _as_text(asked, texts, titles),
            file_name="rnnviz-generate.txt",
            mime="text/plain",
            key="generate_txt",
            on_click="ignore",
            help=ahead,
        )
        st.download_button(
            _("Download every character so far (CSV)"),
            data=lambda: _as_table(asked, texts).rename(columns=columns).to_csv(index=False).encode("utf-8"),
            file_name="rnnviz-generate.csv",
            mime="text/csv",
            key="generate_csv",
            on_click="ignore",
            help=ahead,
        )


def _as_text(asked: Asked, texts: Mapping[str, Writing], titles: Sequence[str]) -> bytes:
    rule = asked.rule
    parts = [
        f"temperature {rule.temperature:g}, top-k {rule.top_k}, top-p {rule.top_p:g}, seed number {rule.seed}"
    ]
    for author, title in zip(asked.authors, titles, strict=True):
        written = author.vocabulary.decode(texts[author.key].ids[len(asked.text) :])
        parts.append(f"== {title} ({author.name})\n{asked.text}{written}")
    return "\n\n".join(parts).encode("utf-8")


def _as_table(asked: Asked, texts: Mapping[str, Writing]) -> pd.DataFrame:
    """A row for each character that was written, with the settings it was drawn by."""
    tables = []
    for author in asked.authors:
        steps, tokens = texts[author.key].steps(), author.vocabulary.tokens
        own = np.take_along_axis(steps["probability"].values, steps["id"].values[:, None], 1)[:, 0]
        tables.append(
            pd.DataFrame(
                {
                    "model": author.name,
                    "number": np.arange(1, len(own) + 1),
                    "character": [tokens[id] for id in steps["id"].values],
                    "shown": [visible(tokens[id]) for id in steps["id"].values],
                    "code": [f"U+{ord(tokens[id]):04X}" for id in steps["id"].values],
                    "drawn": [tokens[id] for id in steps["drawn"].values],
                    "uniform": steps["uniform"].values,
                    "rank": steps["rank"].values,
                    "before": np.exp(-steps["surprise"].values),
                    "after": own,
                    "surprise": steps["surprise"].values,
                    **asdict(asked.rule),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
