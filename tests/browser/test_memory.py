"""learn/memory in a real browser: the shipped picture, another moment, and a training that is watched and stopped."""

import re

from playwright.sync_api import expect

from rnnviz.stats import learning
from rnnviz.studies.memory import survey
from tests.browser.conftest import violations


def test_a_reader_looks_at_a_moment_and_trains_what_is_not_shipped(reader):
    seen = reader("/memory?memory_steps=10", width=1280, height=800)
    tab = seen.tab
    found = survey.opened("plain", 10).isel(seed=0)
    box = seen.box("right")
    assert box["y"] + box["height"] < 800 and seen.box("arrivals")["y"] < 800
    learned = learning.learned(found["accuracy"]).values
    rings = tab.locator("[data-figure=arrivals] .scatterlayer .point")
    expect(rings).to_have_count(int((learned == learned).sum()))
    # another moment
    slider = tab.get_by_role("slider", name=re.compile("^Moment"))
    before = seen.revision
    slider.press("Home")
    seen.redrawn(before)
    expect(tab.get_by_text("What reaches each step after 0 updates").first).to_be_attached()
    tab.wait_for_function("location.search.includes('memory_update=0')")
    for theme, width in (("light", 1280), ("dark", 400)):
        tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(tab, theme) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.over_the_edge(".rv-board") == []


def test_a_training_is_seen_while_it_runs_and_goes_on_where_it_was_stopped(reader):
    seen = reader("/memory")
    tab = seen.tab
    tab.get_by_role("button", name="Train now").click()
    where = tab.get_by_text(re.compile("^Update [1-9][0-9,]* of 1,000"))
    expect(where).to_be_visible()
    expect(tab.locator("[data-figure=arrivals]")).to_be_visible()  # while it trains
    stop = tab.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    stop.click()
    line = tab.get_by_text(re.compile("^Stopped after [0-9,]+ updates"))
    expect(line).to_be_visible()
    reached = int(re.search("[0-9,]+", line.inner_text())[0].replace(",", ""))
    assert 0 < reached < 1000
    tab.get_by_role("button", name="Go on").click()
    expect(where).to_be_visible()
    assert int(re.search("[0-9,]+", where.inner_text())[0].replace(",", "")) >= reached
    stop.click()
    expect(line).to_be_visible()
    seen.rests()
