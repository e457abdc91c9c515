"""learn/clipping in a real browser: both runs on the first screen, and another update, which is made again in a worker."""

from rnnviz.studies.clipping import survey
from tests.browser.conftest import violations


def test_a_reader_sees_both_runs_and_looks_at_another_update(reader):
    seen = reader("/clipping", width=1280, height=800)
    tab = seen.tab
    losses, norms = seen.box("losses"), seen.box("norms")
    assert losses["y"] + losses["height"] < 800 and norms["y"] < 800
    assert losses["x"] == norms["x"] and losses["width"] == norms["width"]
    worst = int(survey.opened("relu")["worst_update"].sel(seed=0))
    tab.get_by_text(f"What the optimiser did at update {worst}").wait_for()
    for theme, width in (("light", 1280), ("dark", 400)):
        tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(tab, theme) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.over_the_edge(".rv-board") == []
    tab.set_viewport_size({"width": 1280, "height": 1000})
    seen.rests()
    tab.get_by_role("button", name="Largest gradient: 30").click()
    tab.wait_for_function("location.search.includes('clipping_update=30')")
    tab.get_by_text("What the optimiser did at update 30").wait_for()
    seen.rests()
