"""Pages run through Streamlit's AppTest: the whole app, without a browser."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "app.py"


class Visit:
    """One reader's visit to a page."""

    def __init__(self, page: str = "home", **params):
        self.test = AppTest.from_file(str(APP), default_timeout=60)
        for name, value in params.items():
            self.test.query_params[name] = str(value)
        self.test.run()
        if page != "home":
            self.go(page)

    def go(self, page: str) -> "Visit":
        self.test.switch_page(f"pages/explore/{page}.py").run()
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
    """A page inside the app, opened by a link. page: its file."""

    page: str

    def __init__(self, visit, **params):
        self.visit = visit(**params)
        self.test = self.visit.test
        self.greeting = self.visit.lines  # what was wrong with the link is said at once
        self.test.switch_page(self.page).run()
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
