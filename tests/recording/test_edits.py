"""An edit changes what it names and all that follows from it, and nothing else."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz import Edit, record
from rnnviz.recording import cells
from rnnviz.recording.edits import FIELDS

MODULES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def outputs(result):
    output, final = result
    output = output.data if isinstance(output, nn.utils.rnn.PackedSequence) else output
    return (output, *final) if isinstance(final, tuple) else (output, final)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([*MODULES]),
    data=st.data(),
    layer=st.integers(0, 1),
    direction=st.sampled_from(["forward", "backward"]),
    packed=st.booleans(),
    steps=st.sampled_from([None, 2, [0, 3], slice(1, 4)]),
    units=st.sampled_from([None, 1, [0, 2]]),
)
def test_writing_back_what_was_recorded_changes_nothing(kind, data, layer, direction, packed, steps, units):
    field = data.draw(st.sampled_from(FIELDS[kind]))
    torch.manual_seed(0)
    module, x = MODULES[kind](4, 3, 2, bidirectional=True), torch.randn(6, 3, 4)
    if packed:
        x = nn.utils.rnn.pack_padded_sequence(x, [4, 6, 5], enforce_sorted=False)
    with torch.no_grad():
        with record(module) as recording:
            plain = outputs(module(x))
        found = recording.trace[kind][field].sel(layer=layer, direction=direction)
        chosen = [1] if units == 1 else slice(None) if units is None else units
        at = [2] if steps == 2 else slice(None) if steps is None else steps
        value = np.nan_to_num(found.transpose("time", "batch", "unit").values[at][:, :, chosen])
        with record(module, edit=Edit(field, value, units, steps, layer=layer, direction=direction)) as again:
            edited = outputs(module(x))
    assert all(torch.equal(a, b) for a, b in zip(plain, edited, strict=True))
    np.testing.assert_array_equal(again.trace[kind][field], recording.trace[kind][field])


@pytest.mark.parametrize("kind", ["gru", "lstm"])
@pytest.mark.parametrize(("steps", "batch"), [(11, 1), (12, 1), (5, 3), (9, 8)])
@pytest.mark.parametrize("cell", [False, True])
def test_writing_back_across_many_calls_changes_nothing(kind, steps, batch, cell):
    """The gates of short calls are recovered in one go, and those of a call that is edited alone: both to the same last digit."""
    torch.manual_seed(0)
    module = {"gru": (nn.GRU, nn.GRUCell), "lstm": (nn.LSTM, nn.LSTMCell)}[kind][cell](20, 48)
    x = torch.randn(steps, batch, 20)

    def run():
        state, found = None, []
        for t in range(steps):
            state = module(x[t], state) if cell else module(x[t : t + 1], state)[1]
            found.append(state if torch.is_tensor(state) else state[0])
        return torch.stack(found)

    with torch.no_grad():
        with record(module) as recording:
            plain = run()
        node = next(one for one in recording.trace.subtree if "hidden" in one)
        for field in FIELDS[kind]:
            value = node[field].values[0, 0].transpose(1, 0, 2).copy()
            with record(module, edit=Edit(field, value)) as again:
                assert torch.equal(run(), plain), field
            same = next(one for one in again.trace.subtree if "hidden" in one)
            for name in FIELDS[kind]:
                np.testing.assert_array_equal(same[name], node[name])


def loop(kind, module, x, change):
    """Two layers, step by step; change(layer, t, name, value) may replace each quantity."""
    below, found = list(x), []
    for layer in range(2):
        weights = [
            getattr(module, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]
        h = c = torch.zeros(x.shape[1], 3, dtype=x.dtype)
        states = []
        for t, step in enumerate(below):
            edit = lambda name, value, t=t, layer=layer: change(layer, t, name, value.clone())  # noqa: E731
            projection = torch.nn.functional.linear(step, weights[0], weights[2])
            if kind == "lstm":
                gates = cells.lstm_gates(projection, h, weights[1], weights[3])
                gates = cells.LSTMGates(**{n: edit(n, v) for n, v in gates._asdict().items()})
                c = edit("cell", gates.forget_gate * c + gates.input_gate * gates.candidate)
                h = cells.lstm_hidden(gates, c)
            elif kind == "gru":
                inner = torch.nn.functional.linear(h, weights[1], weights[3]).chunk(3, -1)
                outer = projection.chunk(3, -1)
                r = edit("reset_gate", (outer[0] + inner[0]).sigmoid())
                z = edit("update_gate", (outer[1] + inner[1]).sigmoid())
                n = edit("candidate", (outer[2] + r * inner[2]).tanh())  # of the edited r
                h = (1 - z) * n + z * h
            else:
                h = cells.rnn_states(projection, h, weights[1], weights[3])
            h = edit("hidden", h)
            states.append(h)
        found.append(torch.stack(states))
        below = states
    return found


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind in MODULES for field in FIELDS[kind]])
@pytest.mark.parametrize("steps", [2, [1, 2, 5], slice(3, None), None])
def test_all_that_follows_is_as_in_a_loop_with_the_same_change(kind, field, steps):
    torch.manual_seed(1)
    module = MODULES[kind](4, 3, 2).double()
    x = torch.randn(7, 2, 4, dtype=torch.float64)
    every = (
        range(7)
        if steps is None
        else [2]
        if steps == 2
        else steps
        if isinstance(steps, list)
        else range(3, 7)
    )

    def change(layer, t, name, value):
        if (layer, name) == (0, field) and t in every:
            value[1, 2] = 0.25
        return value

    with torch.no_grad():
        wanted = loop(kind, module, x, change)
        with record(module, edit=Edit(field, 0.25, units=2, steps=steps, batch=1)) as recording:
            output, _ = module(x)
    node = recording.trace[kind]
    for layer in range(2):
        came = node["hidden"].values[layer, 0].swapaxes(0, 1)
        np.testing.assert_allclose(came, wanted[layer], atol=1e-12)
    np.testing.assert_allclose(output, wanted[1], atol=1e-12)
    edited = node[field].values[0, 0, 1, list(every), 2]
    np.testing.assert_array_equal(edited, 0.25)
    assert "units 2" in node.attrs["edits"]


def test_an_edit_may_be_a_function_and_reach_over_several_calls():
    module, x = nn.GRU(4, 3), torch.randn(6, 1, 4)
    with (
        torch.no_grad(),
        record(module, edit=[Edit("hidden", lambda h: h.clamp(-0.01, 0.01), steps=[1, 4])]) as recording,
    ):
        _, h = module(x[:3])
        module(x[3:], h)
    hidden = np.abs(recording.trace["gru"]["hidden"].values[0, 0, 0])
    assert hidden[[1, 4]].max() <= np.float32(0.01)
    assert hidden[[0, 2, 3, 5]].max() > 0.01


def test_an_edit_of_the_backward_direction_stands_at_the_token_it_names():
    module, x = nn.LSTM(4, 3, bidirectional=True), torch.randn(6, 1, 4)
    with torch.no_grad():
        with record(module) as plain:
            module(x)
        with record(module, edit=Edit("cell", 0.0, steps=4, direction="backward")) as edited:
            module(x)
    change = (edited.trace["lstm"]["hidden"] - plain.trace["lstm"]["hidden"]).values[0, :, 0]
    assert not change[0].any()
    assert (np.abs(change[1]).max(1) > 0).tolist() == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            Edit("forget_gate", 0.0),
            "edit of 'gru', forget_gate: wanted one of reset_gate, update_gate, candidate, hidden",
        ),
        (Edit("hidden", 0.0, units=3), "'gru', hidden: unit 3 is not there; wanted 0 to 2"),
        (Edit("hidden", 0.0, steps=9), "'gru', hidden: step 9 is not there; wanted 0 to 5"),
        (Edit("hidden", 0.0, steps=-1), "step -1 is not there; steps are counted from 0"),
        (Edit("hidden", 0.0, layer=1), "layer came as 1; wanted 0 to 0"),
        (Edit("hidden", 0.0, direction="backward"), "direction came as 'backward'; wanted one of forward"),
        (
            Edit("hidden", [1.0, 2.0]),
            r"value came with shape \(2,\); wanted \(6, 1, 3\) \(step, batch, unit\)",
        ),
        (Edit("hidden", 0.0, module="decoder"), "edit of 'decoder', hidden: wanted module= one of ''"),
    ],
)
def test_an_edit_of_what_is_not_there_is_refused_in_one_line(edit, message):
    module = nn.GRU(4, 3)
    with pytest.raises(ValueError, match=message):
        with torch.no_grad(), record(module, edit=edit) as recording:
            module(torch.randn(6, 1, 4))
        _ = recording.trace


def test_what_the_caller_does_to_an_edited_output_is_not_in_the_trace():
    module, x = nn.GRU(4, 3), torch.randn(6, 1, 4)
    with torch.no_grad(), record(module, edit=Edit("hidden", 0.3, units=1, steps=2)) as recording:
        output, _ = module(x)
        kept = output.clone()
        output.zero_()
    np.testing.assert_array_equal(recording.trace["gru"]["hidden"].values[0, 0, 0], kept[:, 0])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"units": [True, False, True]}, "unit came as a mask; wanted the whole numbers at which it is true"),
        ({"units": 1.7}, "unit came as 1.7; wanted whole numbers"),
        ({"value": None}, "value came as None; wanted a number, an array or a function"),
        ({"value": lambda now: torch.zeros(7)}, r"the function gave shape \(7,\); wanted \(1, 3\)"),
    ],
)
def test_an_edit_that_cannot_be_read_is_refused_in_one_line(more, message):
    module = nn.GRU(4, 3)
    with (
        pytest.raises(ValueError, match=message),
        torch.no_grad(),
        record(module, edit=Edit(**{"field": "hidden", "value": 0.0} | more)),
    ):
        module(torch.randn(6, 1, 4))


def test_numbers_of_numpy_name_units_too():
    module, x = nn.GRU(4, 3), torch.randn(6, 1, 4)
    with (
        torch.no_grad(),
        record(module, edit=Edit("hidden", 0.0, units=np.int64(1), steps=np.array([2, 3]))) as recording,
    ):
        module(x)
    assert (recording.trace["gru"]["hidden"].values[0, 0, 0] == 0).sum() == 2
