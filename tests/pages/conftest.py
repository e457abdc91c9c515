"""Pages run through Streamlit's AppTest: the whole app, without a browser."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnviz.ui.shell.jobs import jobs
from tests.conftest import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.stem: str(path.relative_to(ROOT)) for path in (ROOT / "pages").glob("*/*.py")}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """AppTest keeps no connection: on a busy machine, work would be stopped as that of a reader who has gone."""
    for limit in ("grace", "lease", "longest"):
        monkeypatch.setattr(jobs, limit, 30 * PATIENCE)


def app() -> AppTest:
    """The app, as it is before its first run."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)


class Visit:
    """One reader's visit, which begins at a page: the one that a link names. params: what the link holds."""

    def __init__(self, page: str = "home", **params):
        self.test = app()
        for name, value in params.items():
            self.test.query_params[name] = str(value)
        # a page whose address is not its file's name is found once the app has run
        self.test.run() if page in ("home", "attention_by_hand") else self.go(page)
        self.greeting = self.lines  # what is wrong with the link is said at once
        if page == "attention_by_hand":
            self.go(page)

    def go(self, page: str) -> "Visit":
        self.test.switch_page(PAGES[page]).run()
        return self

    @property
    def board(self) -> dict | None:
        """What the board was sent; None where the page has none."""
        return self._sent("rnnviz_board")

    @property
    def address(self) -> str:
        """What the browser is told to show as the address."""
        return self._sent("rnnviz_address")["search"]

    @property
    def runs(self) -> int:
        """A number that grows with every run, so that the browser hears of the address again."""
        return self._sent("rnnviz_address")["run"]

    @property
    def lines(self) -> list[str]:
        """Warnings and errors on the page, as the reader sees them."""
        return [part.value.replace("\\", "") for part in (*self.test.warning, *self.test.error)]

    @property
    def figures(self) -> dict[str, dict]:
        """The figures on the board, by id."""
        return {f["id"]: json.loads(f["spec"]) for f in self.board["figures"]}

    def _sent(self, name: str):
        for found in self.test.get("bidi_component"):
            if found.proto.component_name == name:
                return json.loads(found.proto.json)
        return None


class Opened:
    """A page inside the app, opened by a link. page: its name."""

    page: str

    def __init__(self, visit, **params):
        self.visit = visit(self.page, **params)
        self.test = self.visit.test
        self.greeting = self.visit.greeting
        assert not self.test.exception

    @property
    def lines(self) -> list[str]:
        return self.visit.lines

    @property
    def settings(self) -> dict:
        return self.test.session_state["settings"]


@pytest.fixture
def visit():
    return Visit


@pytest.fixture(autouse=True)
def own_code_is_waited_for(monkeypatch):
    """AppTest runs no timer: a page that says that a model of one's own still runs would never come to what it made."""
    from rnnviz.ui.parts.explored import aside

    monkeypatch.setattr(aside, "PATIENCE", PATIENCE)


@pytest.fixture(autouse=True)
def nothing_left_under_way():
    """What a test leaves in the queue or at work would keep the next one's job waiting, longer than a reader may be silent."""
    yield
    from rnnviz.ui.shell.jobs import jobs

    with jobs._changed:
        for job in [job for job in jobs._jobs.values() if not job.over]:
            jobs._end(job, "stopped")
