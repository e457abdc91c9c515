"""The reader's own recordings: those that the app was started on, which all of its readers see, and those that this reader has
brought, which nobody else does.

A recording goes by its name and a key of what it holds, `run.nc~0123456789abcdef`: a link finds it again in another visit, and
says which file it wants where that is not there.
"""

import contextlib
import json
import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rnnviz.ui.parts.explored import live
from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.settings import choose, settings

if TYPE_CHECKING:  # they bring xarray, which the first answer need not wait for
    import xarray as xr

    from rnnviz.studies.subjects import Subject

VIEWED = "RNNVIZ_VIEW"  # in the environment: what the app was started on, a JSON list of paths
WEIGHTS = (".safetensors", ".pt", ".pth", ".npz", ".onnx", ".h5", ".hdf5", ".keras")
MOST = 6  # recordings that one reader can hold at once
_lock = threading.Lock()
_opened: dict[
    tuple[str, int, int], "Subject"
] = {}  # of what the app was started on, by path, size and time of the file


def here() -> dict[str, "Subject"]:
    """The recordings that this reader can look at, by how a link calls them. A file that is gone or damaged is left out."""
    return {subject.link: subject for subject in (*_viewed(), *_brought())}


def chosen() -> "Subject | None":
    """The recording that the reader has chosen; None where it is not here, or where a shipped model is looked at."""
    return here().get(settings()["subject"])


def bring(name: str, what: "bytes | xr.DataTree") -> "Subject":
    """Takes an uploaded recording or a trace in and chooses it; the one brought first makes room. Raises ValueError."""
    from rnnviz import trace
    from rnnviz.studies import subjects

    path = Path(_folder().name, f"{os.urandom(8).hex()}.nc")
    try:
        if isinstance(what, bytes):
            path.write_bytes(what)
        else:
            trace.save(what, path)
        subject = subjects.opened(path, name)
    except Exception as problem:
        path.unlink(missing_ok=True)
        if not isinstance(problem, ValueError):
            raise
        raise ValueError(str(problem).replace(str(path), name)) from None
    weakref.finalize(subject, _gone, path)  # with the reader's visit
    brought = _brought()
    brought[:] = [*[one for one in brought if one.link != subject.link][1 - MOST :], subject]
    choose(subject=subject.link)
    return subject


def _brought() -> list["Subject"]:
    return st.session_state.setdefault("brought", [])


def viewed() -> list[str]:
    """The paths that the app was started on."""
    return json.loads(os.environ.get(VIEWED, "[]"))


def _viewed() -> list["Subject"]:
    found = []
    for path in viewed():
        from rnnviz.studies import subjects

        with contextlib.suppress(OSError, ValueError):
            seen = Path(path).stat()
            key = (path, seen.st_size, seen.st_mtime_ns)
            with _lock:
                if key not in _opened:
                    for old in [
                        other for other in _opened if other[0] == path
                    ]:  # another file lies there now
                        del _opened[old]
                    _opened[key] = subjects.opened(path)
                found.append(_opened[key])
    return found


@st.cache_resource(show_spinner=False)
def _folder() -> tempfile.TemporaryDirectory:
    """Where what is brought lies while this server runs."""
    return tempfile.TemporaryDirectory(prefix="rnnviz-")


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)


def wanted() -> str:
    """A line that says which recording the link wants and how to bring it."""
    name, _tilde, key = settings()["subject"].rpartition("~")
    if name == live.TRAINED:
        return _(
            "This view shows a network that was trained on the page “Train your own”. It opens in the browser that trained it, "
            "while the server keeps it; here it can be trained again."
        )
    if name.lower().endswith(WEIGHTS):
        return _(
            "This view shows what the weights of {name} made of a text or of numbers ({key}), which is not here. Bring the file "
            "again in “Your own”, with what it read."
        ).format(name=name, key=key[:8])
    if ":" in name:  # a function and no file
        line = _(
            "This view shows what the function {name} returns, which is not here. Start the app on it: rnnviz explore {name}"
        )
        return line.format(name=name)
    return _(
        "This view shows the recording {name} ({key}), which is not here. Choose that file in “Your own”, or start the app on "
        "it: rnnviz view {name}"
    ).format(name=name, key=key[:8])
