"""learn/attention as a reader meets it: six stages with the numbers of the set-up, which travels in the address."""

import json
from urllib.parse import parse_qs

import numpy as np
import pytest

from rnnviz import stats
from rnnviz.stats import attention
from rnnviz.ui.rooms.attention_by_hand import NAMES
from rnnviz.ui.rooms.attention_by_hand import setup as setups
from rnnviz.ui.shell.folding import fold
from tests.pages.asking import Asking
from tests.pages.conftest import Opened

PICTURES = ["weights", "scores", "softmax", "context", "joined", "attentional", "candidates"]


class Page(Opened):
    """The page inside the app, opened by a link."""

    page = "attention_by_hand"

    @property
    def pictures(self) -> list[dict]:
        """What was sent to be drawn, the largest picture first."""
        found = self.test.get("bidi_component")
        return [json.loads(p.proto.json) for p in found if p.proto.component_name == "rnnviz_sheet"]

    @property
    def weights(self) -> dict[str, float]:
        return {word["name"]: word["share"] for word in self.pictures[0]["weights"]}

    @property
    def formulas(self) -> str:
        return " ".join(part.value for part in self.test.latex)

    def pick(self, key: str, value) -> "Page":
        pills = next(p for p in self.test.get("button_group") if p.key == key)
        pills.set_value(value).run()
        assert not self.test.exception
        return self


@pytest.fixture
def page(visit):
    return lambda **params: Page(visit, **params)


def own(**changes) -> str:
    """A link's value for a set-up of the reader's own."""
    return fold(json.dumps(changes))


def test_the_page_opens_on_an_example_worked_out_to_the_end(page):
    seen = page()
    found = attention.step(*setups.arrays(setups.ONE))
    assert list(seen.weights) == ["I", "drink", "coffee"]
    assert list(seen.weights.values()) == found["weight"].values.tolist()
    assert len(seen.pictures) == len(PICTURES)
    assert [part.value for part in seen.test.subheader] == [
        "1 Scores",
        "2 Softmax",
        "3 Weighted sum",
        "4 Concatenation",
        "5 tanh",
        "6 Candidates",
        "To do by hand: 0 of 3 done",
    ]
    assert seen.visit.lines == []


def test_every_product_is_written(page):
    """s·h of the third word of the first example: (−1)(−0.5) + (−2)(0.5) + 2·1 = 1.5."""
    written = page().formulas
    assert r"s_t\cdot h_{3}&=(-1)\cdot (-0.5)+(-2)\cdot 0.5+2\cdot 1" in written
    assert r"&=0.5-1+2=\boldsymbol{1.5}" in written
    assert r"e^{1.5}&=4.482" in written and r"\boldsymbol{89.2\,\%}" in written


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("example", setups.EXAMPLES)
def test_each_example_is_drawn_in_both_languages(page, example, lang):
    seen = page(attention_example=example, lang=lang)
    assert len(seen.pictures) == len(PICTURES) and seen.visit.lines == []


def test_examples_make_their_point():
    found = {name: attention.step(*setups.arrays(setup)) for name, setup in setups.EXAMPLES.items()}
    weights = {name: one["weight"].values for name, one in found.items()}
    assert weights["one"][2] > 0.85
    np.testing.assert_allclose(weights["even"], 1 / 3)
    assert not found["even"]["score"].any() and found["even"]["score_term"].any()
    assert weights["tie"][1] == weights["tie"][2] > weights["tie"][0]
    long = found["long"]
    assert long["cosine"][2] == pytest.approx(1) and long["cosine"][1] < 0.8
    assert weights["long"][1] > 0.5
    assert weights["turned"].argmax() == weights["one"].argmin()
    np.testing.assert_allclose(found["turned"]["score"], -found["one"]["score"])
    # what is looked at is what is written
    for name, best in {"one": 2, "long": 1, "turned": 0}.items():
        assert found[name]["probability"].values.argmax() == best


def test_the_examples_are_those_that_a_link_may_name():
    assert (*setups.EXAMPLES, "own") == NAMES
    assert all(setups.checked(setups._packed(setup)) for setup in setups.EXAMPLES.values())


def test_an_example_is_a_click_away_and_in_the_address(page):
    seen = page().pick("attention_pill", "tie")
    assert seen.weights["drink"] == seen.weights["coffee"]
    assert "attention_example=tie" in seen.visit.address


def test_a_size_that_grows_again_brings_the_numbers_back(page):
    seen = page().pick("attention_words", 2)
    assert list(seen.weights) == ["I", "drink"]
    seen.pick("attention_words", 5)
    assert list(seen.weights) == ["I", "drink", "coffee", "every", "morning"]
    seen.pick("attention_words", 3)
    assert "attention_own" not in seen.visit.address  # the example as it was
    seen.pick("attention_units", 4).pick("attention_candidates", 2)
    assert len(seen.pictures[4]["rows"][0]["items"][0]["cells"]) == 8
    assert len(seen.pictures[6]["rows"]) == 2


# --- the reader's own numbers


