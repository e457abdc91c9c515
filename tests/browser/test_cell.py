"""learn/cell in a real browser: the numbers against torch, stepping without the server, predicting, editing, reading aloud."""

import contextlib
import json
import re

import pytest
import torch
from playwright.sync_api import TimeoutError, expect

from rnnviz.studies import one_cell
from rnnviz.trace import GATES
from rnnviz.ui.shell.folding import fold
from tests.browser.conftest import Reader, at_rest, violations
from tests.conftest import until

RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


LATCH = "/cell?cell_preset=latch"  # in an LSTM


class CellReader(Reader):
    root = ".cv"

    @property
    def step(self) -> int:
        return int(self.tab.locator(".cv").get_attribute("data-step"))

    def results(self) -> list[list[str]]:
        """What stands at the left of each equation, as text."""
        return self.tab.evaluate(
            "() => [...document.querySelectorAll('.cv-equation')].map(e =>"
            " [...e.querySelector('.cv-result').querySelectorAll('.cv-value')].map(v => v.textContent))"
        )

    def press(self, *keys: str) -> None:
        self.tab.locator(".cv").focus()
        for key in keys:
            self.tab.keyboard.press(key)


@pytest.fixture
def cell(reader):
    """Opens learn/cell, without motion."""
    return lambda path=LATCH, motion="reduce", **more: reader(path, motion=motion, kind=CellReader, **more)


def agrees(shown: str, value: float) -> bool:
    """Whether the digits that are shown are those of the value."""
    text = shown.translate(RAISED)
    if "·10" in text:
        mantissa, exponent = text.split("·10")
        return abs(float(mantissa) - value / 10 ** int(exponent)) <= 0.0051
    digits = len(text.partition(".")[2])
    return abs(float(text) - value) <= 0.5001 * 10**-digits


def by_torch(kind: str, step: int, name: str = "random") -> list[list[float]]:
    """The gates, c and h after so many steps, with torch's own cell for each step before."""
    given = one_cell.cut(one_cell.preset(name), kind)
    units = len(given["hidden"])
    one = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}[kind](
        len(given["inputs"][0]), units, dtype=torch.float64
    )
    blocks = [given["weights"][gate] for gate in GATES[kind]]
    flat = lambda rows: torch.tensor(rows, dtype=torch.float64).flatten(0, 1)  # noqa: E731
    one.weight_ih.data = flat([block["input"] for block in blocks])
    one.weight_hh.data = flat([block["recurrent"] for block in blocks])
    biases = flat([block["bias"] for block in blocks])
    one.bias_ih.data, one.bias_hh.data = biases[:, 0], biases[:, 1]
    h = c = torch.zeros(units, dtype=torch.float64)
    with torch.no_grad():
        for x in torch.tensor(given["inputs"], dtype=torch.float64)[:step]:
            from_x = (one.weight_ih @ x + one.bias_ih).chunk(len(blocks))
            from_h = (one.weight_hh @ h + one.bias_hh).chunk(len(blocks))
            if kind == "lstm":
                i, f, g, o = (a + b for a, b in zip(from_x, from_h, strict=True))
                h, c = one(x, (h, c))
                found = [i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid(), c, h]
            elif kind == "gru":
                r, z = ((from_x[k] + from_h[k]).sigmoid() for k in (0, 1))
                n = (from_x[2] + r * from_h[2]).tanh()
                h = one(x, h)
                found = [r, z, n, h]
            else:
                h = one(x, h)
                found = [h]
    return [values.tolist() for values in found]


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_every_number_agrees_with_torch_to_the_digits_shown(cell, kind):
    seen = cell(f"/cell?cell_kind={kind}&cell_preset=random")
    for step in range(1, 6):
        shown, wanted = seen.results(), by_torch(kind, step)
        assert len(shown) == len(wanted)
        for one, other in zip(shown, wanted, strict=True):
            assert all(agrees(text, value) for text, value in zip(one, other, strict=True)), (
                step,
                one,
                other,
            )
        squares = seen.tab.locator(".cv-vector[data-id=h] text.cv-number").all_text_contents()
        assert all(agrees(text, value) for text, value in zip(squares, wanted[-1], strict=True))
        seen.press("ArrowRight")
    if kind == "rnn":
        seen.press("Home")
        products_open_term_by_term_and_stay_open(seen)


