"""A page that rnnviz.page has written, in a real browser, from the disk: nothing is asked of anybody."""

import pytest

import rnnviz
from tests.conftest import PATIENCE, until
from tests.paper.conftest import HOSTILE, made, recorded


class Paper:
    """A page from the disk. wrong: what its console said, and what it asked for beside itself."""

    def __init__(self, browser, path, scheme="light", locale="en-US", width=1280):
        size = {"width": width, "height": 900}
        context = browser.new_context(color_scheme=scheme, locale=locale, viewport=size)
        context.set_default_timeout(1000 * PATIENCE)
        self.tab, self.wrong = context.new_page(), []
        self.tab.on("console", lambda message: self.wrong.append(message.text))
        self.tab.on("pageerror", lambda problem: self.wrong.append(str(problem)))
        self.tab.on("request", lambda request: self._asked(request.url, path))
        self.tab.goto(path.as_uri())
        self.drawn("states")

    def _asked(self, url, path):
        if not url.startswith((path.as_uri(), "blob:", "data:")):
            self.wrong.append(url)

    def drawn(self, picture):
        self.tab.wait_for_selector(f".rv-board[data-drawn$='-{picture}']")
        return self

    def violations(self):
        """What breaks a rule of accessibility."""
        from axe_playwright_python.base import AXE_SCRIPT

        if not self.tab.evaluate("'axe' in window"):
            self.tab.evaluate(AXE_SCRIPT)
        broken = self.tab.evaluate("axe.run({resultTypes: ['violations']}).then((found) => found.violations)")
        return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in broken]

    def go(self, name, picture):
        self.tab.get_by_role("button", name=name, exact=True).click()
        return self.drawn(picture)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    model = made(num_layers=2, bidirectional=True)
    recording = recorded(model, batch=2, tokens=HOSTILE)
    return rnnviz.page(recording, tmp_path_factory.mktemp("paper") / "run.html", name="<b>mine</b>")


@pytest.mark.parametrize(("scheme", "locale", "width"), [("light", "en-US", 1280), ("dark", "ko-KR", 400)])
def test_a_page_needs_nothing_and_is_for_everyone(chromium, path, scheme, locale, width):
    paper = Paper(chromium, path, scheme, locale, width)
    korean = locale == "ko-KR"
    names = ("게이트", "기울기") if korean else ("Gates", "Gradients")
    assert paper.tab.locator("html").get_attribute("lang") == locale[:2]
    assert paper.tab.locator("h1").text_content() == "<b>mine</b>"
    assert paper.tab.locator(".rv-board").get_attribute("data-theme") == scheme
    for name, picture in ((None, "states"), (names[0], "gates"), (names[1], "gradients")):
        if name:
            paper.go(name, picture)
        assert paper.violations() == []
        wide = paper.tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
    assert paper.wrong == []
    paper.tab.context.close()


def test_tokens_are_text_the_value_at_the_cursor_is_the_recorded_one_and_a_figure_can_be_taken_away(
    chromium, path
):
    paper = Paper(chromium, path)
    strip = paper.tab.locator(".rv-strip .rv-token, .rv-passage .rv-letter")
    assert strip.first.text_content() == HOSTILE[0].replace(" ", "·")
    assert paper.tab.locator("img, .rv-strip b, .rv-passage b").count() == 0
    recording = recorded(made(num_layers=2, bidirectional=True), batch=2, tokens=HOSTILE)
    value = recording.trace["lstm"]["hidden"].values[0, 0, 0, -1, 0]
    shown = paper.tab.locator("[data-figure=hidden] .rv-value").text_content()
    assert shown == f"{value:.4f}".replace("-", "−")
    paper.tab.get_by_role("button", name="Save this figure: Hidden state h").click()
    for kind in ("SVG", "HTML"):
        with paper.tab.expect_download() as saved:
            paper.tab.locator("[data-figure=hidden]").get_by_role("button", name=kind, exact=True).click()
        assert saved.value.suggested_filename == f"rnnviz-hidden.{kind.lower()}"
        if kind == "SVG":
            paper.tab.get_by_role("button", name="Save this figure: Hidden state h").click()
    assert paper.wrong == []
    paper.tab.context.close()


def test_what_is_chosen_is_drawn_and_stays_in_the_link(chromium, path):
    paper = Paper(chromium, path)
    tab, board = paper.tab, paper.tab.locator(".rv-board")
    tab.get_by_label("Layer").select_option("2")
    tab.get_by_label("Direction").select_option("backward")
    tab.get_by_label("Sequence").select_option("2")
    tab.wait_for_selector(".rv-board[data-drawn='0-1-1-1-states']")
    tab.get_by_label("Unit", exact=True).fill("3")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".rv-title:text-is('Unit 3')")
    board.focus()
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_selector(".rv-readout:has-text('step 2 / 5')")
    paper.go("Gates", "gates")
    assert "step 2 / 5" in tab.locator(".rv-readout").text_content()  # the cursor stays
    tab.get_by_label("Language").select_option("한국어")
    tab.wait_for_selector(".rv-title:text-is('망각 게이트 f')")
    tab.locator(".rp-reading select").last.select_option("어둡게")
    tab.wait_for_selector(".rv-board[data-theme=dark]")
    until(lambda: {"theme=dark", "unit=3"} <= set(tab.evaluate("location.hash.slice(1)").split("&")))
    tab.reload()
    tab.wait_for_selector(".rv-board[data-drawn='0-1-1-1-gates'][data-theme=dark]")
    assert tab.locator("html").get_attribute("lang") == "ko"
    assert paper.wrong == []
    tab.context.close()
