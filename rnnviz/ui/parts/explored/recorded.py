"""The long text that a page looks through: brought by the reader, or written by the model itself; read by the model in a process
of its own, its states kept on disk. Pages that look through the same text share what was read."""

import hashlib
import secrets
import shutil
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rnnviz.models import checkpoints, held_out
from rnnviz.models.held_out import HeldOut
from rnnviz.studies.corpus import Corpus, store
from rnnviz.told import Told
from rnnviz.ui.parts import brought, explored, working
from rnnviz.ui.parts.explored import stores as stores_of_the_reader
from rnnviz.ui.parts.explored.runs import Run
from rnnviz.ui.shell.jobs import Job, jobs
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.readers import reader
from rnnviz.ui.shell.settings import choose, settings
from rnnviz.ui.shell.widgets import as_text, notice, pick

WORK = "rnnviz.studies.corpus.work:record"
LARGEST = 2  # MB of a text
MOST = 4 * 10**9  # bytes of all stores of this process
ALL = 200 * 10**6  # bytes up to which all layers are kept; of longer texts the chosen one
WRITTEN = 10_000  # characters that a model writes itself, where no text is there
LIMIT = 3.0  # s for a regular expression


class Stores:
    """Folders of recorded states, by what they are of; those that were asked for longest ago go first, where room is needed."""

    def __init__(self, most: int = MOST):
        self._most, self._lock = most, threading.Lock()
        self._folder: Path | None = None
        self._known: OrderedDict[str, tuple[Path, int]] = OrderedDict()

    def path(self, key: str, size: int) -> Path:
        """Where the store of that key is, or is to be written. size: bytes that it takes."""
        with self._lock:
            if self._folder is None:
                self._folder = store.passing("rnnviz-corpora-")
            if key not in self._known:
                # another name each time: a job that is done stands for what it wrote
                self._known[key] = (self._folder / secrets.token_hex(8), size)
            self._known.move_to_end(key)
            while len(self._known) > 1 and sum(taken for _path, taken in self._known.values()) > self._most:
                shutil.rmtree(self._known.popitem(last=False)[1][0], ignore_errors=True)
            return self._known[key][0]

    def forget(self, key: str) -> None:
        """What is there is of no use: the next is written elsewhere."""
        with self._lock:
            if gone := self._known.pop(key, None):
                shutil.rmtree(gone[0], ignore_errors=True)


stores = Stores()


@dataclass(frozen=True)
class Text:
    """What is to be looked through. title: what it is called. own: what the reader brought; '' for nothing. held_out: the text
    that comes along, where the reader brought none and there is one. store: one that the reader recorded, in its place."""

    title: str
    own: str
    held_out: HeldOut | None
    store: Corpus | None = None

    @property
    def characters(self) -> int:
        if self.store is not None:
            return self.store.steps
        return self.held_out.characters if self.held_out else len(self.own)


def text(run: Run) -> Text:
    """What is to be looked through with that model. Raises CheckpointError."""
    if (store := stores_of_the_reader.chosen(run)) is not None:
        return Text(store.path.name, "", None, store)
    if run.card is None:
        return Text("", "", None)
    if (file := brought.file("where_text")) is not None:
        return Text(*file, None)
    if own := settings()["where_text"]:
        return Text(_("your text"), own, None)
    if (found := held_out.of(run.card)) is not None:
        return Text(_titles()[found.name], "", found)
    return Text("", "", None)


def _titles() -> dict[str, str]:
    return {
        "shakespeare": _("plays that the model has not trained on"),
        "python": _("Python files that the model has not trained on"),
        "korean": _("film reviews that the model has not trained on"),
    }


def line(text: Text) -> str:
    """What is searched, in a line."""
    if text.characters < 2:
        written = _("The text: a beginning, and {count:,} characters that the model wrote after it")
        return written.format(count=WRITTEN)
    return _("The text: {title}, {count:,} characters").format(title=text.title, count=text.characters)


def box(run: Run, text: Text) -> None:
    """Where a reader brings the text, folded away; and where the one that comes along is from."""
    title = line(text).replace("[", "(").replace("]", ")")
    if run.card is None:
        stores_of_the_reader.choice(run)
        st.caption(as_text(title))
        return
    with st.expander(f"{title}. " + _("Bring your own")):
        stores_of_the_reader.choice(run)
        if text.store is not None:
            return
        brought.box(
            "where_text",
            _("The text to search; empty: the one that comes along")
            if text.held_out
            else _("The text to search"),
            _(
                "Up to {size} MB, of the kind that the model was trained on. Press Ctrl+Enter or click outside the box."
            ),
            _("or a text file (UTF-8), up to {size} MB"),
            ["txt", "md", "py", "csv", "tex"],
            _("Paste a play, a chapter, some hundred reviews …"),
            _check,
            LARGEST,
        )
        if text.held_out:
            data = text.held_out.card["data"]
            parts = [data["source"].removeprefix("https://"), data["licence"], data.get("attribution")]
            st.caption(
                as_text(
                    _("From: {source}. {count} passages, each read from its beginning.").format(
                        source="; ".join(filter(None, parts)), count=len(text.held_out.passages)
                    )
                )
            )


