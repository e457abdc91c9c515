"""What the curves of learn/vanishing draw: their data and their limits, never pixels."""

import numpy as np
import pytest
import xarray as xr

from rnnviz.figures import eigenvalues, functions, powers, style
from rnnviz.figures.planes import DASHES, FUNCTION, STOPS

NAMES = ["sigmoid", "tanh", "relu"]


def curves(x):
    values = np.stack([np.asarray(x, float) * k for k in (1, 2, 3)])
    return xr.DataArray(
        values,
        dims=("function", "x"),
        coords={"function": NAMES, "x": x},
        attrs={"long_name": "derivative", "units": "1"},
    )


def logs(values, dim="time", at=None):
    values = np.asarray(values, float)
    return xr.DataArray(
        values,
        dims=("series", dim),
        coords={
            "series": [f"s{i}" for i in range(len(values))],
            dim: np.arange(values.shape[1]) if at is None else at,
        },
        attrs={"long_name": "gradient norm", "units": "1"},
    )


# --- functions


def test_each_function_has_a_curve_and_the_readers_point_on_it():
    drawn = functions(curves([-1.0, 0.0, 1.0]), curves([0.5]), (0, 1))
    *lines, points = drawn.data
    assert [trace.name for trace in lines] == NAMES
    assert [trace.y.tolist() for trace in lines] == [[-k, 0, k] for k in (1, 2, 3)]
    assert points.x.tolist() == [0.5] * 3 and points.y.tolist() == [0.5, 1.0, 1.5]
    assert list(points.marker.color) == [FUNCTION[name] for name in NAMES]
    assert points.showlegend is False
    assert drawn.layout.meta["axis"] == "free"


def test_functions_differ_by_dash_as_well_as_by_colour():
    lines = functions(curves([0.0, 1.0]), curves([0.5]), (0, 1)).data[:3]
    assert len({trace.line.dash for trace in lines}) == len({trace.line.color for trace in lines}) == 3
    assert set(DASHES) == set(FUNCTION) == set(NAMES)


def test_the_maxima_are_marked_once_for_each_height():
    drawn = functions(curves([-1.0, 1.0]), curves([0.5]), (0, 1), {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0})
    assert [note.text for note in drawn.layout.annotations] == ["max sigmoid: 0.25", "max tanh, relu: 1"]
    assert [shape.y0 for shape in drawn.layout.shapes] == [0, 0.25, 1.0]  # the first is the point's guide


def test_the_axis_of_functions_stays_where_it_is():
    for top in (1.0, 100.0):
        drawn = functions(curves([0.0, top]), curves([0.5]), (-1, 1))
        assert drawn.layout.yaxis.range == pytest.approx((-1.12, 1.12))


# --- powers


def test_natural_logs_are_drawn_as_exponents_of_ten_and_steps_counted_from_1():
    (trace,) = powers(logs([[0.0, np.log(10), -3000 * np.log(10)]]), ["rnn"]).data
    np.testing.assert_allclose(trace.y, [0, 1, -3000])
    assert trace.x.tolist() == [1, 2, 3]
    assert trace.line.color == style.ARCHITECTURE["rnn"]
    assert list(trace.customdata) == ["1", "10", "1.00 · 10<sup>−3000</sup>"]


def test_exact_zeros_are_gaps():
    trace = powers(logs([[-np.inf, 0.0, 1.0]]), ["gru"]).data[0]
    assert np.isnan(trace.y[0]) and np.isfinite(trace.y[1:]).all()


@pytest.mark.parametrize("exponent", [-1e-300, -0.5, -2.9, -13, -300, 0.4, 7, 300, 5e5])
def test_limits_are_round_and_hold_the_data(exponent):
    drawn = powers(logs([[0.0, exponent * np.log(10)]]), ["rnn"])
    low, high = drawn.layout.yaxis.range
    assert low <= exponent <= high
    ticks = drawn.layout.yaxis.tickvals
    assert len(ticks) <= 11 and all(low <= tick <= high for tick in ticks)
    assert 0 in ticks
    assert drawn.layout.yaxis.ticktext[ticks.index(0)] == "1"


def test_a_slider_that_moves_a_little_leaves_the_axis_alone():
    ranges = {powers(logs([[0.0, k * np.log(10)]]), ["rnn"]).layout.yaxis.range for k in (-10.1, -12, -14.9)}
    assert len(ranges) == 1
    assert list(STOPS) == sorted(STOPS)


@pytest.mark.parametrize("values", [[[-np.inf, -np.inf]], [[np.nan]]])
def test_with_nothing_to_draw_there_is_an_empty_sheet(values):
    low, high = powers(logs(values), ["rnn"]).layout.yaxis.range
    assert low < 0 < high


