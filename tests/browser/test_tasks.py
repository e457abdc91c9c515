"""Predict, then see, in a real browser: by the keyboard alone, with the picture out of sight until one has answered."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader, violations

ROOMS = ("counting", "network", "order", "cell", "letters", "bptt", "memory", "vanishing", "clipping")
ROOMS += ("blank", "attention-by-hand")


class Asked(Reader):
    root = ""  # whatever the page draws


def test_a_reader_guesses_by_the_keyboard_and_the_picture_waits(reader):
    seen = reader("/cell?cell_preset=latch", width=1280, height=800, kind=Asked)
    tab = seen.tab
    picture, panel = tab.locator(".st-key-answers"), tab.locator(".st-key-guess")
    expect(picture).to_be_visible()
    line = panel.locator("summary")
    assert line.bounding_box()["height"] < 45
    line.focus()
    tab.keyboard.press("Enter")
    expect(picture).to_be_hidden()
    panel.get_by_role("radio", name="nearly all of it").focus()
    tab.keyboard.press("Enter")
    expect(panel.get_by_role("status").first).to_contain_text("Wrong. f of unit 1 from step 2 on: 1 · 1 · 0")
    expect(picture).to_be_hidden()
    panel.get_by_role("radio", name="No", exact=True).focus()
    tab.keyboard.press("Enter")
    expect(panel.get_by_role("status").nth(1)).to_contain_text("Right. The largest is 1.0000")
    expect(picture).to_be_visible()
    expect(panel.get_by_role("status").first).to_be_visible()  # it stays unfolded beside the picture
    tab.get_by_role("button", name=re.compile("guess again")).click()
    expect(picture).to_be_hidden()
    line.click()
    expect(picture).to_be_visible()


@pytest.mark.parametrize(("theme", "width", "lang"), [("light", 1280, "en"), ("dark", 400, "ko")])
def test_questions_and_tasks_are_accessible_on_every_learn_page(reader, theme, width, lang):
    for room in ROOMS:
        seen = reader(f"/{room}?lang={lang}", width=width, height=800, kind=Asked)
        tab = seen.tab
        tab.locator(".st-key-guess summary").click()
        expect(tab.locator("[class*=st-key-answers]").first).to_be_hidden()
        tab.wait_for_function(
            "() => [...document.querySelectorAll('[class*=st-key-answers], [class*=st-key-answers] *')]"
            ".every((e) => getComputedStyle(e).visibility === 'hidden')"
        )
        assert tab.locator("ul.rnnviz-tasks > li").count() == 3
        seen.rests()
        assert violations(tab, theme) == [], room
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, room
        seen.leave()
