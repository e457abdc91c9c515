"""The attention map in a real browser: look, choose, follow, change, take back."""

import csv
import re

import pytest
from playwright.sync_api import expect

from rnnviz.trace import open_trace
from tests.browser.conftest import fetched, violations
from tests.browser.test_app import SMALLEST_TYPE
from tests.conftest import until

TEXT = "5%20Mar%202024"  # is right with attention: 2024-03-05
LONG = "Wednesday,%20the%20twenty-first%20of%20September,%20nineteen%20ninety-four"
MAP = f"/attention?translate_text={TEXT}"


def readout(seen) -> str:
    return seen.tab.locator(".ra-readout").inner_text().replace("\n", " ")


def cell(seen, row: int, place: int) -> dict:
    """Where a cell stands on the screen, counted from 0."""
    down = seen.tab.locator(".ra-row").nth(row).bounding_box()
    across = seen.tab.locator(".ra-key").nth(place).bounding_box()
    return {"x": across["x"] + across["width"] / 2, "y": down["y"] + down["height"] / 2}


def output(seen, name: str) -> str:
    return "".join(seen.tab.locator(f".ra-output[data-line={name}] .ra-token").all_inner_texts())


def in_address(seen, pattern: str) -> None:
    seen.tab.wait_for_function("p => decodeURIComponent(location.search).match(p)", arg=pattern)


def test_the_map_is_looked_at_and_taken_away(reader, tmp_path):
    """Both outputs and the reading order; the cursor lights tokens and states without asking the server; a step shows its
    arithmetic; pictures, table and recording come as files."""
    seen = reader(MAP)
    assert output(seen, "original") == "2024-03-05⟨end⟩"
    expect(seen.tab.locator(".ra-output[data-line=plain]")).to_be_visible()
    assert seen.tab.locator(".ra-number").all_inner_texts() == [str(n) for n in range(1, 12)]
    assert "".join(seen.tab.locator(".ra-key").all_inner_texts()) == "5·Mar·2024"
    # a product's terms sum to the score
    numbers = seen.tab.locator("[data-stage='1'] .ra-terms .ra-end").all_inner_texts()
    values = [float(text.replace("−", "-")) for text in numbers]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.02)
    # the cursor
    seen.count_sent()

    def pointed() -> bool:
        seen.tab.mouse.move(0, 0)
        seen.tab.mouse.move(**cell(seen, 5, 2))
        return "step 6/11" in readout(seen)

    until(pointed)  # the map may still move under the pointer
    assert "“0” looks at “M”" in readout(seen)
    expect(seen.tab.locator(".ra-key.ra-here")).to_have_text("M")
    expect(seen.tab.locator(".ra-row.ra-here .ra-number")).to_have_text("6")
    for strip in ("encoder", "decoder"):
        box = seen.tab.locator(f"[data-strip={strip}]").bounding_box()
        seen.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(seen.tab.locator(".ra-readout")).to_contain_text("unit")
    assert seen.sent == 0
    # a step that is chosen
    seen.tab.mouse.click(**cell(seen, 5, 2))
    expect(seen.tab.locator(".ra-side-title")).to_have_text("Step 6: how “0” is written")
    assert seen.tab.locator(".ra-stage").count() == 6
    weights = [
        float(v) for v in seen.tab.locator(".ra-slider").evaluate_all("s => s.map(e => e.ariaValueNow)")
    ]
    assert len(weights) == 10
    assert sum(weights) == pytest.approx(1, abs=1e-3)
    shares = seen.tab.locator(".ra-candidate").first.inner_text()
    assert "%" in shares
    in_address(seen, "translate_step=6")
    # pictures, table and recording
    for format, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        seen.tab.get_by_role("button", name="Save the map").click()
        with seen.tab.expect_download() as came:
            seen.tab.get_by_role("button", name=format, exact=True).click()
        came.value.save_as(tmp_path / format)
        assert (tmp_path / format).read_bytes().startswith(start)
    assert "5" in (tmp_path / "SVG").read_text("utf-8")
    seen.tab.get_by_text("The weights as a table").click()
    fetched(seen.tab, "Download the table").save_as(tmp_path / "csv")
    rows = list(csv.reader((tmp_path / "csv").read_text("utf-8").splitlines()))
    assert len(rows) == 12
    assert sum(map(float, rows[1][1:])) == pytest.approx(1, abs=1e-4)
    fetched(seen.tab, "Download the recording").save_as(tmp_path / "trace.nc")
    assert open_trace(tmp_path / "trace.nc")["attention"]["weight"].sizes["query"] == 11