def products_open_term_by_term_and_stay_open(seen):
    given = one_cell.cut(one_cell.preset("random"), "rnn")
    seen.tab.locator("summary").filter(has_text="(3, 2)").click()
    row = seen.tab.locator(".cv-product[open] .cv-row").first
    expect(row).to_be_visible()
    expect(row).to_contain_text(" = ")
    weight, x = given["weights"]["hidden"]["input"][0], given["inputs"]
    for step in (0, 1):
        total = sum(a * b for a, b in zip(weight, x[step], strict=True))
        text = row.inner_text().translate(RAISED)
        assert agrees(text.split(" = ")[1], total)
        factors = [
            float(part.strip("()"))
            for part in re.split(r"·| \+ ", text.split("\u00a0")[-1].split(" = ")[0].removeprefix("unit 1"))
        ]
        assert factors == [weight[0], x[step][0], weight[1], x[step][1]]
        seen.press("ArrowRight")


def test_stepping_playing_and_reading_aloud_ask_the_server_for_nothing_and_theme_and_language_change_live(
    cell,
):
    seen = cell()
    seen.count_sent()
    before = seen.tab.locator(".cv").get_attribute("data-revision")
    seen.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert seen.step == 2
    seen.press("End")
    assert seen.step == 6
    expect(seen.tab.get_by_role("button", name="One step forward")).to_be_disabled()
    seen.press("Home")
    seen.tab.get_by_role("button", name="One step forward").click()
    seen.tab.get_by_role("button", name=re.compile("^step 4")).click()
    assert seen.step == 4
    for _click in range(2):
        seen.tab.get_by_role("button", name="Speed").click()
    seen.tab.get_by_role("button", name="Play or pause").click()
    seen.tab.wait_for_function("document.querySelector('.cv').dataset.step === '6'")
    expect(seen.tab.get_by_role("button", name="Play or pause")).to_have_attribute("aria-pressed", "false")
    assert seen.sent == 0
    assert seen.tab.locator(".cv").get_attribute("data-revision") == before
    # a step is read aloud, and squares answer to the pointer
    seen.press("Home")
    seen.press("ArrowRight")
    expect(seen.tab.locator(".cv > [aria-live=polite]")).to_have_text(
        re.compile(r"^step 2 / 6; x_t = 0.0000, 0.0000; h_t−1 = 0.7616, .*f_t = 1.000, 1.000; .*h_t = 0.7616")
    )
    seen.tab.locator(".cv-vector[data-id=tc] [data-unit='0']").hover()
    expect(seen.tab.locator(".cv-readout")).to_have_text("tanh ct · unit 1 · 0.7616")
    # theme and language change live
    seen.press("Home")
    fill = lambda: seen.tab.locator(".cv-vector[data-id=h] rect").first.evaluate("r => r.style.fill")  # noqa: E731
    before = fill()
    seen.tab.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(seen.tab.locator(".cv")).to_have_attribute("data-theme", "dark")
    assert fill() != before
    seen.tab.get_by_text("한국어").click()
    expect(seen.tab.locator(".cv-title")).to_have_text(re.compile("^시점 1 / 6"))


