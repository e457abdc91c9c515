"""What a person sees and does, in a real browser."""

import math
import re

import pytest
from playwright.sync_api import expect

from rnnviz.trace import open_trace
from tests.browser.conftest import at_rest, fetched, serving, violations
from tests.conftest import PATIENCE

TEXT = "ROMEO: I would I were thy bird."


def readout(seen) -> str:
    return seen.tab.locator(".rv-readout").inner_text().replace("\n", " ")


SMALLEST_TYPE = """() => Math.min(...[...document.querySelectorAll('[data-testid=stMain] *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getClientRects().length)
  .filter(e => !e.closest('.rv-hidden, style, [data-testid=stIconMaterial]'))
  .map(e => parseFloat(getComputedStyle(e).fontSize)))"""


def test_the_first_visit_opens_on_a_picture_and_leads_onto_a_way_whose_stops_are_remembered(reader):
    seen = reader()
    expect(seen.tab.get_by_role("heading", name="See inside a recurrent network")).to_be_visible()
    row = seen.tab.locator(".hm-row").first
    assert "line is getting long" in row.inner_text() and row.locator(".hm-token").count() == 81
    colours = "e => [...e.querySelectorAll('.hm-token')].map(t => getComputedStyle(t).backgroundColor)"
    first = row.evaluate(colours)
    assert first[0] != first[35] and first[40] != first[34]  # it begins anew with each line
    seen.tab.get_by_role("textbox", name="Try it").fill("A short line.\nAnother one\n")
    before = seen.revision
    seen.tab.keyboard.press("Control+Enter")
    seen.redrawn(before)
    assert row.locator(".hm-token").count() == 26
    # what was seen is marked, and known at the next visit of this browser
    seen.tab.get_by_role("button", name="Learn it, step by step").click()
    expect(seen.tab.get_by_role("heading", name="The limits of counting")).to_be_visible()
    seen.tab.get_by_role("link", name="Next: The network unrolled").click()
    expect(seen.tab.get_by_text(re.compile(r"stop 2 of \d"))).to_be_visible()
    seen.rests()
    seen.open("/")
    seen.tab.locator(".rnnviz-last a", has_text="2 · The network unrolled").click()
    expect(seen.tab.get_by_text(re.compile(r"stop 2 of \d"))).to_be_visible()
    seen.rests()
    marks = "e => getComputedStyle(e.querySelector('p'), '::after').content"
    seen.tab.get_by_test_id("stSidebar").locator("summary", has_text="Counting words").click()
    assert "✓" in seen.tab.locator('[data-testid=stSidebar] a[href="counting"]').evaluate(marks)
    assert seen.tab.locator('[data-testid=stSidebar] a[href="order"]').evaluate(marks) == "none"


def test_a_deep_link_on_a_cold_server_opens_its_own_view(reader):
    with serving() as cold:
        seen = reader("/states?model=shakespeare-gru&unit=40&text=Hello%20there&layer=2", address=cold)
        expect(seen.tab.get_by_role("heading", name="Hidden states")).to_be_visible()
        expect(seen.tab.get_by_role("dialog")).to_have_count(0)
        assert "unit 40" in readout(seen)
        expect(seen.tab.get_by_role("textbox", name="Your text")).to_have_value("Hello there")
        seen.leave()