def test_each_way_to_change_the_weights_can_be_taken_back(reader):
    seen = reader(MAP)
    before = seen.tab.locator("[data-input='0']").input_value()
    track = seen.tab.locator("[data-slider='0']")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    y = box["y"] + box["height"] / 2

    def drag():
        seen.tab.mouse.move(box["x"] + 2, y)
        seen.tab.mouse.down()
        seen.tab.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
        seen.tab.mouse.up()

    place = seen.tab.locator(".ra-scroll").evaluate("e => e.offsetTop")
    seen.after(drag)
    assert (
        seen.tab.locator(".ra-scroll").evaluate("e => e.offsetTop") == place
    )  # nothing moves under the finger
    expect(seen.tab.locator(".ra-sum")).to_contain_text("so each is divided by that")
    expect(seen.tab.locator(".ra-output[data-line=changed]")).not_to_contain_text("not changed anything yet")
    assert float(seen.tab.locator("[data-input='0']").input_value()) == pytest.approx(0.6, abs=0.02)
    in_address(seen, "translate_changes=1:1=0.[56]")
    seen.after(lambda: seen.tab.get_by_role("button", name="Undo").click())
    assert seen.tab.locator("[data-input='0']").input_value() == before
    expect(seen.tab.locator(".ra-output[data-line=changed]")).to_contain_text("not changed anything yet")
    # arrow keys, and back again
    bar = seen.tab.locator("[data-slider='3']")
    own = bar.get_attribute("aria-valuetext")
    bar.focus()
    seen.after(lambda: seen.tab.keyboard.press("PageUp"))
    expect(seen.tab.locator("[data-slider='3']")).to_be_focused()
    in_address(seen, "translate_changes=1:4=0.")
    seen.after(lambda: seen.tab.keyboard.press("PageDown"))
    seen.tab.wait_for_function("!location.search.includes('translate_changes')")
    assert seen.tab.locator("[data-slider='3']").get_attribute("aria-valuetext") == own
    # another candidate
    other = seen.tab.locator(".ra-candidate[aria-pressed=false]", has_text=re.compile("^1"))
    seen.after(other.click)
    assert output(seen, "changed").startswith("1")
    assert output(seen, "original") == "2024-03-05⟨end⟩"
    assert seen.tab.locator(".ra-output[data-line=changed] mark").first.inner_text() == "1"
    expect(seen.tab.locator(".ra-candidate[aria-pressed=true]")).to_contain_text("your choice")
    seen.after(lambda: seen.tab.locator(".ra-candidate").first.click())
    expect(seen.tab.locator(".ra-output[data-line=changed]")).to_contain_text("not changed anything yet")
    # looking only here, by a word or a double click
    seen.after(lambda: seen.tab.locator(".ra-key").nth(2).click())
    in_address(seen, r"translate_changes=1:\*=0,3=1.0$|translate_changes=1:\*=0,3=1.0&")
    spot = cell(seen, 4, 6)
    seen.after(lambda: seen.tab.mouse.dblclick(**spot))
    in_address(seen, r"5:\*=0,7=1.0")
    seen.after(lambda: seen.tab.get_by_role("button", name="Reset this step").click())
    in_address(seen, r"translate_changes=1:\*=0,3=1.0$|translate_changes=1:\*=0,3=1.0&")
    seen.after(lambda: seen.tab.get_by_role("button", name="Reset all").click())
    seen.tab.wait_for_function("!location.search.includes('translate_changes')")
    assert output(seen, "original") == "2024-03-05⟨end⟩"


def test_a_text_box_that_comes_late_shows_the_text(reader):
    """Streamlit loads each kind of widget when it is first drawn: one that begins empty would empty the text."""
    held = []
    seen = reader()
    seen.tab.route("**/TextInput.*.js", lambda request: held.append(request))
    seen.tab.goto(seen.address + MAP)
    seen.tab.locator("[data-slider='3']").press("PageUp")
    seen.tab.wait_for_function("location.search.includes('translate_changes')")
    seen.tab.wait_for_selector(
        '[data-testid="stApp"][data-test-script-state="notRunning"]'
    )  # it has run twice
    assert held
    for request in held:
        request.continue_()
    seen.rests()
    expect(seen.tab.get_by_role("textbox", name="A date")).to_have_value("5 Mar 2024")
    seen.after(lambda: seen.tab.keyboard.press("PageDown"))
    seen.tab.wait_for_function("!location.search.includes('translate_changes')")
    expect(seen.tab.get_by_role("textbox", name="A date")).to_have_value("5 Mar 2024")
    seen.tab.unroute_all()


