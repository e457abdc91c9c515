"""learn/vanishing as a reader meets it: each part draws what its settings say."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rnnviz.studies import comparing
from rnnviz.ui.rooms import SETTINGS
from rnnviz.ui.shell.settings import declare
from tests.conftest import PATIENCE
from tests.pages.conftest import PAGES, app
from tests.pages.test_pages import decoded

declare(SETTINGS)  # app.py does it, and the page is run without
PAGE = Path(__file__).resolve().parents[2] / "pages" / "learn" / "vanishing.py"
PARTS = ("factor", "product", "unit", "network", "helps")
HELPS = (
    "gru",
    "lstm",
    "forget_bias",
    "orthogonal",
    "identity",
    "deeper",
    "skip",
    "bidirectional",
    "truncate",
    "clip",
)


def recurrent(radius: float) -> np.ndarray:
    """The weight of part 4."""
    made = comparing.Stack(comparing.Architecture("rnn", units=64), comparing.NOISE, 1)
    drawn = made.layers[0].weight_hh_l0.detach().numpy()
    return radius * drawn / np.abs(np.linalg.eigvals(drawn)).max()


class Page:
    """The page in the app, with settings (without their prefix) as the reader left them."""

    def __init__(self, part: str, lang: str = "en", **settings):
        self.test = app()
        own = {f"vanishing_{name}": value for name, value in settings.items()}
        self.test.session_state["settings"] = {"lang": lang, "vanishing_part": part} | own
        self.test.switch_page(PAGES["vanishing"]).run()
        assert not self.test.exception

    @property
    def settings(self) -> dict:
        return self.test.session_state["settings"]

    @property
    def figures(self) -> dict[str, dict]:
        for found in self.test.get("bidi_component"):
            if found.proto.component_name == "rnnviz_board":
                board = json.loads(found.proto.json)
                return {f["id"]: json.loads(f["spec"]) for f in board["figures"]}
        return {}

    def curves(self, figure: str) -> dict[str, np.ndarray]:
        """The exponents of ten that a figure draws, by the curve's name."""
        return {
            trace["name"]: np.array(decoded(trace["y"]), float)
            for trace in self.figures[figure]["data"]
            if trace.get("showlegend") is not False
        }

    def marks(self, figure: str) -> np.ndarray:
        """Where the reader's place is marked: (curve, 2)."""
        (marks,) = (t for t in self.figures[figure]["data"] if t.get("showlegend") is False)
        return np.stack([decoded(marks[axis]) for axis in "xy"], 1)

    @property
    def lines(self) -> list[str]:
        return [part.value.replace("\\", "") for part in (*self.test.warning, *self.test.error)]

    @property
    def formulas(self) -> str:
        return " ".join(part.value for part in self.test.latex)


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("part", PARTS)
def test_every_part_draws_in_both_languages(part, lang):
    seen = Page(part, lang)
    assert seen.figures
    assert seen.lines == []
    assert [one.label in ("What you see", "그림 읽는 법") for one in seen.test.expander].count(True) == 1


def test_the_page_opens_on_the_first_part_and_leads_to_all():
    seen = AppTest.from_file(str(PAGE), default_timeout=PATIENCE).run()
    parts = seen.segmented_control(key="pick_vanishing_part")
    assert parts.value == "factor" and len(parts.options) == len(PARTS)
    parts.set_value("unit").run()
    assert seen.session_state["settings"]["vanishing_part"] == "unit"
    assert seen.slider(key="pick_vanishing_weight").value == 0.9


OWN, ALONE = "|∂h<sub>T</sub>/∂h<sub>t</sub>|", "w<sup>T−t</sup>"


# --- one factor, many factors


def test_the_point_stands_on_all_three_derivatives():
    seen = Page("factor", x=0.0)
    np.testing.assert_allclose(seen.marks("derivatives"), [[0, 0.25], [0, 1], [0, 0]])
    assert list(seen.figures) == ["derivatives", "functions"]


def test_the_reader_moves_the_point():
    seen = Page("factor")
    seen.test.slider(key="pick_vanishing_x").set_value(-2.0).run()
    assert seen.settings["vanishing_x"] == -2.0
    np.testing.assert_allclose(seen.marks("derivatives")[:, 1], [0.104994, 0.070651, 0], atol=1e-6)
    assert "0.1050" in seen.formulas and "0.07065" in seen.formulas


def test_small_numbers_of_factors_have_as_much_of_the_slider_as_large_ones():
    seen = Page("product", factors=137)  # a link's number is kept until the slider is moved
    slider = seen.test.select_slider(key="pick_vanishing_factors")
    assert "137" in slider.options and slider.value == 137
    places = [slider.options.index(str(count)) for count in (1, 10, 100)]
    assert abs((places[2] - places[1]) - (places[1] - places[0])) <= 3
    slider.set_value(12).run()
    assert seen.settings["vanishing_factors"] == 12
    assert seen.curves("product")["sigmoid′(0)"][-1] == pytest.approx(-0.60206 * 12, rel=1e-5)
    assert "137" not in seen.test.select_slider(key="pick_vanishing_factors").options


