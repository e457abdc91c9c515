"""Derivatives, their products, one unit and one matrix: all can be worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz.stats import vanishing

LN10 = np.log(10)


# --- derivatives


@pytest.mark.parametrize(("function", "largest"), [("sigmoid", 0.25), ("tanh", 1.0), ("relu", 1.0)])
def test_the_largest_derivative_is_a_quarter_of_sigmoid_and_1_of_tanh_and_relu(function, largest):
    x = np.linspace(-5, 5, 1001)
    found = vanishing.derivative(function, x)
    assert found.max() == pytest.approx(largest, abs=1e-15) == vanishing.LARGEST[function]
    assert found[500] == (0 if function == "relu" else largest)  # at 0, where relu' is 0 as in PyTorch


@pytest.mark.parametrize("function", vanishing.FUNCTIONS)
def test_derivatives_are_the_slopes_of_the_functions(function):
    x, step = np.array([-3.0, -0.7, 0.2, 1.0, 4.0]), 1e-6
    slope = (vanishing.value(function, x + step) - vanishing.value(function, x - step)) / (2 * step)
    np.testing.assert_allclose(vanishing.derivative(function, x), slope, atol=1e-9)


def test_derivatives_far_out_are_small_and_not_zero():
    assert vanishing.log_derivative("tanh", 400) == pytest.approx(2 * np.log(2) - 800)
    assert vanishing.log_derivative("sigmoid", -2000) == pytest.approx(-2000)
    assert vanishing.log_derivative("relu", -1) == -np.inf


@given(st.sampled_from(["sigmoid", "tanh"]), st.floats(-1e6, 1e6))
def test_a_derivative_is_even_and_never_above_its_maximum(function, x):
    found = vanishing.log_derivative(function, x)
    assert found == vanishing.log_derivative(function, -x)
    assert found <= np.log(vanishing.LARGEST[function])


def test_all_functions_lie_side_by_side():
    found = vanishing.functions([0.0, 1.0])
    assert found["function"].values.tolist() == ["sigmoid", "tanh", "relu"]
    np.testing.assert_allclose(found["value"], [[0.5, 0.7310586], [0, 0.7615942], [0, 1]], rtol=1e-6)
    np.testing.assert_allclose(found["derivative"], [[0.25, 0.1966119], [1, 0.4199743], [0, 1]], rtol=1e-6)
    np.testing.assert_allclose(np.exp(found["log_derivative"]), found["derivative"])


def test_another_function_is_refused_by_name():
    with pytest.raises(ValueError, match="sigmoid, tanh, relu; got 'softplus'"):
        vanishing.derivative("softplus", 0)


# --- products


@pytest.mark.parametrize("steps", [1, 10, 50, 100, 1000])
def test_a_quarter_to_the_power_of_T(steps):
    found = vanishing.products([np.log(0.25)], steps)
    assert found.sizes == {"series": 1, "time": steps}
    assert found[0, -1].item() / LN10 == pytest.approx(
        -0.6020599913 * steps
    )  # 0.25^1000 is 1e-602, and not 0


def test_a_product_of_ones_stays_1_and_one_with_a_zero_is_exactly_zero():
    found = vanishing.products([0.0, -np.inf], 3, ["tanh", "relu"])
    assert found.values.tolist() == [[0, 0, 0], [-np.inf] * 3]
    assert found["series"].values.tolist() == ["tanh", "relu"]


def test_a_product_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1 factor; got 0"):
        vanishing.products([0.0], 0)


@pytest.mark.parametrize(
    ("log", "wanted"),
    [
        (0.0, (1.0, 0)),
        (np.log(1000), (1.0, 3)),
        (-np.inf, (0.0, 0)),
        (-1000 * np.log(4), (8.71, -603)),
        (np.log(9.999e-5), (1.0, -4)),
    ],
)
def test_numbers_are_written_however_small_they_are(log, wanted):
    assert vanishing.decimal(log) == pytest.approx(wanted)


@pytest.mark.parametrize("log", [np.nan, np.inf])
def test_what_has_no_decimal_form_is_refused(log):
    with pytest.raises(ValueError, match="no decimal form"):
        vanishing.decimal(log)


# --- one unit


def test_at_rest_every_factor_is_the_weight():
    """Without input h stays 0, where tanh' is 1."""
    for weight in (0.5, 1.0, 1.5, -0.5):
        found = vanishing.one_unit(weight, 11)
        assert not found["hidden"].any()
        np.testing.assert_allclose(found["factor"], weight)
        np.testing.assert_allclose(found["log_gradient"], np.arange(10, -1, -1) * np.log(abs(weight)))
    assert found["sign"].values.tolist() == [1, -1] * 5 + [1]


def test_input_saturates_the_unit_so_that_the_same_weight_vanishes():
    quiet, driven = (vanishing.one_unit(1.5, 50, input_weight=u)["log_gradient"][0].item() for u in (0, 1))
    assert quiet == pytest.approx(49 * np.log(1.5))
    assert driven < -49


