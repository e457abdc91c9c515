"""What is kept is what a whole recording has; what is not wanted is not held."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import rnnviz
from rnnviz.recording import passes
from rnnviz.recording.block import record
from rnnviz.recording.wanted import FIELDS_OF_STEPS
from tests.recording.compared import KINDS, close, each_kind


def both(module, x, backward=False, **chosen):
    """The node of a whole recording, and that of one that keeps less."""
    nodes = []
    for more in ({}, chosen):
        with torch.set_grad_enabled(backward), record(module, **more) as recording:
            output, states = module(x[:4])
            rest, _ = module(x[4:], states)
            if backward:
                (output.square().sum() + rest.square().sum()).backward()
        nodes.append(next(iter(recording.trace.children.values())))
    return nodes


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    keep=st.sets(st.sampled_from(FIELDS_OF_STEPS)),
    layers=st.none() | st.sets(st.integers(-3, 2), min_size=1),
    two=st.booleans(),
    backward=st.booleans(),
)
def test_what_is_kept_is_what_a_whole_recording_has(kind, keep, layers, two, backward):
    torch.manual_seed(0)
    module, x = KINDS[kind](2, 3, 3, bidirectional=two).double(), torch.randn(14, 2, 2).double()
    whole, part = both(module, x, backward, keep=keep, layers=layers)
    numbers = list(range(3)) if layers is None else sorted({layer % 3 for layer in layers})
    wanted = {name for name in whole.data_vars if name not in FIELDS_OF_STEPS or name in keep}
    assert set(part.data_vars) == wanted
    assert part["layer"].values.tolist() == numbers
    theirs = whole.to_dataset().sel(layer=numbers).isel(input_unit=slice(part.sizes["input_unit"]))
    for name in wanted:
        np.testing.assert_allclose(part[name], theirs[name], atol=1e-12, err_msg=name)
    rnnviz.trace.check(
        rnnviz.trace.xr.DataTree.from_dict({"/": part.parent.to_dataset(), "/m": part.to_dataset()})
    )


@each_kind
def test_what_is_recovered_a_few_steps_at_a_time_is_the_same(kind, monkeypatch):
    monkeypatch.setattr(passes, "CHUNK", 100)  # four steps of an LSTM
    module, x = KINDS[kind](2, 3, 2, bidirectional=True).double(), torch.randn(99, 2, 2).double()
    names = [name for name in ("candidate", "cell") if name in rnnviz.trace.FIELDS[kind]]
    whole, part = both(module, x, keep=names)
    close(whole, part, ["hidden", *names])


@each_kind
def test_padding_and_cells_keep_what_is_wanted(kind):
    module, cell = KINDS[kind](2, 3), getattr(nn, f"{KINDS[kind].__name__}Cell")(2, 3)
    packed = nn.utils.rnn.pack_sequence([torch.randn(n, 2) for n in (3, 12, 7)], enforce_sorted=False)
    name = {"rnn": "hidden", "gru": "update_gate", "lstm": "cell"}[kind]
    for run in (lambda: module(packed), lambda: [cell(x) for x in torch.randn(5, 2, 2)]):
        torch.manual_seed(0)
        with torch.no_grad(), record(nn.ModuleList([module, cell])) as whole:
            run()
        torch.manual_seed(0)
        with torch.no_grad(), record(nn.ModuleList([module, cell]), keep=[name]) as part:
            run()
        one, other = (next(iter(each.trace.children.values())) for each in (whole, part))
        close(one, other, ["hidden", name, "hidden_initial"], atol=2e-7)
        assert set(other.data_vars) & set(FIELDS_OF_STEPS) <= {name}


def test_what_is_not_wanted_is_not_held():
    module, x = nn.LSTM(8, 64, 3), torch.randn(200, 8, 8)
    with torch.no_grad(), record(module, keep=["forget_gate"], layers=[-1]) as recording:
        module(x)
        call = recording._observed.watched[0].calls[0]
        assert call.run.hidden.shape[0] == 1 and call.run.rows is None
        assert set(call.run.passes) == {(2, 0)}
    with torch.no_grad(), record(module, keep=[]) as recording:
        module(x)
        call = recording._observed.watched[0].calls[0]
        assert [one.input.numel() for one in call.run.passes.values()] == [0, 0, 0]
    node = recording.trace["lstm"]
    assert node.attrs["kept"] == "hidden" and "replay_error" not in node.attrs
    gate = both(module, x, keep="forget_gate")[1]["forget_gate"].values
    while gate.base is not None and isinstance(gate.base, np.ndarray):
        gate = gate.base
    assert gate.size == 3 * 200 * 8 * 64  # no part of something larger


def test_recordings_within_each_other_keep_each_their_own():
    module, x = nn.GRU(2, 3, 2), torch.randn(5, 2, 2)
    with (
        torch.no_grad(),
        record(module, keep=["reset_gate"], layers=[0]) as outer,
        record(module, keep=[]) as inner,
    ):
        module(x)
    assert outer.trace["gru"]["layer"].values.tolist() == [0] and "reset_gate" in outer.trace["gru"]
    assert inner.trace["gru"].sizes["layer"] == 2 and "reset_gate" not in inner.trace["gru"]


def test_a_recording_that_wants_no_gradients_changes_none():
    module, x = nn.LSTM(2, 3, 2), torch.randn(5, 2, 2)
    module(x)[0].square().sum().backward()
    plain = [p.grad.clone() for p in module.parameters()]
    module.zero_grad()
    with record(module, keep=["cell"], layers=[1]) as recording:
        module(x)[0].square().sum().backward()
    for mine, theirs in zip(module.parameters(), plain, strict=True):
        torch.testing.assert_close(mine.grad, theirs)
    assert "hidden_grad" not in recording.trace["lstm"] and "cell" in recording.trace["lstm"]


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        ({"keep": ["forgetgate"]}, "keep names 'forgetgate'; wanted some of hidden, candidate, cell"),
        ({"layers": [2]}, r"layers=\[2\]: no module has any of them; 'LSTM' has 2"),
    ],
)
def test_what_is_not_there_cannot_be_kept(chosen, line):
    with pytest.raises(ValueError, match=line), record(nn.LSTM(2, 3, 2), **chosen):
        raise AssertionError("the block must not run")
