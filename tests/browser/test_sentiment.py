"""explore/sentiment in a real browser: one cursor over curves and tokens, two reviews side by side, a file of many."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader, fetched, violations

PAGE = "/sentiment?sentiment_language=english"
TEXT = "the acting is good but the film is far too long"
HOSTILE = "bad <img src=x onerror=alert(1)> ![a](http://example.org/a.png) **bold**"


class Review(Reader):
    """The page in a tab; in the view of many reviews nothing is drawn."""

    root = ".se-root"

    def drawn(self) -> "Review":
        if "sentiment_view=many" not in self.tab.url:
            return super().drawn()
        self.tab.wait_for_selector("[data-testid=stDataFrame]")
        return self.rests()

    @property
    def here(self) -> set[str]:
        """What is marked by the cursor in the rows of tokens, and named above each picture."""
        marked = self.tab.locator(".se-strip .se-here").all_inner_texts()
        return {*marked, *self.tab.locator(".se-token-name").all_inner_texts()}


@pytest.fixture
def review(reader):
    return lambda path=PAGE, **more: reader(path, kind=Review, **more)


def test_one_cursor_moves_over_curves_and_tokens_without_the_server(review):
    seen = review(f"{PAGE}&sentiment_text={TEXT.replace(' ', '+')}")
    tab, words = seen.tab, TEXT.split()
    assert seen.here == {"long"}
    chart = tab.get_by_role("slider", name="Probability of a positive review after every token")
    seen.count_sent()
    chart.focus()
    for key, place in (("Home", 0), ("ArrowRight", 1), ("PageDown", 10), ("End", 10), ("ArrowLeft", 9)):
        tab.keyboard.press(key)
        expect(chart).to_have_attribute("aria-valuenow", str(place + 1))
        assert seen.here == {words[place]}
    assert re.match(
        r"10 too: RNN [\d.<> ]+ %, GRU [\d.<> ]+ %, LSTM [\d.<> ]+ %$", chart.get_attribute("aria-valuetext")
    )
    row = tab.get_by_role("slider", name="occlusion")
    row.get_by_text("good", exact=True).hover()
    assert seen.here == {"good"}
    expect(row).to_have_attribute("aria-valuetext", re.compile(r"^4 good: [+−]\d\.\d{3}$"))
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    tab.mouse.move(box["x"] + box["width"] - 20, box["y"] + 60)
    assert seen.here == {"long"}
    # the table of units follows: its sum is the log odds of what stands above it
    units = tab.locator("[data-section=units]")
    for key in ("Home", "End"):
        chart.press(key)
        percent = float(units.locator(".se-say b").inner_text().strip("%<> ")) / 100
        odds = float(units.locator("tbody tr").last.locator(".se-number").inner_text().replace("−", "-"))
        parts = [
            n.inner_text().replace("−", "-")
            for n in units.locator("tbody tr:not(:last-child) td:nth-last-child(2)").all()
        ]
        assert sum(map(float, parts)) == pytest.approx(odds, abs=0.02)
        assert 1 / (1 + 2.718281828**-odds) == pytest.approx(percent, abs=0.01)
    assert seen.sent == 0


def test_another_model_is_a_click_away_and_the_address_leads_back(review):
    seen = review()
    tab = seen.tab
    button = tab.get_by_role("button", name="GRU", exact=True)
    row = tab.get_by_role("slider", name="occlusion")
    row.press("Home")
    row.press("ArrowRight")
    words = seen.here
    seen.after(button.click)
    assert seen.here == words and row.get_attribute("aria-valuenow") == "2"  # the text is the same
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_be_focused()
    expect(tab.locator("[data-section=shares] h3")).to_have_text("Which tokens speak for the GRU’s verdict?")
    tab.wait_for_function("location.search.includes('sentiment_model=gru')")
    seen.after(tab.get_by_role("radio", name="two, token by token").click)
    tab.get_by_role("textbox", name="First review").fill("the film is not bad")
    seen.after(lambda: tab.keyboard.press("Enter"))
    tab.get_by_role("textbox", name="Second review").fill("the film is bad")
    seen.after(lambda: tab.keyboard.press("Enter"))
    pairs = [text.split() for text in tab.locator(".se-pair").all_inner_texts()]
    assert pairs == [["the", "the"], ["film", "film"], ["is", "is"], ["not", "–"], ["bad", "bad"]]
    expect(tab.locator(".se-pair.se-differs")).to_have_count(1)
    expect(tab.locator("[data-section=distance] rect").nth(2)).to_have_attribute("height", "0")
    tab.wait_for_function("location.search.includes('sentiment_second')")
    again = review(re.sub(r"^[a-z]+://[^/]+", "", tab.url))
    assert again.tab.locator(".se-pair").count() == 5
    expect(again.tab.locator("[data-section=pair] h3")).to_have_text("Where the two reviews part (GRU)")


def test_a_file_of_reviews_becomes_a_table(review, tmp_path):
    seen = review(f"{PAGE}&sentiment_view=many")
    tab = seen.tab
    tab.get_by_role("radio", name="a CSV file").click()
    file = tmp_path / "reviews.csv"
    file.write_bytes("text\n재미있다".encode("cp949"))
    tab.locator("input[type=file]").set_input_files(file)
    expect(tab.get_by_text("it was read as CP949")).to_be_visible()
    expect(tab.get_by_role("button", name="Download the table (CSV)")).to_be_visible()
    # while the next list is judged, its progress is seen, and never with the table of the one before
    tab.evaluate(
        "() => { const there = (id) => document.querySelector(`[data-testid=${id}]`) !== null; window.seen = new Set();"
        " new MutationObserver(() => there('stProgress') && window.seen.add(there('stDownloadButton')))"
        ".observe(document.body, {subtree: true, childList: true, characterData: true}); }"
    )
    tab.get_by_role("radio", name="a pasted list").click()
    box = tab.get_by_role("textbox", name="Reviews, one per line")
    expect(tab.get_by_text("it was read as CP949")).to_be_hidden()
    box.fill("\n".join(f"{TEXT} {i} " * 3 for i in range(300)))  # more than one chunk
    box.press("Control+Enter")
    tab.wait_for_function("window.seen.size > 0 && !document.querySelector('[data-testid=stProgress]')")
    expect(tab.get_by_role("button", name="Download the table (CSV)")).to_be_visible()
    assert tab.evaluate("[...window.seen]") == [False]
    tab.get_by_role("radio", name="a CSV file").click()
    rows = [f'"{TEXT} {i}, {HOSTILE}",{i % 2}' for i in range(100)]
    file = tmp_path / "more.csv"
    file.write_text("\n".join(["text,label", *rows]), "utf-8")
    tab.locator("input[type=file]").set_input_files(file)
    expect(tab.get_by_text("Judged right, of 100 reviews with a label")).to_be_visible()
    lines = fetched(tab, "Download the table (CSV)").path().read_text("utf-8").splitlines()
    assert len(lines) == 101 and lines[0].startswith(
        "row,review,label,RNN: p,RNN: log odds,GRU: p,GRU: log odds,LSTM: p"
    )
    assert HOSTILE in lines[100] and tab.locator(".stMain img").count() == 0


def test_what_was_typed_is_shown_as_text(review):
    seen = review()
    box = seen.tab.get_by_role("textbox", name="A film review")
    box.fill(HOSTILE)
    seen.after(lambda: box.press("Control+Enter"))
    strip = seen.tab.get_by_role("slider", name="occlusion")
    # the cursor's frame is on the last token, and the words below stay free of it
    bottom = "n => n.getBoundingClientRect().bottom"
    foot = strip.locator("xpath=../p").bounding_box()["y"]
    assert strip.locator(".se-here").evaluate(bottom) + 4 <= foot
    shown = strip.locator(".se-token").all_inner_texts()
    assert shown[:6] == ["bad", "<", "img", "src", "=", "x"] and shown.count("*") == 4
    assert seen.tab.locator(".stMain img").count() == 0


def test_the_page_violates_no_accessibility(review):
    seen = review(f"{PAGE}&sentiment_view=many")
    assert violations(seen.tab, "light", "dark") == []
    for path, width in (
        (f"{PAGE}&lang=ko", 1280),
        ("/sentiment?sentiment_language=korean&sentiment_view=two", 400),
    ):
        seen.tab.set_viewport_size({"width": width, "height": 1000})
        assert violations(seen.open(path).tab, "light", "dark") == []


def test_a_narrow_screen_needs_no_sideways_scrolling_and_no_type_is_too_small(review):
    long = "+".join(["supercalifragilisticexpialidocious" * 2, *TEXT.split() * 6])
    seen = review(f"{PAGE}&sentiment_text={long}", width=400, height=800)
    assert seen.over_the_edge(".se-root") == []
    seen.open(f"{PAGE}&sentiment_view=two&sentiment_first={long}&sentiment_second=bad")
    assert seen.over_the_edge(".se-root") == []
    seen.tab.set_viewport_size({"width": 1280, "height": 1000})
    seen.open(PAGE)
    assert seen.smallest_type(".se-root *") >= 14
    seen.projected()
    assert seen.smallest_type(".se-root *") >= 20
