"""The working of a cell, against torch and by hand."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.stats import worked
from rnnviz.studies import one_cell

SQUASH = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}
SIGNED = ("candidate", "hidden")


def recorded(module, steps=5, width=3, batch=2):
    torch.manual_seed(3)
    with rnnviz.record(module) as recording:
        module(torch.randn(batch, steps, width, dtype=next(module.parameters()).dtype))
    (node,) = recording.trace.children.values()
    return node.to_dataset()


def one(node, layer=0, direction=0, batch=1):
    return node.isel(layer=layer, direction=direction, batch=batch)


@pytest.mark.parametrize(
    "module",
    [
        nn.RNN(3, 4, batch_first=True),
        nn.RNN(3, 4, nonlinearity="relu", bias=False, batch_first=True),
        nn.GRU(3, 4, bidirectional=True, batch_first=True),
        nn.LSTM(3, 4, bidirectional=True, batch_first=True),
    ],
)
@pytest.mark.parametrize("direction", [0, -1])
def test_the_working_leads_to_what_torch_computed(module, direction):
    working = worked.steps(one(recorded(module), direction=direction))
    for place, gate in enumerate(working["gate"].values):
        signed = working.attrs["nonlinearity"] if gate in SIGNED else "sigmoid"
        expected = SQUASH[signed](working["pre_activation"].values[:, place])
        np.testing.assert_allclose(working["activation"].values[:, place], expected, atol=1e-6)
    hidden = working["hidden"].values
    if working.attrs["kind"] == "lstm":
        cell = (working["kept"] + working["written"]).values
        np.testing.assert_allclose(working["cell"], cell, atol=1e-6)
        np.testing.assert_allclose(
            working["activation"].sel(gate="output_gate") * working["squashed"], hidden, atol=1e-6
        )
    if working.attrs["kind"] == "gru":
        np.testing.assert_allclose(working["kept"] + working["written"], hidden, atol=1e-6)
    # each step starts where the one before it, in the direction of reading, ended
    before = working["previous_hidden"].values
    if module.bidirectional and direction == -1:
        hidden, before = hidden[::-1], before[::-1]
    np.testing.assert_array_equal(before, [np.zeros(4), *hidden[:-1]])


def test_a_higher_layer_reads_what_it_is_given():
    node = recorded(nn.GRU(3, 4, num_layers=2, batch_first=True))
    with pytest.raises(ValueError, match="layer 1 reads the layer below"):
        worked.steps(one(node, layer=1))
    below = one(node)["hidden"].rename(unit="input_unit")
    working = worked.steps(one(node, layer=1), read=below)
    z = SQUASH["sigmoid"](working["pre_activation"].sel(gate="update_gate"))
    np.testing.assert_allclose(working["activation"].sel(gate="update_gate"), z, atol=1e-6)


def test_what_cannot_be_worked_says_so():
    with pytest.raises(ValueError, match="proj_size"):
        worked.steps(one(recorded(nn.LSTM(3, 4, proj_size=2, batch_first=True, dtype=torch.float64))))
    with pytest.raises(ValueError, match="choose one layer"):
        worked.steps(recorded(nn.RNN(3, 4, batch_first=True)).isel(layer=0, direction=0))


def gate(input=1.0, recurrent=1.0, bias=(0.0, 0.0)):
    return {"input": [[input]], "recurrent": [[recurrent]], "bias": [list(bias)]}


def working(kind, weights, **more):
    node = one_cell.run(kind, [[1.0], [2.0]], weights, **more)[kind].to_dataset()
    return worked.steps(one(node, batch=0))


def test_one_unit_by_hand():
    found = working("rnn", {"hidden": gate(0.5, 2.0, (0.25, -0.75))}, hidden=[0.5])
    assert found["input_product"].values.ravel().tolist() == [0.5, 1.0]
    assert found["recurrent_product"].values[0].item() == 1.0
    assert found["input_part"].values[0].item() == 0.75
    assert found["recurrent_part"].values[0].item() == 0.25
    assert found["pre_activation"].values[0].item() == 1.0
    assert found["hidden"].values[0].item() == pytest.approx(0.7615941560)  # tanh 1


def test_the_reset_gate_multiplies_product_and_bias_together():
    weights = {"reset_gate": gate(0, 0), "update_gate": gate(0, 0), "candidate": gate(1.0, 3.0, (0.5, 1.0))}
    found = working("gru", weights, hidden=[1.0]).isel(time=0)
    assert found["reset_part"].item() == 2.0  # ½ · (3 · 1 + 1)
    assert found["pre_activation"].sel(gate="candidate").item() == 3.5  # 1 · 1 + 0.5 + 2
    assert (found["kept"].item(), found["written"].item()) == (0.5, pytest.approx(np.tanh(3.5) / 2))


def test_a_cell_keeps_and_writes():
    shut = {name: gate(0, 0) for name in worked.ROWS["lstm"]}
    found = working("lstm", shut | {"candidate": gate(0, 0, (100, 0))}, cell=[4.0]).isel(time=0)
    assert (found["kept"].item(), found["written"].item(), found["cell"].item()) == (2.0, 0.5, 2.5)
    assert found["hidden"].item() == pytest.approx(np.tanh(2.5) / 2)


def test_saturated_counts_what_four_digits_cannot_tell_from_a_limit():
    names = dict.fromkeys(worked.ROWS["lstm"], gate(0, 0))
    assert worked.saturated(working("lstm", names)) == (0, 8)
    wild = {"forget_gate": gate(0, 0, (-20, 0)), "candidate": gate(0, 0, (20, 0))}
    assert worked.saturated(working("lstm", names | wild)) == (4, 8)
    assert worked.saturated(working("rnn", {"hidden": gate()}, nonlinearity="relu")) == (0, 0)
