"""The page that changes states: a drag marks, the form takes the mark over, and frames stand where it was."""

from playwright.sync_api import expect

from tests.browser.conftest import at_rest

LINK = "/change?model=shakespeare-gru&order=stored&text=To%20be%2C%20or%20not%20to%20be%2C%20that%20is&changes=1,hidden,zero,3,2"


def drag(seen, first, last, down=0):
    """Across the heatmap from one share of its width to another, and so many px down."""
    box = seen.box("hidden")
    y = box["y"] + 60
    seen.tab.mouse.move(box["x"] + first * box["width"], y)
    seen.tab.mouse.down()
    seen.tab.mouse.move(box["x"] + last * box["width"], y + down, steps=4)
    seen.tab.mouse.up()


def test_a_drag_marks_units_and_steps_and_the_form_takes_them(reader):
    seen = reader(LINK)
    seen.after(lambda: drag(seen, 0.4, 0.6, 80))
    marked = seen.tab.get_by_role("button", name="Change what is marked")
    expect(marked).to_be_visible()
    assert "zoom" not in seen.tab.url
    marked.click()
    units, steps = (seen.tab.get_by_label(name) for name in ("Units, as in", "Steps, as in"))
    expect(units).not_to_have_value("3")
    low, high = map(int, units.input_value().split("-"))  # as stored, the rows are next to each other
    first, last = map(int, steps.input_value().split("-"))
    assert 20 < high - low < 512 and 5 < first < last < 28
    seen.after(seen.tab.get_by_role("button", name="Make this change").click)
    seen.tab.wait_for_function("decodeURIComponent(location.search).includes(';1,hidden,zero,')")
    frames = seen.tab.locator("[data-figure=hidden] .rv-mark")
    expect(frames).to_have_count(2)
    # the frame has the height of its rows
    plot, frame = seen.box("hidden"), frames.nth(1).bounding_box()
    assert abs(frame["height"] - 80) < 12 and plot["y"] < frame["y"]
    # sideways alone marks steps, and leaves the units as they are
    seen.after(lambda: drag(seen, 0.2, 0.3))
    expect(
        seen.tab.get_by_role("button", name="Change what is marked: layer 1, unit 0, steps")
    ).to_be_visible()


def test_with_marking_off_a_drag_zooms(reader):
    seen = reader(LINK)
    mark = seen.tab.get_by_role("button", name="Mark by dragging")
    expect(mark).to_have_attribute("aria-pressed", "true")
    mark.click()
    expect(mark).to_have_attribute("aria-pressed", "false")
    drag(seen, 0.4, 0.6)
    seen.tab.wait_for_function("location.hash.startsWith('#zoom=')")
    expect(seen.tab.get_by_role("button", name="Add a change")).to_be_visible()


def test_the_candidates_say_what_they_were(reader):
    seen = reader("/change?model=shakespeare-gru&text=To%20be%2C%20or%20not&changes=2,hidden,zero,all,13")
    at_rest(seen.tab)
    before, fill = (
        seen.tab.locator(".rv-candidate-before").first,
        seen.tab.locator(".rv-candidate-fill").first,
    )
    was, now = (
        float(part.evaluate("e => parseFloat(e.style.left || e.style.width)")) for part in (before, fill)
    )
    assert abs(was - now) > 1
    # before the change, nothing is different
    seen.tab.locator(".rv-board").focus()
    seen.tab.keyboard.press("Home")
    expect(seen.tab.locator(".rv-readout")).to_contain_text("step 1 /")
    was, now = (
        float(part.evaluate("e => parseFloat(e.style.left || e.style.width)")) for part in (before, fill)
    )
    assert abs(was - now) < 1e-3
