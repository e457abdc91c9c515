"""The page about a unit: places of a long text in the colours of a unit, and units that are found and then looked at."""

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.conftest import Reader, at_rest, violations
from tests.browser.test_app import fits_a_phone

# another text than that of any other test: what one reader has had read is there for all
LONG = "To be, or not to be, that is the question.\n" * 21
LINK = f"/unit?model=shakespeare-gru&layer=2&unit=257&where_text={quote(LONG)}"


class Waiting(Reader):
    """Of a page whose pictures come once the text is read."""

    def open(self, path: str = "/") -> Reader:
        self.tab.goto(self.address + path)
        return self.rests()


def test_a_text_is_read_on_demand_and_its_places_are_coloured(reader):
    seen = reader(LINK, kind=Waiting)
    seen.tab.get_by_role("button", name="Read it: 903 characters").click()
    places = seen.tab.locator(".un-root[data-drawn] .un-place")
    expect(places.first).to_be_visible()
    seen.drawn()
    at_rest(seen.tab)
    # what is marked stands in one column
    lefts = seen.tab.locator(".un-group:first-child .un-here").evaluate_all(
        "found => found.map((one) => Math.round(one.getBoundingClientRect().left))"
    )
    assert len(lefts) > 4 and max(lefts) - min(lefts) <= 1
    found = violations(seen.tab, "light", "dark")
    # Streamlit's box for files is drawn with a role that contradicts its label
    assert [one for one in found if not all("stFileUploaderDropzone" in node for node in one[1])] == []
    seen.tab.get_by_text("Which units …?").click()
    offered = seen.tab.get_by_role("radio", name="layer 2, unit").first
    expect(offered).to_be_visible()
    seen.rests()
    offered.click()
    expect(places.first).to_be_visible()
    seen.tab.wait_for_function("!location.search.includes('one_view=find')")
    seen.drawn()
    fits_a_phone(seen)
    # nothing of the places is cut off on the right but what follows them
    assert seen.over_the_edge(".un-root", ".un-text") == []