def _check(given: str) -> None:
    if len(given) < 2:
        raise Told("{name} is empty: give a text of at least two tokens", name=_("your text"))


def opened(run: Run, what: Text, field: str = "hidden") -> Corpus | None:
    """The corpus of the text, once its states are there; until then what the page shows in its place. What comes along, and what
    the model writes where nothing does, is begun before the reader asks. field: hidden, of all layers where they fit; or cell, of
    the chosen layer. what: as `text` gives it."""
    if what.store is not None or run.card is None:
        return what.store
    told = what.own.encode("utf-8", "replace")
    if len(told) > LARGEST * 2**20:
        notice(_("The text has more than {size} MB: give a part of it.").format(size=LARGEST))
        return None
    layer, count = settings()["layer"], what.characters if what.characters > 1 else WRITTEN
    one = run.units * count * (1 if field == "hidden" else 4)
    whole = run.node.sizes["layer"] * one
    layers = None if whole <= ALL and field == "hidden" else [layer]
    asked: dict = {"name": run.name, "text": what.own, "layers": layers, "fields": [field]}
    if what.held_out:
        asked |= {"text": None, "held_out": True}
    elif len(what.own) < 2:
        asked |= {"text": None, "length": WRITTEN, "begin": explored.DEFAULT_TEXTS[explored.corpus()]}
    stamp = checkpoints.stamp(run.name) + (what.held_out.card["sha256"] if what.held_out else "")
    key = f"{stamp}:{hashlib.sha256(repr(asked).encode('utf-8', 'replace')).hexdigest()}"
    size = whole if layers is None else one
    path = stores.path(key, size)
    asked["out"] = str(path)
    job = _held().get(str(path))
    # another reader's, or begun before it is asked for
    if job is None and (path.exists() or asked["text"] is None):
        _begin(asked)
        job = _held()[str(path)]
    if job is None:
        st.button(
            _("Read it: {count:,} characters, {size} MB of states").format(
                count=count, size=max(1, round(size / 1e6))
            ),
            key="where_record",
            type="primary",
            on_click=_begin,
            args=(asked,),
        )
        return None
    if not follow(job, "where_stop", _so_far, _command(run, layers, field)):
        if job.state in working.BROKEN_OFF:
            st.button(_("Start again"), key="where_again", on_click=_begin, args=(asked,))
        return None
    try:
        return _open(str(path))
    except Told:  # it was cleared away to make room
        _held().pop(str(path), None)
        stores.forget(key)
        st.rerun()


def _command(run: Run, layers: list[int] | None, field: str) -> str:
    kept = "" if layers is None else f" --layers {layers[0]}"
    kept += "" if field == "hidden" else f" --fields {field}"
    return f"rnnviz corpus {run.name} text.txt{kept} --bits 8 --out states.zarr"


def expression(setting: str, label: str | None = None) -> str | None:
    """Where a reader types a regular expression, and what it is; None for none."""
    pick(
        st.text_input,
        setting,
        label or _("A regular expression, as in \\bthe\\b or [A-Z]{2,}"),
        value=settings()[setting] or "",
        choose=lambda value: choose(**{setting: value[: explored.LONGEST_EXPRESSION] or None}),
    )
    found: str | None = settings()[setting]
    return found


def units_so_far(job: Job) -> str:
    """Where a job is that looks at one unit after the other."""
    return _("Unit {done} of {total}").format(done=job.done, total=job.total)


def width(text: str) -> int:
    """How many columns a text takes where letters are of one width and Hangul of two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def place(own: Corpus, run: Run, field: str = "hidden") -> str:
    """Where the chosen layer is in a corpus. Raises Told where it is not."""
    backward = "_backward" if run.direction else ""
    return own.place(f"{run.module}/layer_{settings()['layer']}{backward}/{field}")


@st.cache_resource(max_entries=8, show_spinner=False)
def _open(path: str) -> Corpus:
    return Corpus.open(path)


def _held() -> dict[str, Job]:
    """The jobs of this visit, by where they write."""
    found: dict[str, Job] = st.session_state.setdefault("where_jobs", {})
    return found


def _begin(asked: dict) -> None:
    for path, other in _held().items():
        if not other.over and path != asked["out"]:
            jobs.leave(other, reader())
    _held()[asked["out"]] = jobs.start(WORK, asked, reader())


def follow(job: Job, key: str, so_far: Callable[[Job], str], command: str = "") -> bool:
    """`working.follow`, and where it took too long, what does the same on the reader's own machine."""
    done = working.follow(job, key, so_far)
    if job.state == "late" and command:
        st.code(command, language=None, wrap_lines=True)
    return done


def _so_far(job: Job) -> str:
    line = (
        _("The model writes: {done:,} of {total:,} characters")
        if job.what == "writing"
        else _("Read {done:,} of {total:,} characters")
    )
    return line.format(done=job.done, total=job.total)
