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

from tests.conftest import PATIENCE, until

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
# files of long tests, on servers of their own: two workers begin with them, so that neither waits for one of them at the end
LONGEST = tuple(f"tests/browser/test_{name}.py" for name in ("restart", "workers", "package"))
# the components that say what they have drawn
DRAWING = ":is(.rv-board, .hm-root, .ra-root, .bh-picture, .bl-root, .cn-root, .cv, .gn-root, .se-root, .un-root, .mn-root)"
LOADING = "[data-testid=stSkeleton]"  # what stands for a widget whose script has not come
# Streamlit's own page looks for its server beside a deep link first; the browser logs the two answers as errors
PROBES = ("/_stcore/health", "/_stcore/host-config")


def rank(item) -> int:
    file = item.nodeid.partition("::")[0]
    return LONGEST.index(file) if file in LONGEST else len(LONGEST)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
    items.sort(key=rank)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What a failure is reported with: the pages as they stood."""
    report = yield
    if report.failed and report.when == "call":
        opened = getattr(item.funcargs.get("reader"), "opened", ())
        report.sections.extend(("a page as it stood", seen.as_it_stands) for seen in opened)
    return report


@pytest.fixture(scope="session")
def chromium():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        reason = "no Chromium on this machine; install it with: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def started(port: int, checkout: Path = ROOT, workers: int = 0) -> subprocess.Popen:
    """A server that will listen at that port of this machine; with workers, by `rnnviz app`, of so many processes."""
    if workers:
        command = [sys.executable, "-m", "rnnviz", "app", "--no-browser"]
        command += [f"--port={port}", f"--workers={workers}"]
    else:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    return subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


@contextlib.contextmanager
def serving(workers: int = 0):
    """A fresh server; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = started(port, workers=workers)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(address))
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=PATIENCE).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def server(chromium):
    with serving() as address:
        yield address


# Nothing of the app's is under way: the script has ended, what it sent is drawn, in this theme, and nothing changes its looks. A
# change of theme or size reaches a component when a frame is drawn, so that two of them go by first.
AT_REST = """async ([drawing, loading, theme]) => {
  for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
  const app = document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]");
  const all = (selector, holds) => [...document.querySelectorAll(selector)].every(holds);
  return app && !app.querySelector(`[data-stale=true], ${loading}`) && document.fonts.status === "loaded"
    && all(drawing, (e) => "drawn" in e.dataset || !e.clientWidth) && all(".nw-picture", (e) => "still" in e.dataset)
    && (!theme || (getComputedStyle(app).colorScheme === theme && all("[data-theme]", (e) => e.dataset.theme === theme)))
    && document.getAnimations().every((a) => a.timeline !== document.timeline || a.playState !== "running"
      || a.effect.getComputedTiming().endTime === Infinity);
}"""


def at_rest(tab, theme: str = "") -> None:
    """Waits until the page has come to rest, in that theme."""
    tab.wait_for_function(AT_REST, arg=[DRAWING, LOADING, theme])
    # the way to the other pages is drawn by itself: until its links are there, the sidebar scrolls and holds nothing to focus
    tab.wait_for_function(
        "() => { const bar = document.querySelector('[data-testid=stSidebarContent]');"
        " return !bar || bar.querySelector('a[href]'); }"
    )


def fetched(tab, name: str):
    """The download that the server makes when that button is pressed. Not while the page still runs: what a run that is over has
    offered may be gone before it is fetched. Where another run has begun just then, it is pressed again, as a reader would."""
    from playwright.sync_api import TimeoutError as Nothing

    end = time.monotonic() + PATIENCE
    while True:
        at_rest(tab)
        try:
            with tab.expect_download(timeout=PATIENCE * 1000 / 4) as coming:
                tab.get_by_role("button", name=name).click()
            return coming.value
        except Nothing:
            if time.monotonic() > end:
                raise