@pytest.mark.parametrize("count", [1, 100, 1000])
def test_many_factors_never_become_zero(count):
    curves = Page("product", factors=count, x=0.0).curves("product")
    best = curves["sigmoid′(0)"]
    assert best[-1] == pytest.approx(-0.60206 * count, rel=1e-5)
    assert not curves["tanh′(0.0)"].any()
    assert np.isnan(curves["relu′(0.0)"]).all()  # exactly zero


# --- one unit


@pytest.mark.parametrize(("weight", "power"), [(0.9, -2.2421), (1.0, 0.0), (1.1, 2.0282)])
def test_one_unit_goes_from_vanishing_through_stable_to_exploding(weight, power):
    curves = Page("unit", weight=weight, input=0.0).curves("unit")
    assert curves[OWN][0] == pytest.approx(power, abs=1e-4)
    assert curves[OWN][-1] == 0


def test_one_unit_opens_where_the_slope_of_tanh_matters():
    seen = Page("unit")
    curves = seen.curves("unit")
    assert curves[OWN][0] < curves[ALONE][0] - 5  # powers of ten
    last = [row for row in seen.formulas.split(r"\\") if "=w" in row]
    assert len({row.split("=")[-1] for row in last}) == len(last) == 3


def test_input_makes_the_same_weight_vanish():
    curves = Page("unit", weight=1.5, input=1.0).curves("unit")
    assert curves[ALONE][0] > 8 and curves[OWN][0] < -8


def test_relu_at_a_weight_of_1_carries_everything_and_without_input_nothing():
    kept = Page("unit", function="relu", weight=1.0, input=0.1)
    assert not kept.curves("unit")[OWN].any() and kept.lines == []
    dead = Page("unit", function="relu", weight=1.0, input=0.0)
    assert [line.startswith("The state is 0") for line in dead.lines] == [True]


def test_the_formula_has_the_numbers_of_the_last_steps():
    written = Page("unit", weight=0.9, input=0.0, steps=50).formulas
    for part in (r"\partial h_{50}", r"\partial h_{48}", r"0.90\cdot 1.000=0.900", "0.005726"):
        assert part in written
    assert r"\cdots" not in Page("unit", steps=2).formulas


@pytest.mark.parametrize(
    ("weight", "said"), [(0.5, "half of the gradient is left after 1 steps"), (1.0, "more than half")]
)
def test_one_unit_without_input_is_halved_where_its_curve_is(weight, said):
    seen = Page("unit", weight=weight, input=0.0, steps=50)
    (board,) = (f for f in seen.test.get("bidi_component") if f.proto.component_name == "rnnviz_board")
    assert said in json.loads(board.proto.json)["summary"]


# --- a network


@pytest.mark.parametrize("radius", [0.1, 0.6, 1.0, 2.0])
def test_a_network_stays_under_its_bound(radius):
    seen = Page("network", radius=radius)
    curves = seen.curves("network")
    assert (curves["measured"] <= curves["bound σ<sub>max</sub><sup>T−t</sup>"] + 1e-9).all()
    matrix = recurrent(radius)
    carried = [np.linalg.norm(np.linalg.matrix_power(matrix, k), 2) for k in range(50)]
    alone = curves["W alone"][::-1] - curves["W alone"][-1]
    assert (
        alone <= np.log10(carried) + 1e-9
    ).all()  # no vector grows more than the largest singular value of Wᵏ
    assert alone[-1] - alone[20] == pytest.approx(29 * np.log10(radius), abs=0.5)  # in the long run ρ a step
    points = seen.figures["eigenvalues"]["data"][-1]
    assert np.hypot(decoded(points["x"]), decoded(points["y"])).max() == pytest.approx(radius)


@pytest.mark.parametrize(("radius", "word"), [(0.6, "shrinks"), (2.0, "grows")])
def test_the_verdict_says_how_much_is_left_and_where_the_bound_s_excess_goes(radius, word):
    seen = Page("network", radius=radius)
    bound, alone, measured = (line[0] - line[-1] for line in seen.curves("network").values())
    (said,) = (text.value for text in seen.test.markdown if "**" in text.value)
    assert f"Over 49 steps back the gradient **{word}** to" in said
    powers, gap, turned, flat = (
        float(n) for n in re.findall(r"(?:by|lies|above that:|σmax at every step,) ([\d.]+)", said)
    )
    assert powers == pytest.approx(abs(measured), abs=0.051)
    assert gap == pytest.approx(bound - measured, abs=0.051)
    assert (turned, flat) == pytest.approx((bound - alone, alone - measured), abs=0.051)


def test_the_axis_is_made_for_what_was_measured_and_an_arrow_says_how_far_the_bound_goes():
    seen = Page("network", radius=2.0)
    layout = seen.figures["network"]["layout"]
    measured = seen.curves("network")["measured"]
    assert layout["yaxis"]["range"][1] < measured.max() + 2
    assert [note["text"] for note in layout["annotations"]] == [
        "bound σ<sub>max</sub><sup>T−t</sup> ↑ 10<sup>25</sup>",
        "W alone ↑ 10<sup>13</sup>",
    ]
    assert Page("network", radius=0.3).figures["network"]["layout"].get("annotations", []) == []


