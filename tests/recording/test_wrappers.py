"""What torch wraps around a model is looked through: its modules keep the names they have inside."""

import copy

import pytest
import torch
import xarray
from torch import nn

from rnnviz import record


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


def _compiled_in_place(model):
    model.compile(backend="eager")
    return model


def _compiled_inside(model):
    model.rnn = torch.compile(model.rnn, backend="eager")
    return model


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: torch.compile(model, backend="eager"),
        _compiled_in_place,
        _compiled_inside,
        lambda model: nn.DataParallel(torch.compile(model, backend="eager")),
    ],
    ids=["compiled", "in place", "inside", "parallel"],
)
def test_a_compiled_model_is_recorded_as_the_model_inside_and_says_so(wrap):
    torch.manual_seed(0)
    model, x = Tagger().double(), torch.randn(5, 2, 3).double()
    plain = copy.deepcopy(model)
    with record(plain) as wanted:
        plain(x).sum().backward()
    wrapped = wrap(model)
    with pytest.warns(RuntimeWarning, match="runs a compiled module eagerly"), record(wrapped) as recording:
        wrapped(x).sum().backward()
    assert list(recording.trace.children) == ["rnn"]
    for name, array in wanted.trace["rnn"].data_vars.items():
        xarray.testing.assert_allclose(
            recording.trace["rnn"][name], array, rtol=0, atol=1e-12
        )  # parallel: on a GPU


def test_a_model_in_data_parallel_keeps_its_names():
    model, x = Tagger(), torch.randn(5, 2, 3)
    wrapped = nn.DataParallel(model)
    with record(wrapped, edit=[]) as recording:
        wrapped(x)
    assert list(recording.trace.children) == ["rnn"]
