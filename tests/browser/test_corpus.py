"""The page that searches a long text: a drag marks what is sought, the text is read with progress, and what is found is shown."""

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations
from tests.browser.test_app import fits_a_phone
from tests.browser.test_change import drag

LONG = "To be, or not to be, that is the question.\n" * 20
LINK = f"/corpus?model=shakespeare-gru&text=To%20be%2C%20or%20not%20to%20be&where_text={quote(LONG)}&where_threshold=0.1"


def test_a_drag_marks_what_is_sought_in_a_text_that_is_read_on_demand(reader):
    seen = reader(LINK)
    read = seen.tab.get_by_role("button", name="Read it: 860 characters")
    seen.after(lambda: drag(seen, 0.45, 0.55))
    seen.tab.wait_for_function("location.search.includes('where_steps=')")
    expect(seen.tab.locator("[data-figure=hidden] .rv-mark")).to_have_count(1)
    read.click()
    expect(seen.tab.get_by_text("where the units are on")).to_be_visible()
    expect(seen.tab.locator(".un-root[data-drawn] .un-place").first).to_be_visible()
    at_rest(seen.tab)
    found = violations(seen.tab, "light", "dark")
    # Streamlit's box for files is drawn with a role that contradicts its label
    assert [one for one in found if not all("stFileUploaderDropzone" in node for node in one[1])] == []
    seen.tab.get_by_text("where the state is alike").click()
    expect(seen.tab.get_by_text("The 20 states nearest to that")).to_be_visible()
    seen.tab.get_by_text("where the text is so").click()
    box = seen.tab.get_by_label("A regular expression")
    box.fill("question")
    box.press("Enter")
    expect(seen.tab.get_by_text("20 places in 860 characters")).to_be_visible()
    fits_a_phone(seen)
