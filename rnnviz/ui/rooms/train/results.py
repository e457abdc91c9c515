"""The trainings of this visit, while they run and after."""

import base64
import functools
import hashlib

import streamlit as st

from rnnviz.figures.words import series
from rnnviz.monitoring.runs import Kept
from rnnviz.studies.lab import Setup, Training, live, packed
from rnnviz.studies.lab.material import Material
from rnnviz.studies.lab.result import command
from rnnviz.studies.memory import chance
from rnnviz.ui.parts import working
from rnnviz.ui.parts.explored import live as own_models
from rnnviz.ui.parts.shelf import Shelf
from rnnviz.ui.parts.trainings.seen import Beside, Seen
from rnnviz.ui.rooms.train import data
from rnnviz.ui.shell.jobs import jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import notice

WORK = "rnnviz.studies.lab.work:train"
MOST = 4  # trainings beside each other
MOMENTS = 50  # of one training, about
SAID = {"text": "sample", "series": "forecast", "task": "answers"}  # as a moment has it
NETWORK = ("kind", "units", "layers", "dropout", "length")  # fields of a set-up that are settings as they are
RULES = ("updates", "optimiser", "rate", "seed")
shelf: Shelf["Mine"] = Shelf()
RIGHT = "right answers on held-out sequences"


def asked() -> Setup:
    """What the reader's settings ask for. Raises ValueError in one line."""
    now = settings()
    values = {name: now[f"train_{name}"] for name in (*NETWORK, *RULES)}
    every = max(1 if now["train_updates"] < MOMENTS else 5, round(now["train_updates"] / MOMENTS))
    return Setup(**values, clip=now["train_clip"] or None, every=every)


def all_own() -> list["Mine"]:
    """The last one first."""
    return st.session_state.setdefault("train_own", [])


def shown(kind: str) -> list["Mine"]:
    """Those on this kind of data; the one that runs, whatever it learns, and its like."""
    every = all_own()
    if every and every[0].on:
        kind = every[0].data
    return [mine for mine in every if mine.data == kind]


class Mine(working.Own):
    """A training of this person. asked: what it learns, as `studies.lab.asked` takes it. key: what a link calls it. had: where it
    went on from."""

    everywhere = True
    had: bytes = b""
    asked: dict
    key: str
    number: int = 1
    changed: bool = False  # rate or clipping, on the way

    @property
    def data(self) -> str:
        """The kind of it: 'text', 'series' or 'task'."""
        return next(kind for kind in SAID if kind in self.asked)

    @property
    def kept(self) -> bytes:
        return super().kept or self.had  # before its first moment it stands where it went on from

    @functools.cached_property
    def material(self) -> Material:
        return data.made(self.asked)

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
            judged = {"held-out loss": frame["held_out"]}
            if "right" in frame:
                judged[RIGHT] = frame["right"]
            kept.take({"step": frame["step"], "logged": judged})
        beside = None
        if self.data == "task":
            beside = Beside(RIGHT, _("guessing"), chance(self.asked["task"]), (0.0, 1.0))
        elif self.data == "series":
            beside = Beside("held-out loss", _("the last value repeated"), self.frames[0]["repeated"])
        return Seen(self.title, kept, beside=beside)

    def said(self) -> list[tuple[int, object]]:
        """What it said after how many updates: the text that it wrote, rows of forecasts, or answers."""
        name = SAID[self.data]
        return [(frame["step"], frame[name]) for frame in self.frames if name in frame]

    def trained(self) -> Training:
        """As it stands. Raises ValueError where nothing was kept."""
        return Training.of(self.setup, self.material, self.kept)

    def look_into(self) -> str:
        """Makes it a model that the exploring pages run. Returns how a link calls it."""
        return own_models.bring(live(self.trained(), self.title), hashlib.sha256(self.kept).hexdigest())

    def file(self) -> bytes:
        """Weights and card, to take away."""
        return packed(self.trained(), self.frames[-1]["held_out"], command(self.setup, self.material))


def begin(of: Setup, asked: dict) -> None:
    """Trains from the start; what runs is stopped."""
    mine = _started(of, asked, {}, [])
    every = [*all_own(), *shelf.mine().values()]
    mine.number = 1 + max((one.number for one in every), default=0)
    mine.key = shelf.put(mine)
    _show(mine)


def go_on(mine: Mine, of: Setup) -> None:
    """Trains on from the last moment that was kept, with another rate, clipping or number of updates if they were changed."""
    if not mine.kept:
        begin(of, mine.asked)
        return
    state = {"state": base64.b64encode(mine.kept).decode()}
    later = _started(of, mine.asked, state, list(mine.frames))
    later.number, later.had = mine.number, mine.kept
    later.changed = mine.changed or (of.rate, of.clip) != (mine.setup.rate, mine.setup.clip)
    later.key = shelf.put(later, mine.key)
    all_own().remove(mine)
    _show(later)


def _started(of: Setup, asked: dict, more: dict, frames: list[dict]) -> Mine:
    for other in all_own():
        other.stop()
    job = jobs.start(WORK, {"setup": of.to_dict(), "material": asked} | more, reader())
    mine = Mine(of, job, frames)
    mine.asked = asked
    return mine


def _show(mine: Mine) -> None:
    all_own().insert(0, mine)
    del all_own()[MOST:]
    choose(train_run=mine.key)


def forget(mine: Mine) -> None:
    """Takes one out of the pictures, in all tabs that open anew."""
    mine.stop()
    shelf.drop(mine.key)
    all_own().remove(mine)
    if settings()["train_run"] == mine.key:
        choose(train_run=None)


def join() -> None:
    """Brings in the training that the address names, where another tab of this browser began it; a line where there is none. One
    that another tab went on with is what it is now."""
    key = settings()["train_run"]
    if key is None:
        return
    here = next((mine for mine in all_own() if mine.key == key), None)
    found = shelf.get(key)
    if found is None and here is None:
        choose(train_run=None)
        notice(
            _(
                "The training of this link is not here: a training opens in the browser that began it, and only while this "
                "server keeps it. With these settings it can be trained again."
            )
        )
    if found is None or found is here:
        return
    if here is not None:
        all_own().remove(here)
    else:
        now = found.setup.to_dict()
        choose(**{f"train_{name}": now[name] for name in (*NETWORK, *RULES)}, train_clip=now["clip"] or 0.0)
        data.take(found.asked, found.title)
    _show(found)


def elsewhere() -> str | None:
    """The key of a training of this person that runs in another tab and is not looked at here."""
    here = {mine.key for mine in all_own()}
    keys = (key for key, mine in shelf.mine().items() if not mine.over and key not in here)
    return next(keys, None)


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
