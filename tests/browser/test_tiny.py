"""learn/order and learn/letters in a real browser: trained, stepped through, at every width and in both themes."""

import re

import pytest
from playwright.sync_api import expect

from rnnviz.studies import tiny
from rnnviz.studies.tiny import LETTERS, ORDER
from rnnviz.ui.parts.numbers import percent
from tests.browser.conftest import violations


@pytest.fixture
def page(reader):
    """Opens a page and waits until its network is trained and what stands last on it is there."""

    def visit(path: str, **more):
        seen = reader(path, **more)
        seen.tab.locator("[data-testid=stMain] .stExpander:not(.st-key-guess *)").wait_for()
        return seen.rests()

    return visit


def trained(models, task):
    for _step in tiny.train(models, task):
        pass
    return models


def test_the_order_is_learned_and_the_numbers_are_torchs(page):
    seen = page("/order?order_units=2")
    models = trained({"rnn": tiny.build(ORDER, "rnn", 2, 0), "bag": tiny.bag(ORDER, 2, 0)}, ORDER)
    table = seen.tab.get_by_test_id("stTable").first
    for row in tiny.answers(models, ORDER).isel(time=-1).values:
        for value in row.tolist():
            expect(table.get_by_text(percent(value), exact=True).first).to_be_visible()
    expect(seen.tab.locator("[data-figure=answers] .rv-plot .scatterlayer .trace")).to_have_count(3)
    hidden = models["rnn"].rnn(ORDER.x[:1])[0][0, 0, 0].item()
    expect(seen.tab.get_by_text(f"{hidden:.4f}".replace("-", "−"), exact=True).first).to_be_attached()


def test_other_units_make_other_shapes_and_go_into_the_address(page):
    seen = page("/order")
    expect(seen.tab.get_by_text("(3, 3)", exact=True).first).to_be_visible()
    seen.tab.get_by_role("slider", name="Units").press("ArrowRight")
    expect(seen.tab.get_by_text("(4, 4)", exact=True).first).to_be_visible()
    seen.tab.wait_for_function("location.search.includes('order_units=4')")
    seen.tab.get_by_role("button", name="Sizes from the tutorials").click()
    expect(seen.tab.get_by_text("(4, 4)", exact=True)).to_have_count(0)


def test_letters_are_drawn_one_at_a_time_with_torchs_numbers(page):
    seen = page("/letters?letters_temperature=0&letters_trained=200")
    steps = seen.tab.locator(".letters-steps > li")
    expect(steps).to_have_count(4)
    model = trained({"rnn": tiny.build(LETTERS, "rnn", 3, 0)}, LETTERS)["rnn"]
    shares = tiny.read(model, LETTERS, "hello")["probability"].values.ravel().tolist()
    shown = seen.tab.locator(".letters-card:first-child .letters-bar > span")
    expect(shown).to_have_text([percent(share) for share in shares])
    seen.tab.get_by_role("button", name="Start over").click()
    expect(steps).to_have_count(1)
    seen.tab.get_by_role("button", name="Draw the next letter").click()
    expect(steps).to_have_count(2)
    seen.tab.wait_for_function("location.search.includes('letters_shown=2')")


def test_what_cannot_be_read_is_said_and_stays_in_the_box(page):
    seen = page("/letters")
    box = seen.tab.get_by_label("Letters to read")
    bad = "he![a](b)<b>"
    box.fill(bad)
    box.press("Enter")
    expect(seen.tab.get_by_test_id("stAlert")).to_contain_text("it cannot read “! [ a ] ( b ) < >”")
    expect(box).to_have_value(bad)
    seen.tab.wait_for_function("location.search.includes('letters_text=')")
    again = page(re.sub(r"^[a-z]+://[^/]+", "", seen.tab.url))
    expect(again.tab.get_by_label("Letters to read")).to_have_value(bad)


@pytest.mark.parametrize("path", ["/order?lang=ko", "/letters?lang=ko&letters_kind=lstm"])
def test_the_pages_violate_no_accessibility_and_fit(page, path):
    seen = page(path)
    for theme, width in (("light", 1280), ("dark", 400)):
        seen.tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(seen.tab, theme) == []
        assert seen.tab.evaluate("document.documentElement.scrollWidth") <= width