def test_own_numbers_come_back_from_their_link(page):
    memory = [[0.0] * 4 for _ in range(5)]
    memory[1] = [3.0, 0.0, 0.0, 0.0]
    seen = page(
        attention_example="own", attention_own=own(memory=memory, state=[1.0, 0, 0, 0], words=list("abcde"))
    )
    assert seen.weights == pytest.approx(
        {"a": 1 / (2 + np.e**3), "b": np.e**3 / (2 + np.e**3), "c": 1 / (2 + np.e**3)}
    )
    again = {name: value[0] for name, value in parse_qs(seen.visit.address[1:]).items()}
    assert page(**again).weights == seen.weights


def test_own_numbers_are_kept_while_an_example_is_looked_at(page):
    seen = page(attention_example="own", attention_own=own(state=[0.0] * 4))
    seen.pick("attention_pill", "one")
    assert seen.weights["coffee"] > 0.85 and "attention_own" in seen.visit.address
    seen.pick("attention_pill", "own")
    assert seen.weights["coffee"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "value",
    [
        "nothing",
        own(memory=[]),
        own(words=[]),
        own(words=["a"] * 4 + [5]),
        own(words=["a" * 41] + ["b"] * 4),
        own(state=["1", 0, 0, 0]),
        own(state=[True, 0, 0, 0]),
        own(sizes={"words": 0, "units": 3, "candidates": 3}),
        own(sizes={"words": 3}),
        own(colour="red"),
        fold("[1]"),
        fold('{"state": [1e999, 0, 0, 0]}'),
        own(sizes=3),
    ],
)
def test_a_damaged_link_gives_one_line_and_the_usual_numbers(page, value):
    seen = page(attention_example="own", attention_own=value)
    assert seen.greeting == ["The set-up in this link is damaged; the default one is shown."]
    assert list(seen.weights) == ["I", "drink", "coffee"]


def test_an_example_that_is_not_there_gives_one_line(page):
    assert len(page(attention_example="none").greeting) == 1


# --- bad input


def test_empty_cells_count_as_0_and_are_said(page):
    seen = page(attention_example="own", attention_own=own(state=[None, None, 2.0, 0.5]))
    assert seen.visit.lines == ["Empty cells count as 0 until there is a number in them: s (2)."]
    assert r"s_t\cdot h_{1}&=0\cdot 1+0\cdot 0.2+2\cdot (-0.5)" in seen.formulas


def test_a_cell_takes_numbers_and_nothing_else():
    assert [setups._cell(v) for v in (1, -0.5, "abc", None, True, float("inf"), float("nan"))] == [
        1,
        -0.5,
    ] + [None] * 5


def test_huge_numbers_saturate_the_softmax_and_it_is_said(page):
    seen = page(attention_example="own", attention_own=own(state=[0.0, 0.0, 1e9, 0.0]))
    (line,) = seen.visit.lines
    assert line.startswith("The softmax is saturated: “coffee” leaves 0 % of the weight")
    assert seen.weights["coffee"] == 1
    assert len(seen.formulas) < 8000


def test_numbers_beyond_float64_give_one_line_and_leave_the_tables(page):
    seen = page(attention_example="own", attention_own=own(state=[1.7e308, 1.7e308, 1.7e308, 1.0]))
    (line,) = seen.visit.lines
    assert line.startswith("These numbers are too large")
    assert seen.pictures == [] and len(seen.test.dataframe) == 4


def test_words_without_a_name_go_by_their_number(page):
    seen = page(attention_example="own", attention_own=own(words=["", " ", "x", "", ""]))
    assert list(seen.weights) == ["h₁", "h₂", "x"]
    assert seen.visit.lines == ["A word without a name goes by its number."]


def test_what_the_reader_typed_is_never_taken_for_markdown(page):
    bad = "![x](https://example.org/x.png)"
    seen = page(
        attention_example="own", attention_own=own(words=[bad, "b", "c", "d", "e"], state=[-1e9, 0, 0, 0])
    )
    assert bad in seen.weights
    shown = [part.value for kind in (seen.test.markdown, seen.test.latex, seen.test.caption) for part in kind]
    assert not any("example.org" in text for text in shown)


# --- guessing first


def test_a_link_may_ask_the_reader_to_guess_before_anything_is_worked_out():
    seen = Asking("attention_by_hand", attention_guess="True")
    assert "[class*=st-key-answers] * { visibility: hidden !important; }" in seen.html
    assert seen.guess("largest", 0).startswith("Wrong. The scores ")
    assert "visibility: hidden" in seen.html
    seen.guess("without", "same")
    assert "visibility: hidden" not in seen.html
    assert seen.guess("largest", 2).startswith("Right. ")
    pills = next(p for p in seen.test.get("button_group") if p.key == "attention_pill")
    pills.set_value("long")
    assert seen.run().verdicts["largest"].startswith("Wrong. ")  # judged by the numbers that are there now
    assert "attention_guess=True" in seen.address


def test_the_stage_is_the_statistic(page):
    assert stats.attention is attention