def test_a_text_that_is_typed_is_drawn_hovered_without_a_rerun_and_taken_away(reader, tmp_path):
    seen = reader("/states")
    before = seen.revision
    seen.tab.get_by_role("textbox", name="Your text").fill(TEXT)
    seen.tab.keyboard.press("Control+Enter")
    seen.redrawn(before)
    assert readout(seen).startswith(f"step {len(TEXT)} / {len(TEXT)}")
    seen.tab.wait_for_function("location.search.includes('ROMEO')")
    seen.rests()
    # the cursor moves everywhere
    seen.count_sent()
    before, frame = seen.revision, seen.tab.locator(".rv-readout").text_content()
    for figure in ("hidden", "curve"):
        box = seen.box(figure)
        for share in (0.3, 0.5, 0.7):
            seen.tab.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 3)
            expect(seen.tab.locator(".rv-readout")).not_to_have_text(frame)  # each place has its own
            frame = seen.tab.locator(".rv-readout").text_content()
    assert seen.tab.locator(".rv-here").count() >= 1
    assert seen.tab.locator("[data-figure=curve] .rv-value").inner_text() != ""
    assert seen.sent == 0
    assert seen.revision == before
    # a figure is saved as a slide
    save = seen.tab.get_by_role("button", name="Save this figure: Hidden state h")
    save.click()
    with seen.tab.expect_download() as wanted:
        seen.tab.get_by_role("button", name="PNG").click()
    assert wanted.value.suggested_filename == "rnnviz-hidden.png"
    wanted.value.save_as(tmp_path / "hidden.png")
    raw = (tmp_path / "hidden.png").read_bytes()
    assert raw[:4] == b"\x89PNG"
    assert int.from_bytes(raw[16:20]) == 2560
    save.click()
    with seen.tab.expect_download() as wanted:
        seen.tab.get_by_role("button", name="SVG", exact=True).click()
    assert wanted.value.suggested_filename == "rnnviz-hidden.svg"
    # and the recording
    fetched(seen.tab, "Download the recording").save_as(tmp_path / "run.nc")
    hidden = open_trace(tmp_path / "run.nc")["rnn"]["hidden"]
    assert hidden.sizes["time"] == len(TEXT)
    assert "".join(hidden["token"].values) == TEXT


def test_gates_follow_the_cursor_tell_the_hovered_unit_from_the_chosen_one_and_choose_another(reader):
    seen = reader(f"/gates?text={TEXT}&unit=3&order=stored")
    assert seen.tab.evaluate(SMALLEST_TYPE) >= 14
    # the half-life of the gate
    seen.tab.locator(".rv-board").focus()
    for _step in range(2):
        said = seen.tab.locator(".rv-life").inner_text()
        gate, life = map(float, re.fullmatch(r".* f = ([\d.]+): .* = ([\d.]+) steps", said).groups())
        assert gate == pytest.approx(math.exp(-math.log(2) / life), abs=1e-4)
        seen.tab.keyboard.press("ArrowLeft")
        expect(seen.tab.locator(".rv-life")).not_to_have_text(said)
    # the readout
    box = seen.box("forget_gate")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown = seen.tab.locator(".rv-readout")
    seen.tab.mouse.move(x, y)
    expect(shown).to_contain_text(re.compile(r"unit \d+ \(chosen: 3\)"))
    seen.tab.mouse.down()
    seen.tab.mouse.move(x + 80, y, steps=4)
    seen.tab.mouse.move(5, 5, steps=4)  # out of the pictures, and only then up
    seen.tab.mouse.up()
    expect(shown).to_contain_text(re.compile(r"unit 3$"))
    dot = seen.tab.locator("[data-figure=saturation] .point").nth(30)
    dot.scroll_into_view_if_needed()
    at = dot.bounding_box()
    seen.tab.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    expect(shown).to_contain_text("chosen: 3")
    seen.tab.mouse.move(5, 5, steps=4)
    expect(shown).to_contain_text(re.compile(r"unit 3$"))
    # a dot of the saturation plot
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    seen.after(lambda: seen.press("saturation", x, y))
    seen.tab.wait_for_function("!new URLSearchParams(location.search).get('unit').match(/^3$/)")
    seen.after(seen.tab.get_by_text("Projector view").click)
    assert seen.tab.evaluate(SMALLEST_TYPE) >= 20 - 0.01
    seen.tab.wait_for_function("location.search.includes('projector=True')")


def test_keys_move_the_cursor_choose_a_unit_and_zoom_and_a_click_on_a_row_chooses_its_unit(reader):
    seen = reader(f"/states?text={TEXT}&order=stored&unit=5")
    seen.tab.locator(".rv-board").focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        seen.tab.keyboard.press(key)
    expect(seen.tab.locator(".rv-readout")).to_have_text(re.compile("^step 3 /"))
    expect(seen.tab.locator(".rv-board [aria-live=polite]")).to_contain_text("step 3, M")
    seen.tab.keyboard.press("ArrowDown")
    before = seen.revision
    seen.tab.keyboard.press("Enter")
    seen.redrawn(before)
    expect(seen.tab.get_by_label("Unit", exact=True)).to_have_value("6")
    wide = seen.tab.locator(".rv-token").count()
    seen.tab.keyboard.press("+")
    expect(seen.tab.locator(".rv-token")).not_to_have_count(wide)
    seen.tab.keyboard.press("0")
    expect(seen.tab.locator(".rv-token")).to_have_count(wide)
    box, before = seen.box("hidden"), seen.revision
    seen.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(seen.tab.locator(".rv-readout")).to_contain_text("(chosen: 6)")
    unit = re.search(r"unit (\d+)", readout(seen)).group(1)
    assert unit != "6"
    seen.tab.mouse.down()
    seen.tab.mouse.up()
    seen.redrawn(before)
    expect(seen.tab.locator("[data-figure=curve] .rv-title")).to_have_text(f"Unit {unit}")
    expect(seen.tab.get_by_label("Unit", exact=True)).to_have_value(unit)
    seen.tab.wait_for_function(f"location.search.includes('unit={unit}')")