@pytest.mark.parametrize("nonlinearity", vanishing.FUNCTIONS)
@pytest.mark.parametrize("weight", [0.6, 1.1, -0.8])
def test_the_gradient_is_what_a_small_change_of_a_state_does_at_the_end(nonlinearity, weight):
    steps, changed, change = 6, 2, 1e-5
    found = vanishing.one_unit(weight, steps, input_weight=0.5, bias=0.7, nonlinearity=nonlinearity)
    ends = []
    for sign in (1, -1):
        hidden = found["hidden"].values[changed] + sign * change
        for step in range(changed + 1, steps):
            x = found["input"].values[step]
            hidden = vanishing.value(nonlinearity, weight * hidden + 0.5 * x + 0.7)
        ends.append(hidden)
    measured = (ends[0] - ends[1]) / (2 * change)
    signed = (found["sign"] * np.exp(found["log_gradient"]))[changed].item()
    assert signed == pytest.approx(float(measured), rel=1e-6, abs=1e-10)


def test_a_relu_unit_with_a_weight_of_1_and_positive_input_keeps_the_gradient():
    found = vanishing.one_unit(1.0, 100, input_weight=0.1, nonlinearity="relu")
    assert not found["log_gradient"].any()


def test_a_relu_unit_without_input_passes_exactly_nothing():
    found = vanishing.one_unit(1.0, 3, nonlinearity="relu")
    assert found["log_gradient"].values.tolist() == [-np.inf, -np.inf, 0]
    assert found["sign"].values.tolist() == [0, 0, 1]


def test_a_weight_of_zero_and_a_single_step():
    assert vanishing.one_unit(0.0, 2)["log_gradient"].values.tolist() == [-np.inf, 0]
    assert vanishing.one_unit(2.0, 1)["log_gradient"].values.tolist() == [0]
    with pytest.raises(ValueError, match="at least 1 step; got 0"):
        vanishing.one_unit(1.0, 0)


def test_the_input_is_the_same_for_the_same_seed_and_lies_between_0_and_1():
    first, again, other = (vanishing.one_unit(1.0, 20, seed=seed)["input"].values for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()
    assert ((first >= 0) & (first <= 1)).all()


# --- one matrix


def test_a_scaled_rotation_has_all_eigenvalues_on_one_circle():
    angle = 0.3
    turn = 0.9 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = vanishing.spectrum(turn)
    np.testing.assert_allclose(np.abs(found["eigenvalue"]), 0.9)
    assert found["spectral_radius"].item() == pytest.approx(0.9)
    np.testing.assert_allclose(found["singular_value"], 0.9)


def test_a_matrix_may_stretch_more_than_its_eigenvalues_say():
    found = vanishing.spectrum(np.array([[0.5, 2.0], [0.0, 0.5]]))
    assert found["spectral_radius"].item() == pytest.approx(0.5)
    assert found["singular_value"][0].item() > 2


@pytest.mark.parametrize(
    ("weight", "line"),
    [
        (np.zeros((2, 3)), "square, (unit, unit); got shape (2, 3)"),
        (np.zeros((0, 0)), "got shape (0, 0)"),
        (np.array([[np.nan]]), "not finite"),
    ],
)
def test_what_is_no_recurrent_weight_is_refused(weight, line):
    import re

    with pytest.raises(ValueError, match=re.escape(line)):
        vanishing.spectrum(weight)


def test_the_same_factor_at_every_step():
    found = vanishing.geometric(0.5, 3, last=np.log(8.0))
    np.testing.assert_allclose(np.exp(found), [2, 4, 8])
    assert vanishing.geometric(0.0, 2).values.tolist() == [-np.inf, 0]
    with pytest.raises(ValueError, match="factor >= 0; got steps=3, factor=-1"):
        vanishing.geometric(-1, 3)


def test_clipping_scales_to_the_threshold_and_leaves_alone_what_is_below():
    np.testing.assert_allclose(np.exp(vanishing.clipped(np.log([0.5, 5.0]), 1.0)), [0.5, 1.0])
    assert vanishing.clipped(1e4, 2.0) == np.log(2)
    with pytest.raises(ValueError, match="above 0; got 0"):
        vanishing.clipped(0.0, 0)


@pytest.mark.parametrize(("norm", "factor"), [(25.0, 0.2), (5.0, 1.0), (3.0, 1.0), (0.0, 1.0)])
def test_one_gradient_is_clipped_as_torch_clips_it(norm, factor):
    import torch

    found = vanishing.one_clipped(norm, 5.0)
    assert found["factor"] == factor and found["norm"].values.tolist() == [norm, factor * norm]
    weight = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    weight.grad = norm * torch.tensor([0.6, -0.8], dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_([weight], 5.0)
    np.testing.assert_allclose(weight.grad, found["norm"].values[1] * np.array([0.6, -0.8]), rtol=1e-6)
    for wrong in (
        {"norm": -1, "threshold": 1},
        {"norm": 1, "threshold": 0},
        {"norm": np.nan, "threshold": 1},
    ):
        with pytest.raises(ValueError, match="at least 0|above 0"):
            vanishing.one_clipped(**wrong)


def test_curves_side_by_side_keep_their_names():
    found = vanishing.side_by_side({"a": vanishing.geometric(1, 2), "b": vanishing.geometric(2, 2)}, "norm")
    assert found.sizes == {"series": 2, "time": 2}
    assert found["series"].values.tolist() == ["a", "b"] and found.attrs["long_name"] == "norm"
    with pytest.raises(ValueError, match="no curve"):
        vanishing.side_by_side({})
