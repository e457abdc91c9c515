"""Jacobians are autograd's, one for each step that was read."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch.autograd.functional import jacobian

from rnnviz.stats import gradients
from tests.stats.gradients.networks import DIRECTIONS, KINDS, example, kept, padded


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_jacobians_are_those_of_autograd(kind, direction):
    node, run, inputs, before = example(kind, direction)
    found = gradients.jacobians(node)
    assert found.dims == ("time", "state", "previous_state") and found.dtype == np.float64
    for t in range(node.sizes["time"]):
        wanted = jacobian(lambda state, t=t: torch.cat(run(inputs[t], state)), before[t].detach())
        np.testing.assert_allclose(found[t], wanted, rtol=0, atol=1e-12)


def test_the_state_of_an_lstm_is_h_and_c():
    found = gradients.jacobians(example("projected")[0])
    assert found["state"].values.tolist() == ["h0", "h1", "h2", "c0", "c1", "c2", "c3"]
    assert found["previous_state"].values.tolist() == found["state"].values.tolist()
    assert gradients.jacobians(example("gru")[0])["state"].values.tolist() == ["h0", "h1", "h2", "h3"]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", ["tanh", "gru", "lstm", "projected"])
def test_padding_has_no_jacobian_and_changes_none(kind, direction):
    node = example(kind, direction)[0]
    found = gradients.jacobians(padded(node))
    np.testing.assert_array_equal(found[:6], gradients.jacobians(node))
    assert found[6:].isnull().all()


@pytest.mark.parametrize("steps", [[4, 1], slice(1, None, 2), 3])
def test_jacobians_of_chosen_steps(steps):
    node = example("lstm")[0]
    wanted = gradients.jacobians(node).isel(time=np.atleast_1d(np.arange(6)[steps]))
    xr.testing.assert_identical(gradients.jacobians(node, steps), wanted)


def test_jacobians_that_would_not_fit_are_refused():
    node = kept(np.full((1100, 400), 0.5))
    with pytest.raises(
        ValueError, match="Jacobians of 1100 steps, each 400 × 400, take 1.3 GiB.*choose `steps`"
    ):
        gradients.jacobians(node)
    assert gradients.jacobians(node, slice(0, 2)).shape == (2, 400, 400)
    with pytest.raises(ValueError, match="steps must be positions on time, 0 to 1099; got 1100"):
        gradients.jacobians(node, 1100)


def test_a_node_with_batch_left_is_refused():
    node = example("tanh")[0].expand_dims(batch=2)
    with pytest.raises(ValueError, match="choose one layer, direction and sequence: hidden came as"):
        gradients.jacobians(node)
