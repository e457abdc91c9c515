"""The share of every number that a model reads: exact where F is linear, complete where it is not."""

import re

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz import features


class Packed(nn.Module):
    """Reads two series of several lengths; what it returns is read from the last step of each."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.rnn, self.dropout, self.head = nn.GRU(5, 6, batch_first=True), nn.Dropout(0.5), nn.Linear(6, 3)

    def forward(self, x, lengths, y):
        packed = nn.utils.rnn.pack_padded_sequence(
            torch.cat([x, y], -1), lengths, batch_first=True, enforce_sorted=False
        )
        return self.head(self.dropout(self.rnn(packed)[1][0]))


def inputs(dtype=torch.float64):
    torch.manual_seed(1)
    return torch.randn(3, 7, 2, dtype=dtype), torch.tensor([7, 4, 5]), torch.randn(3, 7, 3, dtype=dtype)


@pytest.mark.parametrize("method", features.METHODS)
def test_of_a_linear_function_the_shares_are_its_terms(method):
    weight = torch.randn(6, 2, dtype=torch.float64)
    x, start = torch.randn(4, 6, 2, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64)
    (share,) = features.attributions(
        lambda x: (x * weight).sum((1, 2)), x, lambda out: out, method=method, baselines=[start]
    )
    assert share.dims == ("batch", "time", "feature")
    np.testing.assert_allclose(share, (x - start) * weight, atol=1e-10)


def test_shares_of_several_arguments_are_complete_end_with_the_sequence_and_leave_the_model_as_it_was():
    model, given = Packed().double().train(), inputs()
    first, none, second = features.attributions(model, given, lambda out: out[:, 1])
    assert none is None and model.training
    model.eval()
    with torch.no_grad():
        wanted = model(*given)[:, 1] - model(given[0] * 0, given[1], given[2] * 0)[:, 1]
    summed = first.sum(("time", "feature")) + second.sum(("time", "feature"))
    np.testing.assert_allclose(summed, wanted, rtol=1e-5)
    assert not first.values[1, 4:].any() and not second.values[2, 5:].any()
    assert first.values[1, :4].all()


def test_a_model_that_reads_time_first_has_the_same_shares():
    torch.manual_seed(0)
    module, x = nn.LSTM(2, 4).double(), torch.randn(5, 3, 2).double()
    (one,) = features.attributions(module, x, lambda out: out[0][-1].sum(-1), batch_dim=1)
    module.batch_first = True
    (other,) = features.attributions(module, x.transpose(0, 1), lambda out: out[0][:, -1].sum(-1))
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_gradient_times_input_is_what_autograd_says():
    model, (x, lengths, y) = Packed().double().eval(), inputs()
    came = rnnviz.features.attributions(
        model, (x, lengths, y), lambda out: out[:, 0], method="gradient_input"
    )
    x.requires_grad_()
    (slope,) = torch.autograd.grad(model(x, lengths, y)[:, 0].sum(), x)
    np.testing.assert_allclose(came[0], (slope * x).detach(), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"arguments": torch.arange(3)},
            "no argument is a tensor of floats; for tokens see rnnviz.attribution",
        ),
        (
            {"method": "occlusion"},
            "method must be one of integrated_gradients, gradient_input; got 'occlusion'",
        ),
        ({"scalar": lambda out: out.sum()}, "scalar must return a number for each row, (3,); got ()"),
        ({"scalar": lambda out: out[:, 0] / 0}, "scalar is not finite"),
        ({"steps": 0}, "steps must be a whole number from 1 to 1024; got 0"),
        ({"baselines": [0]}, "baselines must be one for each of the 2 float arguments; got 1"),
        ({"baselines": [torch.zeros(9), 0]}, "a baseline came with shape (9,); wanted (3, 7, 2)"),
    ],
)
def test_what_does_not_fit_is_one_line(change, line):
    given = {"arguments": inputs(), "scalar": lambda out: out[:, 0]} | change
    with pytest.raises(ValueError, match=re.escape(line)):
        features.attributions(Packed().double(), given.pop("arguments"), given.pop("scalar"), **given)
