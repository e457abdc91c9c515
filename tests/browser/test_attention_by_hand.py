"""learn/attention in a real browser: numbers are edited in the tables and followed to the output word."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader, at_rest, violations

PAGE = "/attention-by-hand"


class Sheet(Reader):
    root = ".bh-picture"

    def drawn(self) -> "Sheet":
        super().drawn()
        expect(self.tab.locator(".katex-display")).to_have_count(8)
        at_rest(self.tab)  # formulas get their width from their fonts
        return self

    @property
    def shares(self):
        return self.tab.locator(".bh-share")

    def cell(self, table: int, row: int, from_right: int) -> None:
        """A double click into a cell of a table, counted from its right edge, opens it."""
        canvas = self.tab.get_by_test_id("stDataFrame").nth(table).get_by_test_id("data-grid-canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        self.tab.mouse.dblclick(box["x"] + box["width"] - 20 - 70 * from_right, box["y"] + 35 + 35 * row + 17)

    def type(self, text: str) -> None:
        editor = self.tab.locator(".gdg-input, .gdg-style input, .gdg-style textarea").first
        editor.fill(text)
        editor.press("Enter")


@pytest.fixture
def sheet(reader):
    return lambda path=PAGE, **more: reader(path, kind=Sheet, **more)


def test_an_edited_number_is_followed_to_the_output_and_kept_in_the_address(sheet):
    seen = sheet()
    expect(seen.shares).to_have_text(["1.8 %", "8.9 %", "89.2 %"])
    seen.cell(1, 0, 0)  # the last number of the decoder's state
    seen.type("-2")
    expect(seen.shares).not_to_have_text(["1.8 %", "8.9 %", "89.2 %"])
    seen.tab.wait_for_function("location.search.includes('attention_own=')")
    seen.drawn()
    now = seen.shares.all_inner_texts()
    expect(seen.tab.locator(".katex-html").filter(has_text="⋅").first).to_be_visible()
    again = sheet(re.sub(r"^[a-z]+://[^/]+", "", seen.tab.url))
    expect(again.shares).to_have_text(now)
    expect(again.tab.get_by_text("your numbers", exact=True)).to_be_visible()


def test_two_edits_in_one_table_add_up_and_an_example_undoes_them(sheet):
    seen = sheet()
    for from_right, text in ((0, "0"), (1, "0")):
        before = seen.shares.all_inner_texts()
        seen.cell(1, 0, 2 * from_right)
        seen.type(text)
        expect(seen.shares).not_to_have_text(before)
        seen.drawn()
    # s = (-1, 0, 0): scores -1, 0.2 and 0.5, e to their power 0.368, 1.221 and 1.649 of 3.238
    expect(seen.shares).to_have_text(["11.4 %", "37.7 %", "50.9 %"])
    seen.tab.get_by_text("looks at one word", exact=True).click()
    expect(seen.shares).to_have_text(["1.8 %", "8.9 %", "89.2 %"])
    seen.tab.get_by_text("your numbers", exact=True).click()
    expect(seen.shares).to_have_text(["11.4 %", "37.7 %", "50.9 %"])


def test_a_word_is_shown_as_it_was_typed(sheet):
    seen = sheet()
    seen.cell(0, 0, 3)
    bad = "<img src=x>![a](b)"
    seen.type(bad)
    expect(seen.tab.locator(".bh-name").first).to_have_text(bad)
    assert seen.tab.locator(".stMain img").count() == 0


def test_squares_follow_the_theme_and_stay_legible(sheet):
    grounds, seen = {}, sheet()
    for theme in ("light", "dark"):
        seen.tab.emulate_media(color_scheme=theme)
        at_rest(seen.tab, theme)
        cell = seen.tab.locator(".bh-cell[title='0']").first
        grounds[theme] = cell.evaluate("e => getComputedStyle(e).backgroundColor")
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 28)"}


def test_the_page_violates_no_accessibility(sheet):
    seen = sheet(f"{PAGE}?lang=ko")
    for theme, width in (("light", 1280), ("dark", 400)):
        seen.tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(seen.tab, theme) == []


def test_a_narrow_screen_needs_no_sideways_scrolling(sheet):
    seen = sheet(f"{PAGE}?attention_example=long", width=400, height=800)
    assert seen.tab.evaluate("document.documentElement.scrollWidth") <= 400
    wide = seen.tab.evaluate(
        "() => [...document.querySelectorAll('.bh-picture')].filter(e => e.getBoundingClientRect().right > 401).length"
    )
    assert wide == 0
