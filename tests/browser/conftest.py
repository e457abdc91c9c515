"""A real browser on a real server. Without Chromium these tests are skipped, except on CI, where that is a failure."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DRAWING = ":is(.rv-board, .ra-root)"  # the components that say what they have drawn
# Streamlit's own page looks for its server beside a deep link first; the browser logs the two answers as errors
PROBES = ("/_stcore/health", "/_stcore/host-config")


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "no Chromium on this machine; install it with: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def serving():
    """A fresh server; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            time.sleep(0.1)
        else:
            raise TimeoutError("the server did not start")
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def server(chromium):
    with serving() as address:
        yield address


def violations(tab, *themes: str) -> list:
    """What of a page breaks a rule of accessibility: as it is, or in each of the themes, which change live."""
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for theme in themes or ("",):
        if theme:
            tab.emulate_media(color_scheme=theme)
            tab.wait_for_function(
                "t => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === t",
                arg=theme,
            )
            tab.wait_for_timeout(500)  # figures take their new colours
        broken = Axe().run(tab).response["violations"]
        found += [(v["id"], [node["html"][:160] for node in v["nodes"]], theme) for v in broken]
    return found


class Reader:
    """A browser tab, and what went wrong in it."""

    def __init__(self, tab, address: str):
        self.tab, self.address, self.wrong = tab, address, []
        tab.set_default_timeout(60_000)  # a busy machine is slow, not wrong
        tab.on("console", self._said)
        tab.on("pageerror", lambda error: self.wrong.append(f"error {error}"))
        tab.on("request", self._asked)

    def _said(self, message) -> None:
        if message.type == "error" and not message.location.get("url", "").endswith(PROBES):
            self.wrong.append(f"console {message.text} {message.location}")

    def _asked(self, request) -> None:
        inside = (self.address, self.address.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(inside):
            self.wrong.append(f"left the machine: {request.url}")

    def open(self, path: str = "/") -> "Reader":
        self.tab.goto(self.address + path)
        return self.drawn()

    def drawn(self) -> "Reader":
        """Waits until the script rests and the board has drawn what it was sent."""
        self.tab.wait_for_selector(f"{DRAWING}[data-drawn]")
        self.tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        return self

    @property
    def revision(self) -> str:
        return self.tab.locator(DRAWING).get_attribute("data-revision")

    def redrawn(self, revision: str) -> "Reader":
        """Waits for a drawing after the one of that revision."""
        self.tab.wait_for_function(
            "([drawing, r]) => { const b = document.querySelector(drawing);"
            " return b && b.dataset.drawn && b.dataset.revision !== r; }",
            arg=[DRAWING, revision],
        )
        return self.drawn()

    def press(self, x: float, y: float) -> None:
        """A click where the pointer has rested: plotly answers to what it hovers."""
        self.tab.mouse.move(x, y)
        self.tab.wait_for_timeout(200)
        self.tab.mouse.down()
        self.tab.mouse.up()

    def over_the_edge(self, root: str, inside: str) -> list:
        """What of the root's parts runs over a phone's right edge, but those inside of what may scroll or is cut."""
        assert self.tab.evaluate("document.documentElement.scrollWidth") <= 400
        return self.tab.evaluate(
            "([root, inside]) => [...document.querySelectorAll(`${root} *`)].filter(e => !e.closest(inside) &&"
            " e.getBoundingClientRect().right > 401).map(e => e.className)",
            [root, inside],
        )

    def box(self, figure: str) -> dict:
        plot = self.tab.locator(f"[data-figure={figure}] .rv-plot")
        plot.scroll_into_view_if_needed()
        return plot.bounding_box()


@pytest.fixture
def reader(chromium, server):
    """Opens tabs; at the end, none of them may have logged an error or asked another machine."""
    opened = []

    def visit(
        path: str = "/",
        width: int = 1280,
        height: int = 1000,
        theme: str = "light",
        motion: str = "no-preference",
        kind: type[Reader] = Reader,
        address: str = server,
    ):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion=motion,
            locale="en-US",
        )
        seen = kind(context.new_page(), address)
        opened.append((context, seen))
        return seen.open(path)

    yield visit
    wrong = [line for _context, seen in opened for line in seen.wrong]
    for context, _seen in opened:
        context.close()
    assert wrong == []
