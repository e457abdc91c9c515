"""How scripts come: late, or not at all; and what less motion means for playing."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader

SCRIPT = "**/parts/board/board.js"


@pytest.fixture
def tab(chromium, server):
    context = chromium.new_context(locale="en-US", viewport={"width": 1280, "height": 1000})
    yield Reader(context.new_page(), server).tab  # as patient as all readers
    context.close()


def test_a_script_that_cannot_be_loaded_leaves_a_line_on_the_page(tab, server):
    tab.route(SCRIPT, lambda route: route.abort())
    tab.goto(f"{server}/states?lang=ko")
    tab.wait_for_selector("[role=alert]")
    expect(tab.get_by_role("alert")).to_contain_text("이 그림을 불러오지 못했습니다.")
    tab.get_by_role("textbox").first.fill("again")
    tab.keyboard.press("Control+Enter")
    expect(tab.locator(".rv-board")).to_have_count(0)
    expect(tab.locator(".rnnviz-unloaded")).to_have_count(1)


def test_a_script_that_comes_late_draws_the_last_that_was_sent_once(tab, server):
    held = []
    tab.route(SCRIPT, lambda route: held.append(route))
    tab.goto(f"{server}/states?text=first")
    box = tab.get_by_role("textbox", name="Your text")
    for text in ("the second", "at last the third"):
        box.fill(text)
        tab.keyboard.press("Control+Enter")
        tab.wait_for_function("text => new URL(location).searchParams.get('text') === text", arg=text)
        tab.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(tab.locator(".rv-board")).to_have_count(0)
    assert len(held) == 1  # all calls wait for one import
    held[0].continue_()
    Reader(tab, server).drawn()
    expect(tab.locator(".rv-board")).to_have_count(1)
    expect(tab.locator(".rv-readout")).to_contain_text("step 17 / 17")


def test_where_less_motion_is_asked_for_the_board_is_stepped_not_played(reader):
    seen = reader("/states")
    play = seen.tab.get_by_role("button", name="Play or pause")
    readout = seen.tab.locator(".rv-readout")
    expect(play).to_be_visible()
    told = "(out) => { window.told = []; new MutationObserver(() => told.push(out.textContent)).observe(out, {%s}); }"
    readout.evaluate(
        told % "childList: true, characterData: true, subtree: true"
    )  # it may be over before anyone looks
    play.click()
    seen.tab.wait_for_function("new Set(told.map((text) => text.match(/^step (\\d+)/)?.[1])).size > 2")
    seen.tab.emulate_media(reduced_motion="reduce")
    expect(play).to_be_hidden()
    seen.tab.locator(".rv-board").press("Home")
    expect(readout).to_contain_text("step 1 /")
    seen.tab.keyboard.press("Space")
    seen.tab.get_by_role("button", name="One step forward").click()
    expect(readout).to_contain_text("step 2 /")
    seen.tab.emulate_media(reduced_motion="no-preference")
    expect(play).to_be_visible()
