"""Fewer pixels than steps lose no extreme, and a byte a value loses no more than half a level."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnviz.stats import pixels

NAN = np.nan


def rows(values, first=0):
    values = np.atleast_2d(np.array(values, np.float32))
    time = np.arange(first, first + values.shape[1])
    return xr.DataArray(
        values, dims=("unit", "time"), coords={"time": time}, attrs={"valid_range": [-1.0, 1.0]}
    )


some_rows = arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 60)), elements=st.floats(-1, 1, width=32)
)


@settings(max_examples=80, deadline=None)
@given(values=some_rows, columns=st.integers(1, 20).map(lambda half: 2 * half), first=st.integers(0, 500))
def test_every_row_keeps_its_minimum_and_maximum(values, columns, first):
    array = rows(values, first)
    pooled = pixels.pool(array, columns)
    np.testing.assert_array_equal(pooled.min("time"), array.min("time"))
    np.testing.assert_array_equal(pooled.max("time"), array.max("time"))
    assert pooled.sizes["time"] <= columns


@settings(max_examples=80, deadline=None)
@given(values=some_rows, columns=st.integers(2, 40))
def test_there_are_never_more_columns_than_asked_for(values, columns):
    assert pixels.pool(rows(values), columns).sizes["time"] <= columns


@settings(max_examples=80, deadline=None)
@given(values=some_rows, columns=st.integers(1, 20).map(lambda half: 2 * half), first=st.integers(0, 500))
def test_every_value_came_from_a_step_less_than_a_block_away(values, columns, first):
    array = rows(values, first)
    pooled = pixels.pool(array, columns)
    block = pooled.attrs.get("pooled", 1)
    for row, drawn in zip(array.values, pooled.values, strict=True):
        for value, middle in zip(drawn, pooled["time"].values, strict=True):
            assert np.abs(array["time"].values[row == value] - middle).min() < block


def test_pooling_by_hand():
    pooled = pixels.pool(
        rows([[0.0, 0.9, 0.1, 0.2, 0.3, 0.3, 0.3, 0.3], [5, 4, 3, 2, 1, 2, 3, 4]], first=100), 4
    )
    np.testing.assert_allclose(pooled.values, [[0.0, 0.9, 0.3, 0.3], [5, 2, 1, 4]])
    assert pooled["time"].values.tolist() == [100.5, 102.5, 104.5, 106.5]  # of two steps each
    assert pooled.attrs == {"valid_range": [-1.0, 1.0], "pooled": 4, "steps": 8}


def test_a_single_curve_is_pooled_as_its_row_is_and_keeps_whose_it_is():
    array = rows(np.random.default_rng(0).normal(size=(2, 50))).assign_coords(unit=[4, 7])
    curve = pixels.pool(array.sel(unit=7), 10)
    np.testing.assert_array_equal(curve, pixels.pool(array, 10).sel(unit=7))
    assert curve.dims == ("time",) and curve["unit"].item() == 7


parts_of_a_sum = arrays(
    np.float32, st.tuples(st.just(2), st.integers(1, 60)), elements=st.integers(-99, 99).map(np.float32)
)


@settings(max_examples=80, deadline=None)
@given(values=parts_of_a_sum, columns=st.integers(6, 30), first=st.integers(0, 500))
def test_curves_that_are_pooled_together_keep_every_extreme_and_their_sum(values, columns, first):
    keep, write = rows(values, first)
    parts = xr.Dataset({"keep": keep, "write": write, "state": keep + write})
    pooled = pixels.pool_together(parts, columns)
    assert pooled.sizes["time"] <= columns
    np.testing.assert_array_equal(pooled["keep"] + pooled["write"], pooled["state"])
    for name, part in parts.items():
        np.testing.assert_array_equal(pooled[name].min(), part.min())
        np.testing.assert_array_equal(pooled[name].max(), part.max())


def test_three_curves_need_six_columns():
    parts = xr.Dataset({name: rows([0.1, 0.2])[0] for name in "abc"})
    with pytest.raises(ValueError, match="columns must be at least 6; got 5"):
        pixels.pool_together(parts, 5)


def test_curves_in_view_are_exact_where_they_are_few_and_else_hold_each_extreme(monkeypatch):
    monkeypatch.setattr(pixels, "LONG", 100)
    monkeypatch.setattr(pixels, "COLUMNS", 20)
    values = np.random.default_rng(0).normal(size=(3, 1000))
    values[0, 300], values[0, 450] = -np.inf, np.nan
    array = rows(values, first=7)
    xr.testing.assert_identical(pixels.curves(array, (200, 300)), array[:, 200:300])
    pooled = pixels.curves(array, (200, 900))
    assert pooled.shape == (3, 20) and pooled.attrs["pooled"] == 70 and pooled.attrs["steps"] == 700
    np.testing.assert_array_equal(pooled[1:].max("time"), array[1:, 200:900].max("time"))
    assert np.isfinite(pooled).all()  # a gap hides nothing that is there
    gone = pixels.curves(array.where(array["time"] < 300))
    assert np.isnan(gone[:, -1]).all() and gone.min() == array.values[:, :293].min()
    assert pixels.curves(xr.Dataset({"a": array[0], "b": array[1]})).sizes == {"time": 20}


def test_of_a_long_sequence_every_so_manieth_state_is_left(monkeypatch):
    monkeypatch.setattr(pixels, "LONG", 100)
    array = rows(np.arange(101.0))
    thin = pixels.thinned(array, most=20)
    assert thin["time"].values.tolist() == list(range(0, 101, 6)) and thin.attrs["every"] == 6
    np.testing.assert_array_equal(thin[0], thin["time"])
    assert pixels.thinned(array[:, :100], most=20).sizes["time"] == 100


def test_what_fits_is_left_alone():
    array = rows([0.1, 0.2, 0.3])
    assert pixels.pool(array, 3) is array


def test_padding_hides_no_extreme():
    array = rows([0.1, 0.2, 0.3, 0.2, 0.9, -0.9, NAN, NAN])
    pooled = pixels.pool(array, 4)
    assert pooled.min().item() == array.min().item()
    assert pooled.max().item() == array.max().item()


def test_one_column_cannot_hold_two_extremes():
    with pytest.raises(ValueError, match="columns must be at least 2; got 1"):
        pixels.pool(rows([0.1, 0.2]), 1)


@settings(max_examples=80, deadline=None)
@given(
    values=arrays(np.float64, (2, 9), elements=st.floats(0, 1)),
    low=st.floats(-100, 100),
    width=st.floats(0.01, 100),
)
def test_a_code_is_off_by_at_most_half_a_level(values, low, width):
    high = low + width
    values = np.clip(low + values * width, low, high)
    coded = pixels.codes(xr.DataArray(values, dims=("unit", "time")), (low, high))
    assert coded.dtype == np.uint8
    back = low + coded.values.astype(float) / 255 * (high - low)
    assert np.abs(back - values).max() <= (high - low) / 510 * (1 + 1e-9)


def test_the_limits_are_0_and_255_and_beyond_them_too():
    coded = pixels.codes(xr.DataArray([-3.0, -1.0, 0.0, 1.0, np.inf], dims="time"), (-1, 1))
    assert coded.values.tolist() == [0, 0, 128, 255, 255]


def test_padding_is_not_coded_as_a_value():
    """A byte has no NaN, and 0 would say that it is the lowest value."""
    with pytest.raises(ValueError):
        pixels.codes(rows([0.5, NAN]), (0, 1))


@pytest.mark.parametrize("limits", [(1, 1), (1, 0)])
def test_limits_that_do_not_rise_are_refused(limits):
    with pytest.raises(ValueError, match="need low < high; got 1 and"):
        pixels.codes(rows([0.5]), limits)


def test_few_values_come_as_they_are():
    array = rows(np.linspace(-1, 1, 40).reshape(2, 20))
    assert pixels.fit(array, (-1, 1), cells=40) is array
    window = pixels.fit(array, (-1, 1), window=(5, 9), cells=8)
    xr.testing.assert_identical(window, array[:, 5:9])


def test_many_values_are_pooled_and_coded():
    array = rows(np.linspace(-1, 1, 2000).reshape(2, 1000))
    shown = pixels.fit(array, (-1, 1), window=(200, 1000), columns=100, cells=1000)
    assert shown.shape == (2, 100) and shown.dtype == np.uint8 and shown.attrs["pooled"] == 16
    assert shown["time"].values[0] == 203.5 and shown["time"].values[-1] == 995.5
    xr.testing.assert_identical(shown, pixels.codes(pixels.pool(array[:, 200:], 100), (-1, 1)))