def test_zoom_survives_a_rerun_and_brings_exact_values(reader):
    seen = reader("/states?model=shakespeare-rnn&text=" + "to%20be%20or%20not%20" * 60)
    value = seen.tab.locator("[data-figure=hidden] .rv-value")
    expect(value).to_contain_text("≈")
    box = seen.box("hidden")
    seen.tab.mouse.move(box["x"] + 200, box["y"] + 80)
    seen.tab.mouse.down()
    seen.tab.mouse.move(box["x"] + 240, box["y"] + 80, steps=4)
    seen.tab.mouse.up()
    expect(value).not_to_contain_text("≈")
    shown = seen.tab.locator(".rv-token").count()
    before = seen.revision
    seen.tab.get_by_label("Unit", exact=True).fill("7")
    seen.tab.keyboard.press("Enter")
    seen.redrawn(before)
    assert shown > 3
    assert seen.tab.locator(".rv-token").count() == shown
    seen.tab.wait_for_function("location.hash.startsWith('#zoom=')")
    seen.tab.reload()
    seen.drawn()
    expect(value).not_to_contain_text("≈")
    assert seen.tab.locator(".rv-token").count() == shown


def test_units_are_zoomed_to_with_keys_mouse_and_two_fingers_and_their_rows_stay_right(reader):
    seen = reader("/states?model=shakespeare-rnn&order=stored&unit=100&text=" + "to%20be%20or%20not%20" * 60)
    value, row = (
        seen.tab.locator("[data-figure=hidden] .rv-value"),
        seen.tab.locator("[data-figure=hidden] .rv-row"),
    )
    expect(value).to_contain_text("≈")
    box = seen.box("hidden")
    seen.tab.mouse.move(box["x"] + 300, box["y"] + 100)
    seen.tab.mouse.down()
    seen.tab.mouse.move(box["x"] + 301, box["y"] + 140, steps=4)  # down, not across
    seen.tab.mouse.up()
    seen.tab.wait_for_function("location.hash.startsWith('#rows=')")
    first, last = map(int, seen.tab.evaluate("location.hash").removeprefix("#rows=").split("-"))
    assert 20 < last - first < 60
    expect(value).not_to_contain_text("≈")  # fewer rows are sent as they are
    seen.tab.mouse.move(box["x"] + 300, box["y"] + 7)
    expect(seen.tab.locator(".rv-readout")).to_contain_text(f"unit {first - 1} ")  # as stored, from 0
    expect(row).to_be_visible()
    seen.tab.reload()
    seen.drawn()
    expect(value).not_to_contain_text("≈")
    seen.tab.locator(".rv-board").focus()
    seen.tab.keyboard.press("0")
    expect(value).to_contain_text("≈")
    seen.tab.wait_for_function("!location.hash.includes('rows')")
    for _turn in range(3):
        seen.tab.keyboard.press("[")
    seen.tab.wait_for_function("location.hash.startsWith('#rows=')")
    first, last = map(int, seen.tab.evaluate("location.hash").removeprefix("#rows=").split("-"))
    assert first - 1 <= 100 <= last - 1  # the chosen unit stays in view
    assert row.bounding_box()["height"] > 8
    # two fingers one above the other, spread to twice as far: half as many units about them, and all steps
    seen.tab.keyboard.press("0")
    seen.tab.wait_for_function("!location.hash.includes('rows')")
    seen.drawn()
    box = seen.box("hidden")
    protocol, x, middle = seen.tab.context.new_cdp_session(seen.tab), box["x"] + 300, box["y"] + 120

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x, "y": middle + sign * far, "id": sign + 1} for far in apart for sign in (-1, 1)]
        protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for far in (40, 50, 60):
        touch("touchMove", far)
    touch("touchEnd")
    protocol.detach()
    seen.tab.wait_for_function("location.hash.startsWith('#rows=')")
    first, last = map(int, seen.tab.evaluate("location.hash").removeprefix("#rows=").split("-"))
    assert last - first + 1 == pytest.approx(256, abs=2)
    expect(seen.tab.locator(".rv-readout")).to_contain_text("unit 100")  # none was chosen by it


