"""Jacobians by the input against autograd; depths of small graphs by hand."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.stats import graph

CELLS = {nn.RNN: nn.RNNCell, nn.GRU: nn.GRUCell, nn.LSTM: nn.LSTMCell}


def recorded(kind, **more):
    torch.manual_seed(3)
    module = kind(3, 4, **more).double()
    start = (
        torch.randn(2, 1, 4, dtype=torch.float64)
        if more.get("bidirectional")
        else torch.randn(1, 1, 4).double()
    )
    state = (start, torch.randn_like(start)) if kind is nn.LSTM else start
    x = torch.randn(5, 1, 3, dtype=torch.float64)
    with rnnviz.record(module) as recording:
        module(x, state)
    node = next(iter(recording.trace.children.values()))
    return module, x, node


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize(
    ("kind", "more"),
    [(nn.RNN, {}), (nn.RNN, {"nonlinearity": "relu"}), (nn.GRU, {}), (nn.LSTM, {})],
    ids=["tanh", "relu", "gru", "lstm"],
)
def test_input_jacobians_are_what_autograd_finds(kind, more, direction):
    module, x, node = recorded(kind, bidirectional=True, **more)
    one = node.to_dataset().sel(direction=direction).isel(layer=0, batch=0).assign_attrs(node.attrs)
    found = graph.input_jacobians(one)
    cell = CELLS[kind](3, 4, dtype=torch.float64, **more)
    suffix = "_reverse" if direction == "backward" else ""
    for name, parameter in cell.named_parameters():
        parameter.data = getattr(module, f"{name}_l0{suffix}").data

    def stepped(read, step):
        before = [torch.tensor(rnnviz.stats.gates.previous(one, name).values[step])[None] for name in names]
        state = cell(read[None], tuple(before) if kind is nn.LSTM else before[0])
        return torch.cat([part[0] for part in (state if kind is nn.LSTM else (state,))])

    names = ("hidden", "cell") if kind is nn.LSTM else ("hidden",)
    for step in range(5):
        wanted = torch.autograd.functional.jacobian(lambda read, t=step: stepped(read, t), x[step, 0])
        np.testing.assert_allclose(found.values[step], wanted.numpy(), atol=1e-12)
    assert found.dims == ("time", "state", "input_unit")


def test_more_than_one_layer_is_refused_in_one_line():
    _module, _x, node = recorded(nn.GRU)
    with pytest.raises(
        ValueError, match=r"choose one layer, direction and sequence: hidden came as \(layer 1"
    ):
        graph.input_jacobians(node)


def test_depths_are_the_longest_ways():
    edges = [("x", "a"), ("x", "c"), ("a", "b"), ("b", "c"), ("far", "c")]
    assert graph.depths(edges, ["x"]) == {"x": 0, "a": 1, "b": 2, "c": 3}


def test_a_loop_has_no_depth():
    with pytest.raises(ValueError, match="loop"):
        graph.depths([("x", "a"), ("a", "b"), ("b", "a")], ["x"])
