"""A word of the course on a page: marked where it first stands, opened by a press, and the way there and back."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import at_rest, violations

MARKED = "() => [...CSS.highlights.get('rnnviz-word') ?? []].map((range) => range.toString())"
PLACE = """(word) => {
  const range = [...CSS.highlights.get('rnnviz-word')].find((one) => one.toString() === word);
  range.startContainer.parentElement.scrollIntoView({ block: 'center' });
  const { left, top, width, height } = range.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}"""


def test_a_word_is_marked_opens_its_sentence_and_leads_to_all_words_and_back(reader):
    seen = reader("/bptt?bptt_kind=gru&lang=ko")
    tab = seen.tab
    tab.wait_for_function(f"(word) => ({MARKED})().includes(word)", arg="가중치")
    assert tab.evaluate(MARKED).count("가중치") == 1
    listed = tab.locator(".wd-list a")
    expect(listed.filter(has_text="가중치")).to_have_count(1)
    at_rest(tab)  # nothing moves the word any more
    tab.mouse.click(*tab.evaluate(PLACE, "가중치"))
    card = tab.locator(".wd-card")
    expect(card).to_be_visible()
    expect(card.locator("strong")).to_have_text("가중치")
    expect(card).to_contain_text("weight")
    tab.keyboard.press("Escape")
    expect(card).to_be_hidden()
    listed.filter(has_text="가중치").press("Enter")
    expect(tab).to_have_url(re.compile("/words"))
    expect(tab.get_by_role("heading", level=2).first).to_be_visible()
    at_rest(tab)
    tab.go_back()
    expect(tab.locator(".rv-board")).to_be_visible()
    expect(tab).to_have_url(re.compile("bptt_kind=gru"))
    assert violations(tab) == []
