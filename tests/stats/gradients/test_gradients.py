"""All of it at once: the shortest sequences there are, and a recording."""

import numpy as np
import pytest
import torch

from rnnviz import record
from rnnviz.stats import gates, gradients
from rnnviz.stats.gradients import paths
from tests.stats.gradients.networks import KINDS, example


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_and_none(kind):
    whole = example(kind)[0]
    one, none = whole.isel(time=slice(0, 1)), whole.isel(time=slice(0, 0))
    assert gradients.jacobians(one).sizes["time"] == 1
    assert gradients.reach(one)["log_spectral_norm"].values.tolist() == [0.0]
    assert gradients.contributions(one).shape == (1, 1)
    assert np.exp(gradients.contributions(one)).item() == pytest.approx(gradients.norm(one, "direct").item())
    assert gradients.lyapunov(one).notnull().all()
    assert gradients.jacobians(none).sizes["time"] == 0
    assert gradients.reach(none)["log_singular_values"].shape[0] == 0
    assert gradients.contributions(none).shape == (0, 0)
    assert gradients.lyapunov(none).isnull().all()
    assert gradients.norm(none).shape == (0,)


def test_what_came_before_is_the_gates_statistics_previous():
    node = example("lstm", "backward")[0]
    path = paths.path_of(node)
    before = paths.states_before(node, "cell", path.positions)
    np.testing.assert_array_equal(before, gates.previous(node, "cell")[path.positions])


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_on_a_recording_the_contributions_add_up_and_reach_is_their_jacobian(kind, direction):
    torch.manual_seed(0)
    module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[kind](
        3, 4, bidirectional=True
    ).double()
    with record(module) as recording:
        module(torch.randn(7, 2, 3).double())[0][3].sum().backward()  # one step speaks alone
    node = recording.trace[kind].to_dataset().isel(layer=0, batch=1).sel(direction=direction)
    node = node.assign_attrs(recording.trace[kind].attrs)
    alone = gradients.contributions(node).isel(source=3)
    total = gradients.norm(node)
    reached = np.isfinite(alone.values)
    assert reached.sum() == 4
    np.testing.assert_allclose(alone.values[reached], np.log(total.values[reached]), atol=1e-9)
    assert not total.values[~reached].any()