def violations(tab, *themes: str) -> list:
    """What of a page breaks a rule of accessibility: as it is, or in each of the themes, which change live."""
    from axe_playwright_python.base import AXE_SCRIPT

    if not tab.evaluate("'axe' in window"):
        tab.evaluate(AXE_SCRIPT)
    found = []
    for theme in themes or ("",):
        if theme:
            tab.emulate_media(color_scheme=theme)
        at_rest(tab, theme)
        broken = _broken(tab)
        while broken:  # a part that takes another theme's colours a moment later than the page breaks nothing
            at_rest(tab, theme)
            before, broken = broken, _broken(tab)
            if broken == before:
                break
        found += [(*one, theme) for one in broken]
    return found


def _broken(tab) -> list[tuple[str, list[str]]]:
    # of what passes only a first example is written down, which takes most of the time that is not spent on contrasts
    broken = tab.evaluate("axe.run({resultTypes: ['violations']}).then((found) => found.violations)")
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in broken]


class Reader:
    """A browser tab, and what went wrong in it."""

    root = ":is(.rv-board, .hm-root, .ra-root)"  # what says which of its drawings it shows

    def __init__(self, tab, address: str):
        self.tab, self.address, self.wrong = tab, address, []
        tab.set_default_timeout(1000 * PATIENCE)
        self._heard = {
            "console": self._said,
            "pageerror": lambda error: self.wrong.append(f"error {error.stack or error}"),
            "request": self._asked,
        }
        for event, heard in self._heard.items():
            tab.on(event, heard)

    def _said(self, message) -> None:
        if message.type == "error" and not message.location.get("url", "").endswith(PROBES):
            self.wrong.append(f"console {message.text} {message.location}")

    def _asked(self, request) -> None:
        inside = (self.address, self.address.replace("http", "ws"), "data:", "blob:", "about:blank")
        if not request.url.startswith(inside):
            self.wrong.append(f"left the machine: {request.url}")

    @property
    def as_it_stands(self) -> str:
        page = self.tab.evaluate(
            "drawing => [document.querySelector('[data-testid=stApp]')?.dataset.testScriptState,"
            " ...[...document.querySelectorAll(drawing)].map((e) => `${e.className} ${JSON.stringify(e.dataset)}`),"
            " document.body.innerText]",
            DRAWING,
        )
        return "\n".join(map(str, [self.tab.url, *self.wrong, *page]))[:1500]

    def open(self, path: str = "/") -> "Reader":
        self.tab.goto(self.address + path)
        return self.drawn()

    def drawn(self) -> "Reader":
        """Waits until the script rests and what it sent is drawn."""
        self.tab.wait_for_selector(f"{self.root}[data-drawn]")
        return self.rests()

    def rests(self) -> "Reader":
        """Waits until the script has ended, and each widget stands in its place: a kind that is drawn for the first time is
        loaded first, and what lies below it moves down when it comes."""
        self.tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        self.tab.wait_for_selector(f"[data-stale=true], {LOADING}", state="detached")
        return self

    def goes_to(self, name: str) -> None:
        """Follows the sidebar's link to a page, in whatever chapter it stands; one that closes has no links."""
        self.rests()
        self.tab.wait_for_function(
            """name => {
                const bar = document.querySelector("[data-testid=stSidebar]");
                const link = [...bar.querySelectorAll("a")].find((a) => a.innerText.trim().replace(/^\\d+ · /, "") === name);
                if (link?.checkVisibility() && !link.closest("[inert]")) return link.click() ?? true;
                bar.querySelectorAll("details:not([open]) > summary").forEach((chapter) => chapter.click());
                return false;
            }""",
            arg=name,
            polling=200,
        )

    @property
    def revision(self) -> str:
        return self.tab.locator(self.root).get_attribute("data-revision")

    def redrawn(self, revision: str) -> "Reader":
        """Waits for a drawing after the one of that revision."""
        self.tab.wait_for_function(
            "([root, r]) => { const b = document.querySelector(root);"
            " return b && 'drawn' in b.dataset && b.dataset.revision !== r; }",
            arg=[self.root, revision],
        )
        return self.drawn()

    def after(self, act) -> "Reader":
        """What is done leads to another drawing."""
        revision = self.revision
        act()
        return self.redrawn(revision)

    def projected(self) -> "Reader":
        """The projector view, which a link to it shows as well."""
        self.tab.get_by_text("Projector view").click()
        self.tab.wait_for_function("location.search.includes('projector=True')")
        self.drawn()
        at_rest(self.tab)
        return self

    def count_sent(self) -> None:
        """From now on, what the page sends to the server is kept."""
        self.tab.evaluate(
            "() => { window.sent = []; const send = WebSocket.prototype.send; WebSocket.prototype.send = function (m) {"
            " window.sent.push(new TextDecoder().decode(m)); return send.call(this, m); }; }"
        )

    @property
    def sent(self) -> int:
        return self.tab.evaluate("window.sent.length")

    def press(self, figure: str, x: float, y: float) -> None:
        """A click where the pointer has rested: plotly answers to what it hovers."""
        self.tab.mouse.move(x, y)
        self.tab.wait_for_function(
            "figure => document.querySelector(`[data-figure=${figure}] .rv-plot`)._hoverdata?.length",
            arg=figure,
        )
        self.tab.mouse.down()
        self.tab.mouse.up()

    def over_the_edge(self, root: str, inside: str = "") -> list:
        """What of the root's parts runs over a phone's right edge, but those inside of what may scroll or is cut."""
        assert self.tab.evaluate("document.documentElement.scrollWidth") <= 400
        return self.tab.evaluate(
            "([root, inside]) => [...document.querySelectorAll(`${root} *`)].filter(e => !(inside && e.closest(inside)) &&"
            " e.getBoundingClientRect().right > 401).map(e => e.className)",
            [root, inside],
        )

    def smallest_type(self, parts: str) -> float:
        """In pixels."""
        return self.tab.evaluate(
            "parts => Math.min(...[...document.querySelectorAll(parts)].map(e => parseFloat(getComputedStyle(e).fontSize)))",
            parts,
        )

    def box(self, figure: str) -> dict:
        plot = self.tab.locator(f"[data-figure={figure}] .rv-plot")
        plot.scroll_into_view_if_needed()
        return plot.bounding_box()

    def leave(self) -> None:
        """The tab is as good as new for whoever comes next."""
        if self.tab.url == "about:blank":
            return
        self.tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.tab.goto("about:blank")
        protocol = self.tab.context.new_cdp_session(self.tab)
        protocol.send("Page.resetNavigationHistory")
        protocol.detach()
        for event, heard in self._heard.items():
            self.tab.remove_listener(event, heard)


class Tabs:
    """The open tabs of one browser. In a tab that has shown the app before, a page takes a third of the time."""

    def __init__(self, browser):
        self.browser, self.free = browser, []

    def take(self, width: int, height: int, theme: str, motion: str):
        tab = self.free.pop() if self.free else self.opened()
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(color_scheme=theme, reduced_motion=motion)
        tab.mouse.move(0, 0)
        return tab

    def opened(self):
        return self.browser.new_context(locale="en-US").new_page()


@pytest.fixture(scope="session")
def tabs(chromium):
    return Tabs(chromium)


@pytest.fixture
def reader(tabs, server):
    """Opens the app in tabs; at the end, none of them may have logged an error or asked another machine."""
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
        seen = kind(tabs.take(width, height, theme, motion), address)
        opened.append(seen)
        return seen.open(path)

    visit.opened = opened
    yield visit
    for seen in opened:
        seen.leave()
        tabs.free.append(seen.tab)  # not after a test that broke it: then the next one opens its own
    assert [line for seen in opened for line in seen.wrong] == []
