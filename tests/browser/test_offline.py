"""The course from a disk, in a real browser without a network: every page in both languages, and what can be chosen on it."""

import re

import pytest

from rnnviz.ui.offline import folder
from rnnviz.ui.offline.choices import CHOICES
from rnnviz.ui.shell.ways import ADDRESSES
from tests.conftest import PATIENCE

DRAWN = """() => document.querySelector('[data-shown]') && [...document.querySelectorAll('.co-part')].every(
  (part) => part.querySelector('[data-drawn], .nw-picture[data-still]'))"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Every page as it opens."""
    out = tmp_path_factory.mktemp("course")
    list(folder.write(out, ("en", "ko"), most=1))
    return out


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """Pages with some of their views."""
    out = tmp_path_factory.mktemp("chosen")
    list(folder.write(out, ("en", "ko"), ("blank", "explain", "cell"), most=12))
    return out


class Disk:
    """Pages from a folder. wrong: what the console said, and what was asked for that lies elsewhere."""

    def __init__(self, browser, out, scheme="light", width=1280):
        size = {"width": width, "height": 900}
        self.out, self.wrong = out, []
        self.context = browser.new_context(color_scheme=scheme, viewport=size, offline=True)
        self.context.set_default_timeout(1000 * PATIENCE)
        self.tab = self.context.new_page()
        self.tab.on("console", lambda message: self.wrong.append(message.text))
        self.tab.on("pageerror", lambda problem: self.wrong.append(str(problem)))
        self.tab.on("request", lambda request: self._asked(request.url))

    def _asked(self, url):
        if not url.startswith((self.out.as_uri(), "blob:", "data:")):
            self.wrong.append(url)

    def open(self, name):
        self.tab.goto(f"{self.out.as_uri()}/{name}")
        return self.drawn() if not name.startswith("index") else self

    def drawn(self):
        self.tab.wait_for_function(DRAWN)
        return self

    def violations(self):
        """What breaks a rule of accessibility."""
        from axe_playwright_python.base import AXE_SCRIPT

        self.tab.evaluate(AXE_SCRIPT)
        # it would fetch the styles once more, which the page allows nobody
        broken = self.tab.evaluate(
            "axe.run({resultTypes: ['violations'], preload: false}).then((found) => found.violations)"
        )
        return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in broken]


@pytest.mark.parametrize(("ending", "scheme", "width"), [("", "light", 1280), (".ko", "dark", 400)])
def test_every_page_needs_nothing_and_is_for_everyone(chromium, course, ending, scheme, width):
    disk = Disk(chromium, course, scheme, width)
    for room in ("index", *CHOICES):
        name = f"{ADDRESSES.get(room, room)}{ending}.html"
        disk.open(name)
        assert disk.tab.locator("html").get_attribute("lang") == ("ko" if ending else "en"), name
        assert disk.tab.locator("h1").count() == 1, name
        assert disk.violations() == [], name
        assert disk.tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        assert disk.wrong == [], name
    disk.context.close()


def test_every_link_leads_to_a_file_that_is_there(course):
    for path in course.glob("*.html"):
        text = path.read_text("utf-8")
        for link in re.findall(r'(?:href|src)="([^"#]+)', text):
            assert link == "data:," or (course / link).is_file(), (path.name, link)


def test_a_click_in_a_picture_and_a_control_show_another_view_and_a_link_holds_it(chromium, chosen):
    from playwright.sync_api import expect

    disk = Disk(chromium, chosen).open("blank.html")
    blank = disk.tab.locator(".bl-sentence [role=radio][aria-checked=true]")
    assert blank.get_attribute("aria-label") == "4 weather"
    likeliest = disk.tab.locator(".bl-panel").first.text_content()
    first = disk.tab.locator(".bl-sentence [role=radio]").first
    first.click()
    expect(disk.tab.locator(".co-page")).not_to_have_attribute("data-shown", "0")
    expect(first).to_have_attribute("aria-checked", "true")
    expect(first).to_be_focused()
    expect(disk.tab.locator(".bl-panel").first).not_to_have_text(likeliest)
    expect(disk.tab).to_have_url(re.compile("blank_place=1"))
    disk.tab.reload()
    disk.drawn()
    assert blank.get_attribute("aria-label") == "1 show"
    disk.tab.get_by_role("button", name="decided by what comes before").click()
    expect(blank).to_have_attribute("aria-label", "6 of")
    assert disk.wrong == []
    disk.context.close()


def test_a_question_of_the_course_opens_its_picture_and_the_other_language_the_same_one(chromium, chosen):
    from playwright.sync_api import expect

    disk = Disk(chromium, chosen).open("explain.html")
    disk.tab.get_by_role("link", name="One cell by hand").first.click()
    expect(disk.tab).to_have_url(re.compile("/cell.en.html|/cell.html"))
    disk.drawn()
    pressed = disk.tab.locator("[data-option][aria-pressed=true]")
    expect(pressed).to_have_text(["LSTM", "remember for ever"])
    disk.tab.get_by_label("Colours").select_option("dark")
    expect(disk.tab.locator(".cv")).to_have_attribute("data-theme", "dark")
    disk.tab.get_by_role("link", name="한국어").click()
    expect(disk.tab.locator("html")).to_have_attribute("lang", "ko")
    disk.drawn()
    expect(pressed.nth(1)).to_have_text("영원히 기억하기")
    expect(disk.tab.locator(".cv")).to_have_attribute("data-theme", "dark")
    assert disk.wrong == []
    disk.context.close()


def test_while_a_reader_guesses_the_picture_is_covered_and_comes_back_with_the_verdicts(chromium, chosen):
    from playwright.sync_api import expect

    disk = Disk(chromium, chosen).open("cell.html")
    picture = disk.tab.locator(".cv")
    disk.tab.get_by_text("Guess first").click()
    expect(picture).to_be_hidden()
    rows = disk.tab.locator(".co-question-row")
    for at in range(rows.count()):
        rows.nth(at).get_by_role("button").first.click()
        expect(rows.nth(at).locator(".co-verdict strong")).to_have_text(re.compile("Right|Wrong"))
    expect(picture).to_be_visible()
    disk.context.close()
