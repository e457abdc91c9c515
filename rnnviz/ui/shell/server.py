"""What the server does once: plotly.js as a file, and all imports while the first reader's browser is still loading."""

import gc
import threading
from collections.abc import AsyncIterator
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


async def _plotly(request) -> FileResponse:
    return FileResponse(
        PLOTLY_FILE, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"}
    )


routes = [Route(f"/{PLOTLY_URL}", _plotly)]
