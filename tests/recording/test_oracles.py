"""The recorder against a second implementation: the reference evaluator of the ONNX standard, which knows no torch."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.ops.op_rnn import CommonRNN
from torch import nn

from rnnviz.recording.block import record

MODULES = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
# Where ONNX's gates lie in PyTorch's order: i o f c of i f g o; z r h of r z n.
ORDER = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


class RNN(CommonRNN):
    """The evaluator's own loop; it ships without Relu."""

    op_domain = ""

    def choose_act(self, name, alpha, beta):
        return {"Tanh": np.tanh, "Relu": lambda x: np.maximum(x, 0)}[name]


def reordered(module, operator, names):
    """Weights of these names, one after the other, in ONNX's order of gates: (direction, gates, …)."""
    directions = ("", "_reverse")[: 1 + module.bidirectional]
    size = module.hidden_size
    rows = [gate * size + unit for gate in ORDER[operator] for unit in range(size)]
    return np.stack(
        [
            np.concatenate([getattr(module, name + direction).detach().numpy()[rows] for name in names])
            for direction in directions
        ]
    )


def evaluated(module, operator, x, initial, attributes):
    """Y (time, direction, batch, unit) and the last states (direction, batch, unit), by one ONNX node."""
    inputs = {
        "X": x,
        "W": reordered(module, operator, ["weight_ih_l0"]),
        "R": reordered(module, operator, ["weight_hh_l0"]),
        "B": reordered(module, operator, ["bias_ih_l0", "bias_hh_l0"]),
        "initial_h": initial[0],
        **({"initial_c": initial[1]} if operator == "LSTM" else {}),
    }
    outputs = {"Y": 4, "Y_h": 3, **({"Y_c": 3} if operator == "LSTM" else {})}  # and their ranks
    node = helper.make_node(
        operator,
        ["X", "W", "R", "B", "", *list(inputs)[4:]],
        list(outputs),
        hidden_size=module.hidden_size,
        direction="bidirectional" if module.bidirectional else "forward",
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        operator,
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, value.shape) for key, value in inputs.items()],
        [
            helper.make_tensor_value_info(key, TensorProto.FLOAT, [None] * rank)
            for key, rank in outputs.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    onnx.checker.check_model(model)
    return ReferenceEvaluator(model, new_ops=[RNN]).run(None, inputs)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize(
    ("operator", "given", "asked"),
    [
        ("LSTM", {}, {}),
        ("GRU", {}, {"linear_before_reset": 1}),
        ("RNN", {}, {}),
        ("RNN", {"nonlinearity": "relu"}, {"activations": ["Relu"]}),
    ],
    ids=["lstm", "gru", "tanh", "relu"],
)
def test_states_are_those_of_the_onnx_standard(operator, given, asked, bidirectional):
    torch.manual_seed(4)
    module = MODULES[operator](3, 5, bidirectional=bidirectional, **given)
    width = 1 + bidirectional
    x, initial = torch.randn(7, 2, 3), torch.randn(2, width, 2, 5)
    with record(module) as recording, torch.no_grad():
        module(x, tuple(initial) if operator == "LSTM" else initial[0])
    node = recording.trace[operator.lower()].isel(layer=0)
    if "activations" in asked:
        asked = {"activations": asked["activations"] * width}
    states, last_hidden, *last_cell = evaluated(module, operator, x.numpy(), initial.numpy(), asked)
    hidden = node["hidden"].transpose("time", "direction", "batch", "unit")
    np.testing.assert_allclose(hidden, states, atol=1e-5, rtol=0)
    # the last step of a direction that reads backward is the first token
    ends = [-1, 0][:width]
    for name, wanted in (("hidden", last_hidden), ("cell", *last_cell))[: 1 + len(last_cell)]:
        for direction, end in enumerate(ends):
            came = node[name].isel(direction=direction, time=end).transpose("batch", "unit")
            np.testing.assert_allclose(came, wanted[direction], atol=1e-5, rtol=0)
