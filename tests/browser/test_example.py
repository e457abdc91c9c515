"""The example of the course in a real browser: from the network into a cell, to one product of one unit, and back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations
from tests.browser.test_cell import CellReader, agrees
from tests.browser.test_network import still
from tests.studies.test_example import by_torch

UNROLLED = "/network?network_numbers=hello&network_stage=unrolled&network_shape=many_to_many"


class Course(CellReader):
    root = ":is(.nw-picture, .cv, .rv-board)"


def state(seen, step: int, kind: str) -> None:
    """The cell that is drawn stands at that step, and its h is torch's."""
    expect(seen.tab.locator(".cv[data-drawn]")).to_have_attribute("data-step", str(step))
    squares = seen.tab.locator(".cv-vector[data-id=h] text.cv-number").all_text_contents()
    wanted = by_torch(kind)[0][step - 1]
    assert all(agrees(text, value) for text, value in zip(squares, wanted, strict=True)), squares


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_from_the_network_into_a_cell_and_back_by_the_browser_and_by_the_cells_own_link(reader, kind):
    seen = reader(f"{UNROLLED}&network_kind={kind}", kind=Course, motion="reduce")
    still(seen)
    node = seen.tab.locator("[data-node=h0f2]")
    node.click()
    expect(node).to_have_class(re.compile("nw-looked"))
    link = seen.tab.locator(".nw-way")
    expect(link).to_have_text("Into this cell, at step 3 →")
    assert f"cell_preset=hello&cell_kind={kind}&lang=en&cell_step=3" in link.get_attribute("href")
    seen.tab.locator("[data-node=x2]").hover()  # on the way to the link
    expect(node).to_have_class(re.compile("nw-looked"))
    shown = seen.tab.locator(".nw-value").all_text_contents()[:3]
    assert all(agrees(text, value) for text, value in zip(shown, by_torch(kind)[0][2], strict=True))
    link.click()
    seen.tab.wait_for_url("**/cell?*")
    state(seen, 3, kind)
    seen.rests()
    seen.tab.go_back()
    seen.tab.wait_for_url("**/network?*")
    still(seen)
    expect(seen.tab.locator("[data-node=h0f2]")).to_have_class(re.compile("nw-looked"))
    assert "network_shape=many_to_many" in seen.tab.url
    assert kind == "rnn" or f"network_kind={kind}" in seen.tab.url  # which is where the page begins
    seen.rests()
    seen.tab.go_forward()
    seen.tab.wait_for_url("**/cell?*")
    state(seen, 3, kind)
    seen.rests()
    seen.press("ArrowRight")
    state(seen, 4, kind)
    around = seen.tab.get_by_role("link", name="In the network, at this step")
    assert "network_step=4" in around.get_attribute("href")
    around.click()
    seen.tab.wait_for_url("**/network?*")
    still(seen)
    expect(seen.tab.locator("[data-node=h0f3]")).to_have_class(re.compile("nw-looked"))
    expect(seen.tab.locator(".nw-detail-name")).to_contain_text("step 4")
    assert seen.wrong == []


def test_a_line_leads_to_its_product_and_a_unit_to_its_row(reader):
    seen = reader("/network?network_numbers=hello", kind=Course, motion="reduce")
    still(seen)
    seen.tab.locator("[data-edge='0'] .nw-hit").dispatch_event("pointerdown", {"bubbles": True})
    link = seen.tab.locator(".nw-way")
    expect(link).to_have_text("Into this product, at step 1 →")
    link.click()
    seen.tab.wait_for_url("**/cell?*")
    state(seen, 1, "rnn")
    row = seen.tab.locator(".cv-product[open] .cv-row.cv-here")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("unit 1")
    expect(row).to_contain_text("1.414·1.000")
    seen.rests()
    # from a square of the drawing to the products of its unit, both of them
    seen.tab.locator(".cv-vector[data-id=h] [data-unit='2']").click()
    rows = seen.tab.locator(".cv-product[open] .cv-row.cv-here")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("unit 3")
    assert seen.wrong == []


def test_the_loop_leads_into_the_step_that_is_shown(reader):
    seen = reader("/network?network_numbers=hello&network_stage=recurrent", kind=Course)
    still(seen).focus()
    seen.tab.keyboard.press("Home")
    seen.tab.keyboard.press("ArrowRight")
    seen.tab.locator("[data-node=h0]").click()
    expect(seen.tab.locator(".nw-way")).to_have_attribute("href", re.compile("cell_step=2$"))
    expect(seen.tab.locator("[data-node=x] .nw-label")).to_have_text("x “e”")


@pytest.mark.parametrize(
    "path",
    [
        f"{UNROLLED}&network_step=3&lang=ko",
        "/cell?cell_preset=hello&cell_kind=lstm&cell_product=xf-2",
        "/bptt",
    ],
)
def test_nothing_violates_accessibility_or_a_phones_width(reader, path):
    seen = reader(path, width=400, height=800, kind=Course)
    at_rest(seen.tab)
    assert seen.tab.evaluate("document.documentElement.scrollWidth") <= 400
    assert violations(seen.tab, "light", "dark") == []
