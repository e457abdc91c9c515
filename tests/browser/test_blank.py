"""learn/blank in a real browser: words are clicked or walked through by keys, and both models fill them in."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader, at_rest, violations

PAGE = "/blank"


class Sentence(Reader):
    root = ".bl-root"

    @property
    def words(self):
        return self.tab.get_by_role("radio").and_(self.tab.locator(".bl-word"))

    @property
    def blank(self):
        return self.tab.locator(".bl-word[aria-checked=true]")

    @property
    def likeliest(self) -> str:
        """What the model that reads both sides puts first."""
        return self.tab.locator(".bl-panel").nth(1).locator(".bl-name").first.inner_text()


@pytest.fixture
def sentence(reader):
    return lambda path=PAGE, **more: reader(path, kind=Sentence, **more)


def test_a_click_leaves_a_word_out_and_both_models_fill_it_in(sentence):
    seen = sentence(f"{PAGE}?blank_text=what+is+the+weather+like+in+paris&blank_place=1")
    expect(seen.words).to_have_text(["____", "is", "the", "weather", "like", "in", "paris"])
    before = seen.revision
    seen.words.nth(3).click()
    expect(seen.words).to_have_text(["what", "is", "the", "____", "like", "in", "paris"])
    seen.redrawn(before)
    assert seen.likeliest == "weather ✓"
    seen.tab.wait_for_function("location.search.includes('blank_place=4')")
    again = sentence(re.sub(r"^[a-z]+://[^/]+", "", seen.tab.url))
    assert again.likeliest == "weather ✓"


def test_the_blank_walks_through_the_sentence_by_keys(sentence):
    seen = sentence(f"{PAGE}?blank_text=play+a+song&blank_place=1")
    seen.words.first.focus()
    for key, place in (("ArrowRight", 1), ("End", 2), ("ArrowRight", 2), ("ArrowLeft", 1), ("Home", 0)):
        before, moves = seen.revision, seen.words.nth(place).get_attribute("aria-checked") == "false"
        seen.tab.keyboard.press(key)
        expect(seen.words.nth(place)).to_have_attribute("aria-checked", "true")
        if moves:
            seen.redrawn(before)
        expect(seen.words.nth(place)).to_be_focused()
    expect(seen.blank).to_have_count(1)
    before = seen.revision
    seen.tab.keyboard.press("Tab")  # one stop for the whole sentence
    expect(seen.words.nth(0)).not_to_be_focused()
    assert seen.tab.locator(".bl-word:focus").count() == 0 and seen.revision == before


def test_words_that_the_models_do_not_know_are_marked_as_one_types_and_shown_as_text(sentence):
    seen = sentence()
    told, draft = seen.tab.locator(".bl-told"), seen.tab.locator(".bl-draft .bl-word")
    expect(told).to_have_text("These models know all 8 words.")
    box, before = seen.tab.get_by_role("textbox").first, seen.revision
    box.fill("")
    box.press_sequentially("Exercise is ____ belly fat, 운동 belly")
    unknown = ["exercise", "belly", "fat", "운동", "belly"]
    expect(draft).to_have_text("exercise is ____ belly fat , 운동 belly".split())
    expect(seen.tab.locator(".bl-draft .bl-unknown")).to_have_text(unknown)
    expect(told).to_contain_text(
        "know 2 of 7 words. They do not know, and read as gaps: exercise, belly, fat, 운동. Press Enter"
    )
    expect(seen.tab.locator(".bl-panels")).to_have_class(
        re.compile("bl-earlier")
    )  # it is of the sentence before
    assert seen.revision == before
    box.press("Enter")
    seen.redrawn(before)
    expect(seen.tab.locator(".bl-unknown:not([aria-checked=true])")).to_have_text(unknown)
    expect(draft).to_have_count(0)
    expect(seen.tab.locator(".bl-earlier")).to_have_count(0)
    # and what is typed is text
    before = seen.revision
    box.fill("play <img src=x> ![a](b) by queen")
    box.press("Enter")
    seen.redrawn(before)
    words = [word.get_attribute("aria-label").split(" ", 1)[1] for word in seen.words.all()]
    assert words == "play < img src = x > ! [ a ] ( b ) by queen".split()
    assert seen.tab.locator(".stMain img").count() == 0


def test_the_page_violates_no_accessibility(sentence):
    seen = sentence(f"{PAGE}?lang=ko")
    for theme, width in (("light", 1280), ("dark", 400)):
        seen.tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(seen.tab, theme) == []


def test_bars_follow_the_theme_and_no_type_is_too_small_for_the_last_row(sentence):
    seen, colours = sentence(), []
    bar = seen.tab.locator(".bl-panel:not(.bl-hatched) .bl-bar").first
    for theme in ("light", "dark"):
        seen.tab.emulate_media(color_scheme=theme)
        at_rest(seen.tab, theme)
        colours.append(bar.evaluate("e => getComputedStyle(e).backgroundColor"))
    assert colours == ["rgb(0, 114, 178)", "rgb(61, 155, 216)"]
    assert seen.smallest_type(".bl-root *") >= 14
    seen.projected()
    assert seen.smallest_type(".bl-root *") >= 20


def test_a_narrow_screen_needs_no_sideways_scrolling(sentence):
    text = "+".join(["supercalifragilisticexpialidocious" * 2, *["word"] * 40])
    seen = sentence(f"{PAGE}?blank_text={text}&blank_place=7", width=400, height=800)
    assert seen.over_the_edge(".bl-root") == []