def test_switching_language_and_theme(reader):
    seen = reader("/gates")
    seen.tab.get_by_text("한국어").click()
    expect(seen.tab.get_by_role("heading", name="게이트")).to_be_visible()
    seen.tab.wait_for_function("location.search.includes('lang=ko')")
    expect(seen.tab.locator(".rv-board")).to_have_attribute("data-theme", "light")
    seen.tab.emulate_media(color_scheme="dark")
    expect(seen.tab.locator(".rv-board")).to_have_attribute("data-theme", "dark")


def view(seen) -> dict:
    return seen.tab.evaluate("Object.fromEntries(new URLSearchParams(location.search))")


def test_the_address_holds_the_view_over_any_chain_of_pages(reader):
    wanted = {"model": "shakespeare-gru", "unit": "7", "text": "hello there", "lang": "ko"}
    seen = reader("/gates?model=shakespeare-gru&unit=7&text=hello+there&lang=ko")
    entries = seen.tab.evaluate("history.length")
    titles = {"은닉 상태": "/states", "처음 화면": "/", "게이트": "/gates"}
    for name in ("은닉 상태", "처음 화면", "게이트", "처음 화면", "게이트", "은닉 상태"):
        seen.goes_to(name)
        seen.tab.wait_for_function("path => location.pathname === path && location.search", arg=titles[name])
        assert view(seen).items() >= wanted.items()
        entries += 1
        assert seen.tab.evaluate("history.length") == entries
    seen.drawn()
    seen.tab.get_by_label("유닛", exact=True).fill("9")
    seen.tab.keyboard.press("Enter")
    seen.tab.wait_for_function("location.search.includes('unit=9')")
    seen.tab.go_back()
    seen.tab.wait_for_function("location.pathname === '/gates' && location.search.includes('unit=7')")
    expect(seen.tab.get_by_label("유닛", exact=True)).to_have_value("7")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (400, 800)])
def test_strip_readout_and_buttons_stay_in_sight_on_a_long_board(reader, width, height):
    seen = reader(f"/gates?text={TEXT * 6}", width=width, height=height)
    figure = seen.tab.locator("[data-figure=contributions] .rv-plot")
    figure.scroll_into_view_if_needed()
    for part in (".rv-readout", ".rv-tools button >> nth=1", ".rv-strip"):
        expect(seen.tab.locator(part)).to_be_in_viewport(ratio=1)
    before = seen.tab.locator(".rv-readout").text_content()
    seen.tab.locator(".rv-tools button").first.click()  # nothing lies over it
    expect(seen.tab.locator(".rv-readout")).not_to_have_text(before)
    expect(figure).to_be_in_viewport()


def test_the_step_axis_stands_under_the_lowest_figure_also_for_another_model(reader):
    seen = reader(f"/gates?model=shakespeare-lstm&text={TEXT}")
    before = seen.revision
    seen.tab.get_by_label("Model").click()
    seen.tab.get_by_role("option", name="shakespeare-gru").click()
    seen.tab.wait_for_selector("[data-figure=reset_gate]")
    seen.redrawn(before)
    figures = seen.tab.locator(".rv-stack .rv-figure")
    ids = [figure.get_attribute("data-figure") for figure in figures.all()]
    assert ids == ["reset_gate", "update_gate", "candidate", "contributions"]
    numbered = [figure.locator(".xtick text").count() > 0 for figure in figures.all()]
    assert numbered == [False, False, False, True]
    heights = [figure.locator(".rv-plot").bounding_box()["height"] for figure in figures.all()]
    assert heights[0] == heights[1] == heights[2] < heights[3]


