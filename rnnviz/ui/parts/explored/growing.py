"""A network that grows up: which of its training steps is looked at, by a slider that also plays.

It plays by asking the server for each step. To play in the browser alone, the boards of all steps would have to be there: of 200
characters 0.2 to 0.7 MB each (states, gates), 3 to 12 MB in all, and every one of them computed for readers who never press Play.
Instead, what the next step and the one before take to compute is there before they are asked for (see `ahead`), and what was
computed once is kept.
"""

import functools
import math
from collections.abc import Sequence

import streamlit as st

from rnnviz.models import checkpoints
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import notice, pick

FRAME = 0.8  # s that each step stays: the page is drawn on the server, and the browser draws its board anew


def label(name: str) -> str:
    """What a checkpoint is called in a list."""
    if not checkpoints.moments(name):
        return name
    return _("{kind} growing up").format(kind=_kind(name, checkpoints.stamp(name)))


@functools.lru_cache(maxsize=64)
def _kind(name: str, stamp: str) -> str:
    return checkpoints.card(name)["model"]["kind"].upper()


def step(kept: Sequence[int], setting: str = "trained") -> int:
    """The training step that is looked at: the chosen one, by default the last."""
    chosen = settings()[setting]
    return chosen if chosen in kept else kept[-1]


def named(name: str, setting: str = "trained") -> str:
    """What the checkpoint is called at that step; of any other, what it is called."""
    kept = checkpoints.moments(name)
    return checkpoints.at(name, step(kept, setting)) if kept else name


def slider(kept: Sequence[int], setting: str = "trained") -> None:
    """The training step, among those that were kept, and a button that goes through all of them."""
    if (chosen := settings()[setting]) not in (None, *kept):
        line = _("Training step {step:,} was not kept; there is {kept}. The last one is shown.")
        notice(line.format(step=chosen, kept=", ".join(f"{one:,}" for one in kept)))
        choose(**{setting: None})
    playing = _plays() and step(kept, setting) != kept[-1]
    if not playing:
        _stop()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            _("Stop") if playing else _("Play"),
            key="growing_play",
            on_click=_stop if playing else _play,
            args=() if playing else (kept, setting),
            help=_("Goes through the training, from its beginning where it stands at the end."),
            width=100,
        )
        pick(
            st.select_slider,
            setting,
            _("Training step"),
            list(kept),
            value=step(kept, setting),
            choose=lambda value: _chosen(setting, value),
            format_func=lambda one: f"{one:,}",
        )
    if playing:
        st.fragment(_frames(kept, setting), run_every=FRAME)()


def clicked(at: int | None) -> None:
    """The kept training step that is nearest to where the reader has clicked."""
    kept = checkpoints.moments(settings()["model"])
    if kept and at is not None:
        _chosen("trained", nearest(kept, at))


def nearest(kept: Sequence[int], at: float) -> int:
    """The training step that is nearest on a logarithmic axis, on which 0 stands a little before 1."""
    return min(kept, key=lambda one: abs(math.log(max(one, 0.4) / max(at, 0.4))))


def _frames(kept: Sequence[int], setting: str):
    """What the browser calls for again and again while it plays: the next step. The first call is that of the page itself."""
    drawn = iter((True,))

    def frame() -> None:
        if next(drawn, False):
            return
        choose(**{setting: kept[min(kept.index(step(kept, setting)) + 1, len(kept) - 1)]})
        st.rerun()

    return frame


def _plays() -> bool:
    """Whether it plays, on this page."""
    return "growing_plays" in st.session_state and (
        st.session_state["growing_plays"] == st.session_state.get("room")
    )


def _play(kept: Sequence[int], setting: str) -> None:
    st.session_state["growing_plays"] = st.session_state.get("room")
    if step(kept, setting) == kept[-1]:
        choose(**{setting: kept[0]})


def _stop() -> None:
    st.session_state.pop("growing_plays", None)


def _chosen(setting: str, value: int) -> None:
    _stop()
    choose(**{setting: value})
