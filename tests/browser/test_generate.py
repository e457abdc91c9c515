"""explore/generate in a real browser: texts grow, are stopped, looked into and changed, by pointer and by keys."""

import re

import pytest
from playwright.sync_api import expect

from rnnviz import stats
from rnnviz.models import checkpoints
from rnnviz.studies.writing import Network, Rule, Writing
from rnnviz.ui.parts.explored import EXAMPLES
from tests.browser.conftest import Reader, fetched, violations

PAGE = "/generate"
HOSTILE = "<img src=x onerror=alert(1)> ![x](http://a.b) **bold**"


class Texts(Reader):
    """The page, drawn once both of its halves are there."""

    def drawn(self) -> "Texts":
        self.tab.wait_for_selector(".gn-surprise[data-drawn]")
        self.tab.wait_for_selector(".gn-root:not(.gn-surprise)[data-drawn]")
        return self.rests()

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
        """part: a setting, NAME=VALUE, or NAME= where its value is not known."""
        whole = part if part.endswith("=") else f"{part}&"
        self.tab.wait_for_function("part => `${location.search}&`.includes(part)", arg=whole)


@pytest.fixture
def texts(reader):
    return lambda path=PAGE, **more: reader(path, kind=Texts, **more)


def test_texts_grow_step_by_step_are_played_and_stopped(texts):
    seen = texts(f"{PAGE}?generate_length=2000&generate_seed=5")
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
    seen.count_sent()  # from before: on a busy machine the player may wait for more where it is then stopped, and has told it
    seen.button("Play (Space)").click()
    seen.tab.wait_for_function("+document.querySelector('.gn-root').dataset.shown > 250")
    seen.button("Stop (Space)").click()
    expect(seen.tab.get_by_text("stopped")).to_be_visible()
    expect(
        seen.button("Play (Space)").locator("svg path")
    ).to_be_visible()  # drawn: not every machine has the sign
    shown = seen.root.get_attribute("data-shown")
    # where the reader has come to rest is told, unless the last that was asked for has said so
    seen.tab.wait_for_function(
        "(shown) => window.sent.some((m) => (m.includes('\"rest\"') && m.includes(`${shown}]`)) || "
        'm.includes(`"shown":${shown}}`))',
        arg=shown,
    )
    assert int(shown) < 2000
    taken = fetched(seen.tab, "Download what is written so far (txt)").path().read_text("utf-8")
    assert all(f"ROMEO:\n{seen.written(column)}" in taken for column in range(4))
    # another temperature: written anew, as far as it was
    before, text = seen.written(2), seen.root.locator(".gn-text").nth(2)
    whole = text.text_content()
    seen.tab.get_by_role("slider", name="Temperature").press("ArrowRight")
    seen.in_address("generate_temperature=0.85")
    expect(seen.root.locator(".gn-progress")).to_contain_text("written anew")
    expect(text).not_to_have_text(whole)
    seen.shown(int(shown))
    assert seen.written(2) != before and len(seen.written(2)) == len(before)
    # away and back: as far as it was
    seen.rests()
    seen.goes_to("Gates")
    seen.tab.wait_for_url("**/gates**")
    seen.goes_to("Text, letter by letter")
    seen.drawn().shown(int(shown))


def test_a_longer_text_goes_on_at_once(texts):
    seen = texts(f"{PAGE}?generate_length=1")
    seen.shown(1)
    length = seen.tab.get_by_role("spinbutton", name="Length")
    length.fill("600")
    length.press("Enter")
    seen.shown(128)


