"""Two sentences and the translation: which source token's encoder state carries what is written."""

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz import figures
from rnnviz.models import checkpoints, decoding
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.networks import Translator
from rnnviz.models.vocabularies import END_ID, Lexicon, visible
from rnnviz.paper.packing import keys
from rnnviz.studies import patching
from rnnviz.told import Told
from rnnviz.ui.parts import sentences
from rnnviz.ui.parts.board import drawn
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.rooms.transplant import maps
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick


def show() -> None:
    names = checkpoints.names("translation")
    if not names:
        notice(_("There is no translator here."), error=True)
        _reading()
        return
    wanted = "translate-korean" if current() == "ko" else "translate-dates"
    name = sentences.model_of(names, "transplant_translator", wanted)
    first, second = sentences.translated(name)
    texts = [
        sentences.typed("transplant_source", first, _("First sentence")),
        sentences.typed("transplant_instead", second, _("Second sentence")),
    ]
    pick(st.selectbox, "transplant_translator", _("Model"), names, value=name, width=300)
    try:
        _draw(name, texts)
    except (CheckpointError, Told) as problem:
        notice(said(problem), error=True)
    _reading()


@keeps
def _opened(name: str, stamp: str) -> tuple[Translator, Lexicon, Lexicon]:
    model, card = checkpoints.load(name)
    assert isinstance(model, Translator)
    return model, *checkpoints.lexicons(card)


def _source(
    name: str, stamp: str, first: tuple[int, ...], second: tuple[int, ...]
) -> tuple[tuple[int, ...], xr.Dataset]:
    """What is written for the first sentence, and what moves it."""
    model = _opened(name, stamp)[0]
    written = tuple(decoding.greedy(model, first).tokens)
    return written, patching.source(model, first, second, written)


def _draw(name: str, texts: list[str]) -> None:
    stamp = checkpoints.stamp(name)
    _model, source, target = _opened(name, stamp)
    too_long = _("Only the first {longest} tokens of a sentence are read.")
    (tokens, others), ids = sentences.read(source, texts, sentences.LONGEST, too_long)
    if not maps.differ(ids):
        return
    with st.spinner(_("Reading …")):
        written, found = kept(_source, name, stamp, *ids)
    places = patching.aligned([str(id) for id in ids[0]], [str(id) for id in ids[1]])
    rows = kept(_rows, tuple(tokens), tuple(others), tuple(places), "moved_all" in found)
    moved = kept(_map, found)
    said_so = [_token(target, id) for id in written]
    line = _("Written for the first sentence: “{text}”.").format(text=target.decode(written))
    if not np.isfinite(moved.values).any():
        st.markdown(as_text(line))
        notice(_("After the second sentence the same is likeliest at every step, so nothing can move."))
        return
    title = _(
        "A source token's encoder state from the second sentence: how far each written token moves (1: all the way)"
    )
    drawings = [
        drawn("map", title, figures.named_rows, moved, *rows[:2], (-1.0, 1.0), None, None, _height(rows))
    ]
    cell = maps.taken(moved) or maps.furthest(moved.values)
    if cell is not None:
        row, step = cell
        line = f"{line} {_looked(found, moved, rows, target, written, row, step)}"
    st.markdown(as_text(line))
    maps.show_board(f"transplant-{name}-{maps.key(name, ids)}", said_so, drawings, cell, name, line)


def _height(rows) -> int:
    return int(np.clip(20 * len(rows[0]) + 60, 150, 460))


def _rows(
    tokens: tuple[str, ...], others: tuple[str, ...], places: tuple[int | None, ...], whole: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the rows are called, and in short: the source tokens, and where both sentences are as long, all of them."""
    names, ticks = [], []
    for step, both in enumerate(maps.side_by_side(tokens, others, places)):
        names.append(_("source token {step}, {token}").format(step=step + 1, token=both))
        ticks.append(both if len(both) <= 7 else f"{both[:6]}…")
    if whole:
        names.append(_("all source tokens"))
        ticks.append(_("all"))
    return tuple(names), tuple(ticks)


def _map(found: xr.Dataset) -> xr.DataArray:
    parts = [found["moved"].values]
    if "moved_all" in found:
        parts.append(found["moved_all"].values[None])
    return maps.shares(parts)


def _token(target: Lexicon, id: int) -> str:
    return _("⟨end⟩") if id == END_ID else visible(target.tokens[id])


def _looked(
    found: xr.Dataset, moved: xr.DataArray, rows, target: Lexicon, written, row: int, step: int
) -> str:
    """What becomes of a written token with one row put in."""
    share = float(moved.values[row, step])
    own, wanted = written[step], int(found["wanted"].values[step])
    if own == wanted:
        return _("“{token}” at step {step} is likeliest after both sentences.").format(
            token=_token(target, own), step=step + 1
        )
    if np.isnan(share):
        return _("There the second sentence has nothing to put in.")
    line = _(
        "At step {step}, with {row} put in: “{own}” goes from {was} to {now}, “{wanted}” from {was_wanted} to {now_wanted}."
    )
    if row >= found.sizes["time"]:  # all of them
        return _("At step {step}, with {row} put in: {share} of the way from “{own}” to “{wanted}”.").format(
            step=step + 1,
            row=rows[0][row],
            share=shown(share),
            own=_token(target, own),
            wanted=_token(target, wanted),
        )
    return line.format(
        step=step + 1,
        row=rows[0][row],
        own=_token(target, own),
        wanted=_token(target, wanted),
        was=percent(float(found["p_written_first"].values[step])),
        now=percent(float(found["p_written"].values[row, step])),
        was_wanted=percent(float(found["p_wanted_first"].values[step])),
        now_wanted=percent(float(found["p_wanted"].values[row, step])),
    )


def _reading() -> None:
    folded(
        (
            _(
                "The encoder reads the first sentence; at one source token its state is that of the second sentence, in both "
                "directions, and it reads on from there. The decoder is told what it had written for the first sentence."
            ),
            _(
                "Colour: of the distance between the two sentences' log odds, from the written token to the one that is "
                "likeliest after the second sentence at that step, the share that the prediction moves. Gaps: both sentences "
                "want the same token."
            ),
            *maps.words()[2:],
            keys(),
        )
    )
