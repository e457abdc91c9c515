"""Recording finds what a step-by-step loop finds, and changes nothing."""

import copy
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz.recording import cells
from rnnviz.recording.block import record

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
each_kind = pytest.mark.parametrize("kind", KINDS)


def states(kind, module, batch=2, dtype=torch.float32):
    """Random initial states as the module wants them."""
    shape = (module.num_layers * (2 if module.bidirectional else 1), batch, module.hidden_size)
    h, c = torch.randn(2, *shape, dtype=dtype)
    return (h, c) if kind == "lstm" else h


def flat(outputs):
    """All tensors of (output, h_n) or (output, (h_n, c_n))."""
    output, final = outputs
    return (output, *final) if isinstance(final, tuple) else (output, final)


def same(one, other):
    """Equal to rounding: a few units in the last place of numbers of size 1."""
    return all(
        torch.allclose(a, b, rtol=0, atol=8 * torch.finfo(a.dtype).eps, equal_nan=True)
        for a, b in zip(flat(one), flat(other), strict=True)
    )


def plain_and_recorded(module, *inputs):
    """What the module returns without and with a recording, from one state of the random generator."""
    torch.manual_seed(1)
    plain = module(*inputs)
    after = torch.get_rng_state()
    torch.manual_seed(1)
    with record(module) as recording:
        came = module(*inputs)
    assert torch.equal(after, torch.get_rng_state())
    return plain, came, recording.trace


