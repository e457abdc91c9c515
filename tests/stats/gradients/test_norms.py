"""Norms are numpy's, over the units alone, and never underflow."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnviz.stats import gradients
from tests.stats.gradients.networks import NAN, example, kept


def test_norms_are_over_units_and_keep_every_other_dim():
    values = np.zeros((2, 1, 3, 4, 2), np.float32)
    values[..., 0], values[..., 1] = 3.0, 4.0
    values[0, 0, 1, 3] = NAN
    dims = ("layer", "direction", "batch", "time", "unit")
    node = xr.Dataset(
        {
            "hidden_grad": (dims, values),
            "hidden_grad_direct": (dims, 2 * values),
            "cell_grad": (dims, values),
        },
        attrs={"kind": "lstm"},
    )
    total, direct, cell = (
        gradients.norm(node),
        gradients.norm(node, "direct"),
        gradients.norm(node, of="cell"),
    )
    assert total.dims == ("layer", "direction", "batch", "time") and total.dtype == np.float64
    np.testing.assert_allclose(total, np.where(np.isnan(values[..., 0]), NAN, 5.0))
    np.testing.assert_allclose(direct, 2 * total)
    assert total.attrs == {"long_name": "total gradient norm ‖∂L/∂h‖", "units": "1", "scale": "linear"}
    assert direct.attrs["long_name"] == "direct gradient norm ‖∂L/∂h‖"
    assert cell.attrs["long_name"] == "total gradient norm ‖∂L/∂c‖"


def test_squares_do_not_underflow():
    node = xr.Dataset(
        {"hidden_grad": (("time", "projection"), [[3e-200, 4e-200], [0.0, 0.0]])}, attrs={"kind": "lstm"}
    )
    np.testing.assert_allclose(gradients.norm(node), [5e-200, 0.0], rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6)))
def test_a_norm_is_numpys(values):
    node = xr.Dataset({"hidden_grad": (("time", "unit"), values)}, attrs={"kind": "rnn"})
    np.testing.assert_allclose(gradients.norm(node), np.linalg.norm(values, axis=1), rtol=1e-12, atol=1e-150)


def test_without_a_backward_there_are_no_norms():
    node = kept(np.ones((2, 2)))
    for asked in (gradients.norm, gradients.contributions):
        with pytest.raises(
            ValueError, match="^no gradients in this trace: run backward inside the record block$"
        ):
            asked(node)


def test_a_part_that_is_not_there_is_refused():
    node = example("gru")[0]
    with pytest.raises(ValueError, match="part must be total or direct; got 'all'"):
        gradients.norm(node, "all")
    with pytest.raises(ValueError, match="of must be hidden or cell; got 'c'"):
        gradients.norm(node, of="c")
    with pytest.raises(ValueError, match="a gru has no cell state"):
        gradients.norm(node, of="cell")
    with pytest.raises(ValueError, match="a cell has the total gradient alone"):
        gradients.norm(example("lstm")[0], "direct", of="cell")