@pytest.mark.parametrize(("steps", "mode"), [(1, "lines+markers"), (12, "lines+markers"), (13, "lines")])
def test_few_steps_are_points_as_well(steps, mode):
    (trace,) = powers(logs([np.zeros(steps)]), ["rnn"]).data
    assert trace.mode == mode and trace.x.tolist() == list(range(1, steps + 1))


def test_another_axis_keeps_its_own_numbers_and_the_readers_place_is_marked():
    array = logs([[0, 1], [1, 2]], "radius", [0.5, 1.5])
    point = logs([[0.5], [1.5]], "radius", [1.0])
    drawn = powers(array, ["rnn", "#D55E00"], ["solid", "dash"], point, across="spectral radius")
    assert drawn.data[0].x.tolist() == [0.5, 1.5]
    *lines, marks = drawn.data
    assert marks.x.tolist() == [1.0, 1.0]
    np.testing.assert_allclose(marks.y * np.log(10), [0.5, 1.5])
    assert [trace.line.dash for trace in lines] == ["solid", "dash"]
    assert drawn.layout.xaxis.title.text == "spectral radius"


def test_many_steps_send_no_words():
    (trace,) = powers(logs([np.zeros(1000)]), ["rnn"]).data
    assert trace.customdata is None


# --- eigenvalues


def test_eigenvalues_lie_in_the_plane_with_the_unit_circle():
    values = xr.DataArray([0.5 + 0.5j, 0.5 - 0.5j, -0.9], dims="eigenvalue")
    unit, own, points = (drawn := eigenvalues(values, 0.9)).data
    np.testing.assert_allclose(np.hypot(unit.x, unit.y), 1)
    np.testing.assert_allclose(np.hypot(own.x, own.y), 0.9)
    assert points.x.tolist() == [0.5, 0.5, -0.9] and points.y.tolist() == [0.5, -0.5, 0]
    assert drawn.layout.xaxis.scaleanchor == "y"  # circles are round


def test_the_plane_stays_where_it_is():
    small, large = (eigenvalues(xr.DataArray([value + 0j], dims="eigenvalue"), value) for value in (0.1, 2.0))
    assert small.layout.xaxis.range == large.layout.xaxis.range == (-2.1, 2.1)


def test_curves_of_like_colour_bear_marks_of_their_own():
    bare, marked = powers(logs([[0.0] * 50] * 2), ["rnn", "rnn"], symbols=["", "square"]).data
    assert bare.mode == "lines" and bare.marker.symbol is None
    assert marked.mode == "lines+markers" and marked.marker.symbol == "square"
    assert 0 < marked.marker.maxdisplayed < 50


def test_the_axis_holds_the_curves_it_is_made_for_and_an_arrow_stands_where_another_leaves_it():
    ten = np.log(10)
    array = logs([[0.0, -1 * ten, -2 * ten, -1 * ten, 0.0], [24.6 * ten, 18 * ten, 12 * ten, 6 * ten, 0.0]])
    held = powers(array, ["rnn", "#D55E00"], holds=array["series"].values[:1]).layout
    assert held.yaxis.range == powers(array[:1], ["rnn"]).layout.yaxis.range
    (note,) = held.annotations
    assert (note.text, note.x, note.xanchor) == (f"{array['series'].values[1]} ↑ 10<sup>25</sup>", 4, "right")
    assert powers(array, ["rnn", "#D55E00"]).layout.annotations == ()


def test_a_band_is_drawn_behind_its_curve_and_has_room_on_the_axis():
    array = logs([[0.0, 0.0, 0.0]])
    band = xr.concat([array - 5 * np.log(10), array + np.log(10)], "bound")
    drawn = powers(array, ["lstm"], band=band)
    low, high, curve = drawn.data
    assert (high.fill, curve.name) == ("tonexty", str(array["series"].values[0]))
    np.testing.assert_allclose((low.y[0], high.y[0]), (-5, 1))
    assert drawn.layout.yaxis.range[0] < -5 and drawn.layout.yaxis.range[1] > 1


def test_an_exact_zero_has_no_place_and_is_said_where_one_points_at_it():
    array = xr.DataArray(
        [[-np.inf, -1.0], [-2.0, -1.0]],
        dims=("series", "time"),
        coords={"series": ["cut", "whole"], "time": [0, 1]},
    )
    drawn = powers(array, ["lstm", "gru"])
    (zero,) = (trace for trace in drawn.data if trace.marker.opacity == 0)
    assert zero.hovertemplate.startswith("cut: exactly 0") and list(zero.x) == [1.0]
    assert zero.y[0] == drawn.layout.yaxis.range[0] and not zero.showlegend
