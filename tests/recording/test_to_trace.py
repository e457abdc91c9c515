"""Calls become a trace: in order, aligned to what was read, with the gradients that are known."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording.block import record
from tests.recording.compared import CELLS, KINDS, close, each_kind


@each_kind
def test_calls_follow_each_other_on_time(kind):
    module = KINDS[kind](3, 4, bidirectional=True)
    x = torch.randn(5, 2, 3)
    with record(module, tokens="abcde") as recording:
        _, state = module(x[:3])
        second, _ = module(x[3:], state)
    node = recording.trace[kind]
    assert node["call"].values.tolist() == [0, 0, 0, 1, 1]
    assert node["token"].values.tolist() == list("abcde")
    backward = node["hidden"].sel(direction="backward", layer=0).isel(time=slice(3, 5))
    np.testing.assert_array_equal(backward.transpose("time", "batch", "unit"), second[..., 4:].detach())
    h = state[0] if kind == "lstm" else state
    np.testing.assert_array_equal(node["hidden_initial_by_call"][1, 0], h.detach())


def test_the_weights_are_those_of_the_call():
    module = nn.GRU(3, 4, 2, bidirectional=True)
    weights = [p.detach().clone() for p in module.parameters()]
    optimiser = torch.optim.SGD(module.parameters(), lr=1.0)
    with record(module) as recording:
        module(torch.randn(5, 2, 3))[0].sum().backward()
        optimiser.step()
    node = recording.trace["gru"]
    first = node.sel(direction="forward").isel(layer=0)
    np.testing.assert_array_equal(first["input_weight"][..., :3], weights[0].unflatten(0, (3, 4)))
    assert np.isnan(first["input_weight"][..., 3:]).all()
    backward = node.sel(direction="backward").isel(layer=1)
    wanted = [weight.unflatten(0, (3, 4)) for weight in weights[-4:]]
    for name, weight in zip(
        ("input_weight", "recurrent_weight", "input_bias", "recurrent_bias"), wanted, strict=True
    ):
        np.testing.assert_array_equal(backward[name], weight)


def test_calls_with_different_weights_do_not_share_a_trace():
    module = nn.GRU(3, 4)
    with record(module) as recording:
        module(torch.randn(5, 2, 3))
        module.weight_hh_l0.data += 1  # the version counter does not see this
        module(torch.randn(5, 2, 3))
    with pytest.raises(RuntimeError, match="weights of 'gru' changed before its call 1"):
        _ = recording.trace


def test_a_trace_does_not_follow_its_tensors():
    module, x = nn.LSTM(3, 4), torch.ones(5, 1, 3)
    with record(module) as recording, torch.no_grad():
        output, (h, c) = module(x)
        kept = output.clone()
        for tensor in (output, h, c, x):
            tensor.zero_()
    np.testing.assert_array_equal(recording.trace["lstm"]["hidden"][0, 0, 0], kept[:, 0])
    assert (recording.trace["lstm"]["input"] == 1).all()


def test_a_gru_that_starts_beyond_one_has_no_range():
    module = nn.GRU(3, 4)
    with record(module) as recording:
        module(torch.randn(5, 1, 3), torch.full((1, 1, 4), 3.0))
    assert "valid_range" not in recording.trace["gru"]["hidden"].attrs


def test_large_numbers_and_overflow_are_no_cause_for_a_warning():
    for module, scale in ((nn.LSTM(3, 4), 1e4), (nn.RNN(3, 4, nonlinearity="relu"), 1e38)):
        with record(module) as recording, torch.no_grad():
            module.weight_hh_l0.fill_(1.5)
            module(torch.randn(60, 2, 3) * scale)
        assert recording.trace


def test_gates_that_do_not_rebuild_the_states_warn(monkeypatch):
    monkeypatch.setattr(torch, "lerp", lambda candidate, previous, update: update * previous)
    module = nn.GRU(3, 4)
    with record(module) as recording:
        module(torch.randn(5, 2, 3))
    with pytest.warns(RuntimeWarning, match="'gru': the gates rebuild its states with an error of"):
        _ = recording.trace


def test_tokens_must_be_as_many_as_the_steps():
    module = nn.LSTM(3, 4)
    with record(module, tokens="abc") as recording:
        module(torch.randn(5, 2, 3))
    with pytest.raises(ValueError, match="length 3; time has length 5"):
        _ = recording.trace


@each_kind
def test_a_cell_in_a_loop_leaves_what_the_module_leaves(kind):
    cell, module = CELLS[kind](4, 5, dtype=torch.float64), KINDS[kind](4, 5, dtype=torch.float64)
    with torch.no_grad():
        for mine, theirs in zip(
            module._flat_weights, (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh), strict=True
        ):
            mine.copy_(theirs)
    x, h, c = torch.randn(6, 2, 4).double(), torch.randn(2, 5).double(), torch.randn(2, 5).double()
    with record(module) as whole:
        module(x, (h[None], c[None]) if kind == "lstm" else h[None])[0].square().sum().backward()
    with record(cell) as stepped:
        state, outputs = (h, c) if kind == "lstm" else h, []
        for step in x:
            state = cell(step, state)
            outputs.append(state[0] if kind == "lstm" else state)
        torch.stack(outputs).square().sum().backward()
    close(whole.trace[kind], stepped.trace[kind])
    assert {"hidden_grad", "hidden_grad_direct"} <= set(stepped.trace[kind].data_vars)
    assert stepped.trace[kind]["call"].values.tolist() == [0, 1, 2, 3, 4, 5]
    assert not outputs[0]._backward_hooks  # taken off again


@each_kind
def test_calls_that_hand_on_their_states_leave_what_one_call_leaves(kind):
    module, x = KINDS[kind](4, 5, 2, dtype=torch.float64), torch.randn(9, 2, 4).double()
    with record(module) as one:
        module(x)[0].square().sum().backward()
    with record(module) as three:
        states, outputs = None, []
        for part in x.split(3):
            output, states = module(part, states)
            outputs.append(output)
        torch.cat(outputs).square().sum().backward()
    names = [
        "hidden",
        "hidden_grad",
        "hidden_grad_direct",
        *(["cell", "cell_grad", "forget_gate"] if kind == "lstm" else []),
    ]
    close(one.trace[kind], three.trace[kind], names)


def test_odd_numbers_are_recorded_as_they_are_and_said():
    module, x = nn.GRU(4, 5), torch.randn(6, 2, 4)
    x[2, 0, 1], x[3, 1, 0] = float("nan"), float("inf")
    with record(module) as recording:
        module(x)
    assert recording.trace["gru"].attrs["nonfinite_inputs"] == 2
    assert recording.trace["gru"].attrs["replay_error"] < 1e-5
    assert np.isnan(recording.trace["gru"]["input"].values[0, 2, 1])


def test_direct_is_exact_where_states_are_cut_off_and_unknown_where_they_are_changed():
    module, x = nn.GRU(3, 4, dtype=torch.float64), torch.randn(6, 2, 3).double()
    with record(module) as cut:
        output, h = module(x[:3])
        rest, _ = module(x[3:], h.detach().requires_grad_())
        (output.square().sum() + rest.square().sum()).backward()
    direct = cut.trace["gru"]["hidden_grad_direct"].values[0, 0, :, 2]
    np.testing.assert_allclose(direct, 2 * output[2].detach())
    with record(module) as changed:
        _, h = module(x[:3])
        module(x[3:], 0.5 * h)[0].square().sum().backward()
    assert np.isnan(changed.trace["gru"]["hidden_grad_direct"].values[0, 0, :, 2]).all()
    assert np.isfinite(changed.trace["gru"]["hidden_grad"].values).all()


def test_a_state_that_two_calls_begin_with_hands_back_from_both():
    module, x = nn.GRU(3, 4, dtype=torch.float64), torch.randn(9, 2, 3).double()
    with record(module) as recording:
        _, h = module(x[:3])
        (module(x[3:6], h)[0].sum() + module(x[6:], h)[0].sum()).backward()
    assert np.abs(recording.trace["gru"]["hidden_grad_direct"].values[0, 0, :, 2]).max() < 1e-14


def test_an_earlier_call_that_a_backward_was_not_to_reach_is_unknown():
    module, x = nn.GRU(3, 4), torch.randn(6, 2, 3)
    with record(module) as recording:
        _, h = module(x[:3])
        torch.autograd.grad(module(x[3:], h)[0].sum(), [h])
    total = recording.trace["gru"]["hidden_grad"].values[0, 0, 0]
    assert np.isnan(total[:3]).all() and np.isfinite(total[3:]).all()
