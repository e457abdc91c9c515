"""What the server does once: plotly.js as a file, and all imports while the first reader's browser is still loading."""

import gc
import importlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import metadata, util
from pathlib import Path

from starlette.responses import FileResponse
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

PLOTLY_FILE = Path(util.find_spec("plotly").origin).parent / "package_data" / "plotly.min.js"
PLOTLY_URL = (
    f"rnnviz/plotly-{metadata.version('plotly')}.min.js"  # by version: a browser may keep it for ever
)


def lifespan(first: Sequence[str], later: Sequence[str] = ()) -> Callable:
    """What readies the process without keeping anyone waiting: the server listens while a thread imports.

    first: modules that a first visit needs. later: modules of pages that are seldom the first.
    """

    @asynccontextmanager
    async def ready(app) -> AsyncIterator[dict]:
        # a folder called pages makes Streamlit take the first visit for an app of its older kind and answer a deep link
        # with 'page not found'; st.navigation says otherwise, but only once it has run
        PagesManager.uses_pages_directory = False
        threading.Thread(target=_import, args=(first, later), daemon=True, name="warm-up").start()
        yield {}

    return ready


def _import(first: Sequence[str], later: Sequence[str]) -> None:
    """Imports, and takes what was imported out of garbage collection: Streamlit searches all else after every script run."""
    for name in first:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    for name in later:
        importlib.import_module(name)
    gc.freeze()


async def _plotly(request) -> FileResponse:
    return FileResponse(
        PLOTLY_FILE, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"}
    )


routes = [Route(f"/{PLOTLY_URL}", _plotly)]
