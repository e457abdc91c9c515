"""Two readings side by side, as a person sees them."""

from playwright.sync_api import expect


def test_a_text_that_is_longer_than_the_first_is_drawn_and_so_is_the_next(reader):
    seen = reader("/pair?model=shakespeare-gru&text=To%20be%20or&pair_text=Ah%2C%20to%20be%20or%20not%20")
    assert seen.tab.locator(".rv-token").count() > 9
    box = seen.tab.get_by_role("textbox", name="The second text")

    def type_another():
        box.fill("To bee or")
        box.press("Control+Enter")

    seen.after(type_another)
    expect(
        seen.tab.locator(".rv-token", has_text="–|e")
        .or_(seen.tab.locator(".rv-letter", has_text="–|e"))
        .first
    ).to_be_visible()
    expect(seen.tab.get_by_text("Error")).to_have_count(0)
