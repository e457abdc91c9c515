"""What the server does once, before the first reader comes: imports, and plotly.js as a file."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import plotly
from starlette.responses import FileResponse
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

PLOTLY_FILE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PLOTLY_URL = (
    f"rnnviz/plotly-{plotly.__version__}.min.js"  # the version in the name lets a browser keep it for ever
)


@asynccontextmanager
async def lifespan(app) -> AsyncIterator[dict]:
    """Readies the process: what is imported now is neither waited for at the first visit nor searched for garbage."""
    import rnnviz.ui  # noqa: F401

    # a folder called pages makes Streamlit take the first visit for an app of its older kind and answer a deep link
    # with 'page not found'; st.navigation says otherwise, but only once it has run
    PagesManager.uses_pages_directory = False
    gc.collect()
    gc.freeze()  # Streamlit collects garbage after every script run
    yield {}


async def _plotly(request) -> FileResponse:
    return FileResponse(
        PLOTLY_FILE, media_type="text/javascript", headers={"Cache-Control": "max-age=31536000, immutable"}
    )


routes = [Route(f"/{PLOTLY_URL}", _plotly)]
