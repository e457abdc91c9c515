"""What the server does once: plotly.js and our own scripts as files, and all imports while the first reader's browser loads."""

import contextlib
import gc
import hashlib
import importlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from rnnviz.paper.bundle import PLOTLY_FILE
from rnnviz.ui.shell import heap
from rnnviz.ui.shell.guard import Guard

PLOTLY_URL = (
    f"rnnviz/plotly-{metadata.version('plotly')}.min.js"  # by version: a browser may keep it for ever
)

UI = Path(__file__).resolve().parents[1]
# read once: what an address names never changes while a browser keeps it, and nothing else in the folder can be asked for
SCRIPTS = {path.relative_to(UI).as_posix(): path.read_bytes() for path in sorted(UI.rglob("*.js"))}
SCRIPTS_URL = f"rnnviz/{hashlib.sha256(repr(SCRIPTS).encode()).hexdigest()[:16]}"  # by contents
ROOMS = [
    ".".join(path.relative_to(UI.parents[1]).with_suffix("").parts)
    for folder in ("ui/rooms/*", "figures")
    for path in sorted(UI.parent.glob(f"{folder}/*.py"))
    if path.stem != "__init__"
]
# what functions import, and what libraries import when they are first used
LIBRARIES = (
    *(
        "h5netcdf",
        "scipy.cluster.hierarchy",
        "scipy.stats",
        "captum.attr",
        "safetensors.torch",
        "plotly.tools",
        "plotly.offline",
    ),
    *(
        "pandas.io.formats.style",
        "pyarrow.pandas_compat",
        "streamlit.emojis",
        "streamlit.material_icon_names",
    ),
)
WORDS = "rnnviz.ui.rooms.words.here:ready"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def lifespan(first: Sequence[str], later: Sequence[str] = (), counted: Sequence[str] = ()) -> Callable:
    """What readies the process without keeping anyone waiting: the server listens while a thread imports.

    first: modules that a first visit needs. later: modules of pages that are seldom the first. counted: functions, by
    module:name, that count once what all readers of a page are shown.
    """

    _one_thread()
    heap.share_arenas()

    @asynccontextmanager
    async def ready(app) -> AsyncIterator[dict]:
        # a folder called pages makes Streamlit take the first visit for an app of its older kind and answer a deep link
        # with 'page not found'; st.navigation says otherwise, but only once it has run
        PagesManager.uses_pages_directory = False
        threading.Thread(target=_import, args=(first, later, counted), daemon=True, name="warm-up").start()
        threading.Thread(target=_sweep, daemon=True, name="sweep").start()
        yield {}

    return ready


def _one_thread() -> None:
    """Of torch, which waits for its others by spinning: beside a second reader two of them take twice as long as one."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def everything() -> None:
    """Imports what all pages need, so that processes that are forked from this one share it."""
    _one_thread()
    _import((), [*ROOMS, *LIBRARIES], [WORDS])


def _import(first: Sequence[str], later: Sequence[str], counted: Sequence[str]) -> None:
    """Imports, and takes what was imported out of garbage collection: Streamlit searches all else after every script run."""
    for name in first:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    for name in later:
        importlib.import_module(name)
    for name in counted:
        module, _colon, function = name.partition(":")
        with contextlib.suppress(ValueError, OSError):  # the page says what is wrong with its files
            getattr(importlib.import_module(module), function)()
    gc.freeze()


def _sweep(every: float = 30.0) -> None:
    while True:
        time.sleep(every)
        importlib.import_module("rnnviz.ui.shell.keeping").sweep()  # by now it is there


def script_url(path: Path) -> str:
    """Where the browser finds one of our scripts, seen from the app's own address; its imports are relative to it."""
    return f"{SCRIPTS_URL}/{path.resolve().relative_to(UI).as_posix()}"


FIRST_FILES = [PLOTLY_URL]  # most pages draw with it


async def _plotly(request: Request) -> FileResponse:
    return FileResponse(PLOTLY_FILE, media_type="text/javascript", headers=FOR_EVER)


async def _script(request: Request) -> Response:
    try:
        script = SCRIPTS[request.path_params["path"]]
    except KeyError:
        raise HTTPException(404) from None
    return Response(script, media_type="text/javascript", headers=FOR_EVER)


routes = [Route(f"/{PLOTLY_URL}", _plotly), Route(f"/{SCRIPTS_URL}/{{path:path}}", _script)]
middleware = [Middleware(Guard)]
