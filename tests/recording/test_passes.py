"""What is recorded is what a float64 loop with torch's autograd finds: states, gates, total and direct gradients."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz.recording import cells
from rnnviz.recording.backpropagation import backpropagate
from rnnviz.recording.block import record
from rnnviz.recording.gates import recover
from rnnviz.recording.passes import Pass, Weights

KINDS = {"rnn": nn.RNN, "relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@dataclass
class Setup:
    kind: str = "lstm"
    layers: int = 1
    two: bool = False
    bias: bool = True
    batch_first: bool = False
    unbatched: bool = False
    projection: int = 0
    given_states: bool = True
    lengths: tuple[int, ...] | None = None  # packed, in this order
    steps: int = 5
    batch: int = 2
    unit: int = 3
    dtype: torch.dtype = torch.float64
    seed: int = 0

    def build(self):
        more = {"nonlinearity": "relu"} if self.kind == "relu" else {}
        more |= {"proj_size": self.projection} if self.projection else {}
        return KINDS[self.kind](
            4,
            self.unit,
            self.layers,
            bias=self.bias,
            batch_first=self.batch_first,
            bidirectional=self.two,
            dtype=self.dtype,
            **more,
        )


def stepped(setup, module, x, initial, length):
    """One sequence through the module, step by step: every quantity, with what came back to it left to autograd."""
    lstm, width = setup.kind == "lstm", 2 if setup.two else 1
    found, finals, below = {}, [], list(x[:length])
    for layer in range(setup.layers):
        outputs = [[None] * length for _ in range(width)]
        for d in range(width):
            suffix = f"l{layer}" + ("_reverse" if d else "")
            names = ["weight_ih_", "weight_hh_"] + (["bias_ih_", "bias_hh_"] if setup.bias else [])
            weights = [getattr(module, name + suffix) for name in names] + [None] * (0 if setup.bias else 2)
            h, *c = (state[layer * width + d] for state in initial)
            for t in range(length)[:: -1 if d else 1]:
                if lstm:
                    h, cell, gates = cells.lstm_step(below[t], h, c[0], *weights)
                    if setup.projection:
                        h = getattr(module, "weight_hr_" + suffix) @ h
                    arrays = {"cell": cell, **gates._asdict()}
                elif setup.kind == "gru":
                    h, gates = cells.gru_step(below[t], h, *weights)
                    arrays = gates._asdict()
                else:
                    h, arrays = cells.rnn_step(below[t], h, *weights, module.nonlinearity), {}
                outputs[d][t] = h
                found[layer, d, t] = {"hidden": h, **arrays}
                h = found[layer, d, t]["on"] = h.view_as(h)  # to the next step
                if lstm:
                    c = [cell]
                for tensor in (found[layer, d, t]["hidden"], h, *c):
                    tensor.retain_grad()
            finals.append((h, *c))
        below = [torch.cat([outputs[d][t] for d in range(width)]) for t in range(length)]
    return found, torch.stack(below), [torch.stack(states) for states in zip(*finals, strict=True)]


def weighed(output, finals, weights):
    """A loss that looks at every output and final state, not linearly."""
    return sum(
        (w * (value + value.square())).sum() for value, w in zip((output, *finals), weights, strict=True)
    )


def compare(setup, tolerance):
    torch.manual_seed(setup.seed)
    module = setup.build()
    lengths = setup.lengths or (setup.steps,) * (1 if setup.unbatched else setup.batch)
    steps, batch = max(lengths), len(lengths)
    width, wide = 2 if setup.two else 1, setup.projection or setup.unit
    x = torch.randn(steps, batch, 4, dtype=setup.dtype)
    sizes = [wide, setup.unit] if setup.kind == "lstm" else [wide]
    initial = [torch.randn(setup.layers * width, batch, n, dtype=setup.dtype) / 2 for n in sizes]
    if not setup.given_states:
        initial = [torch.zeros_like(state) for state in initial]
    weights = [torch.randn(steps, batch, width * wide, dtype=setup.dtype)]
    weights += [torch.randn_like(state) for state in initial]

    own = copy.deepcopy(module).double()
    loss, every = 0.0, []
    for b, length in enumerate(lengths):
        begin = [state[:, b].double().requires_grad_() for state in initial]
        found, output, finals = stepped(setup, own, x[:, b].double(), begin, length)
        scales = [weights[0][:length, b].double(), *(w[:, b].double() for w in weights[1:])]
        # the last state as it leaves, not as it would go on to a next step
        loss = loss + weighed(output, finals, scales)
        every.append(found)
    loss.backward()

    given = x[:, 0] if setup.unbatched else x.transpose(0, 1) if setup.batch_first else x
    if setup.lengths:
        given = nn.utils.rnn.pack_padded_sequence(given, lengths, setup.batch_first, enforce_sorted=False)
    states = [state[:, 0] if setup.unbatched else state for state in initial]
    states = tuple(states) if setup.kind == "lstm" else states[0]
    with record(module) as recording:
        output, final = module(given, states) if setup.given_states else module(given)
        finals = list(final) if setup.kind == "lstm" else [final]
        if setup.lengths:
            output, _ = nn.utils.rnn.pad_packed_sequence(output)
        elif setup.unbatched:
            output, finals = output[:, None], [state[:, None] for state in finals]
        elif setup.batch_first:
            output = output.transpose(0, 1)
        masked = [weights[0].clone(), *weights[1:]]
        for b, length in enumerate(lengths):
            masked[0][length:, b] = 0
        weighed(output, finals, masked).backward()
    node = recording.trace["rnn" if setup.kind == "relu" else setup.kind]

    came = {name: array.values for name, array in node.data_vars.items()}
    wanted = {}  # as what came, NaN in the padding
    for b, found in enumerate(every):
        for (layer, d, t), arrays in found.items():
            here = {name: array for name, array in arrays.items() if name != "on"}
            here["hidden_grad"], last = arrays["hidden"].grad, t == (0 if d else lengths[b] - 1)
            # what the loss does to the final state comes by no next step
            here["hidden_grad_direct"] = here["hidden_grad"] - (0 if last else arrays["on"].grad)
            if "cell" in arrays:
                here["cell_grad"] = arrays["cell"].grad
            for name, array in here.items():
                whole = wanted.setdefault(name, np.full(came[name].shape, np.nan))
                whole[layer, d, b, t] = array.detach().numpy()
    for name, whole in wanted.items():
        scale = np.fmax(1.0, np.abs(whole).max(-1, keepdims=True))
        np.testing.assert_allclose(came[name] / scale, whole / scale, rtol=0, atol=tolerance, err_msg=name)
    for mine, theirs in zip(module.parameters(), own.parameters(), strict=True):
        scale = max(1.0, theirs.grad.abs().max().item())
        torch.testing.assert_close(mine.grad.double(), theirs.grad, rtol=0, atol=tolerance * scale)
    assert node.attrs["backward_calls"] == 1
    assert node.attrs["replay_error"] <= tolerance
    if setup.lengths:
        assert node["length"].values.tolist() == list(lengths)


def setups(dtype):
    return st.builds(
        Setup,
        kind=st.sampled_from([*KINDS]),
        layers=st.integers(1, 3),
        two=st.booleans(),
        bias=st.booleans(),
        batch_first=st.booleans(),
        unbatched=st.booleans(),
        given_states=st.booleans(),
        steps=st.integers(1, 8),
        batch=st.integers(1, 3),
        unit=st.integers(1, 5),
        dtype=st.just(dtype),
        seed=st.integers(0, 99),
    )


@settings(max_examples=80, deadline=None)
@given(setups(torch.float64))
def test_float64_agrees_with_the_loop_to_1e_10(setup):
    compare(setup, 1e-10)


@settings(max_examples=40, deadline=None)
@given(setups(torch.float32))
def test_float32_agrees_with_the_float64_loop_to_5e_6(setup):
    compare(setup, 5e-6)


@settings(max_examples=50, deadline=None)
@given(setups(torch.float64), st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_packed_sequences_agree_with_each_sequence_alone(setup, lengths):
    setup.unbatched, setup.lengths = False, tuple(lengths)
    compare(setup, 1e-10)


@settings(max_examples=40, deadline=None)
@given(setups(torch.float64), st.integers(1, 4), st.lists(st.integers(1, 6), max_size=3))
def test_projections_agree_with_the_loop(setup, projection, lengths):
    setup.kind, setup.unit, setup.projection = "lstm", max(setup.unit, projection + 1), projection
    if lengths:
        setup.unbatched, setup.lengths = False, tuple(lengths)
    compare(setup, 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_of_any_size_give_the_same(kind, monkeypatch):
    monkeypatch.setattr("rnnviz.recording.passes.CHUNK", 1)  # a chunk for each step
    compare(Setup(kind, layers=2, two=True, steps=9), 1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_total_gradients_are_the_finite_differences_of_the_loss(kind):
    """What one state is worth, by moving it: no autograd on this side."""
    setup = Setup(kind, steps=6, batch=1, unit=3, seed=3)
    torch.manual_seed(3)
    module, x = setup.build(), torch.randn(6, 1, 4, dtype=torch.float64)
    with record(module) as recording:
        module(x)[0][-1].square().sum().backward()
    node = recording.trace["rnn" if kind == "relu" else kind]
    hidden = node["hidden"].values[0, 0, 0]

    def loss_after(t, h):
        states = (
            (h[None, None], torch.as_tensor(node["cell"].values[0, 0, 0, t])[None, None])
            if kind == "lstm"
            else h[None, None]
        )
        with torch.no_grad():
            return module(x[t + 1 :], states)[0][-1].square().sum().item()

    for t in range(5):
        for unit in range(3):
            step = torch.zeros(3, dtype=torch.float64)
            step[unit] = 1e-6
            h = torch.as_tensor(hidden[t])
            slope = (loss_after(t, h + step) - loss_after(t, h - step)) / 2e-6
            assert node["hidden_grad"].values[0, 0, 0, t, unit] == pytest.approx(slope, abs=1e-8)
    np.testing.assert_array_equal(node["hidden_grad_direct"].values[0, 0, 0, :-1], 0.0)


def test_a_pass_can_be_gone_back_by_hand():
    """One unit, two steps of h = tanh(0.5 h): dL/dh_1 of L = h_2 is 0.5 (1 - h_2²)."""
    h = [0.8, np.tanh(0.4), np.tanh(0.5 * np.tanh(0.4))]
    one = Pass(
        "rnn",
        "tanh",
        torch.zeros(2, 1, 1),
        torch.tensor(h[1:]).float().view(2, 1, 1),
        (torch.tensor([[0.8]]),),
        Weights(torch.zeros(1, 1), torch.tensor([[0.5]])),
    )
    one, error = recover(one)
    assert error < 1e-6
    back = backpropagate(one, torch.tensor([0.0, 1.0]).view(2, 1, 1))
    assert back.total[0].item() == pytest.approx(0.5 * (1 - h[2] ** 2))
    assert back.initial[0].item() == pytest.approx(0.25 * (1 - h[2] ** 2) * (1 - h[1] ** 2))