def test_predict_then_reveal(cell):
    seen = cell("/cell?cell_preset=random")
    seen.tab.get_by_role("button", name="Predict").click()
    seen.tab.get_by_label("What is asked").select_option("f")
    seen.tab.get_by_label("unit", exact=True).select_option("1")
    value = by_torch("lstm", 1)[1][1]
    for id in ("f", "fc", "c", "tc", "h"):
        expect(seen.tab.locator(f".cv-vector[data-id={id}] [data-unit='1'] text")).to_have_text("?")
        expect(seen.tab.locator(f".cv-vector[data-id={id}] [data-unit='0'] text")).not_to_have_text("?")
    assert seen.results()[1][1] == "?"
    assert "?" in seen.tab.locator(".cv > [aria-live=polite]").inner_text()
    guess = seen.tab.get_by_label("Your prediction")
    guess.fill("much")
    guess.press("Enter")
    expect(seen.tab.locator(".cv-verdict")).to_have_text("Type a number, such as 0.5.")
    guess.fill(f"{value + 0.2:.4f}")
    guess.press("Enter")
    expect(seen.tab.locator(".cv-verdict")).to_contain_text("Off by 0.2000: it is")
    expect(seen.tab.locator(".cv-why")).to_have_text(re.compile(r"^σ\(.* = σ\(.*\) = 0\.\d{4}$"))
    expect(seen.tab.locator(".cv-score")).to_have_text("0 of 1 right")
    assert agrees(seen.results()[1][1], value)
    seen.tab.get_by_role("button", name="Ask something else").click()
    seen.tab.get_by_label("What is asked").select_option("h")
    seen.tab.get_by_label("unit", exact=True).select_option("0")
    guess.fill(f"{by_torch('lstm', 1)[5][0] + 0.04:.4f}".replace("-", "−").replace(".", ","))
    seen.tab.get_by_role("button", name="Reveal").click()
    expect(seen.tab.locator(".cv-verdict")).to_contain_text("Right: it is")
    expect(seen.tab.locator(".cv-score")).to_have_text("1 of 2 right")
    seen.tab.get_by_role("button", name="Predict").click()
    expect(seen.tab.locator(".cv-quiz")).to_be_hidden()
    expect(seen.tab.locator(".cv-asked")).to_have_count(0)


def test_motion_is_soft_and_leaves_where_it_is_not_wanted(cell):
    step = (  # in one breath: a busy machine may look only when the motion is over
        "e => { e.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));"
        " return document.getAnimations().filter(a => a.timeline === document.timeline && a.effect.target.closest('.cv'))"
        ".map(a => a.effect.getComputedTiming().endTime); }"
    )
    seen = cell()
    for wish, moves in (("reduce", False), ("no-preference", True)):
        seen.tab.emulate_media(reduced_motion=wish)
        at_rest(seen.tab)
        ends = seen.tab.locator(".cv").evaluate(step)
        assert 200 <= max(ends) <= 600 if moves else ends == []


def test_a_number_is_edited_the_step_stays_and_the_address_brings_it_back(cell):
    seen = cell("/cell?cell_kind=rnn&cell_preset=random")
    seen.press("ArrowRight")
    before = seen.results()
    seen.tab.get_by_text("Change the numbers").click()
    grid = seen.tab.locator("[data-testid=stDataFrame] canvas").first
    grid.wait_for()
    at_rest(seen.tab)  # it has unfolded
    editor = seen.tab.locator("#portal .gdg-input")

    def typed():
        """What is typed while the grid is drawn again reaches nobody: then once more."""
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        seen.tab.mouse.click(
            box["x"] + box["width"] - 30, box["y"] + 35 * 1.5
        )  # the last column of the first row
        seen.tab.keyboard.type("abc")  # no number: nothing of it is taken
        with contextlib.suppress(TimeoutError):
            editor.wait_for(timeout=5_000)
        return editor.count()

    until(typed)
    expect(editor).to_be_focused()  # before it is there, Escape would end the selection
    seen.tab.keyboard.press("Escape")
    expect(editor).to_have_count(0)
    at_rest(seen.tab)
    seen.tab.keyboard.press("Enter")
    expect(editor).to_be_focused()
    editor.fill("0.75")
    expect(editor).to_have_value("0.75")
    at_rest(seen.tab)  # the grid's editor takes what was typed a moment later
    seen.tab.keyboard.press("Enter")
    seen.tab.wait_for_function("location.search.includes('cell_own=')")
    seen.drawn()
    assert seen.step == 2
    assert seen.results() != before
    seen.press("Home")
    expect(seen.tab.locator(".cv-vector[data-id=x] text.cv-number").last).to_have_text("0.75")
    expect(seen.tab.get_by_text("These are your numbers, made from the preset “random”.")).to_be_visible()
    seen.press("ArrowRight")
    seen.press("ArrowRight")
    shown = seen.results()
    seen.tab.wait_for_function("location.hash === '#step=3'")
    seen.tab.reload()
    seen.drawn()
    assert seen.step == 3 and seen.results() == shown
    seen.tab.get_by_role("button", name="Back to the preset").click()
    seen.tab.wait_for_function("!location.search.includes('cell_own=')")
    edited_where_they_stand(seen)


