"""Layers read out in a real browser: cells say what each layer would, the cursor lists candidates, and all can read them."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations


def test_cells_say_what_layers_would_and_the_cursor_lists_their_candidates(reader):
    seen = reader("/lens?text=ROMEO%3A%0AWhat")
    figure = seen.tab.locator("[data-figure=layers]")
    expect(figure).to_be_visible()
    seen.drawn()
    expect(figure.locator(".heatmap-label")).to_have_count(3 * len("ROMEO:\nWha"))
    expect(figure.locator(".textpoint")).to_have_count(3)  # of what follows the last step
    heads = seen.tab.locator(".rv-side-note")
    expect(heads).to_have_text(["layer 1, as it is", "layer 1, with the map", "layer 2: the output"])
    expect(figure.locator(".rv-value")).to_have_text(re.compile(r"1 raw .+ · 1 map .+ · 2 out .+"))
    expect(figure.locator(".rv-value")).to_have_text(
        re.compile("2 out –$")
    )  # nothing has come after the last character
    seen.tab.locator(".rv-board").focus()
    seen.tab.keyboard.press("ArrowLeft")
    expect(figure.locator(".rv-value")).to_have_text(re.compile(r"2 out [\d.e−]+$"))
    expect(seen.tab.locator(".rv-candidate-token")).to_have_count(12)
    assert violations(seen.tab, "light", "dark") == []
    seen.tab.set_viewport_size({"width": 400, "height": 800})
    at_rest(seen.tab)
    assert seen.over_the_edge(".rv-board", "svg") == []
