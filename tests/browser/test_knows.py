"""Probes in a real browser: the picture comes, says its numbers under the mouse, and all can read the page."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations


def test_the_picture_comes_says_its_numbers_and_can_be_read_by_all(reader):
    seen = reader("/knows?model=growing-gru&knows_properties=blank")
    figure = seen.tab.locator("[data-figure=probes]")
    expect(figure).to_be_visible()
    seen.drawn()
    line = seen.tab.get_by_test_id("stText").filter(
        has_text=re.compile(r"“A blank\?” Asked of the character 1 back")
    )
    expect(line).to_be_visible()
    dot = figure.locator(".point").nth(2)
    dot.scroll_into_view_if_needed()
    dot.hover(force=True)
    expect(figure.locator(".hoverlayer")).to_contain_text(re.compile(r"A blank\?, probe: [\d.]+%"))
    assert violations(seen.tab, "light", "dark") == []
    seen.tab.set_viewport_size({"width": 400, "height": 800})
    at_rest(seen.tab)
    assert seen.over_the_edge(".rv-board", "svg") == []
