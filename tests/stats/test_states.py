"""Orders lose no unit, extremes are found where they are, principal axes are scikit-learn's."""

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA
from torch import nn

from rnnviz.recording.block import record
from rnnviz.stats import states

NAN = np.nan


def units(rows):
    return xr.DataArray(np.array(rows, np.float32), dims=("unit", "time"))


@pytest.fixture(scope="module")
def hidden():
    """Two layers, two directions, two sequences of 40 steps, 6 units."""
    torch.manual_seed(1)
    model = nn.LSTM(3, 6, 2, bidirectional=True, batch_first=True)
    with record(model, tokens="ab" * 20) as recording, torch.inference_mode():
        model(2 * torch.randn(2, 40, 3))
    return recording.trace["lstm"]["hidden"]


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(1, 6)), elements=st.floats(-1, 1, width=32)),
    st.sampled_from(states.ORDERS),
)
def test_an_order_has_every_unit_once(values, by):
    assert sorted(states.order(units(values), by).tolist()) == list(range(len(values)))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_similarity_puts_identical_units_side_by_side(kinds):
    curves = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
    drawn = np.array(kinds)[states.order(units(curves[kinds]), "similarity")]
    assert (np.diff(drawn) != 0).sum() == len(set(kinds)) - 1


def test_similarity_puts_three_levels_in_their_order():
    drawn = states.order(units([[0, 0], [1, 1], [0.4, 0.4], [0.9, 0.9]]), "similarity").tolist()
    assert drawn in ([0, 2, 3, 1], [1, 3, 2, 0])


def test_activity_is_by_falling_root_mean_square_and_ties_stay():
    hidden = units([[0.1, 0.1], [-0.9, 0.0], [0.5, 0.5], [0.1, -0.1]])
    assert states.order(hidden, "activity").tolist() == [1, 2, 0, 3]
    assert states.order(hidden.T, "activity").tolist() == [1, 2, 0, 3]
    assert states.order(hidden, "stored").tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("by", states.ORDERS)
def test_padding_does_not_change_an_order(by):
    rows = np.random.default_rng(1).normal(size=(5, 4))
    padded = np.pad(rows, ((0, 0), (0, 3)), constant_values=NAN)
    assert np.array_equal(states.order(units(padded), by), states.order(units(rows), by))


def test_another_order_is_refused():
    with pytest.raises(ValueError, match="order must be one of stored, similarity, activity; got 'colour'"):
        states.order(units([[1.0]]), "colour")


def test_the_strongest_steps_by_hand():
    found = states.strongest(xr.DataArray([0.1, 0.9, NAN, -0.7, 0.9, 0.2], dims="time"), 2)
    assert found["highest"].values.tolist() == [0.9, 0.9]
    assert found["highest_step"].values.tolist() == [1, 4]
    assert found["lowest"].values.tolist() == [-0.7, 0.1]
    assert found["lowest_step"].values.tolist() == [3, 0]


def test_there_are_no_more_strongest_steps_than_steps():
    assert states.strongest(xr.DataArray([NAN, 0.5], dims="time"), 9).sizes["rank"] == 1
    with pytest.raises(ValueError, match="count must be at least 1; got 0"):
        states.strongest(xr.DataArray([0.5], dims="time"), 0)


def test_principal_axes_are_orthonormal_with_their_largest_loading_positive(hidden):
    axis = states.principal_components(hidden, 4)["axis"].values
    assert axis.shape == (2, 2, 4, 6)
    np.testing.assert_allclose(
        axis @ axis.swapaxes(2, 3), np.broadcast_to(np.eye(4), (2, 2, 4, 4)), atol=1e-6
    )
    assert (np.take_along_axis(axis, np.abs(axis).argmax(-1)[..., None], -1) > 0).all()


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_shares_and_path_are_scikit_learns(hidden, layer, direction):
    found = states.principal_components(hidden).sel(layer=layer, direction=direction)
    steps = hidden.sel(layer=layer, direction=direction)
    fit = PCA(3).fit(steps.values.reshape(-1, 6))
    np.testing.assert_allclose(found["share"], fit.explained_variance_ratio_, atol=1e-5)
    path = states.path(steps.isel(batch=1), found)
    wanted = fit.transform(steps.isel(batch=1).values)
    np.testing.assert_allclose(np.abs(path), np.abs(wanted), atol=1e-4)
    assert path.dims == ("time", "component")
    assert "".join(path["token"].values) == "ab" * 20
    np.testing.assert_array_equal(path["share"], found["share"])


def test_states_on_a_line_have_one_component():
    line = np.outer(np.arange(5.0), [0.6, -0.8])[None, None, None]  # (layer, direction, batch, time, unit)
    hidden = xr.DataArray(
        line, dims=("layer", "direction", "batch", "time", "unit"), coords={"direction": ["forward"]}
    )
    found = states.principal_components(hidden).squeeze(("layer", "direction"))
    np.testing.assert_allclose(found["share"], [1, 0], atol=1e-6)
    np.testing.assert_allclose(found["axis"][0], [-0.6, 0.8], atol=1e-6)
    np.testing.assert_allclose(found["mean"], [1.2, -1.6], atol=1e-6)
    np.testing.assert_allclose(states.path(hidden[0, 0, 0], found)[:, 0], [2, 1, 0, -1, -2], atol=1e-6)


def test_padding_does_not_move_the_axes(hidden):
    padded = hidden.copy()
    padded[{"batch": 1, "time": slice(25, None)}] = NAN
    found = states.principal_components(padded).isel(layer=0, direction=0)
    fit = PCA(3).fit(np.concatenate((hidden.values[0, 0, 0], hidden.values[0, 0, 1, :25])))
    np.testing.assert_allclose(found["mean"], fit.mean_, atol=1e-6)
    np.testing.assert_allclose(found["share"], fit.explained_variance_ratio_, atol=1e-5)


def test_a_path_of_other_units_is_refused(hidden):
    found = states.principal_components(hidden).isel(layer=0, direction=0)
    with pytest.raises(ValueError, match="components are of 6 units; the states have 2"):
        states.path(hidden[0, 0, 0, :, :2], found)


def test_the_slope_is_the_derivative_of_tanh():
    x = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
    (wanted,) = torch.autograd.grad(x.tanh().sum(), x)
    slope = states.slope(
        xr.DataArray(x.tanh().detach().numpy(), dims="time", attrs={"valid_range": [-1.0, 1.0]})
    )
    np.testing.assert_allclose(slope, wanted, atol=1e-12)
    assert slope.attrs["valid_range"] == [0.0, 1.0]


def test_separation_is_the_statistic_of_mann_and_whitney():
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    hidden = xr.DataArray(rng.normal(size=(40, 5)).round(1), dims=("time", "unit"), coords={"unit": range(5)})
    hidden[3] = np.nan
    where = rng.random(40) < 0.3
    share = states.separation(hidden, where)
    kept = np.isfinite(hidden.values[:, 0])
    for unit in range(5):
        one, other = hidden.values[where & kept, unit], hidden.values[~where & kept, unit]
        wanted = mannwhitneyu(one, other).statistic / (len(one) * len(other))
        assert share.sel(unit=unit).item() == pytest.approx(wanted)
    with pytest.raises(ValueError, match="both kinds; 0 of"):
        states.separation(hidden, np.zeros(40, bool))
    with pytest.raises(ValueError, match="where has 3 steps"):
        states.separation(hidden, [True, False, True])