def test_two_steps_are_enough():
    assert len(Page("network", steps=2).curves("network")["measured"]) == 2


# --- what helps


@pytest.mark.parametrize("name", HELPS)
def test_each_switch_adds_to_the_picture_and_the_plain_rnn_stays(name):
    alone, seen = Page("helps", helps=[]), Page("helps", helps=[name])
    (plain,) = alone.curves("helps").items()
    found = seen.curves("helps")
    assert next(iter(found)) == plain[0]
    np.testing.assert_array_equal(found[plain[0]], plain[1])
    assert len(found) == (1 if name == "clip" else 2)
    assert seen.lines == []


def test_all_switches_at_once():
    seen = Page("helps", helps=list(HELPS))
    assert len(seen.curves("helps")) == len(HELPS)
    assert list(seen.figures) == ["helps", "arrows", "clipping"]
    looks = [
        (t["line"]["color"], t["line"]["dash"], t["marker"].get("symbol"))
        for t in seen.figures["helps"]["data"]
        if t.get("showlegend") is not False and t.get("fill") is None
    ]
    assert len(set(looks)) == len(looks)
    blue = [look for look in looks if look[0] in ("#0072B2", "#56B4E9")]
    assert len({look[1:] for look in blue}) == len(blue)  # told apart without their hue


def test_the_table_and_the_band_span_five_seeds_and_the_line_is_the_first():
    seen = Page("helps", helps=["forget_bias"])
    row = comparing.Architecture("lstm", units=64, forget_bias=2)
    wanted = comparing.compare(comparing.Setup((row,), steps=50, seeds=5, batch=1)).isel(architecture=0)
    norms = wanted["log_norm"].isel(layer=0) / np.log(10)
    np.testing.assert_allclose(seen.curves("helps")["LSTM, forget bias 2"], norms[0], rtol=1e-6)
    low, high = (decoded(t["y"]) for t in seen.figures["helps"]["data"][2:4])
    np.testing.assert_allclose((low, high), (norms.min("seed"), norms.max("seed")), rtol=1e-6)
    told = seen.test.dataframe[0].value.loc["LSTM, forget bias 2"]
    lives = np.sort(wanted["half_life"].values)
    assert told["half-life of the line (steps)"] == f"{wanted['half_life'][0].item():.4g}"
    assert [told[f"{which} of 5"] for which in ("lowest", "median", "highest")] == [
        f"{life:.4g}" for life in lives[[0, 2, 4]]
    ]
    assert float(told["left after 49 steps"]) == pytest.approx(
        10 ** (norms[0, 0] - norms[0, -1]).item(), rel=1e-3
    )


def test_the_forget_gates_alone_would_leave_less_than_is_left():
    (said,) = (
        text.value for text in Page("helps", helps=["forget_bias"]).test.caption if "∂L/∂c" in text.value
    )
    left, alone = (
        float(n.replace("−", "-").rstrip("."))
        for n in re.findall(r" ([\d.]+(?:e−\d+)?)(?= of the cell|\.$)", said)
    )
    assert alone < 0.01 < 0.1 < left


def test_what_is_truncated_is_cut_off():
    curves = list(Page("helps", helps=["truncate"], truncate=20, steps=50).curves("helps").values())
    assert np.isnan(curves[1][:30]).all()
    np.testing.assert_allclose(curves[1][30:], curves[0][30:])


def test_the_forget_bias_is_a_slider_that_its_switch_brings():
    keys = [slider.key for slider in Page("helps", helps=["lstm"]).test.slider]
    assert "pick_vanishing_forget_bias" not in keys
    seen = Page("helps", helps=["forget_bias"], forget_bias=6.0)
    plain, held = seen.curves("helps").values()
    assert held[0] > plain[0]
    assert "LSTM, forget bias 6" in seen.curves("helps")


def test_clipping_brings_the_norm_down_to_the_threshold_and_the_step_with_it():
    seen = Page("helps", helps=["clip"], clip=0.01, rate=0.1, radius=1.5, norm=25.0)
    seen.test.number_input(key="pick_vanishing_norm").set_value(8.0).run()
    arrows = seen.figures["arrows"]["data"][1:]
    assert [arrow["x"] for arrow in arrows] == [[0, 8], [0, 0.01]]
    assert seen.settings["vanishing_norm"] == 8
    curves, marks = seen.curves("clipping"), seen.marks("clipping")
    np.testing.assert_allclose(curves["clipped"], np.minimum(curves["before"], -2))
    assert marks[1].tolist() == pytest.approx([1.5, -2])
    at = decoded(seen.figures["clipping"]["data"][0]["x"]).tolist().index(1.5)
    assert marks[0, 1] == pytest.approx(curves["before"][at])
    assert "0.01000" in seen.formulas and "0.001000" in seen.formulas
