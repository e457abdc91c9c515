"""Matrices along time, their norms and their sum: what is drawn is what came in, on one scale."""

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures


def parts(steps=3, rows=2, columns=2):
    values = np.arange(steps * rows * columns).reshape(steps, rows, columns) / 100.0
    return xr.DataArray(
        values,
        dims=("time", "unit", "previous_unit"),
        coords={"token": ("time", list("abcdefghijklmnopqrstuvwxyz"[:steps]))},
        attrs={"long_name": "contribution of a step to ∂L/∂W_hh", "units": "1"},
    )


def blocks(trace, places, columns):
    """The matrices of a heatmap, and where each begins and ends."""
    z = np.array(trace.z, float)
    z = np.hstack([z, np.full((len(z), 1), np.nan)]).reshape(len(z), places, columns + 1)
    assert np.isnan(z[:, :, columns]).all()
    edges = np.array(trace.x).reshape(places, columns + 1)
    return z[:, :, :columns].transpose(1, 0, 2), edges[:, [0, -1]]


def test_a_matrix_stands_at_each_step_and_none_has_a_scale_of_its_own():
    array = parts()
    drawn = figures.summands(array, (-0.05, 0.05))
    (trace,) = drawn.data
    found, ends = blocks(trace, 3, 2)
    np.testing.assert_array_equal(found, array.values)
    np.testing.assert_allclose(ends.mean(axis=1), [0, 1, 2])
    assert (trace.zmin, trace.zmax) == (-0.05, 0.05)
    assert drawn.layout.meta["axis"] == "time" and drawn.layout.meta["beyond"]
    assert list(drawn.layout.xaxis.ticktext) == list("abc")
    low, high = drawn.layout.yaxis.range
    assert low > high  # the first row on top
    assert [shape.line.dash for shape in drawn.layout.shapes] == ["solid"] * 3
    assert not drawn.layout.annotations


def test_a_window_is_seen_by_its_frames_and_changes_no_number():
    array = parts(4)
    drawn = figures.summands(array, (-1, 1), first=3)
    np.testing.assert_array_equal(blocks(drawn.data[0], 4, 2)[0], array.values)
    frames, cut = drawn.layout.shapes[:-1], drawn.layout.shapes[-1]
    assert [frame.line.dash for frame in frames] == ["dot"] * 3 + ["solid"]
    assert cut.x0 == cut.x1 == 2.5
    (said,) = drawn.layout.annotations
    assert (said.text, said.xanchor) == ("← cut away", "right")
    (said,) = figures.summands(array, (-1, 1), first=1).layout.annotations
    assert (said.text, said.xanchor) == ("in the window →", "left")


def test_of_many_steps_those_that_are_cut_away_have_one_frame():
    drawn = figures.summands(parts(26), (-1, 1), first=24)
    frames = drawn.layout.shapes[:-1]
    assert [frame.line.dash for frame in frames] == ["dot", "solid", "solid"]
    assert frames[0].x0 == pytest.approx(-0.44) and frames[0].x1 == pytest.approx(23.44)


def test_norms_are_drawn_as_powers_and_what_is_cut_away_is_hollow():
    norms = xr.DataArray(
        [0.0, 0.001, 0.1],
        dims="time",
        attrs={"long_name": "norm of a step's contribution to ∂L/∂W_hh", "units": "1", "scale": "linear"},
    )
    drawn = figures.summand_norms(norms, "gru", first=2)
    (trace,) = drawn.data
    np.testing.assert_allclose(trace.y, [np.nan, -3, -1])
    assert list(trace.marker.symbol) == ["circle-open", "circle-open", "circle"]
    assert trace.line.color == "#009E73"
    assert drawn.layout.meta["log10"] and not drawn.layout.meta["legend"]
    assert [shape.x0 for shape in drawn.layout.shapes] == [1.5]
    assert not figures.summand_norms(norms, "gru").layout.shapes


def test_matrices_stand_side_by_side_over_their_names():
    array = (
        parts(2).rename(time="matrix").drop_vars("token").assign_coords(matrix=["one", "sum of all steps"])
    )
    drawn = figures.matrices(array, (-1, 1), "=")
    (trace,) = drawn.data
    np.testing.assert_array_equal(blocks(trace, 2, 2)[0], array.values)
    assert list(drawn.layout.xaxis.ticktext) == ["one", "sum of<br>all steps"]
    assert [note.text for note in drawn.layout.annotations] == ["="]
    assert trace.hovertext[1][3] == "sum of all steps, unit 2, previous unit 1"
    assert drawn.layout.meta["axis"] == "free"


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(ValueError, match="matrices wants 2 signs between 3 matrices; got 1"):
        figures.matrices(parts().rename(time="matrix"), (-1, 1), "=")
    with pytest.raises(ValueError, match="summands draws"):
        figures.summands(parts().isel(time=0), (-1, 1))
