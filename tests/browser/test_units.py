"""Silenced units in a real browser: a dot says its numbers, a click on it chooses its unit, and all can read the page."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations

TEXT = "ROMEO:%0AWhat say you?"


def test_a_dot_says_its_numbers_and_chooses_its_unit_and_the_page_can_be_read_by_all(reader):
    seen = reader(f"/units?model=growing-gru&text={TEXT}&unit=3")
    figure = seen.tab.locator("[data-figure=foretold]")
    expect(figure).to_be_visible()
    seen.drawn()
    expect(figure).to_contain_text(
        re.compile(r"unit 3: growth of the loss −?[\d.e−]+, growth predicted by the gradient")
    )
    dot = seen.tab.locator("[data-figure=activity] .point").nth(30)
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    seen.after(lambda: seen.press("activity", x, y))
    seen.tab.wait_for_function("!new URLSearchParams(location.search).get('unit').match(/^3$/)")
    assert violations(seen.tab, "light", "dark") == []
    seen.tab.set_viewport_size({"width": 400, "height": 800})
    at_rest(seen.tab)
    assert seen.over_the_edge(".rv-board", "svg") == []
