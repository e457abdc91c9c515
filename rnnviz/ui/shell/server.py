"""What the server does once: plotly.js and our own scripts as files, and all imports while the first reader's browser loads."""

import gc
import hashlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata, util
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

PLOTLY_FILE = Path(util.find_spec("plotly").origin).parent / "package_data" / "plotly.min.js"
PLOTLY_URL = (
    f"rnnviz/plotly-{metadata.version('plotly')}.min.js"  # by version: a browser may keep it for ever
)

UI = Path(__file__).resolve().parents[1]
# read once: what an address names never changes while a browser keeps it, and nothing else in the folder can be asked for
SCRIPTS = {path.relative_to(UI).as_posix(): path.read_bytes() for path in sorted(UI.rglob("*.js"))}
SCRIPTS_URL = f"rnnviz/{hashlib.sha256(repr(SCRIPTS).encode()).hexdigest()[:16]}"  # by contents
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@asynccontextmanager
async def lifespan(app) -> AsyncIterator[dict]:
    """Readies the process without keeping anyone waiting: the server listens while a thread warms up."""
    # a folder called pages makes Streamlit take the first visit for an app of its older kind and answer a deep link
    # with 'page not found'; st.navigation says otherwise, but only once it has run
    PagesManager.uses_pages_directory = False
    threading.Thread(target=warm_up, daemon=True, name="warm-up").start()
    yield {}


def warm_up() -> None:
    """Imports all that a first visit needs and takes it out of garbage collection."""
    import h5netcdf  # noqa: F401
    import scipy.cluster.hierarchy  # noqa: F401

    from rnnviz.figures import curves, grids, points  # noqa: F401
    from rnnviz.ui.parts import views  # noqa: F401
    from rnnviz.ui.shell import choices, frame  # noqa: F401

    gc.collect()
    gc.freeze()  # Streamlit collects garbage after every script run; what was imported need not be searched each time
    import captum.attr  # noqa: F401  # of explore/sentiment, which is seldom the first page

    gc.freeze()


def script_url(path: Path) -> str:
    """Where the browser finds one of our scripts, seen from the app's own address; its imports are relative to it."""
    return f"{SCRIPTS_URL}/{path.resolve().relative_to(UI).as_posix()}"


FIRST_FILES = [PLOTLY_URL, script_url(UI / "parts" / "board" / "board.js")]  # most pages begin with the board


async def _plotly(request: Request) -> FileResponse:
    return FileResponse(PLOTLY_FILE, media_type="text/javascript", headers=FOR_EVER)


async def _script(request: Request) -> Response:
    try:
        script = SCRIPTS[request.path_params["path"]]
    except KeyError:
        raise HTTPException(404) from None
    return Response(script, media_type="text/javascript", headers=FOR_EVER)


routes = [Route(f"/{PLOTLY_URL}", _plotly), Route(f"/{SCRIPTS_URL}/{{path:path}}", _script)]
