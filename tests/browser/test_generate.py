"""explore/generate in a real browser: texts grow, are stopped, looked into and changed, by pointer and by keys."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from rnnviz import checkpoints
from rnnviz.writing import Network, Rule, Writing
from tests.browser.conftest import Reader

PAGE = "/generate"
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://a.b) **bold**"


class Texts(Reader):
    """The page, drawn once both of its halves are there."""

    def drawn(self) -> "Texts":
        self.tab.wait_for_selector(".gn-surprise[data-drawn]")
        self.tab.wait_for_selector(".gn-root:not(.gn-surprise)[data-drawn]")
        self.rests()
        return self

    def rests(self) -> None:
        self.tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')

    @property
    def root(self):
        return self.tab.locator(".gn-root:not(.gn-surprise)")

    def shown(self, count: int) -> None:
        expect(self.root).to_have_attribute("data-shown", str(count))

    def written(self, column: int) -> str:
        """What stands in a column after the seed text."""
        letters = "e => [...e.querySelectorAll('.gn-letter')].map(l => l.textContent === '↵' ? '\\n' : l.textContent).join('')"
        return self.root.locator(".gn-text").nth(column).evaluate(letters)

    def letter(self, column: int, number: int):
        return self.root.locator(".gn-text").nth(column).locator(".gn-letter").nth(number)

    def button(self, name: str):
        return self.tab.get_by_role("button", name=name, exact=True)

    def in_address(self, part: str) -> None:
        self.tab.wait_for_function("part => location.search.includes(part)", arg=part)


@pytest.fixture
def texts(reader):
    return lambda path=PAGE, **more: reader(path, kind=Texts, **more)


def test_texts_grow_step_by_step_are_played_and_stopped(texts):
    seen = texts(f"{PAGE}?generate_length=1000&generate_seed=5")
    seen.shown(128)
    model, card = checkpoints.load("shakespeare-lstm")
    vocabulary = checkpoints.vocabulary(card)
    wanted = Writing(Network(model), vocabulary.encode("ROMEO:\n"), Rule(0.8, seed=5))
    wanted.write(128)
    assert seen.written(2) == vocabulary.decode(wanted.ids[7:])
    seen.button("From the start").click()
    seen.shown(0)
    seen.button("Step").click()
    seen.button("Step").click()
    seen.shown(2)
    assert len(seen.written(0)) == len(seen.written(3)) == 2
    seen.tab.get_by_label("Speed").select_option(label="as fast as it comes")
    seen.button("Play").click()
    seen.tab.wait_for_function("+document.querySelector('.gn-root').dataset.shown > 250")
    seen.button("Stop").click()
    expect(seen.tab.get_by_text("stopped")).to_be_visible()
    seen.tab.wait_for_timeout(600)  # a piece may still be on its way
    seen.rests()
    revision, shown = (seen.root.get_attribute(f"data-{name}") for name in ("revision", "shown"))
    assert int(shown) < 1000
    seen.tab.wait_for_timeout(800)
    assert seen.root.get_attribute("data-revision") == revision
    assert seen.root.get_attribute("data-shown") == shown
    with seen.tab.expect_download() as download:
        seen.button("Download the texts (txt)").click()
    taken = download.value.path().read_text("utf-8")
    assert all(f"ROMEO:\n{seen.written(column)}" in taken for column in range(4))
    # another temperature: written anew, as far as it was
    before = seen.written(2)
    seen.tab.get_by_role("slider", name="Temperature").press("ArrowRight")
    seen.in_address("generate_temperature=0.85")
    expect(seen.root).not_to_have_attribute("data-revision", revision)
    seen.shown(int(shown))
    assert seen.written(2) != before and len(seen.written(2)) == len(before)


def test_a_character_is_explained_changed_and_the_change_undone(texts):
    seen = texts(f"{PAGE}?generate_seed=2&generate_length=160")
    seen.shown(128)
    before, neighbour = seen.written(1), seen.written(2)
    seen.letter(1, 30).click()
    expect(seen.tab.locator(".gn-why .gn-note").first).to_contain_text("character 31 of GRU")
    seen.in_address("generate_place=31")
    seen.in_address("generate_writer=gru")
    table = seen.tab.locator(".gn-table")
    expect(table.locator("tr")).to_have_count(len(table.locator("tr").all()))
    candidate = table.locator("button.gn-put").first
    character = candidate.inner_text()
    candidate.click()
    expect(seen.letter(1, 30)).to_have_class(re.compile("gn-changed"))
    seen.in_address("generate_changes=")
    seen.shown(128)
    after = seen.written(1)
    assert (
        after[:30] == before[:30]
        and after[30] == {"·": " ", "↵": "\n"}.get(character, character) != before[30]
    )
    assert seen.written(2) == neighbour
    again = texts(re.sub(r"^[a-z]+://[^/]+", "", seen.tab.url))
    again.shown(128)
    assert again.written(1) == after
    expect(again.tab.locator(".gn-why")).to_contain_text("You put it here")
    seen.tab.get_by_role("button", name="Undo the last change").click()
    expect(seen.tab.locator(".gn-changed")).to_have_count(0)
    seen.shown(128)
    assert seen.written(1) == before
    # a character that is typed; one that no model knows is said
    field = seen.tab.get_by_label("Another character")
    field.fill("한")
    field.press("Enter")
    expect(seen.tab.locator(".gn-form")).to_contain_text("These models do not know “한”.")
    field.fill("Q")
    field.press("Enter")
    expect(seen.letter(1, 30)).to_have_text("Q")
    seen.tab.get_by_role("button", name="GRU’s text in: Hidden states").click()
    seen.tab.wait_for_url("**/states**")
    expect(seen.tab.get_by_role("textbox", name="Your text")).to_have_value(re.compile("^ROMEO:"))
    changed = seen.tab.get_by_role("textbox", name="Your text").input_value()
    seen.tab.get_by_role("link", name="Text, letter by letter").click()
    seen.drawn().shown(128)
    assert changed[:7] == "ROMEO:\n" and changed[37] == "Q"
    both = min(128, len(changed) - 7)  # either may have come further
    assert seen.written(1)[:both] == changed[7:][:both]


def test_the_keys_play_and_choose(texts):
    seen = texts(f"{PAGE}?generate_length=140")
    seen.shown(128)
    box = seen.root.locator(".gn-text").nth(2)
    box.focus()
    for key, number in (("ArrowLeft", 127), ("ArrowLeft", 126), ("Home", 1), ("ArrowRight", 2), ("End", 128)):
        seen.tab.keyboard.press(key)
        expect(seen.tab.locator(".gn-why .gn-note").first).to_contain_text(f"character {number} of LSTM")
    seen.tab.keyboard.press("Escape")
    seen.tab.keyboard.press(" ")
    seen.shown(140)
    expect(seen.tab.locator(".gn-why .gn-note").first).to_contain_text("character 140 of LSTM")
    # other states: the counts have none
    seen.tab.get_by_role("button", name="Show the states of 6-gram counts").click()
    expect(seen.tab.locator(".gn-panel .gn-title")).to_contain_text("6-gram counts")
    seen.in_address("generate_writer=counts")
    other = seen.tab.locator(".gn-surprise .gn-text").first
    other.focus()
    seen.tab.keyboard.press("End")
    expect(seen.tab.locator(".gn-surprise .gn-said").last).to_contain_text("nats, p =")
    assert seen.tab.locator(".gn-surprise .gn-at").count() == 4


def test_what_was_typed_is_shown_as_text(texts):
    seen = texts(f"{PAGE}?generate_who=python&generate_length=20")
    for label, root in (("Seed text", seen.root), ("Any text", seen.tab.locator(".gn-surprise"))):
        box = seen.tab.get_by_role("textbox", name=re.compile(label))
        box.fill(HOSTILE)
        box.press("Control+Enter")
        expect(root).to_contain_text(HOSTILE)
    assert seen.tab.locator(".stMain img").count() == 0


@pytest.mark.parametrize(
    ("theme", "width", "path"),
    [
        ("light", 1280, PAGE),
        ("dark", 400, f"{PAGE}?lang=ko&generate_writer=counts&generate_place=5&generate_text=안R"),
    ],
)
def test_the_page_violates_no_accessibility_and_fits(texts, theme, width, path):
    seen = texts(path, theme=theme, width=width)
    seen.shown(128)
    found = Axe().run(seen.tab)
    assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found.response["violations"]] == []
    if width == 400:
        assert seen.over_the_edge(".gn-root", ".gn-text, .gn-line, .gn-hidden") == []


def test_no_type_is_too_small_for_the_last_row(texts):
    for path, least in ((PAGE, 14), (f"{PAGE}?projector=True", 20)):
        seen = texts(path)
        sizes = "() => [...document.querySelectorAll('.gn-root *')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        assert min(seen.tab.evaluate(sizes)) >= least
