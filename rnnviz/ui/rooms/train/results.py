"""The trainings of this visit, while they run and after."""

import base64
import hashlib

import streamlit as st

from rnnviz.figures.words import series
from rnnviz.monitoring.runs import Kept
from rnnviz.studies.lab import Letters, Setup, Training, live, packed
from rnnviz.studies.lab.result import command
from rnnviz.ui.parts import working
from rnnviz.ui.parts.explored import live as own_models
from rnnviz.ui.parts.trainings.seen import Seen
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import settings
from rnnviz.ui.shell.widgets import notice

WORK = "rnnviz.studies.lab.work:train"
MOST = 4  # trainings beside each other
MOMENTS = 50  # of one training, about


def asked() -> Setup:
    """What the reader's settings ask for. Raises ValueError in one line."""
    now = settings()
    values = {
        name: now[f"train_{name}"] for name in ("kind", "units", "layers", "dropout", "length", "updates")
    }
    values |= {name: now[f"train_{name}"] for name in ("optimiser", "rate", "seed")}
    every = max(1 if now["train_updates"] < MOMENTS else 5, round(now["train_updates"] / MOMENTS))
    return Setup(**values, clip=now["train_clip"] or None, every=every)


def all_own() -> list["Mine"]:
    """The last one first."""
    return st.session_state.setdefault("train_own", [])


class Mine(working.Own):
    """A training of this visit, and the text that it learns."""

    text: str = ""
    number: int = 1

    @property
    def title(self) -> str:
        return f"{self.number} · {series(self.setup.name)}"

    @property
    def diverged(self) -> bool:
        return (
            bool(self.frames)
            and not self.on
            and self.frames[-1]["step"] < self.setup.updates
            and self.job.state == "done"
        )

    @property
    def on(self) -> bool:
        return not self.over

    def seen(self) -> Seen:
        """What was kept of it, as a run."""
        kept = Kept({"model": self.setup.name}, self.title)
        for frame in self.frames:
            kept.take(frame)
            kept.take({"step": frame["step"], "logged": {"held-out loss": frame["held_out"]}})
        return Seen(self.title, kept)

    def samples(self) -> list[tuple[int, str]]:
        """What it wrote after how many updates."""
        return [(frame["step"], frame["sample"]) for frame in self.frames if "sample" in frame]

    def trained(self) -> Training:
        """As it stands. Raises ValueError where nothing was kept."""
        return Training.of(self.setup, Letters.of(self.text), self.kept)

    def look_into(self) -> str:
        """Makes it a model that the exploring pages run. Returns how a link calls it."""
        return own_models.bring(live(self.trained(), self.title), hashlib.sha256(self.kept).hexdigest())

    def file(self) -> bytes:
        """Weights and card, to take away."""
        return packed(self.trained(), self.frames[-1]["held_out"], command(self.setup))


def begin(of: Setup, text: str) -> None:
    """Trains from the start; what runs is stopped."""
    _begin(of, text, {}, [], 1 + max((mine.number for mine in all_own()), default=0))


def go_on(mine: Mine, of: Setup) -> None:
    """Trains on from the last moment that was kept, with another rate, clipping or number of updates if they were changed."""
    if not mine.kept:
        begin(of, mine.text)
        return
    state = {"state": base64.b64encode(mine.kept).decode()}
    frames = list(mine.frames)
    all_own().remove(mine)
    _begin(of, mine.text, state, frames, mine.number)


def _begin(of: Setup, text: str, more: dict, frames: list[dict], number: int) -> None:
    for other in all_own():
        other.stop()
    job = jobs.start(WORK, {"setup": of.to_dict(), "text": text} | more, reader())
    mine = Mine(of, job, frames)
    mine.text, mine.number = text, number
    all_own().insert(0, mine)
    del all_own()[MOST:]


def forget(mine: Mine) -> None:
    """Takes one out of the pictures."""
    mine.stop()
    all_own().remove(mine)


def lines(mine: Mine) -> None:
    """A line where it came to nothing, or to an early end."""
    line = mine.ending("step")
    if mine.diverged:
        line = _(
            "The loss left the numbers after {count:,} updates: choose a smaller learning rate, or clipping."
        )
        line = line.format(count=mine.frames[-1]["step"])
    if line:
        notice(line)
