"""Lyapunov exponents are the logarithms of eigenvalues where these are known."""

import numpy as np
import pytest

from rnnviz.stats import gradients
from tests.stats.gradients.networks import INF, LN2, example, kept, linear


def test_a_linear_network_has_the_logarithms_of_its_eigenvalues():
    matrix = np.array([[0.5, 3.0, -1.0], [0.0, 2.0, 5.0], [0.0, 0.0, -0.1]])
    found = gradients.lyapunov(linear(matrix, steps=200), skip=60)
    np.testing.assert_allclose(found, np.log([2.0, 0.5, 0.1]), atol=1e-12)
    mixed = np.array([[1.0, 2.0, 0.0], [-1.0, 3.0, 1.0], [0.5, 0.2, 0.1]])
    wanted = -np.sort(-np.log(np.abs(np.linalg.eigvals(mixed))))
    np.testing.assert_allclose(gradients.lyapunov(linear(mixed, steps=2000), skip=100), wanted, atol=1e-4)
    assert found.attrs["units"] == "nat/step"


def test_leading_exponents_are_the_first_of_all():
    matrix = np.diag([0.25, 2.0, 0.5])
    np.testing.assert_allclose(gradients.lyapunov(linear(matrix, steps=150), 1, skip=60), [LN2], atol=1e-12)
    assert gradients.lyapunov(linear(matrix, steps=4), count=9).shape == (3,)


@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm", "projected"])
def test_exponents_sum_to_the_mean_log_determinant(kind):
    node = example(kind, steps=40)[0]
    determinants = np.linalg.slogdet(gradients.jacobians(node).values)[1]
    found = gradients.lyapunov(node)
    assert found.sum().item() == pytest.approx(determinants.mean(), rel=1e-9)
    assert (np.diff(found) <= 0).all()
    skipped = gradients.lyapunov(node, skip=10)
    assert skipped.sum().item() == pytest.approx(determinants[10:].mean(), rel=1e-9)


def test_a_singular_step_ends_an_exponent_for_good():
    found = gradients.lyapunov(kept([[0.5, 0.5], [0.5, 0.0], [0.5, 0.5]]))
    assert np.isfinite(found[0]) and np.isneginf(found[1])
    assert gradients.lyapunov(kept(np.zeros((3, 2)))).values.tolist() == [-INF, -INF]
    assert np.isnan(gradients.lyapunov(kept(np.ones((3, 2))), skip=3)).all()
    with pytest.raises(ValueError, match="skip must be at least 0; got -1"):
        gradients.lyapunov(kept(np.ones((3, 2))), skip=-1)


def test_thousands_of_steps_of_contraction_have_the_exponent_of_one():
    found = gradients.lyapunov(linear([[0.5, 0.0], [0.0, 0.5]], steps=5000))
    np.testing.assert_allclose(found, [-LN2, -LN2], rtol=1e-11)
