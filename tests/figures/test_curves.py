"""Curves over time."""

import numpy as np
import pytest
import xarray as xr

from rnnviz import figures


def test_inputs_are_a_curve_each_by_their_names():
    values = xr.DataArray([[1.0, 2], [3, 4]], dims=("feature", "time"), coords={"feature": ["wind", "rain"]})
    drawn = figures.inputs(values)
    assert [(line.name, list(line.y)) for line in drawn.data] == [("wind", [1, 2]), ("rain", [3, 4])]
    assert len({line.line.color for line in drawn.data}) == 2
    with pytest.raises(ValueError, match="up to 6 features; got 7"):
        figures.inputs(xr.DataArray(np.zeros((7, 2)), dims=("feature", "time")))
