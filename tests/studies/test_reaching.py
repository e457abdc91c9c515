"""Many losses sent back through one reading: what a recorded backward of each loss alone finds."""

import numpy as np
import pytest
import torch

from rnnviz import stats
from rnnviz.models import networks
from rnnviz.models.networks import LanguageModel
from rnnviz.recording.block import record
from rnnviz.studies.reaching import contributions

IDS = [3, 1, 4, 1, 0, 2, 4, 3, 0, 1, 2]


def recorded(model, ids=IDS):
    with record(model) as recording, torch.no_grad():
        model(torch.tensor([ids]))
    return recording.trace["rnn"]


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("steps", [[0], [9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [2, 5, 9], [0, 3]])
@pytest.mark.parametrize("layers", [1, 3])
def test_each_loss_reaches_what_it_reaches_when_it_is_sent_back_alone(kind, steps, layers):
    torch.manual_seed(0)
    model = LanguageModel(kind, 5, 4, 6, layers).double()
    found = contributions(model, recorded(model), IDS, steps)
    assert found.dims == ("layer", "loss step", "time")
    assert found["loss step"].values.tolist() == steps
    for step in steps:
        with record(model) as recording:
            networks.send_back(model, IDS, [[step]])
        alone = stats.gradients.norm(recording.trace["rnn"]).isel(direction=0, batch=0)
        np.testing.assert_allclose(found.sel({"loss step": step}), alone, rtol=1e-12)
        assert (found.sel({"loss step": step}).isel(time=slice(step + 1, None)) == 0).all()
        assert {name: alone.attrs[name] for name in found.attrs} == found.attrs


def test_what_was_read_is_left_as_it_was():
    model = LanguageModel("lstm", 5, 4, 6, 2)
    node = recorded(model)
    before = node.to_dataset().copy(deep=True)
    contributions(model, node, IDS, [1, 5])
    assert node.to_dataset().identical(before)
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("step", [-1, 10])
def test_a_step_that_has_no_next_is_refused(step):
    model = LanguageModel("gru", 5, 4, 6, 1)
    with pytest.raises(ValueError, match=f"steps 0 to 9; got {step}"):
        contributions(model, recorded(model), IDS, [step])
