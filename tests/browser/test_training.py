"""lab/train and lab/runs in a real browser: a text is learned while one watches, on a phone too."""

import torch
from playwright.sync_api import expect
from torch import nn

from rnnviz.monitoring import Monitor
from tests.browser.conftest import Reader, fetched, violations
from tests.browser.test_own import Plain
from tests.studies.test_lab import TEXT


def unexpected(tab) -> list:
    """What breaks a rule of accessibility, but for Streamlit's box for files, whose role contradicts its label."""
    found = violations(tab, "light", "dark")
    return [one for one in found if not all("stFileUploaderDropzone" in node for node in one[1])]


def test_a_text_is_learned_while_one_watches_and_the_network_is_looked_into(reader):
    seen = reader("/train?train_units=6&train_updates=8&train_length=10", width=400, height=800, kind=Plain)
    tab = seen.tab
    tab.get_by_role("textbox", name="A text to learn from").fill(TEXT)
    tab.keyboard.press("Control+Enter")
    expect(tab.get_by_text("1,260 characters")).to_be_visible()
    tab.get_by_role("button", name="Train now").click()
    expect(tab.get_by_role("button", name="Look into it: Hidden states")).to_be_visible()
    seen.rests()
    expect(tab.locator("[data-figure=loss] .rv-plot")).to_be_visible()
    assert seen.over_the_edge(".rv-board", "svg") == []
    tab.mouse.move(0, 0)
    assert unexpected(tab) == []
    # the address brings it back after a reload
    tab.reload()
    expect(tab.get_by_role("button", name="Look into it: Hidden states")).to_be_visible()
    seen.rests()
    expect(tab.locator("[data-figure=loss] .rv-plot")).to_be_visible()
    link = tab.url
    assert fetched(tab, "Download weights and card (ZIP)").path().stat().st_size > 1000
    tab.get_by_role("button", name="Look into it: Hidden states").click()
    Reader.drawn(seen)
    expect(tab.locator(".rv-readout")).to_contain_text("step 80 / 80")
    tab.context.clear_cookies()  # as another browser, to which the link is nothing
    tab.goto(link)
    expect(tab.get_by_text("opens in the browser that began it")).to_be_visible()


def test_a_run_is_brought_looked_into_and_its_moment_stands_in_the_link(reader, tmp_path):
    model = nn.GRU(2, 3)
    monitor = Monitor(tmp_path / "a", model, every=1)
    for _ in range(4):
        with monitor:
            model(torch.ones(5, 1, 2))[0].sum().backward()
    monitor.close()
    seen = reader("/runs", kind=Plain)
    tab = seen.tab
    tab.locator("input[type=file]").set_input_files(tmp_path / "a" / "run.jsonl")
    expect(tab.locator("[data-figure=reached] .rv-plot")).to_be_visible()
    seen.rests()
    tab.get_by_role("slider").focus()
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("location.search.includes('runs_update=2')")
    expect(tab.get_by_text("What reaches each step at update 2")).to_be_visible()
    seen.rests()
    assert unexpected(tab) == []