def edited_where_they_stand(seen):
    """With the mouse and with keys: an input in the drawing, a bias and a weight in the equation."""
    seen.drawn().press("Home")
    inputs, field = seen.tab.locator(".cv-vector[data-id=x] .cv-editable"), seen.tab.locator(".cv-edit")
    inputs.first.click()
    field.fill("much")
    field.press("Enter")
    expect(seen.tab.locator(".cv-readout")).to_contain_text("Type a number from")
    field.fill("0,125")
    seen.after(lambda: field.press("Enter"))
    expect(field).to_have_count(0)
    expect(inputs.first).to_be_focused()  # of the drawing that was made anew
    expect(inputs.first).to_have_attribute("aria-label", "x_t, input 1: 0.1250. Change it")
    seen.tab.keyboard.press("ArrowDown")
    expect(inputs.last).to_be_focused()
    seen.tab.keyboard.press("Enter")
    field.press("Escape")
    expect(inputs.last).to_be_focused()
    assert seen.step == 1
    bias = seen.tab.get_by_role("button", name="b_xh, unit 2: ")
    bias.focus()
    seen.tab.keyboard.press("Enter")
    field.fill("-2")
    seen.after(lambda: field.press("Enter"))
    expect(bias).to_have_text("−2.000")
    seen.tab.locator("summary").filter(has_text="(3, 2)").click()
    weight = seen.tab.get_by_role("button", name="W_xh, unit 1, input 2: ")
    weight.click()
    field.fill("3")
    seen.after(lambda: field.press("Enter"))
    expect(weight).to_have_text("3.000")
    seen.press("ArrowRight")  # from the second step on, h comes from the step before
    expect(seen.tab.locator(".cv-vector[data-id=h0] .cv-editable")).to_have_count(0)


def test_an_empty_cell_is_said(cell):
    seen = cell("/cell?cell_own=" + fold(json.dumps({"inputs": {"0": {"0": None}}})))
    expect(
        seen.tab.get_by_text("Empty, and counted as 0 until you fill it: inputs, row 1, column 1.")
    ).to_be_visible()
    assert "NaN" not in seen.tab.locator(".cv").inner_text()


def test_huge_weights_saturate_and_say_so(cell):
    huge = {
        "weights": {"rnn": {"hidden": {"input": {"0": {"0": 1e6}, "1": {"0": -1e6}}}}},
        "nonlinearity": "tanh",
    }
    seen = cell("/cell?cell_kind=rnn&cell_preset=counter&cell_own=" + fold(json.dumps(huge)))
    expect(seen.tab.get_by_text(re.compile("^Saturated: "))).to_be_visible()
    assert not re.search("NaN|Infinity|undefined", seen.tab.locator(".cv").inner_text())


def test_the_drawing_fits_the_page_at_any_width(cell):
    seen = cell("/cell?cell_kind=all", width=400)
    for width in (400, 1280, 1920):
        seen.tab.set_viewport_size({"width": width, "height": 1000})
        at_rest(seen.tab)
        assert seen.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        frames = seen.tab.evaluate(
            "() => [...document.querySelectorAll('.cv-frame')].map(f => f.scrollWidth > f.clientWidth + 1)"
        )
        assert any(frames) == (width == 400)
        expect(seen.tab.get_by_text("The drawing goes on to the right").first).to_be_visible(
            visible=width == 400
        )
        small = seen.tab.evaluate(
            "() => [...document.querySelectorAll('.cv *')].filter(e => e.textContent && !e.closest('.cv-hidden')"
            " && parseFloat(getComputedStyle(e).fontSize) < 14).map(e => e.className.baseVal ?? e.className)"
        )
        assert small == []


@pytest.mark.parametrize(
    "path",
    [
        "/cell",
        LATCH,
        "/cell?cell_kind=all&lang=ko",
        "/cell?cell_kind=gru&cell_preset=random",
        "/cell?cell_kind=rnn&projector=True",
    ],
)
def test_the_page_is_accessible(cell, path):
    seen = cell(path)
    seen.tab.locator(".cv-button").last.click()  # the question too
    assert violations(seen.tab) == []
    seen.tab.set_viewport_size({"width": 400, "height": 1000})
    assert violations(seen.tab, "dark") == []
    expect(seen.tab.locator(".cv")).to_have_attribute("data-theme", "dark")
