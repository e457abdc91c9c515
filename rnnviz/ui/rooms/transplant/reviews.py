"""Two reviews and the verdict: which step, and which units, carry it."""

import numpy as np
import streamlit as st
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.networks import Classifier
from rnnviz.models.vocabularies import Lexicon, visible
from rnnviz.paper.packing import keys
from rnnviz.studies import patching
from rnnviz.told import Told
from rnnviz.ui.parts import sentences
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.rooms.transplant import maps
from rnnviz.ui.shell.keeping import keeps, kept
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import as_text, folded, notice, pick

LONGEST = 60  # tokens that are read
DEFAULTS = {
    "english": ("The film is funny.", "The film is not funny."),
    "korean": ("이 영화 정말 재미있다", "이 영화 정말 재미없다"),
}


def show() -> None:
    names = checkpoints.names("sentiment")
    if not names:
        notice(_("There is no judge of reviews here."), error=True)
        _reading()
        return
    wanted = "sentiment-korean-lstm" if current() == "ko" else "sentiment-english-lstm"
    name = sentences.model_of(names, "transplant_judge", wanted)
    first, second = DEFAULTS["korean" if "korean" in name else "english"]
    texts = [
        sentences.typed("transplant_first", first, _("First review")),
        sentences.typed("transplant_second", second, _("Second review")),
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pick(st.selectbox, "transplant_judge", _("Model"), names, value=name, width=300)
        maps.choose_groups()
    try:
        _draw(name, texts)
    except (CheckpointError, Told) as problem:
        notice(said(problem), error=True)
    _reading()


@keeps
def _opened(name: str, stamp: str) -> tuple[Classifier, Lexicon]:
    model, card = checkpoints.load(name)
    assert isinstance(model, Classifier)
    return model, checkpoints.words(card)


def _verdict(
    name: str, stamp: str, first: tuple[int, ...], second: tuple[int, ...], groups: int
) -> xr.Dataset:
    return patching.verdict(_opened(name, stamp)[0], first, second, groups=groups)


def _draw(name: str, texts: list[str]) -> None:
    stamp = checkpoints.stamp(name)
    model, words = _opened(name, stamp)
    too_long = _("Only the first {longest} words of a review are read.")
    (tokens, others), ids = sentences.read(words, texts, LONGEST, too_long)
    if not maps.differ(ids):
        return
    groups = settings()["transplant_groups"]
    with st.spinner(_("Reading …")):
        found = kept(_verdict, name, stamp, *ids, groups)
    places = patching.aligned([str(id) for id in ids[0]], [str(id) for id in ids[1]])
    rows = kept(maps.rows_of, 1, model.rnn.hidden_size, groups)
    moved = kept(maps.stacked, found, "moved", 1)
    verdicts = [1 / (1 + np.exp(-found.attrs[f"verdict_{which}"])) for which in ("first", "second")]
    line = _("Probability of praise: first review {first}, second {second}.").format(
        first=percent(verdicts[0]), second=percent(verdicts[1])
    )
    if not np.isfinite(moved.values).any():
        st.markdown(as_text(line))
        notice(_("Both reviews get the same verdict, so nothing can move it."))
        return
    title = _("What is put in at one step: how far the verdict moves (1: all the way)")
    drawings = [maps.picture(moved, rows, title)]
    cell = maps.chosen(moved, rows)
    if cell is not None:
        row, step = cell
        share = float(moved.values[row, step])
        if np.isnan(share):
            looked = _("At step {step} the other review has nothing to put in.").format(step=step + 1)
        else:
            odds = found.attrs["verdict_first"] + share * (
                found.attrs["verdict_second"] - found.attrs["verdict_first"]
            )
            looked = _(
                "With {row} put in at step {step}, “{token}”: {praise} ({share} of the way in log odds)."
            ).format(
                row=rows[row].name,
                step=step + 1,
                token=visible(tokens[step]),
                praise=percent(1 / (1 + np.exp(-odds))),
                share=shown(share),
            )
        line = f"{line} {looked}"
    st.markdown(as_text(line))
    strip = maps.side_by_side(tokens, others, places)
    maps.show_board(
        f"transplant-{name}-{maps.key(name, ids)}", strip, drawings, cell, name, line, str(groups)
    )


def _reading() -> None:
    folded(
        (
            _(
                "Colour: of the distance between the two verdicts' log odds of praise, the share that the first one moves. "
                "0: as before, 1: as of the second review."
            ),
            *maps.words()[1:],
            keys(),
        )
    )
