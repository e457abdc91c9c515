"""What single factors leave of a gradient, beside what is left in truth."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from rnnviz import record
from rnnviz.stats import gradients, mechanism


def last_loss(module, steps=8):
    """One layer of a recording in which the last state alone speaks."""
    torch.manual_seed(0)
    with record(module.double()) as recording:
        module(torch.randn(steps, 1, 3).double())[0][-1].square().sum().backward()
    (node,) = recording.trace.children.values()
    return node.to_dataset().isel(layer=0, direction=0, batch=0).assign_attrs(node.attrs)


def test_with_the_gates_held_the_forget_gate_alone_is_the_truth():
    module = nn.LSTM(3, 4)
    with torch.no_grad():
        module.weight_hh_l0.zero_()  # nothing comes back through the gates
    found = mechanism.paths(last_loss(module), 7)
    assert found["path"].values.tolist() == ["measured", "forget gate alone"]
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)


def test_with_a_shut_recurrence_the_update_gate_alone_is_the_truth():
    module = nn.GRU(3, 4)
    with torch.no_grad():
        module.weight_hh_l0.zero_()
    found = mechanism.paths(last_loss(module), 7)
    np.testing.assert_allclose(found.sel(path="measured"), found.sel(path="update gate alone"), atol=1e-12)


def test_of_one_unit_slopes_and_weights_multiply_to_the_truth():
    found = mechanism.paths(last_loss(nn.RNN(3, 1)), 7)
    product = found.sel(path="slopes alone") + found.sel(path="weights alone") - found[0, -1]
    np.testing.assert_allclose(found.sel(path="measured"), product, atol=1e-12)


def test_measured_is_the_norm_and_ends_at_the_last_step():
    node = last_loss(nn.RNN(3, 4))
    found = mechanism.paths(node, 5).sel(path="measured")
    np.testing.assert_allclose(found[:6], np.log(gradients.norm(node)[:6]))
    assert np.isnan(found[6:]).all()


def test_thousands_of_small_factors_do_not_underflow():
    node = last_loss(nn.LSTM(3, 2), steps=3)
    node = node.isel(time=[0] + [1] * 4000 + [2]).assign_coords(time=np.arange(4002))
    node["forget_gate"][:] = 0.1
    alone = mechanism.paths(node, 4001).sel(path="forget gate alone").values
    np.testing.assert_allclose(alone[:-1] - alone[1:], np.log(0.1))
    assert alone[0] < -9000


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([0.3, -0.13], 0.5), ([1.0], 1.0), ([0.0], 1.0), ([-3e-9], 5e-9), ([7.0], 10.0), ([], 1.0)],
)
def test_a_colour_limit_moves_in_steps_that_can_be_named(values, wanted):
    assert mechanism.round_limit(xr.DataArray(np.array(values))) == wanted


def test_a_trace_without_gradients_is_refused():
    node = last_loss(nn.RNN(3, 4)).drop_vars("hidden_grad")
    with pytest.raises(ValueError, match="no gradients in this trace"):
        mechanism.paths(node, 2)
    with pytest.raises(ValueError, match="last must be one of the steps 0 to 7; got 8"):
        mechanism.paths(last_loss(nn.RNN(3, 4)), 8)


@pytest.mark.parametrize(
    "module", [nn.RNN(3, 4), nn.RNN(3, 4, nonlinearity="relu"), nn.GRU(3, 4), nn.LSTM(3, 4)]
)
def test_the_ways_together_are_the_row_of_the_jacobian(module):
    node = last_loss(module)
    found = mechanism.ways(node)
    rows = node["hidden_grad"].values
    if node.attrs["kind"] == "lstm":
        shown = node["output_gate"] * (1 - np.tanh(node["cell"]) ** 2)
        rows = np.concatenate((rows, (node["cell_grad"] - node["hidden_grad"] * shown).values), axis=1)
    passed = np.einsum("ti,tij->tj", rows, gradients.jacobians(node).values)
    arrived = np.linalg.norm(rows, axis=1)
    some = arrived > 0
    together, *ways = found.values[:, some]
    np.testing.assert_allclose(together, np.linalg.norm(passed, axis=1)[some] / arrived[some], rtol=1e-9)
    assert np.isnan(found.values[:, ~some]).all()
    if node.attrs["kind"] != "rnn":
        assert (together <= np.sum(ways, axis=0) + 1e-12).all()


def test_of_an_rnn_and_a_gru_together_is_what_the_gradient_before_has_of_this_one():
    for module in (nn.RNN(3, 4), nn.GRU(3, 4)):
        node = last_loss(module)
        norms = gradients.norm(node).values
        np.testing.assert_allclose(mechanism.ways(node).sel(way="together")[1:], norms[:-1] / norms[1:])


def test_an_rnns_slopes_and_weights_multiply_to_the_whole():
    together, slopes, weights = mechanism.ways(last_loss(nn.RNN(3, 4)))
    np.testing.assert_allclose(together, slopes * weights)


def test_without_recurrent_weights_the_direct_way_is_all():
    for module, letter in ((nn.GRU(3, 4), "z"), (nn.LSTM(3, 4), "f")):
        with torch.no_grad():
            module.weight_hh_l0.zero_()
        found = mechanism.ways(last_loss(module))
        np.testing.assert_allclose(found.sel(way="together"), found.sel(way=f"directly, times {letter}"))
        assert (found.sel(way="candidate") == 0).all()


def test_a_typical_factor_comes_to_the_same_product():
    found = mechanism.typical(xr.DataArray([[0.5, 2.0, np.nan], [4.0, 1.0, 0.0]], dims=("way", "time")))
    assert found.values.tolist() == [1.0, 0.0]


def test_ways_want_gradients_and_the_forward_direction():
    node = last_loss(nn.GRU(3, 4))
    with pytest.raises(ValueError, match="no gradients in this trace"):
        mechanism.ways(node.drop_vars("hidden_grad"))
    with pytest.raises(ValueError, match="through the forward direction; got backward"):
        mechanism.ways(node.assign_coords(direction="backward"))
