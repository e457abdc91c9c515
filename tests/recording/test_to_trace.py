"""Calls become a trace: in order, aligned to what was read, with the gradients that are known."""

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
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


def test_tokens_that_do_not_fit_cost_no_run():
    module = nn.LSTM(3, 4)
    with record(module, tokens="abc", names=["one", "two"], labels=[1]) as recording:
        output, _ = module(torch.randn(5, 2, 3))
    with pytest.warns(RuntimeWarning) as warned:
        node = recording.trace["lstm"]
    lines = [str(each.message) for each in warned]
    assert ["length 3; time has length 5" in lines[0], "length 1; batch has length 2" in lines[1]] == [
        True,
        True,
    ]
    assert all("rnnviz.named(recording.trace, …)" in line for line in lines)
    np.testing.assert_array_equal(node["hidden"][0, 0, 1], output[:, 1].detach())
    assert node["sequence"].values.tolist() == ["one", "two"] and "token" not in node.coords
    later = rnnviz.named(recording.trace, tokens=["hello", "world"], labels=torch.tensor([1, 0]))["lstm"]
    assert later["token"].isel(batch=1).values.tolist() == list("world")
    assert later["label"].values.tolist() == ["1", "0"] and later["sequence"].values.tolist() == [
        "one",
        "two",
    ]


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


def test_a_cell_that_is_handed_on_is_the_same_on_both_sides():
    module, x = nn.LSTM(4, 5, 2), torch.randn(12, 2, 4)
    with record(module) as recording:
        states = None
        for part in x.split((5, 1, 6)):
            output, states = module(part, states)
        output.sum().backward()
    node = recording.trace["lstm"]
    for name in ("hidden", "cell"):
        begun = node[f"{name}_initial_by_call"].values
        np.testing.assert_array_equal(node[name].values[:, :, :, 4], begun[1])
        np.testing.assert_array_equal(node[name].values[:, :, :, 5], begun[2])
    one = node.isel(layer=0, direction=0, batch=0)
    assert np.isfinite(rnnviz.stats.gradients.reach(one, 11)["log_spectral_norm"]).all()


def test_packed_calls_have_nodes_of_their_own_and_share_a_loss():
    module = nn.GRU(4, 5, dtype=torch.float64)

    def packed(*lengths):
        rows = [torch.randn(n, 4).double() for n in lengths]
        return nn.utils.rnn.pack_sequence(rows, enforce_sorted=False)

    with record(module) as recording:
        (_, one), (_, other) = module(packed(3, 5)), module(packed(2, 6))
        (one * other).sum().backward()
    left, right = recording.trace["gru"], recording.trace["gru_2"]
    assert left["length"].values.tolist() == [3, 5] and right["length"].values.tolist() == [2, 6]
    assert (left.attrs["calls"], right.attrs["calls"]) == (0, 1)
    np.testing.assert_allclose(left["hidden_grad"].values[0, 0, 0, 2], other[0, 0].detach())
    np.testing.assert_allclose(right["hidden_grad"].values[0, 0, 1, 5], one[0, 1].detach())


def test_another_batch_size_costs_nothing_else():
    model = nn.ModuleDict({"a": nn.GRU(4, 5), "b": nn.GRU(4, 5)})
    with record(model) as recording:
        for batch in (2, 3, 2):
            model["a"](torch.randn(4, batch, 4))
        model["b"](torch.randn(4, 1, 4))
    assert set(recording.trace.children) == {"a", "a_2", "b"}
    assert recording.trace["a"].sizes["time"] == 8 and recording.trace["a"].attrs["calls"].tolist() == [0, 2]


def test_weights_that_changed_cost_the_other_modules_nothing():
    model = nn.ModuleDict({"a": nn.GRU(4, 5), "b": nn.GRU(4, 5)})
    with record(model) as recording:
        model["a"](torch.randn(4, 2, 4))
        model["a"].weight_hh_l0.data += 1
        model["a"](torch.randn(4, 2, 4))
        model["b"](torch.randn(4, 2, 4))
    with pytest.warns(RuntimeWarning, match="weights of 'a' changed before its call 1.*its node is left out"):
        assert list(recording.trace.children) == ["b"]


def test_direct_is_exact_where_a_mask_resets_states():
    module, x = nn.GRU(3, 4, dtype=torch.float64), torch.randn(6, 3, 3).double()
    with record(module) as recording:
        output, h = module(x[:3])
        rest, _ = module(x[3:], h * torch.tensor([1.0, 0.0, 1.0]).double()[:, None])
        (output.square().sum() + rest.square().sum()).backward()
    direct = recording.trace["gru"]["hidden_grad_direct"].values[0, 0, :, 2]
    np.testing.assert_allclose(direct, 2 * output[2].detach(), atol=1e-14)


def test_direct_is_exact_where_packed_calls_hand_on_their_states():
    module = nn.GRU(3, 4, dtype=torch.float64)
    rows = [torch.randn(n, 3).double() for n in (2, 5, 3)]
    turned = [torch.randn(n, 3).double() for n in (4, 1, 6)]
    with record(module) as recording:
        _, h = module(nn.utils.rnn.pack_sequence(rows, enforce_sorted=False))
        _, last = module(nn.utils.rnn.pack_sequence(turned, enforce_sorted=False), h)
        (last.square().sum() + 3 * h.sum()).backward()
    node = recording.trace["gru"]
    for row, length in enumerate((2, 5, 3)):
        np.testing.assert_allclose(node["hidden_grad_direct"].values[0, 0, row, length - 1], 3.0)
