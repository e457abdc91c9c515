"""learn/bptt in a real browser: the matrices along the text, a step that is clicked, and what a window keeps."""

import re

import numpy as np
from playwright.sync_api import expect

from rnnviz import stats
from rnnviz.studies import shared_weight
from rnnviz.ui.parts.numbers import shown
from tests.browser.conftest import violations


def test_a_reader_opens_a_step_moves_the_window_and_sees_one_scale(reader):
    seen = reader("/bptt?bptt_network=own", width=1280, height=800)
    tab = seen.tab
    task = shared_weight.reading("abracadabra")
    node = shared_weight.send_back(shared_weight.network(task, "rnn", 4, 0), task, "last").node
    # the picture is the largest on the first screen, with its norms
    box = seen.box("parts")
    assert box["y"] + box["height"] < 800 and box["width"] > 600
    expect(tab.locator(".rv-token")).to_have_text(list("abracadabr"))
    scales = tab.locator("[data-figure=parts] .rv-legend, [data-figure=sums] .rv-legend")
    expect(scales).to_have_text(["≤ −0.1≥ 0.1"] * 2)
    last = stats.gradients.weight_norms(node).values[-1]
    value = tab.locator("[data-figure=norms] .rv-value")
    assert float(value.inner_text().replace("−", "-")) == np.round(last, 4)
    # a step is opened where it is clicked
    x = box["x"] + 64 + (box["width"] - 80) * 7.5 / 10
    before = seen.revision
    tab.mouse.move(x, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.up()
    seen.redrawn(before)
    expect(
        tab.get_by_role("heading", name=re.compile("^Step 8 with its numbers, reading “a”"))
    ).to_be_attached()
    part = stats.gradients.weight_contributions(node).values[7, 0]
    cells = tab.get_by_test_id("stTable").nth(1).locator("tbody td")
    expect(cells).to_have_text([shown(value) for value in part.ravel()])
    tab.wait_for_function("location.search.includes('bptt_step=8')")
    # the window
    slider = tab.get_by_role("slider", name=re.compile("^Window"))
    before = seen.revision
    slider.press("ArrowRight")
    seen.redrawn(before)
    angle = stats.gradients.weight_window(node, 6, 9)["angle"].item()
    expect(tab.get_by_text(f"{angle:.1f}°", exact=True).first).to_be_visible()
    expect(tab.get_by_text(re.compile("exactly truncated BPTT with 4 steps"))).to_be_attached()
    for theme, width in (("light", 1280), ("dark", 400)):
        tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(tab, theme) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.over_the_edge(".rv-board") == []
