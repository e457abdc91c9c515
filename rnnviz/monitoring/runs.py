"""A training as a file that grows: written by `Monitor`, read while it is written.

    runs/a/run.jsonl     one JSON object a line: first what is trained, then a moment each, or numbers of the trainer's own

    {"format": "rnnviz run 1", "model": "Model", "modules": {"lstm": "LSTM"}, "parameters": 876100, "every": 50, "started": …}
    {"step": 50, "seconds": 12.1, "loss": 2.31, "gradient_norm": 0.9, "clipped_norm": 0.9, "parameters": {…}, "modules": {…}}
    {"step": 50, "logged": {"validation_loss": 2.4}}

A line is written at once, and only whole lines are read: what a kill has cut off, or what is just being written, is left. It is
strict JSON: what is no number is null, and the infinite are the strings "inf" and "-inf".
"""

import json
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

FORMAT = "rnnviz run 1"
NAME = "run.jsonl"
WRITING = "writing"  # there while a process writes, and locked by it
LARGEST = 512 * 2**20  # bytes of a file that is read
MOST = 200  # runs that are looked for in a folder
DEEPEST = 4  # folders below it
NUMBERS = ("loss", "gradient_norm", "clipped_norm")


def line(what: Mapping[str, Any]) -> bytes:
    """One line of a run."""
    return (
        json.dumps(_strict(what), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    )


def _strict(what: Any) -> Any:
    if isinstance(what, float):
        return what if math.isfinite(what) else None if math.isnan(what) else str(what)
    if isinstance(what, Mapping):
        return {str(key): _strict(value) for key, value in what.items()}
    if isinstance(what, list | tuple):
        return [_strict(value) for value in what]
    return what


class Kept:
    """What was kept of a training so far, however it came.

    header: its first line. moments: the others, in the order in which they were written, each step once (a training that went on
    from an older state writes some again: the later ones count). logged: by name, numbers at steps. unread: lines that are none
    of these.
    """

    def __init__(
        self, header: dict[str, Any] | None = None, name: str = "", moments: Iterable[Mapping[str, Any]] = ()
    ):
        self.header: dict[str, Any] = header or {}
        self.called = name
        self.moments: list[dict[str, Any]] = []
        self.logged: dict[str, dict[int, float]] = {}
        self.unread = 0
        self.written = 0.0
        self._grew = time.monotonic()
        for moment in moments:
            self.take(dict(moment))

    @property
    def name(self) -> str:
        return self.called

    @property
    def silent(self) -> float:
        """Seconds since it was written to; where that lies ahead, as after the clock was set back, since it was seen to grow."""
        since = time.time() - self.written
        return since if since >= 0 else time.monotonic() - self._grew

    def take(self, said: Any) -> None:
        """A line more, as JSON has it."""
        step = said.get("step") if isinstance(said, dict) else None
        if type(step) is not int or step < 0:
            self.unread += 1
        elif isinstance(said.get("logged"), dict):
            for name, number in said["logged"].items():
                self.logged.setdefault(str(name), {})[step] = _number(number)
        elif isinstance(said.get("modules"), dict):
            while self.moments and self.moments[-1]["step"] >= step:
                self.moments.pop()
            self.moments.append(said)
        else:
            self.unread += 1


class Run(Kept):
    """What a file of a run holds so far; `refresh` reads on.

    path: of run.jsonl, or of the folder that it lies in. read_to: bytes of whole lines that were read. written: when it was
    written to, in seconds since 1970. Raises FileNotFoundError where there is no run, ValueError where the file is something
    else, of another version or too large.
    """

    def __init__(self, path: str | os.PathLike[str]):
        given = Path(path)
        self.path = given / NAME if given.is_dir() else given
        self._start()
        self.refresh()

    def _start(self) -> None:
        super().__init__()
        self.read_to = 0
        self._file: tuple[int, int] | None = None

    def refresh(self) -> bool:
        """Reads what was written since. Returns whether there was anything. A file that was begun anew is read anew."""
        try:
            with self.path.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_size > LARGEST:
                    raise ValueError(
                        f"{self.path} has {state.st_size / 2**20:.0f} MB; up to {LARGEST // 2**20} are read"
                    )
                own = state.st_dev, state.st_ino
                if self._file not in (None, own) or state.st_size < self.read_to:
                    self._start()
                self._file, self.written = own, state.st_mtime
                file.seek(self.read_to)
                raw = file.read(state.st_size - self.read_to)
        except FileNotFoundError:
            raise FileNotFoundError(f"{self.path} is not there") from None
        whole = raw.rpartition(b"\n")[0]
        if not whole and not self.header:
            raise ValueError(f"{self.path} holds no run: its first line is not whole")
        if not whole:
            return False
        self._grew = time.monotonic()
        for one in whole.split(b"\n"):
            self._take(one)
        self.read_to += len(whole) + 1
        return True

    def _take(self, raw: bytes) -> None:
        try:
            said = json.loads(raw)
        except (ValueError, RecursionError):
            said = None
        if not self.header:
            what = said.get("format") if isinstance(said, dict) else None
            if what != FORMAT:
                other = f"; it says {what[:40]!r}" if isinstance(what, str) else ""
                raise ValueError(f"{self.path} is not a run that this rnnviz reads ({FORMAT}){other}")
            self.header = said
            return
        if raw.strip():
            self.take(said)

    @property
    def name(self) -> str:
        """Of the folder that it lies in."""
        return self.path.resolve().parent.name

    @property
    def is_written(self) -> bool:
        """Whether a process writes to it now, as far as its folder says."""
        return (self.path.parent / WRITING).exists()


def found(folder: str | os.PathLike[str]) -> list[Path]:
    """The runs in a folder and up to four folders below it, by name; up to 200. A file is taken as it is."""
    top = Path(folder)
    if not top.is_dir():
        return [top]
    return sorted(_below(top, DEEPEST))[:MOST]


def _below(folder: Path, deep: int) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name == NAME and entry.is_file():
            yield Path(entry.path)
        elif deep and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _below(Path(entry.path), deep - 1)


def scalars(what: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The single numbers of a line, by name, as other programs draw them."""
    for name, number in what.get("logged", {}).items():
        yield name, number
    for name in NUMBERS:
        if what.get(name) is not None:
            yield name, what[name]
    for module, own in what.get("modules", {}).items():
        for i, layer in enumerate(own["layer"]):
            for j, direction in enumerate(own["direction"]):
                at = f"{module}/{layer}/{direction}"
                for gate, numbers in own["gates"].items():
                    yield from ((f"{at}/{gate}/{kind}", values[i][j]) for kind, values in numbers.items())
                for name in ("spectral_radius", "spectral_norm"):
                    if own[name] is not None:
                        yield from (
                            (f"{at}/{name}/{part}", n)
                            for part, n in zip(own["parts"], own[name][i][j], strict=True)
                        )
                for name in ("total", "direct"):
                    if name in own:
                        yield f"{at}/{name}/last", own[name][i][j][0]
                        yield f"{at}/{name}/first", own[name][i][j][-1]


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
