"""A unit that follows something is found, one that does not is not, and the control says what chance finds."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz.stats import tracking


def noise(units=20, steps=4000, seed=3):
    return xr.DataArray(np.random.default_rng(seed).normal(size=(units, steps)), dims=("unit", "time"))


def counted(steps=4000):
    """Places in lines of 2 to 12 characters: a shifted text must not fall on itself."""
    lengths = np.random.default_rng(9).integers(2, 13, steps)
    return np.concatenate([np.arange(length) for length in lengths])[:steps]


def test_correlation_is_that_of_numpy_whatever_the_order_of_dims():
    hidden, target = noise(4, 50), counted(50)
    wanted = [np.corrcoef(row, target)[0, 1] for row in hidden.values]
    np.testing.assert_allclose(tracking.correlation(hidden, target), wanted, rtol=1e-12)
    np.testing.assert_allclose(
        tracking.correlation(hidden.transpose("time", "unit"), target), wanted, rtol=1e-12
    )


def test_what_never_changes_follows_nothing():
    hidden = xr.DataArray([[0.5, 0.5, 0.5], [0.1, 0.2, 0.3]], dims=("unit", "time"))
    assert tracking.correlation(hidden, [1, 2, 3]).values.round(12).tolist() == [0, 1]
    assert tracking.correlation(hidden, [True, True, True]).values.tolist() == [0, 0]


def test_a_planted_unit_is_found_and_its_control_is_not():
    hidden, target = noise(), counted()
    hidden[13] = -np.tanh(target / 6) + 0.1 * hidden[13]  # it may fall where the count rises
    found = tracking.best(hidden, target)
    assert found["unit"] == 13 and found["correlation"] > 0.9
    assert found["control"].sizes == {"shift": tracking.SHIFTS} and found["control"].max() < 0.3


def test_without_it_nothing_is_found_and_the_control_says_as_much():
    found = tracking.best(noise(), counted())
    assert found["correlation"] < 0.06 and found["control"].max() < 0.1
    shuffled = np.random.default_rng(0).permutation(counted())
    planted = noise()
    planted[13] = np.tanh(counted() / 6)
    assert tracking.best(planted, shuffled)["correlation"] < 0.06


def test_a_unit_is_measured_where_it_was_not_chosen():
    """One that follows in the first half alone is chosen, and its |r| is that of the second."""
    hidden, target = noise(), counted()
    hidden[4, :2000] = target[:2000]
    found = tracking.best(hidden, target)
    assert found["unit"] == 4 and found["correlation"] < 0.06
    np.testing.assert_allclose(
        found["correlation"], abs(np.corrcoef(hidden[4, 2000:], target[2000:])[0, 1]), atol=1e-12
    )


def test_the_same_seed_gives_the_same_control():
    one, same, other = (tracking.best(noise(), counted(), seed=seed) for seed in (1, 1, 2))
    assert one.identical(same) and not one["control"].equals(other["control"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tracking.correlation(noise(2, 5), [1, 2]), "the target has 2 steps; hidden has 5"),
        (lambda: tracking.best(noise(2, 19), counted(19)), "at least 20 steps.*got 19"),
        (
            lambda: tracking.appears(xr.DataArray([0.1], dims="moment"), 1),
            "more must be above 0 and below 1; got 1",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("r", "begins"),
    [
        ([0.3, 0.4, 0.6, 0.7], 10),
        ([0.3, 0.6, 0.4, 0.7], 100),  # it went and came again
        ([0.3, 0.6, 0.7, 0.4], math.nan),
        ([0.3, 0.3, 0.3, 0.3], math.nan),
        ([0.5, 0.6, 0.6, 0.6], math.nan),  # the untrained network did as well
    ],
)
def test_it_appears_where_it_rises_above_the_untrained_network_and_stays(r, begins):
    found = xr.DataArray([r, r], dims=("annotation", "moment"), coords={"moment": [0, 1, 10, 100]})
    np.testing.assert_equal(tracking.appears(found).values, [begins, begins])
