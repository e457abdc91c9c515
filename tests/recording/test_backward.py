"""Gradients come back as they would have, and a recording sees those of every step."""

import contextlib
import copy

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.recording.block import record
from tests.recording.compared import KINDS, close, each_kind, plain_and_recorded


@each_kind
def test_gradients_of_parameters_and_inputs_are_unchanged(kind):
    module = KINDS[kind](3, 4, 2, dropout=0.5, bidirectional=True, batch_first=True)
    x = torch.randn(2, 5, 3, requires_grad=True)
    plain, came, _ = plain_and_recorded(module, x)
    gradients = [
        torch.autograd.grad(outputs[0].square().sum(), [x, *module.parameters()]) for outputs in (plain, came)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_several_backwards_add_up_to_the_gradient_of_the_sum():
    module, x = nn.LSTM(4, 5, dtype=torch.float64), torch.randn(5, 2, 4).double()
    with record(module) as two:
        output, _ = module(x)
        output[0].sum().backward(retain_graph=True)
        output[-1].sum().backward()
    with record(module) as one:
        output, _ = module(x)
        (output[0].sum() + output[-1].sum()).backward()
    close(two.trace["lstm"], one.trace["lstm"])
    assert two.trace["lstm"].attrs["backward_calls"] == 2


def test_a_backward_after_the_block_is_not_the_recordings():
    module, x = nn.GRU(4, 5), torch.randn(5, 2, 4)
    with record(module) as outer:
        with record(module) as inner:
            output, _ = module(x)
            output[0].sum().backward(retain_graph=True)
        output[-1].sum().backward(retain_graph=True)
    output.sum().backward()
    assert inner.trace["gru"].attrs["backward_calls"] == 1
    assert outer.trace["gru"].attrs["backward_calls"] == 2
    assert not inner.trace["gru"]["hidden_grad"].values[..., 1:, :].any()
    with record(module) as recording:
        module(x)
    assert "hidden_grad" not in recording.trace["gru"]


def test_what_a_backward_was_told_not_to_reach_is_unknown_and_what_is_no_cause_is_zero():
    module, x = nn.LSTM(4, 5, 2), torch.randn(5, 2, 4)
    with record(module) as partial:
        torch.autograd.grad(module(x)[0].sum(), module.weight_hh_l1)
    below, above = partial.trace["lstm"]["hidden_grad"].values
    assert np.isnan(below).all() and np.isfinite(above).all()
    with record(module) as lower:
        module(x)[1][0][0].sum().backward()  # the last state of the lower layer alone
    assert not lower.trace["lstm"]["hidden_grad"].values[1].any()


def test_frozen_layers_are_reached_and_stay_frozen():
    module, x = nn.LSTM(4, 5, 2), torch.randn(5, 2, 4)
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(not name.endswith("l0"))
    with record(module) as recording:
        module(x)[0].square().sum().backward()
    assert recording.trace["lstm"]["hidden_grad"].values.all()
    assert module.weight_ih_l0.grad is None
    with record(module.requires_grad_(False)):
        assert not module(x)[0].requires_grad


@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_second_derivatives_are_those_of_the_plain_call(kind):
    module, x = KINDS[kind](4, 5, 2, dtype=torch.float64), torch.randn(5, 2, 4).double().requires_grad_()

    def penalty():
        (slope,) = torch.autograd.grad(module(x)[0].square().sum(), x, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), [x, *module.parameters()])

    plain = penalty()
    with record(module) as recording:
        came = penalty()
    for one, other in zip(plain, came, strict=True):
        torch.testing.assert_close(one, other)
    assert recording.trace[kind]["hidden_grad"].values.all()


@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_second_derivatives_hold_where_states_come_from_another_call(kind):
    module, x = KINDS[kind](3, 4, dtype=torch.float64), torch.randn(5, 2, 3).double().requires_grad_()

    def go():
        _, states = module(x[:2], x.mean() * torch.ones(1, 2, 4).double())
        output, _ = module(x[2:], states)
        return torch.autograd.grad(output.square().sum(), [x, *module.parameters()], create_graph=True)

    plain = go()
    with record(module) as recording:
        came = go()
    for one, other in zip(plain, came, strict=True):
        torch.testing.assert_close(one, other)
    assert recording.trace[kind].attrs["backward_calls"] == 1


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_gradients_of_small_states_keep_their_digits(kind):
    module, x = KINDS[kind](3, 4, bias=False), torch.randn(20, 2, 3) * 1e-3
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(1e-3)
    exact = KINDS[kind](3, 4, bias=False).double()
    exact.load_state_dict(module.state_dict())
    exact(x.double())[0].sum().backward()
    with record(module):
        module(x)[0].sum().backward()
    for mine, theirs in zip(module.parameters(), exact.parameters(), strict=True):
        for block, wanted in zip(
            mine.grad.chunk(4 if kind == "lstm" else 3),
            theirs.grad.chunk(4 if kind == "lstm" else 3),
            strict=True,
        ):
            assert (block - wanted).abs().max() <= 1e-5 * wanted.abs().max()


