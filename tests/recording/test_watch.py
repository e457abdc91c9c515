"""Which calls are seen, and whose they are."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording.attention import attend
from rnnviz.recording.block import record
from tests.recording.compared import KINDS, each_kind, flat, same


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


class Attending(nn.Module):
    """Its recurrent module has the name that its attention would have."""

    def __init__(self):
        super().__init__()
        self.attention = nn.LSTM(4, 5, batch_first=True)

    def forward(self, x):
        states, _ = self.attention(x)
        return attend(states @ states.transpose(1, 2), states)[0]


class AttendingCell(nn.GRUCell):
    """A recurrent module that calls attention itself."""

    def forward(self, x, h):
        scores = h[None] @ h[None].transpose(1, 2)
        return super().forward(x, attend(scores, h[None])[0][0])


def test_an_attention_takes_no_others_node():
    with record(model := Attending()) as recording:
        model(torch.randn(2, 6, 4))
    assert list(recording.trace.children) == ["attention", "attention_itself"]
    assert recording.trace["attention"].attrs["kind"] == "lstm"
    model = nn.ModuleDict({"cell": AttendingCell(4, 5)})
    with record(model) as recording:
        model["cell"](torch.randn(2, 4), torch.randn(2, 5))
    assert {name: node.attrs["kind"] for name, node in recording.trace.children.items()} == {
        "cell": "gru",
        "cell_attention": "attention",
    }


class Tagged(torch.Tensor):
    """A kind of tensor that leaves torch's functions as they are."""


@each_kind
def test_a_kind_of_tensor_comes_back_as_it_went_in(kind):
    module, x = KINDS[kind](4, 5), torch.randn(3, 2, 4).as_subclass(Tagged)
    with record(module) as recording:
        came = flat(module(x))
        came[0].sum().backward()
    assert [type(t) for t in came] == [type(t) for t in flat(module(x))] == [Tagged] * len(came)
    assert recording.trace[kind]["hidden_grad"].values.any()


@pytest.mark.parametrize("whole", [True, False], ids=["encoder", "layer"])
def test_an_encoder_that_leaves_its_fast_path_is_named_where_that_changes_its_output(whole):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.ModuleDict({"reader": nn.TransformerEncoder(layer, 1) if whole else layer}).eval()
    x, padding = torch.randn(2, 5, 8), torch.zeros(2, 5, dtype=torch.bool)
    padding[0, 3 if whole else 0 :] = True
    with torch.no_grad():
        with record(model):  # nothing is padding
            model["reader"](x, src_key_padding_mask=torch.zeros_like(padding))
        with (
            record(model),
            pytest.warns(RuntimeWarning, match="Encoder(Layer)? 'reader' leaves torch's fast"),
        ):
            model["reader"](x, src_key_padding_mask=padding)
