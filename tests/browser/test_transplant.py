"""A transplant in a real browser: a click on a cell shows its prediction, and all can read the page."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations


def test_a_click_on_a_cell_shows_what_is_predicted_with_it(reader):
    seen = reader(
        "/transplant?model=growing-gru&text=The%20king%20is&transplant_text=The%20king,%20s&transplant_groups=4"
    )
    figure = seen.tab.locator("[data-figure=map]")
    expect(figure).to_be_visible()
    seen.drawn()
    expect(seen.tab.locator("[data-figure=predictions]")).to_be_visible()
    at_rest(seen.tab)
    box = seen.box("map")
    left, right, top, bottom = 64, 16, 6, 48  # round the cells of the lowest figure
    x = box["x"] + left + (box["width"] - left - right) * 10.5 / 11  # the last step
    y = box["y"] + top + (box["height"] - top - bottom) * 1.5 / 5  # the first group
    seen.after(lambda: seen.tab.mouse.click(x, y))
    seen.tab.wait_for_function("new URLSearchParams(location.search).get('transplant_row') === '2'")
    expect(seen.tab.get_by_text(re.compile(r"^units 0–31 at step 11: ")).first).to_be_visible()
    assert violations(seen.tab, "light", "dark") == []
    seen.tab.set_viewport_size({"width": 400, "height": 800})
    at_rest(seen.tab)
    assert seen.over_the_edge(".rv-board", "svg") == []
