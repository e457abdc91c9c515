"""Many packed calls: a trace of hundreds opens, in memory and in a file, with every state of each."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.recording import packed, to_file
from rnnviz.recording.block import record

CALLS = 40


def lengths_of(number):
    return [1 + number % 7, 1 + (3 * number) % 5]


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.rnn, self.head = nn.LSTM(2, 3), nn.Linear(3, 4)

    def forward(self, sequences):
        given = nn.utils.rnn.pack_sequence(sequences, enforce_sorted=False)
        states = nn.utils.rnn.pad_packed_sequence(self.rnn(given)[0])[0]
        return self.head(states)


@pytest.fixture(params=["memory", "file"])
def recorded(request, tmp_path, monkeypatch):
    """A trace of so many packed calls, opened from a file, and what each sequence is alone."""
    monkeypatch.setattr(to_file, "GATHERED", 2_000)
    model, path = Reader(), tmp_path / "run.nc"
    torch.manual_seed(1)
    inputs = [[torch.randn(n, 2) for n in lengths_of(number)] for number in range(CALLS)]
    more = {"file": path} if request.param == "file" else {}
    with torch.no_grad(), record(model, outputs=True, **more) as recording:
        for sequences in inputs:
            model(sequences)
    if not more:
        rnnviz.save(recording.trace, path)
    with torch.no_grad():
        alone = [[model.rnn(one)[0] for one in sequences] for sequences in inputs]
    return model, rnnviz.open_trace(path, lazy=True), alone


def test_the_first_have_nodes_of_their_own_and_the_others_lie_side_by_side(recorded):
    model, trace, alone = recorded
    names = ["rnn", *(f"rnn_{n}" for n in range(2, packed.APART + 2))]
    assert [name for name in trace.children if name.startswith("rnn")] == names
    assert trace[names[-2]].sizes["batch"] == 2
    node = trace[names[-1]]
    assert node.sizes["batch"] == 2 * (CALLS - packed.APART) and node.sizes["time"] == 7
    assert node.attrs["steps"] == 7
    assert np.atleast_1d(node.attrs["calls"]).tolist() == list(range(packed.APART, CALLS))
    assert node["batch"].values.tolist() == list(range(node.sizes["batch"]))
    hidden = node["hidden"].load()
    rows = [row for sequences in alone[packed.APART :] for row in sequences]
    assert node["length"].values.tolist() == [len(row) for row in rows]
    for place, row in enumerate(rows):
        np.testing.assert_allclose(hidden[0, 0, place, : len(row)], row, atol=1e-6)
        assert np.isnan(hidden[0, 0, place, len(row) :]).all()
    np.testing.assert_array_equal(
        node["recurrent_weight"][0, 0].values.reshape(12, 3), model.rnn.weight_hh_l0.detach()
    )
    outputs = trace[f"outputs_{packed.APART + 1}"]["value"]
    np.testing.assert_allclose(outputs[5, : len(rows[5])], model.head(rows[5]).detach(), atol=1e-6)


def test_gradients_of_packed_calls_that_lie_side_by_side_are_torchs_own():
    module = nn.GRU(2, 3)
    sequences = [[torch.randn(n, 2) for n in lengths_of(number)] for number in range(packed.APART + 4)]
    with record(module) as recording:
        outputs = [module(nn.utils.rnn.pack_sequence(one, enforce_sorted=False))[0] for one in sequences]
        sum(out.data.square().sum() for out in outputs).backward()
    node = recording.trace[f"gru_{packed.APART + 1}"]
    hidden = node["hidden"].values
    np.testing.assert_allclose(node["hidden_grad_direct"], 2 * hidden, atol=1e-6)
    assert np.isnan(hidden).any() and node.attrs["backward_calls"] == 1


@pytest.mark.parametrize("kept", ["memory", "file"])
def test_a_range_that_one_of_the_calls_leaves_is_no_range_of_the_node_that_they_share(
    kept, tmp_path, monkeypatch
):
    monkeypatch.setattr(to_file, "GATHERED", 200)  # the call that leaves it is written after the others
    module, more = nn.GRU(2, 3), {"file": tmp_path / "run.nc"} if kept == "file" else {}
    with torch.no_grad(), record(module, **more) as recording:
        for number in range(packed.APART + 4):
            given = nn.utils.rnn.pack_sequence([torch.randn(n, 2) for n in lengths_of(number)], False)
            module(given, torch.full((1, 2, 3), 5.0 * (number == packed.APART + 3)))
    own, shared = (recording.trace[f"gru_{n}"] for n in (packed.APART, packed.APART + 1))
    assert own["hidden"].attrs["valid_range"].tolist() == [-1, 1]
    assert shared["hidden"].max() > 1 and "valid_range" not in shared["hidden"].attrs
    assert shared["update_gate"].attrs["valid_range"].tolist() == [0, 1]
