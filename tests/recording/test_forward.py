"""States and gates are those of a step-by-step loop, and recording changes no output."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz.recording.block import record
from tests.recording.compared import KINDS, each_kind, flat, loop, plain_and_recorded, same, states


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@each_kind
def test_every_state_and_gate_is_that_of_the_loop(kind, bias, bidirectional):
    module = KINDS[kind](3, 4, 2, bias=bias, bidirectional=bidirectional, dtype=torch.float64)
    x, initial = torch.randn(5, 2, 3, dtype=torch.float64), states(kind, module, dtype=torch.float64)
    with record(module) as recording, torch.no_grad():
        module(x, initial)
    node = recording.trace[kind]
    with torch.no_grad():
        wanted = loop(kind, module, x, initial)
    for (layer, direction), arrays in wanted.items():
        for name, array in arrays.items():
            came = node[name].isel(layer=layer, direction=direction).transpose("time", "batch", "unit")
            np.testing.assert_allclose(came, array.numpy(), atol=1e-12, err_msg=f"{name} {layer} {direction}")
    assert node.attrs["replay_error"] < 1e-12
    assert list(node["direction"].values) == ["forward", "backward"][: bidirectional + 1]


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([*KINDS, "relu"]),
    layers=st.integers(1, 3),
    batch=st.integers(1, 3),
    steps=st.integers(1, 9),
    unit=st.integers(1, 5),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
    bias=st.booleans(),
    unbatched=st.booleans(),
    given_states=st.booleans(),
    training=st.booleans(),
    dropout=st.sampled_from([0.0, 0.5, 1.0]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    mode=st.sampled_from([torch.no_grad, torch.inference_mode, torch.enable_grad]),
)
def test_outputs_are_unchanged_and_gates_lie_between_0_and_1(
    kind,
    layers,
    batch,
    steps,
    unit,
    bidirectional,
    batch_first,
    bias,
    unbatched,
    given_states,
    training,
    dropout,
    dtype,
    mode,
):
    extra = {"nonlinearity": "relu"} if kind == "relu" else {}
    kind = "rnn" if kind == "relu" else kind
    dropout = dropout if layers > 1 else 0.0  # torch warns of dropout that has no effect
    module = KINDS[kind](
        3,
        unit,
        num_layers=layers,
        bias=bias,
        batch_first=batch_first,
        dropout=dropout,
        bidirectional=bidirectional,
        dtype=dtype,
        **extra,
    ).train(training)
    shape = (steps, 3) if unbatched else (batch, steps, 3) if batch_first else (steps, batch, 3)
    inputs = [torch.randn(shape, dtype=dtype)]
    if given_states:
        initial = states(kind, module, batch, dtype)
        if unbatched:
            initial = tuple(s[:, 0] for s in initial) if kind == "lstm" else initial[:, 0]
        inputs.append(initial)
    with mode():
        plain, came, trace = plain_and_recorded(module, *inputs)
    assert same(plain, came)
    assert [t.stride() for t in flat(plain)] == [t.stride() for t in flat(came)]
    assert plain[0].requires_grad == came[0].requires_grad
    node = trace[kind]
    assert node.attrs["replay_error"] < 1e-4
    assert node["hidden"].dtype == (np.float32 if dtype == torch.float32 else np.float64)
    for name in ("input_gate", "forget_gate", "output_gate", "reset_gate", "update_gate"):
        if name in node:
            assert node[name].min() >= 0 and node[name].max() <= 1
    last = node["hidden"].isel(layer=-1).transpose("time", "batch", "direction", "unit").values
    wanted = came[0].detach().unsqueeze(1) if unbatched else came[0].detach()
    wanted = wanted.transpose(0, 1) if batch_first and not unbatched else wanted
    np.testing.assert_array_equal(last.reshape(wanted.shape), wanted.numpy())


@each_kind
def test_dropout_between_packed_layers_draws_the_plain_masks(kind):
    module = KINDS[kind](4, 5, 2, bidirectional=True, dropout=0.5)
    packed = nn.utils.rnn.pack_sequence([torch.randn(n, 4) for n in (2, 5, 3)], enforce_sorted=False)
    (plain, *finals), (came, *others), trace = plain_and_recorded(module, packed)
    assert same((plain.data, *finals), (came.data, *others))
    assert trace[kind]["length"].values.tolist() == [2, 5, 3]


@each_kind
def test_states_that_lie_scattered_in_memory_are_read_as_they_are(kind):
    module, x = KINDS[kind](3, 8), torch.randn(20, 4, 3)
    h, c = torch.randn(1, 4, 16).chunk(2, -1)
    plain, came, _ = plain_and_recorded(module, x, (h, c) if kind == "lstm" else h)
    assert same(plain, came)
    wide = torch.randn(1, 1, 8).expand(1, 4, 8)
    plain, came, _ = plain_and_recorded(module, x, (wide, wide) if kind == "lstm" else wide)
    assert same(plain, came)


@each_kind
def test_half_numbers_are_kept_in_float32(kind):
    module, x = KINDS[kind](4, 5, 2, bidirectional=True).bfloat16(), torch.randn(7, 2, 4).bfloat16()
    plain = module(x)
    with record(module) as recording:
        came = module(x)
        came[0].float().square().sum().backward()
    assert all(torch.equal(a, b) for a, b in zip(flat(plain), flat(came), strict=True))
    node = recording.trace[kind]
    assert node["hidden"].dtype == np.float32 and module.weight_hh_l0.grad.dtype == torch.bfloat16
    last = node["hidden"].isel(layer=-1, direction=0).transpose("time", "batch", "unit").values
    np.testing.assert_array_equal(last, came[0][..., :5].detach().float())


def test_without_biases_under_another_default_type():
    torch.set_default_dtype(torch.float64)
    try:
        module, x = nn.LSTM(3, 4, bias=False, dtype=torch.float32), torch.randn(10, 2, 3, dtype=torch.float32)
        plain, came, _ = plain_and_recorded(module, x)
    finally:
        torch.set_default_dtype(torch.float32)
    assert same(plain, came)


def test_a_diverged_model_may_be_called_twice():
    module = nn.LSTM(3, 4)
    with record(module) as recording, torch.no_grad():
        module.weight_hh_l0.fill_(torch.nan)
        module(torch.randn(5, 2, 3))
        module(torch.randn(5, 2, 3))
    assert recording.trace["lstm"]["hidden"].isnull().any()


def test_an_empty_batch_is_recorded_as_one():
    module = nn.LSTM(3, 4, 2)
    with record(module) as recording:
        module(torch.randn(5, 0, 3))
    assert recording.trace["lstm"]["cell"].shape == (2, 1, 0, 5, 4)
