"""Which calls are seen, and whose they are."""

import copy

import numpy as np
import torch
from torch import nn

from rnnviz.recording.block import record
from tests.recording.compared import same


def test_weights_given_for_one_call_are_recorded():
    module, x = nn.LSTM(3, 4, 2), torch.randn(5, 2, 3)
    doubled = {name: 2 * p.detach() for name, p in module.named_parameters()}
    plain = torch.func.functional_call(module, doubled, (x,))
    with record(module) as recording:
        assert same(torch.func.functional_call(module, doubled, (x,)), plain)
    bias = recording.trace["lstm"]["recurrent_bias"][0, 0]
    np.testing.assert_array_equal(bias, doubled["bias_hh_l0"].reshape(4, 4))


def test_a_parametrized_cell_is_seen_and_its_buffers_stay():
    torch.manual_seed(0)
    cell = nn.utils.parametrizations.spectral_norm(nn.LSTMCell(3, 4), "weight_hh")
    x = torch.randn(2, 3)
    torch.manual_seed(1)
    twin = copy.deepcopy(cell)
    cell(x)
    with record(twin) as recording:
        twin(x)
    for mine, theirs in zip(twin.buffers(), cell.buffers(), strict=True):
        assert torch.equal(mine, theirs)
    assert recording.trace["lstm"].sizes["time"] == 1


def test_a_model_that_is_a_module_with_one_of_the_same_name_inside_leaves_two_nodes():
    class Outer(nn.LSTM):
        def __init__(self):
            super().__init__(3, 4)
            self.lstm = nn.LSTM(4, 4)

        def forward(self, x):
            return self.lstm(super().forward(x)[0])

    with record(model := Outer()) as recording:
        model(torch.randn(5, 2, 3))
    assert set(recording.trace.children) == {"lstm", "lstm_itself"}