def test_space_plays_where_nothing_has_the_focus_and_then_no_press_of_a_slider_is_lost(texts):
    seen = texts(f"{PAGE}?generate_length=2000")
    seen.shown(128)
    for focused in (
        seen.tab.get_by_role("slider", name="Temperature"),
        seen.tab.get_by_role("spinbutton", name="Length"),
        seen.tab.get_by_label("Another character"),
    ):
        focused.focus()
        seen.tab.keyboard.press(" ")
        expect(seen.button("Play (Space)")).to_be_visible()
    seen.tab.evaluate("document.activeElement.blur()")
    seen.tab.keyboard.press(" ")
    expect(seen.button("Stop (Space)")).to_be_visible()
    seen.tab.wait_for_function("+document.querySelector('.gn-root').dataset.shown > 135")
    seen.tab.keyboard.press(" ")
    expect(seen.button("Play (Space)")).to_be_visible()
    expect(seen.tab.get_by_text("stopped")).to_be_visible()
    # no press of a slider is lost while a text is played
    seen.button("Play (Space)").click()
    slider = seen.tab.get_by_role("slider", name="Temperature")
    slider.focus()
    for _press in range(8):
        seen.tab.keyboard.press("ArrowRight")
        seen.tab.wait_for_timeout(120)  # the pace of a reader, not a wait for anything
    seen.in_address("generate_temperature=1.2")
    expect(slider).to_have_value("1.2")


def test_a_letter_that_is_tapped_on_a_phone_is_explained_in_view(texts):
    seen = texts(f"{PAGE}?generate_length=140", width=400, height=800)
    seen.shown(128)
    assert seen.letter(0, 5).bounding_box()["height"] >= 19
    rows = "e => parseFloat(getComputedStyle(e).lineHeight)"
    assert seen.root.locator(".gn-text").first.evaluate(rows) >= 28
    for column, model in ((0, "RNN"), (3, "6-gram counts"), (1, "GRU")):
        seen.letter(column, 3).click()
        seen.in_address(f"generate_writer={('rnn', 'gru', 'lstm', 'counts')[column]}")
        why = seen.tab.locator(".gn-why")
        expect(why.locator(".gn-note").first).to_contain_text(f"character 4 of {model}")
        expect(why.locator(".gn-title")).to_be_in_viewport()
        expect(seen.letter(column, 3)).to_be_in_viewport()
    labels = seen.tab.locator('.stMain [data-testid="stWidgetLabel"]')
    named = [label.inner_text().split("\n")[0] for label in labels.all()]
    assert named[2:8] == ["Temperature", "Top-k", "Top-p", "Length", "Seed number", "n of the n-grams"]
    assert labels.nth(2).bounding_box()["y"] == labels.nth(3).bounding_box()["y"]  # two in a row


def test_the_stretch_that_was_drawn_is_always_on_the_line(texts):
    model, card = checkpoints.load("python-lstm")
    vocabulary = checkpoints.vocabulary(card)
    wanted = Writing(Network(model), vocabulary.encode("def "), Rule(2.0, seed=3))
    wanted.write(100)
    steps = wanted.steps()
    number = int((steps["rank"].values > 10).argmax())
    assert steps["rank"].values[number] > 10
    seen = texts(
        f"{PAGE}?generate_who=python&generate_temperature=2&generate_seed=3&generate_place={number + 1}"
    )
    expect(seen.tab.locator(".gn-line .gn-others")).to_have_text("others")
    hit = seen.tab.locator(".gn-line .gn-hit").bounding_box()
    line = seen.tab.locator(".gn-line").bounding_box()
    low = float(steps["low"].values[number])
    assert hit["x"] - line["x"] == pytest.approx(low * line["width"], abs=1)
    assert hit["width"] >= 3
    mark = seen.tab.locator(".gn-mark").bounding_box()
    assert hit["x"] - 1.5 <= mark["x"] + 1 <= hit["x"] + hit["width"] + 1.5


def test_the_states_lie_by_similarity_as_tall_as_the_reasons(texts):
    seen = texts(f"{PAGE}?generate_writer=gru&generate_place=20")
    seen.shown(128)
    model, card = checkpoints.load("shakespeare-gru")
    vocabulary, writer = checkpoints.vocabulary(card), Network(model)
    hidden = writer.watch(vocabulary.encode("".join(EXAMPLES["shakespeare"].values())), None)["hidden"]
    order = stats.states.order(hidden.isel(layer=0), "similarity")
    canvas = seen.tab.locator(".gn-canvas")
    box = canvas.bounding_box()
    for y, unit in ((box["height"] - 1, order[-1]), (29, order[0])):
        canvas.hover(position={"x": box["width"] / 2, "y": y})
        expect(seen.tab.locator(".gn-readout")).to_contain_text(f"unit {unit}, ")
    lower, panel, why = (
        seen.tab.locator(name).bounding_box() for name in (".gn-lower", ".gn-panel", ".gn-why")
    )
    assert panel["height"] == pytest.approx(why["height"], abs=2) and lower["height"] > 400


