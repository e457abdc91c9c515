"""Pictures of a network that learns: what they draw is what came in."""

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures


def test_sequences_stand_side_by_side_with_a_gap_and_rings_at_their_ends():
    values = np.arange(12).reshape(2, 2, 3) / 20
    array = xr.DataArray(
        values,
        dims=("model", "sequence", "time"),
        coords={"model": ["RNN", "bag"], "token": (("sequence", "time"), [list("aba"), list("baa")])},
        attrs={"long_name": "output", "units": "1"},
    )
    drawn = figures.answers(array, (1, 0), ["rnn", "#CC79A7"])
    first, second, rings = drawn.data
    assert list(first.x) == [0, 1, 2, None, 4, 5, 6, None]
    np.testing.assert_allclose([v for v in second.y if v is not None], values[1].ravel())
    assert list(rings.x) == [2, 6] and list(rings.y) == [1, 0]
    assert list(drawn.layout.xaxis.ticktext) == list("ababaa")
    assert first.line.color == "#E69F00" and first.line.dash != second.line.dash
    assert "RNN, a b a, step 2: 5.0 %" in first.customdata


def test_learning_draws_what_has_come_so_far_on_an_axis_to_the_end():
    rows = xr.DataArray(
        [[0.2, 0.4, np.nan], [0.1, 0.9, np.nan]],
        dims=("answer", "step"),
        coords={"answer": ["h → e", "e → l"], "step": [0, 1, 2]},
        attrs={"long_name": "probability", "units": "1"},
    )
    drawn = figures.learning(rows, ["#0072B2", "#E69F00"], 1)
    assert [trace.name for trace in drawn.data] == ["h → e", "e → l"]
    np.testing.assert_array_equal(drawn.data[0].y, rows.values[0])
    assert drawn.layout.xaxis.range[1] == pytest.approx(2.04)
    assert drawn.layout.shapes[0].x0 == 1