def test_a_legend_has_exponents_and_indices_and_a_slider_moves_the_picture_and_the_address(reader):
    seen = reader("/vanishing?vanishing_part=unit")
    legend = seen.tab.locator(".rv-legend")
    expect(legend.locator("sup")).to_have_text(["T−t"])
    expect(legend.locator("sub")).to_have_text(["T", "t"])
    expect(legend).to_have_text("wT−t|∂hT/∂ht|")
    before = seen.revision
    seen.tab.get_by_role("slider", name="Weight w").press("ArrowRight")
    seen.redrawn(before)
    seen.tab.wait_for_function("new URLSearchParams(location.search).get('vanishing_weight') === '0.91'")


def test_back_returns_to_the_page_before_and_one_that_is_left_while_it_is_drawn_leaves_no_error(reader):
    seen = reader(f"/states?text={TEXT}&unit=9")
    seen.goes_to("Gates")
    expect(seen.tab.get_by_role("heading", name="Gates")).to_be_visible()
    seen.tab.go_back()
    expect(seen.tab.get_by_role("heading", name="Hidden states")).to_be_visible()
    seen.drawn()
    expect(seen.tab.get_by_role("textbox", name="Your text")).to_have_value(TEXT)
    expect(seen.tab.get_by_label("Unit", exact=True)).to_have_value("9")
    seen.tab.evaluate(
        """() => {
            const { react } = Plotly; // one whose last word to the figure comes late
            Plotly.react = async (figure, ...rest) => {
                await react(figure, ...rest);
                await new Promise((ready) => setTimeout(ready, 300));
                figure.emit("plotly_react");
            };
        }"""
    )
    seen.goes_to("Gates")
    seen.tab.wait_for_selector(":not([data-figure=hidden]) > * > .rv-plot .main-svg", state="attached")
    seen.goes_to("Hidden states")
    expect(seen.tab.get_by_role("heading", name="Hidden states")).to_be_visible()
    seen.drawn()


def test_the_readers_text_is_never_taken_for_html(reader):
    seen = reader("/states?text=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E%3Cb%3Ebold%3C/b%3E")
    assert seen.tab.evaluate("window.hit") is None
    assert seen.tab.locator(".rv-board img[src=x]").count() == 0
    letters = seen.tab.locator(".rv-token, .rv-letter").all_inner_texts()
    assert "".join(letters).startswith("<img·src")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/states",
        "/gates",
        "/gates?model=shakespeare-rnn&lang=ko",
        "/gradients?lang=ko",
        "/vanishing?vanishing_part=network",
        "/vanishing?vanishing_part=helps&lang=ko",
        "/change",
        "/pair?lang=ko",
        "/knows?model=growing-gru",
    ],
)
def test_no_page_violates_accessibility_or_runs_over_the_edge_of_a_phone(reader, path):
    seen = reader(path)
    assert violations(seen.tab, "light", "dark") == []
    fits_a_phone(seen)


def fits_a_phone(seen) -> None:
    """A window that is made as narrow as a phone holds the page."""
    seen.tab.set_viewport_size({"width": 400, "height": 800})
    at_rest(seen.tab)
    assert seen.over_the_edge(".rv-board", "svg") == []


def test_comparing_violates_no_accessibility_and_fades_the_pictures_of_the_set_up_before(reader):
    seen = reader("/compare")
    expect(seen.tab.locator(".st-key-bench_now .rv-board")).to_be_visible()
    found = violations(seen.tab, "dark", "light")
    # but for the editor's column of row marks, which Streamlit leaves without a name
    assert [v for v in found if v[0] != "empty-table-header" or len(v[1]) > 1] == []
    fits_a_phone(seen)
    seen.tab.set_viewport_size({"width": 1280, "height": 1000})
    seen.tab.get_by_label("Steps", exact=True).fill("60")
    seen.tab.keyboard.press("Enter")
    before = seen.tab.locator(".st-key-bench_before")
    expect(before.locator(".rv-board")).to_be_visible()
    expect(before).to_have_css("opacity", "0.5")
    seen.tab.get_by_role("button", name="Run", exact=True).click()
    expect(seen.tab.locator(".st-key-bench_now .rv-board")).to_be_visible()
    expect(before).to_have_count(0)


def test_the_projector_fits_a_phone(reader):
    seen = reader("/gates?projector=True", width=400, height=800)
    assert seen.over_the_edge(".rv-board", "svg") == []


