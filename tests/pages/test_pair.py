"""Two readings side by side: the page shows what the library says of the same two."""

import numpy as np
import pytest

import rnnviz
from rnnviz.studies import differing
from rnnviz.ui.parts.explored import otherwise
from tests.pages.conftest import Opened
from tests.pages.test_change import numbers

TEXT = "To be, or not to be"


class Paired(Opened):
    page = "pair"

    def curves(self, figure: str) -> list[np.ndarray]:
        return [numbers(trace["y"]) for trace in self.visit.figures[figure]["data"]]


@pytest.fixture
def page(visit):
    return lambda **params: Paired(visit, **params)


def test_two_texts_are_what_the_library_makes_of_them(page):
    other = "To be, or hot to be"
    seen = page(model="shakespeare-gru", text=TEXT, pair_text=other, layer=2)
    assert not seen.lines
    model = rnnviz.live.shipped("shakespeare-gru")
    pair = differing.aligned(model.read(TEXT), model.read(other))
    np.testing.assert_allclose(seen.curves("moved")[0], differing.divergence(pair), rtol=1e-4, atol=1e-6)
    with np.errstate(divide="ignore"):
        measured = [np.log10(differing.distance(pair, layer).values) for layer in (0, 1)]
        first = np.log10(differing.predicted(model, TEXT, pair))
    drawn = seen.curves("distance")
    for curve, wanted in zip(drawn, [*measured, *first.values], strict=True):
        there = np.isfinite(wanted)
        np.testing.assert_allclose(curve[there], wanted[there], rtol=1e-4, atol=1e-4)
    assert seen.visit.board["tokens"][10] == "n|h"
    size = differing.distance(pair, 1).values
    gone = differing.forgotten(size, 10)
    said = "outlasts this text" if gone is None else f"left after {gone} steps"
    assert (
        said in seen.visit.board["summary"] and "They last differ at step 11." in seen.visit.board["summary"]
    )


def test_the_strip_has_a_colour_where_only_the_second_reading_has_a_step(page):
    colour = page(model="shakespeare-gru", text="To be or", pair_text="Ah, to be or ").visit.board["colour"]
    assert not np.isnan(numbers(colour["values"])).any()


def test_what_one_has_alone_stands_alone(page):
    seen = page(model="shakespeare-gru", text="To be or", pair_text="To be, or")
    assert seen.visit.board["tokens"][5] == "–|,"
    assert not seen.test.exception and not seen.lines


def test_two_models_of_unlike_shape_are_compared_by_what_they_expect(page):
    seen = page(model="shakespeare-gru", text=TEXT, pair_with="model", pair_model="shakespeare-rnn")
    assert set(seen.visit.figures) == {"moved", "hidden-0", "hidden-1"}
    assert "differ in shape" in seen.visit.board["summary"]
    one, other = (rnnviz.live.shipped(name).read(TEXT) for name in ("shakespeare-gru", "shakespeare-rnn"))
    wanted = rnnviz.stats.text.divergence(one.log_probability, other.log_probability)
    np.testing.assert_allclose(seen.curves("moved")[0], wanted, rtol=1e-4, atol=1e-6)


def test_two_moments_of_one_training_are_compared_unit_by_unit(page):
    seen = page(model="growing-gru", text=TEXT, pair_with="moment")
    assert not seen.lines and "hidden" in seen.visit.figures
    first = rnnviz.checkpoints.moments("growing-gru")[0]
    one, other = (rnnviz.live.shipped(name).read(TEXT) for name in ("growing-gru", f"growing-gru@{first}"))
    wanted = rnnviz.stats.text.divergence(one.log_probability, other.log_probability)
    np.testing.assert_allclose(seen.curves("moved")[0], wanted, rtol=1e-4, atol=1e-6)


def test_the_same_text_twice_is_said_to_be_the_same(page):
    seen = page(model="shakespeare-gru", text=TEXT, pair_text=TEXT)
    assert "Both readings are the same." in seen.visit.board["summary"]


@pytest.mark.parametrize(
    "params",
    [
        {"text": "a"},
        {"text": "7"},
        {"text": "To be", "pair_text": "To bee "},
        {"text": "a", "pair_text": "b"},
        {"text": "abc", "pair_text": "xyz"},
        {"pair_with": "moment"},
        {"pair_with": "model", "pair_model": "nobody"},
        {"pair_with": "moment", "model": "growing-rnn", "pair_trained": 3},
        {"text": "ab", "pair_text": "a" * 3000},
        {"subject": "gone.nc~0123456789abcdef"},
        {"model": "python-lstm", "pair_with": "model"},
    ],
)
def test_whatever_a_link_holds_the_page_stands(page, params):
    seen = page(**params)
    assert not seen.test.exception


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"pair_with": "model", "pair_model": "nobody"}, "The model nobody cannot stand beside this one; "),
        (
            {"pair_with": "moment", "model": "growing-rnn", "pair_trained": 3},
            "Training step 3 was not kept; there is 0, ",
        ),
    ],
)
def test_a_second_model_or_moment_that_is_not_there_is_said(page, params, line):
    seen = page(text=TEXT, **params)
    assert any(said.startswith(line) for said in seen.lines), seen.lines


def test_a_letter_is_changed_to_another_of_its_kind():
    assert otherwise("To be, or not to be") != "To be, or not to be"
    assert otherwise("재미있다") == "그미있다" and otherwise("그것") == "나것"
    assert otherwise("MM") == "NM" and otherwise("12") == "1" and otherwise("1") == ""


def test_what_decides_a_prediction_is_traced_to_the_step_and_the_layer_that_carry_it(page):
    other = "To be, or hot to be"
    seen = page(model="shakespeare-gru", text=TEXT, pair_text=other, step=14)
    model = rnnviz.live.shipped("shakespeare-gru")
    wanted = rnnviz.patching.patch(model, TEXT, other, groups=1, at=13)
    drawn = seen.curves("carried")
    for curve, rows in zip(drawn, [*wanted["moved_layer"].values, wanted["moved_all"].values], strict=True):
        np.testing.assert_allclose(curve[:14], rows, atol=1e-5)
        assert np.isnan(curve[14:]).all()
    np.testing.assert_allclose(drawn[-1][10:14], 1, atol=1e-4)  # all of the state decides all of it
    # before the texts part, nothing differs
    assert "carried" not in page(model="shakespeare-gru", text=TEXT, pair_text=other, step=3).visit.figures


def test_gates_and_cells_stand_side_by_side_too(page):
    other = "To be, or hot to be"
    seen = page(model="growing-lstm", text=TEXT, pair_text=other, pair_field="forget_gate", unit=3)
    assert not seen.lines and not seen.test.exception
    model = rnnviz.live.shipped("growing-lstm")
    readings = [model.read(one) for one in (TEXT, other)]
    for curve, reading in zip(reversed(seen.curves("curve")), readings, strict=True):
        np.testing.assert_allclose(curve, reading.subject.layer("rnn")["forget_gate"].values[:, 3], atol=1e-6)
    spec = seen.visit.figures["hidden"]
    assert (seen.visit.board["subject"], len(spec["data"])) and "pair_field=forget_gate" in seen.visit.address
    gone = page(model="growing-gru", text=TEXT, pair_text=other, pair_field="forget_gate")
    assert "pair_field" not in gone.visit.address and not gone.test.exception
