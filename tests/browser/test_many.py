"""The page of many sequences: its picture is chosen from and played in the browser alone, and a link holds the view."""

from playwright.sync_api import expect

from tests.browser.conftest import Reader, at_rest, violations
from tests.browser.test_app import fits_a_phone


class Many(Reader):
    """Of this page, whose picture comes after its controls."""

    def open(self, path: str = "/") -> Reader:
        self.tab.goto(self.address + path)
        expect(self.tab.locator(".mn-root[data-drawn]")).to_be_visible()
        return self.rests()


def test_a_sequence_is_chosen_the_cursor_moves_and_a_link_holds_both(reader):
    seen = reader("/many?many_language=english&many_model=gru", kind=Many)
    tab = seen.tab
    title, readout = tab.locator(".mn-title"), tab.locator(".mn-readout")
    expect(readout).to_have_text("100 % of the way: all 400")
    first = title.inner_text()
    # the list of those judged wrong, with the keyboard alone
    second = tab.locator(".mn-missed .mn-entry").nth(1)
    second.focus()
    tab.keyboard.press("Enter")
    expect(title).not_to_have_text(first)
    expect(second).to_have_attribute("aria-pressed", "true")
    chosen = title.inner_text()
    tab.get_by_role("button", name="number of steps").click()
    slider = tab.get_by_role("slider", name="Where the dots are")
    slider.focus()
    tab.keyboard.press("Home")
    expect(readout).to_have_text("step 1: 400 of 400 are that long")
    tab.keyboard.press("ArrowRight")
    expect(readout).to_have_text("step 2: 400 of 400 are that long")
    expect(tab.locator(".mn-token").nth(1)).to_have_class("mn-token mn-here")
    tab.get_by_role("button", name="right or wrong").click()
    tab.wait_for_function("location.hash.includes('at=1') && location.hash.includes('colour=right')")
    link = tab.url
    tab.goto("about:blank")
    tab.goto(link)
    expect(title).to_have_text(chosen)
    expect(readout).to_have_text("step 2: 400 of 400 are that long")
    expect(tab.get_by_role("button", name="right or wrong")).to_have_attribute("aria-pressed", "true")


def test_the_pointer_says_which_sequence_it_is_over_and_a_click_chooses_it(reader):
    seen = reader("/many?many_language=korean&many_model=gru&lang=ko", kind=Many)
    at_rest(seen.tab)
    picture, tip = seen.tab.locator(".mn-over"), seen.tab.locator(".mn-tip")
    expect(tip).to_be_hidden()
    box = picture.bounding_box()
    where = {"x": box["width"] * 0.45, "y": box["height"] * 0.4}
    picture.hover(position=where)
    expect(tip).to_be_visible()
    name = tip.locator("b").inner_text()
    picture.click(position=where)
    expect(seen.tab.locator(".mn-title")).to_have_text(name)
    seen.tab.locator(".mn-play").click()
    expect(seen.tab.locator(".mn-play")).to_have_attribute("aria-pressed", "true")
    expect(seen.tab.locator(".mn-readout")).not_to_contain_text("100 %")
    seen.tab.locator(".mn-play").click()
    expect(seen.tab.locator(".mn-play")).to_have_attribute("aria-pressed", "false")


def test_it_breaks_no_rule_of_accessibility_and_fits_a_phone(reader):
    seen = reader("/many", kind=Many)
    assert violations(seen.tab, "light", "dark") == []
    fits_a_phone(seen)
    assert seen.over_the_edge(".mn-root", ".mn-canvas") == []
