"""Scripts are served as they stand, from an address that names their contents, and nothing else is."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.applications import Starlette

from rnnviz.ui.parts.component import LOADER
from rnnviz.ui.shell import server

SCRIPTS = sorted(server.UI.rglob("*.js"))
IMPORTED = re.compile(r"""^(?:import|export) .*?from "([^"]+)";$""", re.MULTILINE)


def asked(path: str) -> tuple[int, dict[str, str], bytes]:
    """What the server answers: status, headers, body."""
    answers = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    with ThreadPoolExecutor(1) as elsewhere:  # this thread may have a loop of its own, that of a browser
        elsewhere.submit(asyncio.run, Starlette(routes=server.routes)(scope, receive, send)).result()
    headers = {name.decode(): value.decode() for name, value in answers[0]["headers"]}
    return answers[0]["status"], headers, b"".join(answer["body"] for answer in answers[1:])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_served_as_it_stands_and_kept_for_ever(path):
    status, headers, body = asked(f"/{server.script_url(path)}")
    assert (status, body) == (200, path.read_bytes())
    assert headers["content-type"].startswith("text/javascript")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_a_script_imports_is_ours_and_served(path):
    for name in IMPORTED.findall(path.read_text("utf-8")):
        assert name.startswith("."), name
        assert (path.parent / name).resolve() in SCRIPTS, name


@pytest.mark.parametrize(
    "path",
    [
        "parts/component.py",
        "parts/common.css",
        "parts/js/none.js",
        "../../app.py",
        "parts/js/../../shell/server.py",
        "..%2f..%2fapp.py",
        "/etc/passwd",
        "//etc/passwd",
        "C:\\app.py",
        "",
        "parts",
    ],
)
def test_nothing_else_is_served(path):
    assert asked(f"/{server.SCRIPTS_URL}/{path}")[0] == 404


def test_another_version_is_not_there():
    assert asked("/rnnviz/0000000000000000/parts/js/dom.js")[0] == 404


def test_a_component_is_sent_as_a_few_lines_and_every_one_has_its_script():
    assert len(LOADER.splitlines()) < 25
    for css in [path for path in server.UI.rglob("*.css") if path.name != "common.css"]:
        assert Path(css).with_suffix(".js") in SCRIPTS