def test_the_projector_shows_texts_and_reasons_on_the_first_screen(texts):
    seen = texts(f"{PAGE}?projector=True", height=800)
    seen.shown(128)
    expect(seen.tab.get_by_role("slider", name="Temperature")).not_to_be_visible()
    for inside in (".gn-text >> nth=3", ".gn-why .gn-title", ".gn-panel .gn-head"):
        box = seen.tab.locator(inside).bounding_box()
        assert box["y"] + box["height"] <= 800, inside
    seen.tab.get_by_text("Settings", exact=True).click()
    top_k = seen.tab.get_by_role("spinbutton", name="Top-k")
    top_k.fill("7")
    top_k.press("Enter")
    seen.in_address("generate_top_k=7")
    expect(top_k).to_be_visible()  # it stays open


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
    field.fill("")
    expect(seen.tab.locator(".gn-form")).not_to_contain_text("These models")
    field.press_sequentially("Qz")
    expect(field).to_have_value("Q")
    field.press("Enter")
    expect(seen.letter(1, 30)).to_have_text("Q")
    seen.tab.get_by_role("button", name="GRU’s text in: Hidden states").click()
    seen.tab.wait_for_url("**/states**")
    expect(seen.tab.get_by_role("textbox", name="Your text")).to_have_value(re.compile("^ROMEO:"))
    changed = seen.tab.get_by_role("textbox", name="Your text").input_value()
    seen.tab.wait_for_selector(".rv-board[data-drawn]")  # the box is there before the picture
    seen.rests()
    seen.goes_to("Text, letter by letter")
    seen.drawn().shown(128)
    assert changed[:7] == "ROMEO:\n" and changed[37] == "Q"
    both = min(128, len(changed) - 7)  # either may have come further
    assert seen.written(1)[:both] == changed[7:][:both]


def test_the_keys_play_and_choose(texts):
    seen = texts(f"{PAGE}?generate_length=140")
    seen.shown(128)
    box = seen.root.locator(".gn-text").nth(2)
    box.focus()
    for key, number in (
        ("ArrowLeft", 127),
        ("ArrowLeft", 126),
        ("Home", 1),
        ("End", 128),
        ("ArrowLeft", 127),
    ):
        seen.tab.keyboard.press(key)
        expect(seen.tab.locator(".gn-why .gn-note").first).to_contain_text(f"character {number} of LSTM")
    seen.in_address("generate_place=127")  # told once the reader rests
    expect(seen.tab.locator(".gn-why .gn-note").first).to_contain_text("character 127 of LSTM")
    seen.tab.keyboard.press("Escape")
    seen.tab.keyboard.press(" ")
    seen.shown(140)
    expect(seen.tab.locator(".gn-why .gn-note").first).to_contain_text("character 140 of LSTM")
    # what has no shape of its own has a name
    written = seen.written(2)
    for character, asked in ((" ", "Why the blank (·)?"), ("\n", "Why the line end (↵)?"), ("e", "Why “e”?")):
        seen.letter(2, written.index(character)).click()
        expect(seen.tab.locator(".gn-why .gn-title")).to_have_text(asked)
    expect(seen.tab.locator(".gn-why .gn-note").nth(1)).to_have_text(
        re.compile(r"^before: [\d.]+ % \(rank \d+, surprise (\d+\.\d{3}|< 0.001) nats\) → after: [\d.]+ %$")
    )
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
    assert violations(seen.tab) == []
    if width == 400:
        assert seen.over_the_edge(".gn-root", ".gn-text, .gn-line, .gn-hidden") == []
    else:  # no type is too small for the last row
        assert seen.smallest_type(".gn-root *") >= 14
        seen.projected()
        assert seen.smallest_type(".gn-root *") >= 20
