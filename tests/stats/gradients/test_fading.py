"""Rates, half-lives and horizons by hand."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnviz.stats import gradients
from tests.stats.gradients.networks import INF, LN2, NAN, linear


def test_a_norm_that_halves_at_each_step_by_hand():
    found = gradients.decay(xr.DataArray(2.0 ** np.arange(-20, 1), dims="time"))
    assert found["rate"].item() == pytest.approx(-LN2)
    assert found["half_life"].item() == pytest.approx(1)
    assert found["halved"].item() == pytest.approx(1)
    assert found["horizon"].item() == pytest.approx(np.log2(1000))  # 9.97 steps
    assert found["crossed"].item() is True
    assert found["rate"].attrs["units"] == "nat/step"


def test_the_horizon_is_the_first_crossing_between_two_steps():
    found = gradients.decay(xr.DataArray([1.0, 0.0001, 0.01, 1.0], dims="time"))
    assert found["horizon"].item() == pytest.approx(
        1.5
    )  # ln falls by two decades from 0.01 to 0.0001; half is 0.001
    short = gradients.decay(xr.DataArray([0.5, 0.7, 1.0], dims="time"))
    assert short["horizon"].item() == INF and not short["crossed"]


def test_a_line_that_falls_late_is_halved_long_after_its_half_life():
    found = gradients.decay(xr.DataArray([2.0**-8, 0.25, 1.0, 1.0, 1.0], dims="time"))
    assert found["halved"].item() == pytest.approx(2.5)  # from 1 to a quarter: half lies in the middle
    slope = np.polyfit(range(5), [0, 0, 0, -2, -8], 1)[0]  # in powers of 2
    assert found["half_life"].item() == pytest.approx(-1 / slope) and found["half_life"] < 0.6
    assert found["fitted"].item() == 5


def test_the_measured_half_is_the_first_crossing_though_the_norm_grows_again():
    found = gradients.decay(xr.DataArray([8.0, 4.0, 0.5, 1.0], dims="time"))
    assert found["halved"].item() == 1 and found["half_life"].item() == INF


def test_what_grows_has_no_half_life():
    found = gradients.decay(xr.DataArray([8.0, 4.0, 2.0, 1.0], dims="time"))
    assert found["rate"].item() == pytest.approx(LN2)
    assert found["half_life"].item() == INF and found["halved"].item() == INF
    assert found["horizon"].item() == INF


def test_decay_starts_at_the_last_step_that_has_gradient():
    norms = xr.DataArray([0.25, 0.5, 1.0, 0.0, 0.0, NAN], dims="time")
    assert gradients.decay(norms)["rate"].item() == pytest.approx(-LN2)
    assert gradients.decay(norms, last=1)["rate"].item() == pytest.approx(-LN2)
    assert np.isnan(gradients.decay(norms, last=3)["rate"])
    with pytest.raises(ValueError, match="last must be a position on time, 0 to 5; got 6"):
        gradients.decay(norms, last=6)


def test_each_direction_is_read_its_own_way():
    rising, falling = [0.25, 0.5, 1.0, NAN], [1.0, 0.25, 0.0625, NAN]
    norms = xr.DataArray(
        [[rising, falling]],
        dims=("batch", "direction", "time"),
        coords={"direction": ["forward", "backward"]},
    )
    found = gradients.decay(norms)
    assert found["rate"].dims == ("batch", "direction")
    np.testing.assert_allclose(found["rate"], [[-LN2, -2 * LN2]])
    np.testing.assert_allclose(found["half_life"], [[1.0, 0.5]])
    alone = gradients.decay(norms.isel(direction=1))
    np.testing.assert_allclose(alone["rate"], [-2 * LN2])
    np.testing.assert_allclose(gradients.decay(norms, last=1)["rate"], [[-LN2, -2 * LN2]])


def test_logarithms_beyond_float64_decay_as_well():
    node = linear([[0.5]], steps=1201)  # to −832 nats
    found = gradients.decay(gradients.reach(node)["log_spectral_norm"], logarithmic=True)
    assert found["rate"].item() == pytest.approx(-LN2)
    assert found["horizon"].item() == pytest.approx(np.log2(1000))


def test_zeros_do_not_bend_the_slope_and_end_the_reach():
    found = gradients.decay(xr.DataArray([0.0, 0.25, 0.5, 1.0], dims="time"))
    assert found["rate"].item() == pytest.approx(-LN2)
    assert found["horizon"].item() == 2 and found["crossed"]
    gone = gradients.decay(xr.DataArray([0.0, 0.0, 1.0], dims="time"))
    assert gone["rate"].item() == -INF and gone["half_life"].item() == 0 and gone["horizon"].item() == 0


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [NAN, NAN]])
def test_without_gradient_there_is_no_decay(values):
    found = gradients.decay(xr.DataArray(np.array(values, np.float64), dims="time"))
    assert np.isnan(found["rate"]) and np.isnan(found["horizon"]) and not found["crossed"]


def test_a_negative_norm_is_refused():
    with pytest.raises(ValueError, match="a norm cannot be negative; got -1"):
        gradients.decay(xr.DataArray([-1.0, 2.0], dims="time"))


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, 9, elements=st.floats(1e-30, 1e30)), st.floats(1e-3, 1e3))
def test_decay_does_not_depend_on_the_size_of_the_loss(values, size):
    one, other = (gradients.decay(xr.DataArray(scale * values, dims="time")) for scale in (1.0, size))
    assert one["rate"].item() == pytest.approx(other["rate"].item(), rel=1e-9, abs=1e-9)
    assert one["horizon"].item() == pytest.approx(other["horizon"].item(), rel=1e-6)


def test_what_is_left_so_many_steps_back():
    logs = xr.DataArray([[3 * LN2, 0.0, LN2, 2 * LN2], [-INF, 1.0, 0.0, 0.0]], dims=("model", "time"))
    found = gradients.left(logs, last=3, steps=3)
    np.testing.assert_allclose(np.exp(found), [2.0, 0.0])
    with pytest.raises(ValueError, match="must be on time, 0 to 3; got 3 and -1"):
        gradients.left(logs, last=3, steps=4)