def test_a_mark_on_a_curve_stands_in_its_legend(reader):
    seen = reader("/vanishing?vanishing_part=helps&vanishing_helps=lstm,forget_bias,skip")
    expect(seen.tab.locator("[data-figure=helps] .rv-key-name")).to_have_count(4)
    expect(seen.tab.locator("[data-figure=helps] .rv-marked")).to_have_count(2)


def test_gradients_are_read_by_the_cursor_saved_as_a_page_and_sent_back_from_a_row(
    reader, tmp_path, chromium
):
    """The cursor reads how much is left, and its line passes behind titles and legends."""
    seen = reader(f"/gradients?text={TEXT}")
    read = seen.tab.locator("[data-figure=norms] .rv-value")
    expect(read).not_to_contain_text("÷")  # the end has nothing to be compared with
    seen.tab.locator(".rv-board").focus()
    seen.tab.keyboard.press("Home")
    left = seen.tab.get_by_text(f"The gradient {len(TEXT) - 2} steps back").inner_text()
    expect(read).to_contain_text(f"(÷ {left.split('GRU ÷ ')[1].split()[0]}")  # the same number as in the line
    for part in (".rv-name", ".rv-legend", ".rv-value"):
        style = seen.tab.locator(f"[data-figure=norms] {part}").evaluate(
            "e => [getComputedStyle(e).zIndex, getComputedStyle(e).backgroundColor]"
        )
        assert style == ["1", "rgb(255, 255, 255)"]
    assert seen.tab.locator(".rv-line").evaluate("e => getComputedStyle(e).zIndex") == "auto"
    # a figure is saved as a page that needs nothing else
    seen.tab.get_by_role("button", name="Save this figure: What reaches each step").click()
    with seen.tab.expect_download() as wanted:
        seen.tab.get_by_role("button", name="HTML", exact=True).click()
    wanted.value.save_as(tmp_path / "norms.html")
    alone = chromium.new_context(offline=True).new_page()
    alone.set_default_timeout(1000 * PATIENCE)
    problems = []
    alone.on("pageerror", lambda problem: problems.append(str(problem)))
    alone.goto((tmp_path / "norms.html").as_uri())
    expect(alone.locator(".scatterlayer .trace")).to_have_count(3)
    alone.context.close()
    assert problems == []
    # a click on a row of the matrix sends that loss back
    assert seen.tab.evaluate("new URLSearchParams(location.search).get('step')") is None
    drag = seen.tab.locator("[data-figure=matrix] .nsewdrag")
    drag.scroll_into_view_if_needed()
    box, before = drag.bounding_box(), seen.revision
    seen.press("matrix", box["x"] + 5, box["y"] + box["height"] * 0.55)
    seen.redrawn(before)
    seen.tab.wait_for_function("new URLSearchParams(location.search).get('step') !== null")


def test_a_table_that_goes_on_to_the_right_says_so_until_its_end(reader):
    seen = reader("/gradients", width=400, height=800)
    table = seen.tab.get_by_test_id("stDataFrameResizable")
    table.scroll_into_view_if_needed()
    shown = "e => Number(getComputedStyle(e.querySelector(':scope > .stDataFrameGlideDataEditor'), '::after').opacity)"
    assert table.evaluate(shown) == 1
    table.locator(".dvn-scroller").evaluate("e => { e.scrollLeft = e.scrollWidth; }")
    seen.tab.wait_for_function(f"e => ({shown})(e) === 0", arg=table.element_handle())
    seen.tab.set_viewport_size({"width": 1280, "height": 1000})
    wide = seen.open("/gradients").tab.get_by_test_id("stDataFrameResizable")
    wide.scroll_into_view_if_needed()
    assert wide.evaluate(shown) == 0


def test_a_training_plays_to_its_end_and_the_curve_over_it_goes_back(reader):
    seen = reader("/states?model=growing-rnn&trained=1400&text=to%20be%20or%20not")
    seen.tab.get_by_role("button", name="Play", exact=True).click()
    expect(seen.tab).to_have_url(re.compile("trained=2000"))
    expect(
        seen.tab.get_by_role("button", name="Play", exact=True)
    ).to_be_visible()  # it has stopped by itself
    seen.drawn().rests()
    curve = seen.box("tracking")
    seen.tab.mouse.click(curve["x"] + 0.75 * curve["width"], curve["y"] + curve["height"] / 2)
    expect(seen.tab).to_have_url(re.compile(r"trained=(50|100|150|200|300)\b"))
