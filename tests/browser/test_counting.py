"""learn/counting in a real browser: tokens are chosen by click and key, text is text, and both themes are legible."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader, violations

PAGE = "/counting"
PARTS = ("chain", "zero", "smoothing", "network", "heldout")


class Counting(Reader):
    root = ".rv-board"

    @property
    def tokens(self):
        return self.tab.locator(".cn-token")

    @property
    def chosen(self):
        return self.tab.locator(".cn-token[aria-pressed=true]")

    @property
    def worked(self):
        """What is worked out of the chosen token."""
        return self.tab.locator(".cn-line").first

    def type(self, text: str) -> None:
        box = self.tab.get_by_role("textbox", name="The sentence")
        box.fill(text)
        box.press("Enter")


@pytest.fixture
def counting(reader):
    return lambda query="", **more: reader(f"{PAGE}?{query}", kind=Counting, **more)


def test_a_token_is_chosen_by_click_or_key_and_its_fraction_follows(counting):
    seen = counting("counting_sentence=seven+times+one+is+seven")
    expect(seen.chosen).to_have_text("times")
    expect(seen.worked).to_contain_text("p(times | seven)")
    seen.tokens.nth(3).click()
    expect(seen.worked).to_contain_text("p(is | one)")
    expect(seen.tab.locator(".cn-counted .cn-hit")).to_have_text(["is", "is"])
    for key, token in (("ArrowLeft", "one"), ("Home", "seven"), ("ArrowLeft", "seven"), ("End", "seven")):
        seen.tab.keyboard.press(key)
        expect(seen.chosen).to_have_text(token)
        expect(seen.chosen).to_be_focused()
    expect(seen.worked).to_contain_text("p(seven | is)")
    seen.tab.wait_for_function("location.search.includes('counting_place=5')")
    again = counting(re.sub(r"^.*\?", "", seen.tab.url))
    expect(again.chosen).to_have_attribute("aria-label", "5 seven")


def test_what_is_typed_is_counted_and_shown_as_text(counting):
    hostile = "<img src=x onerror=alert(1)> ![x](http://example.org/x.png) **bold**"
    seen = counting("counting_part=smoothing")
    box = seen.tab.get_by_role("textbox", name="Your lines: change them, and everything is counted again")
    box.fill(f"{hostile}\n{hostile}")
    box.press("Control+Enter")
    expect(seen.tab.locator(".cn-unknown").first).to_be_visible()
    seen.drawn()  # the boxes are drawn anew until then
    seen.type(hostile)
    expect(seen.tokens.first).to_have_text("<")
    expect(seen.tab.locator(".cn-unknown")).to_have_count(0)
    seen.drawn()
    assert seen.tab.locator(".stMain img").count() == 0
    seen.tab.get_by_text("2 The zero").click()
    expect(seen.tab.locator("[data-figure=products]")).to_be_visible()
    seen.drawn()
    expect(seen.tab.locator("[data-figure=products] .xtick text").first).to_have_text("<")
    assert seen.tab.locator(".stMain img").count() == 0


@pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 400)])
def test_no_part_violates_accessibility(counting, theme, width):
    seen = counting("lang=ko" if width == 400 else "", theme=theme, width=width)
    wrong = []
    for part in range(len(PARTS)):
        seen.tab.locator(".st-key-pick_counting_part button").nth(part).click()
        seen.tab.wait_for_function(
            "p => p === 'chain' || location.search.includes(`counting_part=${p}`)", arg=PARTS[part]
        )
        seen.drawn()
        wrong += [(PARTS[part], *found) for found in violations(seen.tab)]
    assert wrong == []


def test_a_narrow_screen_scrolls_the_table_alone_and_type_is_large_enough(counting):
    words = "+".join(["one", "times"] * 20)
    seen = counting(f"counting_sentence={words}&counting_place=35", width=400, height=800)
    assert seen.tab.evaluate("document.documentElement.scrollWidth") <= 400
    box, token = seen.tab.locator(".cn-scroller").bounding_box(), seen.chosen.bounding_box()
    assert box["x"] < token["x"] and token["x"] + token["width"] <= box["x"] + box["width"] + 1
    assert seen.smallest_type(".cn-root *") >= 14
    assert counting("projector=True").smallest_type(".cn-root *") >= 20
