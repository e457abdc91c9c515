"""The runs that this reader can look at: those in the folders that the app was started on, which are read on while they are
written, and files that the reader has brought."""

import json
import os
import tempfile
from pathlib import Path

import streamlit as st

from rnnviz.monitoring import runs
from rnnviz.ui.parts.trainings.seen import Seen, lock

WATCHED = "RNNVIZ_RUNS"  # in the environment: what the app was started on, a JSON list of folders and files
LARGEST = 16  # MB of a file that is brought
MOST = 6  # files that one reader can hold at once
_read: dict[str, runs.Run] = {}  # of what the app was started on, by path


def watched() -> list[str]:
    """What the app was started on."""
    return json.loads(os.environ.get(WATCHED, "[]"))


def here() -> tuple[dict[str, Seen], list[str]]:
    """The runs by name, the one that was written last first, and lines that say which files could not be read."""
    found, lines = {}, []
    for top in watched():
        paths = runs.found(top)
        with lock:
            known = [Path(path) for path in _read if Path(path).is_relative_to(top)]
        for path in sorted({*paths, *known}):
            try:
                seen = _seen(path, _name(path, Path(top)))
            except (ValueError, OSError) as problem:
                lines.append(" ".join(str(problem).split()))
                continue
            found[seen.name] = seen
    for name, run in _brought().items():
        found[name] = Seen(name, run)
    order = sorted(found, key=lambda name: -found[name].run.written)
    return {name: found[name] for name in order}, lines


def _name(path: Path, top: Path) -> str:
    folder = path.parent
    if folder == top or path == top:
        return folder.name
    return folder.relative_to(top).as_posix()


def _seen(path: Path, name: str) -> Seen:
    with lock:
        run = _read.get(str(path))
        if run is None:
            run = _read[str(path)] = runs.Run(path)
            return Seen(name, run)
        try:
            run.refresh()
        except (ValueError, OSError) as problem:
            return Seen(name, run, " ".join(str(problem).split()))
    return Seen(name, run)


def bring(name: str, raw: bytes) -> None:
    """Takes a file in for this reader alone; the one brought first makes room. Raises ValueError in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, runs.NAME)
        path.write_bytes(raw)
        try:
            run = runs.Run(path)
        except ValueError as problem:
            raise ValueError(str(problem).replace(str(path), name, 1)) from None
    brought = _brought()
    own = next(one for one in (name, *(f"{name} {n}" for n in range(2, 100))) if one not in brought)
    brought[own] = run
    while len(brought) > MOST:
        del brought[next(iter(brought))]


def _brought() -> dict[str, runs.Run]:
    return st.session_state.setdefault("brought_runs", {})