def test_an_input_may_be_written_to_before_the_backward():
    module, x = nn.GRU(3, 4, batch_first=True), torch.randn(2, 5, 3)
    module(x)[0].sum().backward()
    wanted = module.weight_ih_l0.grad.clone()
    module.zero_grad()
    with record(module):
        output, _ = module(x)
        x.zero_()
        output.sum().backward()
    torch.testing.assert_close(module.weight_ih_l0.grad, wanted)


def test_states_that_are_cut_off_hand_nothing_back():
    module, x = nn.GRU(4, 5, dtype=torch.float64), torch.randn(6, 1, 4).double()
    with record(module) as recording:
        _, h = module(x[:3])
        module(x[3:], h.detach())[0].sum().backward()
    total = recording.trace["gru"]["hidden_grad"].values[0, 0, 0]
    assert not total[:3].any() and total[3:].all()


def test_a_trace_that_is_written_to_does_not_reach_a_later_backward():
    module, x = nn.LSTM(3, 4), torch.randn(10, 2, 3)
    module(x)[0].sum().backward()
    wanted = [parameter.grad.clone() for parameter in module.parameters()]
    module.zero_grad()
    with record(module) as recording:
        output, _ = module(x)
    for name in ("hidden", "cell", "forget_gate"):
        recording.trace["lstm"][name].values[:] = 7
    output.sum().backward()
    for parameter, gradient in zip(module.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def refusal(module, run, recorded):
    """What autograd says to `run`, with or without a recording; None where it goes through."""
    twin = copy.deepcopy(module)
    with record(twin) if recorded else contextlib.nullcontext():
        try:
            run(twin)
        except RuntimeError as error:
            return str(error)
    return None


def a_forgotten_detach(module):
    _, states = module(torch.ones(3, 2, 4))
    for _ in range(2):
        output, states = module(torch.ones(3, 2, 4), states)
        output.sum().backward()


def a_second_backward(module):
    output, _ = module(torch.ones(3, 2, 4))
    output.sum().backward()
    output.sum().backward()


def a_step_between(module):
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    first = module(torch.ones(3, 2, 4))[0].sum()
    module(torch.ones(3, 2, 4))[0].sum().backward()
    optimiser.step()
    first.backward()


def changed(what):
    def run(module):
        x, h = torch.ones(2, 3, 4).transpose(0, 1), torch.zeros(1, 2, 5)
        x = x.contiguous() if what == "input" else x
        states = (h, torch.zeros(1, 2, 5)) if isinstance(module, nn.LSTM) else h
        output, final = module(x, states)
        with torch.no_grad():
            named = {"input": x, "copied input": x, "initial state": h, "output": output}
            final = final[0] if isinstance(final, tuple) else final
            (named | {"weight": module.weight_hh_l0, "final state": final})[what].add_(1.0)
        output.sum().backward()

    return run


WRONG = {f.__name__: f for f in (a_forgotten_detach, a_second_backward, a_step_between)} | {
    f"changed {what}": changed(what)
    for what in ("input", "copied input", "initial state", "output", "final state", "weight")
}


@pytest.mark.parametrize("name", WRONG)
@each_kind
def test_whatever_raises_without_a_recording_raises_with_one(kind, name):
    module = KINDS[kind](4, 5)
    plain = refusal(module, WRONG[name], recorded=False)
    came = refusal(module, WRONG[name], recorded=True)
    assert (plain is None) == (came is None)
    if plain:
        assert came.split(":")[0] == plain.split(":")[0]
    if name.startswith("a_"):
        assert plain


def test_a_retained_graph_may_be_gone_through_again():
    module = nn.LSTM(4, 5)
    with record(module) as recording:
        output, _ = module(torch.ones(3, 2, 4))
        output.sum().backward(retain_graph=True)
        output.sum().backward()
    assert recording.trace["lstm"].attrs["backward_calls"] == 2
