"""What the model returned stands in the trace, step by step, whichever way it returns it."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording.block import record


class Reader(nn.Module):
    """A GRU under a layer of outputs, whose shape `form` makes of (batch, time, 3)."""

    def __init__(self, form=lambda logits: logits):
        super().__init__()
        self.rnn, self.head, self.form = nn.GRU(2, 4, batch_first=True), nn.Linear(4, 3), form

    def forward(self, x):
        return self.form(self.head(self.rnn(x)[0]))


X = torch.linspace(-1, 1, 40).view(2, 10, 2)


@pytest.mark.parametrize(
    "form",
    [
        lambda logits: logits,
        lambda logits: logits.transpose(0, 1),
        lambda logits: logits.reshape(-1, 3),
        lambda logits: {"loss": logits.sum(), "logits": logits},
        lambda logits: (logits, logits.sum()),
    ],
)
def test_outputs_stand_at_their_steps(form):
    model = Reader(form)
    wanted = model.head(model.rnn(X)[0]).detach()
    with record(model, "abcdefghij", outputs=True) as recording:
        model(X[:, :4])
        model(X[:, 4:])
    node = recording.trace["outputs"]
    assert node["value"].dims == ("batch", "time", "output")
    np.testing.assert_allclose(node["value"][:, :4], wanted[:, :4], atol=1e-6)
    assert node["call"].values.tolist() == [0] * 4 + [1] * 6 and node["token"].values.tolist() == list(
        "abcdefghij"
    )
    assert not model._forward_hooks and not model._forward_pre_hooks


def test_what_is_said_once_stands_at_the_last_step():
    model = Reader(lambda logits: logits[:, -1])
    with record(model, outputs=True) as recording:
        said = model(X)
    value = recording.trace["outputs"]["value"].values
    assert np.isnan(value[:, :-1]).all()
    np.testing.assert_array_equal(value[:, -1], said.detach())


def test_outputs_of_another_shape_are_left_out_with_a_line():
    model = Reader(lambda logits: logits.sum((1, 2))[:1])
    line = r"returned \(1,\); wanted \(time 10, batch 2, output\)"
    with pytest.warns(RuntimeWarning, match=line), record(model, outputs=True) as recording:
        model(X)
    assert list(recording.trace.children) == ["rnn"]


def test_a_smaller_last_batch_begins_a_new_part():
    model = Reader()
    with record(model, outputs=True) as recording:
        for x in (X, X, X[:1]):
            model(x)
    assert list(recording.trace.children) == ["rnn", "rnn_2", "outputs", "outputs_2"]
    assert recording.trace["outputs_2"].sizes["batch"] == recording.trace["rnn_2"].sizes["batch"] == 1


def test_one_node_that_cannot_be_put_together_costs_no_other():
    model = nn.ModuleDict({"a/b": nn.GRU(2, 3), "c": nn.GRU(2, 3)})
    with record(model) as recording:
        model["a/b"](X)
        model["c"](X)
    with pytest.warns(RuntimeWarning, match="'a/b' cannot name a node.*its node is left out"):
        assert list(recording.trace.children) == ["c"]
