"""When something was learned, when the gradient arrived, and in how many seeds."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz.stats import learning


def _over_updates(values):
    return xr.DataArray(values, dims=("seed", "update"), coords={"update": [0, 10, 20]})


def test_it_is_learned_where_it_first_came_to_the_level():
    right = _over_updates([[0.5, 0.95, 0.9], [0.5, 0.6, 0.94], [1.0, math.nan, math.nan]])
    found = learning.learned(right)
    assert found.values[[0, 2]].tolist() == [10, 0] and math.isnan(found.values[1])
    with pytest.raises(ValueError, match="above 0 and at most 1; got 2"):
        learning.learned(right, 2)


def test_the_gradient_has_arrived_where_it_rose_tenfold_or_is_a_hundredth_of_the_last_steps():
    norms = np.log([[1e-4, 1e-3, 1e-3], [1e-2, 1e-2, 1e-1], [1.0, 1.0, 1.0]])  # (update, time) as rows
    logs = xr.DataArray(norms, dims=("update", "time"), coords={"update": [0, 10, 20]})
    assert learning.arrived(logs).item() == 0  # a tenth of the last step's, however small both are
    far = logs.copy(data=np.log([[0.002, 1e-5, 1.0], [0.009, 0.1, 1.0], [0.011, 0.1, 1.0]]))
    assert learning.arrived(far).item() == 20
    rose = logs.copy(data=np.log([[1e-9, 1e-5, 1.0], [9e-9, 1e-5, 1.0], [1.1e-8, 1e-5, 1.0]]))
    assert learning.arrived(rose).item() == 20
    nothing = logs.copy(data=[[-np.inf, 0.0, 0.0]] * 3)
    assert np.isnan(learning.arrived(nothing).item())


def test_the_interval_of_a_share_is_wilsons():
    found = learning.shares(xr.DataArray([[5.0] * 8 + [np.nan] * 2, [np.nan] * 10], dims=("network", "seed")))
    assert found["learned"].values.tolist() == [8, 0] and found["share"].values.tolist() == [0.8, 0.0]
    z, n = 1.959964, 10
    for share, low, high in zip(*(found[name].values for name in ("share", "low", "high")), strict=True):
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        assert (low, high) == (pytest.approx(middle - half, abs=1e-5), pytest.approx(middle + half, abs=1e-5))


def test_the_end_is_the_last_that_there_is():
    assert learning.at_the_end(_over_updates([[1, 2, 3], [4, 5, math.nan]])).values.tolist() == [3, 5]


def test_the_ends_of_an_axis_are_whole_powers_of_ten():
    logs = xr.DataArray([-np.inf, math.log(3e-5), math.log(20)])
    assert learning.ends(logs) == (-5, 2)
    assert learning.ends(xr.DataArray([-np.inf, np.nan])) == (-1, 0)


def test_a_training_that_left_the_numbers_ended_where_the_last_one_was():
    found = learning.ended(_over_updates([[1, 2, 3], [4, 5, math.nan], [math.nan] * 3]))
    assert math.isnan(found.values[0]) and found.values[1:].tolist() == [10, 0]
