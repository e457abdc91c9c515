"""Norms lie on an axis of exponents: 1e-3000 has its place, and what is exactly zero has none."""

import math

import numpy as np
import pytest
import xarray as xr

from rnnviz.figures import log_matrix, log_norms, style

LN10 = math.log(10)


def curves(rows, names=("RNN", "LSTM")):
    return xr.DataArray(
        np.array(rows) * LN10,
        dims=("architecture", "time"),
        coords={"architecture": list(names)[: len(rows)]},
        attrs={"long_name": "norm", "units": "1", "scale": "natural logarithm"},
    )


def test_a_curve_is_drawn_in_powers_of_ten_in_its_architectures_colour():
    figure = log_norms(curves([[-3000.0, -1.5, 0.0], [1.0, 2.0, 300.0]]), ["rnn", "lstm"])
    np.testing.assert_allclose(figure.data[0].y, [-3000, -1.5, 0])
    assert [t.line.color for t in figure.data] == [style.ARCHITECTURE["rnn"], style.ARCHITECTURE["lstm"]]
    low, high = figure.layout.yaxis.range
    assert low < -3000 and high > 300
    assert all("10<sup>" in text or text == "1" for text in figure.layout.yaxis.ticktext)


def test_zero_is_a_gap():
    figure = log_norms(curves([[-np.inf, -1.0, -2.0]]), ["gru"])
    assert np.isnan(figure.data[0].y[0]) and figure.data[0].y[1] == pytest.approx(-1)


def test_a_second_series_of_a_colour_is_dashed():
    figure = log_norms(curves([[0.0, 1.0], [0.0, 2.0]], ("measured", "gate alone")), ["lstm", "lstm"])
    assert [t.line.dash for t in figure.data] == ["solid", "dash"]


def test_a_band_lies_under_its_curve_and_has_no_name():
    array = curves([[0.0, 1.0]])
    band = xr.concat([array - 1, array + 1], "bound")
    figure = log_norms(array, ["rnn"], band=band, axis="free")
    lower, upper, curve = figure.data
    assert upper.fill == "tonexty" and not lower.showlegend and not upper.showlegend
    assert (lower.y < curve.y).all() and (curve.y < upper.y).all()


def test_a_matrix_has_its_first_row_on_top_and_steps_from_1():
    array = xr.DataArray(
        np.array([[0.0, -np.inf], [-2.0, 0.0]]) * LN10,
        dims=("loss step", "time"),
        coords={"loss step": [0, 1], "time": [0, 1]},
        attrs={"long_name": "norm", "units": "1", "scale": "natural logarithm"},
    )
    figure = log_matrix(array)
    (heat,) = figure.data
    np.testing.assert_allclose(heat.z, [[0, np.nan], [-2, 0]])
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(heat.x) == [1, 2] and list(heat.y) == [1, 2]
    assert (heat.zmin, heat.zmax) == (-8, 0) and figure.layout.meta["beyond"]


def test_nothing_finite_is_still_a_figure():
    assert len(log_norms(curves([[-np.inf, -np.inf]]), ["rnn"]).data) == 1


def test_a_hover_writes_powers_of_ten_raised():
    (line,) = log_norms(curves([[0.0, 1.0]]), ["rnn"], axis="free").data
    assert line.hovertemplate == "RNN: 10<sup>%{y:.2f}</sup><extra></extra>"