def test_steps_are_chosen_by_keys_and_a_change_keeps_the_one_that_was_chosen(reader):
    seen = reader(MAP)
    # a weight that is typed, and a wrong one
    box = seen.tab.locator("[data-input='3']")
    box.fill("-2")
    seen.tab.keyboard.press("Enter")
    expect(seen.tab.locator(".ra-problem")).to_have_text(
        "A weight must be a number of 0 or more, such as 0.25."
    )
    expect(box).to_have_value("-2")

    def right():
        box.fill("0,25")
        seen.tab.keyboard.press("Enter")

    seen.after(right)
    in_address(seen, "translate_changes=1:4=0.25")
    expect(seen.tab.locator(".ra-problem")).to_be_hidden()
    seen.after(lambda: seen.tab.get_by_role("button", name="Reset all").click())
    # keys
    seen.tab.locator(".ra-scroll").focus()
    for key in ("End", "ArrowUp", "ArrowLeft"):
        seen.tab.keyboard.press(key)
    expect(seen.tab.locator(".ra-side-title")).to_contain_text("Step 10")
    expect(seen.tab.locator(".ra-root [aria-live=polite]")).to_contain_text("step 10")
    seen.tab.keyboard.press("Home")
    expect(seen.tab.locator(".ra-side-title")).to_contain_text("Step 1:")
    seen.after(lambda: seen.tab.keyboard.press("Enter"))
    in_address(seen, r"translate_changes=1:\*=0,\d+=1.0")
    # a click
    title = seen.tab.locator(".ra-side-title")
    seen.tab.locator(".ra-row").nth(7).click()
    expect(title).to_contain_text("Step 8:")
    seen.after(lambda: seen.tab.locator(".ra-key").nth(1).click())
    expect(title).to_contain_text("Step 8:")


def test_a_link_restores_the_changes_and_type_is_large_enough(reader):
    seen = reader(f"{MAP}&translate_changes=3:*%3D0,1%3D1&translate_step=3")
    expect(seen.tab.locator(".ra-side-title")).to_contain_text("Step 3:")
    expect(seen.tab.locator("[data-slider='0']")).to_have_attribute("aria-valuenow", "1.0000")
    expect(seen.tab.locator(".ra-edited .ra-number")).to_have_text("3")
    expect(seen.tab.get_by_role("button", name="Undo")).to_be_disabled()
    assert seen.tab.evaluate(SMALLEST_TYPE) >= 14
    seen.projected()
    assert seen.tab.evaluate(SMALLEST_TYPE) >= 20 - 0.01


@pytest.mark.parametrize(
    "path", [MAP, f"/attention?lang=ko&translate_text={LONG}&translate_changes=3:*%3D0,1%3D1"]
)
def test_the_map_violates_no_rule_of_accessibility(reader, path):
    assert violations(reader(path).tab, "light", "dark") == []


def test_playing_theme_language_and_views(reader):
    seen = reader(MAP)
    # one row is written after the other
    seen.tab.get_by_label("Speed").select_option("200")
    play = seen.tab.get_by_role("button", name="Play or pause")
    play.click()
    expect(seen.tab.locator(".ra-row.ra-later").first).to_be_attached()
    seen.tab.wait_for_function("document.querySelector('.ra-side-title').textContent.includes('Step 3:')")
    play.click()
    expect(seen.tab.locator(".ra-row.ra-later")).to_have_count(0)
    seen.tab.emulate_media(reduced_motion="reduce")
    expect(play).to_be_hidden()
    seen.tab.emulate_media(reduced_motion="no-preference")
    # theme, views and language
    expect(seen.tab.locator(".ra-root")).to_have_attribute("data-theme", "light")
    seen.tab.emulate_media(color_scheme="dark")
    expect(seen.tab.locator(".ra-root")).to_have_attribute("data-theme", "dark")
    seen.tab.get_by_text("beam search", exact=True).click()
    expect(seen.tab.locator(".rv-board[data-drawn]")).to_be_visible()
    seen.tab.get_by_text("the map", exact=True).click()
    expect(seen.tab.locator(".ra-root[data-drawn]")).to_be_visible()
    seen.tab.get_by_text("한국어").click()
    expect(seen.tab.get_by_role("heading", name="어텐션", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", [MAP, f"/attention?translate_text={LONG}&projector=True"])
def test_the_map_fits_a_phone_and_scrolls_inside(reader, path):
    seen = reader(path, width=400, height=800)
    assert seen.over_the_edge(".ra-root", ".ra-scroll") == []


def test_another_pair_of_languages_leaves_no_number_of_the_one_before(reader):
    seen = reader(f"{MAP}&translate_view=bottleneck&translate_task=dates")
    value = seen.tab.locator("[data-figure=total] .rv-value")
    expect(value).to_contain_text("e−")
    before = seen.revision
    seen.tab.locator(".st-key-pick_translate_task button").last.click()
    seen.redrawn(before)
    expect(value).to_have_text("")
    seen.tab.locator("[data-figure=total] .rv-plot").hover()