def footprint(model):
    return {
        name: (set(vars(module)), module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
        for name, module in model.named_modules()
    }


def loop(kind, module, x, initial):
    """States and gates by layer and direction, stepped one by one: dicts of (time, batch, unit)."""
    found, width = {}, 2 if module.bidirectional else 1
    for layer in range(module.num_layers):
        outputs = []
        for direction in range(width):
            suffix = f"l{layer}" + ("_reverse" if direction else "")
            names = ["weight_ih_", "weight_hh_"] + (["bias_ih_", "bias_hh_"] if module.bias else [])
            weights = [getattr(module, name + suffix) for name in names]
            h = (initial[0] if kind == "lstm" else initial)[layer * width + direction]
            c = initial[1][layer * width + direction] if kind == "lstm" else None
            steps = [None] * len(x)
            for t in range(len(x))[:: -1 if direction else 1]:
                if kind == "lstm":
                    h, c, gates = cells.lstm_step(x[t], h, c, *weights)
                    steps[t] = {"hidden": h, "cell": c, **gates._asdict()}
                elif kind == "gru":
                    h, gates = cells.gru_step(x[t], h, *weights)
                    steps[t] = {"hidden": h, **gates._asdict()}
                else:
                    weights += [None] * (4 - len(weights))
                    h = cells.rnn_step(x[t], h, *weights, module.nonlinearity)
                    steps[t] = {"hidden": h}
            found[layer, direction] = {key: torch.stack([step[key] for step in steps]) for key in steps[0]}
            outputs.append(found[layer, direction]["hidden"])
        x = torch.cat(outputs, -1)
    return found


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
def test_gradients_of_parameters_and_inputs_are_unchanged(kind):
    module = KINDS[kind](3, 4, 2, dropout=0.5, bidirectional=True, batch_first=True)
    x = torch.randn(2, 5, 3, requires_grad=True)
    plain, came, _ = plain_and_recorded(module, x)
    gradients = [
        torch.autograd.grad(outputs[0].square().sum(), [x, *module.parameters()]) for outputs in (plain, came)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(3, 4, batch_first=True)
        self.head = nn.ModuleDict({"rnn": nn.GRU(4, 2, batch_first=True)})

    def forward(self, x):
        return self.head["rnn"](self.encoder(x)[0])[0]


def test_modules_go_by_their_names_in_the_model():
    with record(model := Tagger()) as recording:
        model(torch.randn(1, 5, 3))
    assert set(recording.trace.children) == {"encoder", "head.rnn"}
    assert recording.trace["head.rnn"]["update_gate"].shape == (1, 1, 1, 5, 2)
    assert recording.trace.attrs["torch_version"] == torch.__version__


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


def test_weights_given_for_one_call_are_recorded():
    module, x = nn.LSTM(3, 4, 2), torch.randn(5, 2, 3)
    doubled = {name: 2 * p.detach() for name, p in module.named_parameters()}
    plain = torch.func.functional_call(module, doubled, (x,))
    with record(module) as recording:
        assert same(torch.func.functional_call(module, doubled, (x,)), plain)
    bias = recording.trace["lstm"]["recurrent_bias"][0, 0]
    np.testing.assert_array_equal(bias, doubled["bias_hh_l0"].reshape(4, 4))


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


def test_nothing_is_left_on_the_model_also_when_it_raises():
    model = Tagger().eval()
    before = footprint(model)
    with pytest.raises(ZeroDivisionError), record(model) as recording:
        model(torch.randn(1, 5, 3))
        raise ZeroDivisionError
    assert footprint(model) == before
    assert torch.overrides._get_current_function_mode() is None
    assert recording.trace["encoder"]["time"].size == 5  # what ran before is there
    with pytest.raises(ValueError, match="Expected input"), record(model):
        model(torch.randn(1, 1, 5, 3))
    assert torch.overrides._get_current_function_mode() is None


def test_an_inner_recording_does_not_hide_the_call_from_the_outer():
    model, x = Tagger(), torch.randn(1, 5, 3)
    with record(model) as outer:
        with record(model.encoder) as inner:
            plain = model(x)
        model(x)
    assert inner.trace["lstm"]["hidden"].shape == (1, 1, 1, 5, 4)
    assert outer.trace["encoder"]["hidden"].shape == (1, 1, 1, 10, 4)
    assert torch.equal(plain, model(x))


def test_two_threads_record_each_their_own():
    model, traces, together = nn.GRU(3, 4), {}, threading.Barrier(2)

    def run(steps):
        with record(model) as recording:
            together.wait()
            model(torch.randn(steps, 1, 3))
            together.wait()
        traces[steps] = recording.trace["gru"]["time"].size

    threads = [threading.Thread(target=run, args=(steps,)) for steps in (4, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert traces == {4: 4, 7: 7}


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


def test_the_trace_comes_after_the_block_and_needs_a_call():
    module = nn.LSTM(3, 4)
    with record(module) as recording, pytest.raises(RuntimeError, match="after the block"):
        _ = recording.trace
    with pytest.raises(RuntimeError, match="no recurrent call was seen: call LSTM inside the block"):
        _ = recording.trace
    with record(nn.Linear(2, 2)) as recording:
        pass
    with pytest.raises(RuntimeError, match="Linear holds no nn.RNN"):
        _ = recording.trace


def test_tokens_must_be_as_many_as_the_steps():
    module = nn.LSTM(3, 4)
    with record(module, tokens="abc") as recording:
        module(torch.randn(5, 2, 3))
    with pytest.raises(ValueError, match="length 3; time has length 5"):
        _ = recording.trace


def test_what_cannot_be_recorded_is_refused_in_one_line():
    compiled = torch.compile(nn.GRU(3, 4), backend="eager")
    with pytest.raises(NotImplementedError, match="compiled"), record(compiled):
        pass
    gru, x = nn.GRU(3, 4), torch.randn(5, 2, 3)
    with (
        pytest.raises(NotImplementedError, match="outside torch.autocast"),
        record(gru),
        torch.autocast("cpu", torch.bfloat16),
    ):
        gru(x)
    with pytest.raises(NotImplementedError, match="inside torch.func"), record(gru):
        torch.func.grad(lambda x: gru(x)[0].sum())(x)
    with pytest.raises(TypeError, match="wants an nn.Module; got int"), record(3):
        pass


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_module_is_refused():
    with (
        pytest.raises(NotImplementedError, match="ScriptModule"),
        record(nn.Sequential(torch.jit.script(nn.GRU(3, 4)))),
    ):
        pass


CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


def close(one, other, names=None, atol=1e-12):
    """Two nodes of the same numbers."""
    for name in names or [n for n in one.data_vars if n in other and one[n].dims == other[n].dims]:
        np.testing.assert_allclose(one[name], other[name], atol=atol, err_msg=name)


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


def test_states_that_are_cut_off_hand_nothing_back():
    module, x = nn.GRU(4, 5, dtype=torch.float64), torch.randn(6, 1, 4).double()
    with record(module) as recording:
        _, h = module(x[:3])
        module(x[3:], h.detach())[0].sum().backward()
    total = recording.trace["gru"]["hidden_grad"].values[0, 0, 0]
    assert not total[:3].any() and total[3:].all()


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


def test_odd_numbers_are_recorded_as_they_are_and_said():
    module, x = nn.GRU(4, 5), torch.randn(6, 2, 4)
    x[2, 0, 1], x[3, 1, 0] = float("nan"), float("inf")
    with record(module) as recording:
        module(x)
    assert recording.trace["gru"].attrs["nonfinite_inputs"] == 2
    assert recording.trace["gru"].attrs["replay_error"] < 1e-5
    assert np.isnan(recording.trace["gru"]["input"].values[0, 2, 1])


def test_a_sequence_of_no_steps_is_named():
    with (
        pytest.raises(RuntimeError, match=r"'gru': input came with shape \(time 0, batch 2, feature 4\)"),
        record(m := nn.GRU(4, 5)),
    ):
        m(torch.randn(0, 2, 4))


def test_a_checkpointed_model_is_refused_in_one_line():
    module, x = nn.GRU(4, 5), torch.randn(5, 2, 4)
    with pytest.raises(NotImplementedError, match="torch.utils.checkpoint"), record(module):
        torch.utils.checkpoint.checkpoint(lambda x: module(x)[0], x, use_reentrant=False)


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


def test_nested_recordings_do_not_share_their_arrays():
    module, x = nn.LSTM(3, 4), torch.randn(6, 2, 3)
    with record(module) as outer, record(module) as inner:
        module(x)
    inner.trace["lstm"]["hidden"].values[:] = 99
    assert np.abs(outer.trace["lstm"]["hidden"].values).max() <= 1


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


def test_a_call_that_raised_was_none():
    module, x = nn.LSTM(3, 4), torch.randn(10, 2, 3)
    wrong = torch.zeros(1, 2, 4).double()
    with record(module) as recording:
        with pytest.raises(RuntimeError):
            module(x, (wrong, wrong))
        module(x)
    assert recording.trace["lstm"].sizes["time"] == 10


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


def test_without_biases_under_another_default_type():
    torch.set_default_dtype(torch.float64)
    try:
        module, x = nn.LSTM(3, 4, bias=False, dtype=torch.float32), torch.randn(10, 2, 3, dtype=torch.float32)
        plain, came, _ = plain_and_recorded(module, x)
    finally:
        torch.set_default_dtype(torch.float32)
    assert same(plain, came)


@pytest.mark.filterwarnings("ignore:`torch.jit")  # forward-mode AD itself loads it
def test_what_else_cannot_be_followed_is_refused_in_one_line():
    module, x = nn.GRU(3, 4, dtype=torch.float64), torch.randn(5, 2, 3).double().requires_grad_()
    with pytest.raises(NotImplementedError, match="batched backward"), record(module):
        output, _ = module(x)
        torch.autograd.grad(output, x, torch.stack([torch.ones_like(output)] * 2), is_grads_batched=True)
    with (
        pytest.raises(NotImplementedError, match="forward-mode"),
        record(module),
        torch.autograd.forward_ad.dual_level(),
    ):
        module(torch.autograd.forward_ad.make_dual(x.detach(), torch.ones_like(x)))
    with pytest.raises(RuntimeError, match="changed before its call 1"):
        with record(module) as recording, torch.no_grad():
            module(x)
            module.float()(x.float())
        _ = recording.trace
    with pytest.raises(ValueError, match="a slash parts levels"):
        with record(model := nn.ModuleDict({"a/b": nn.GRU(3, 4)})) as recording:
            model["a/b"](torch.randn(5, 2, 3))
        _ = recording.trace
