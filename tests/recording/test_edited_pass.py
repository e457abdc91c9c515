"""Edits under gradients: what comes back is what autograd brings back through a hand-written loop with the same change."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnviz import Edit, record
from rnnviz.recording import cells
from rnnviz.recording.edits import FIELDS

MODULES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
EVERY = [(kind, field) for kind in MODULES for field in FIELDS[kind]]


def stepped(kind, x, weights, change, begin=None):
    """One sequence (time, input) through one pass, by hand; change(t, name, value) may replace each quantity. What it leaves, by
    name: a list over time, each quantity as a leaf of its own in the graph, so that it has a gradient; `on` as the next step
    is given it."""
    h, c = begin or (x.new_zeros(3), x.new_zeros(3))
    found = {"hidden": [], "on": [], "cell": []}
    for t, step in enumerate(x):
        edit = lambda name, value, t=t: change(t, name, value.clone())  # noqa: E731
        projection = nn.functional.linear(step, weights[0], weights[2])
        if kind == "lstm":
            gates = cells.lstm_gates(projection, h, weights[1], weights[3])
            i, f, g, o = (edit(name, value) for name, value in gates._asdict().items())
            c = edit("cell", f * c + i * g)
            h = o * c.tanh()
            found["cell"].append(c)
        elif kind == "gru":
            inner = nn.functional.linear(h, weights[1], weights[3]).chunk(3, -1)
            outer = projection.chunk(3, -1)
            r = edit("reset_gate", (outer[0] + inner[0]).sigmoid())
            z = edit("update_gate", (outer[1] + inner[1]).sigmoid())
            n = edit("candidate", (outer[2] + r * inner[2]).tanh())
            h = (1 - z) * n + z * h
        else:
            h = (projection + nn.functional.linear(h, weights[1], weights[3])).tanh()
        h = edit("hidden", h)
        found["hidden"].append(h)
        h = h.view_as(h)
        found["on"].append(h)
        for quantity in (h, found["hidden"][-1], *found["cell"][-1:]):
            if quantity.requires_grad:
                quantity.retain_grad()
    return found


def both(kind, module, x, lengths, change):
    """Two directions of one layer, each sequence by itself: the outputs (batch, time, 2 * unit) and what each pass left."""
    outputs, left = torch.zeros(len(lengths), max(lengths), 6, dtype=x.dtype), {}
    for row, length in enumerate(lengths):
        for direction, suffix in enumerate(("", "_reverse")):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            weights = [getattr(module, f"{name}_l0{suffix}") for name in names]
            own = x[:length, row]
            at = (lambda t, n=length: n - 1 - t) if direction else lambda t: t
            turned = own.flip(0) if direction else own
            left[row, direction] = found = stepped(
                kind,
                turned,
                weights,
                lambda t, name, value, at=at, d=direction, row=row: change(row, d, at(t), name, value),
            )
            hidden = torch.stack(found["hidden"])
            part = torch.zeros_like(outputs)
            part[row, :length, 3 * direction : 3 * direction + 3] = hidden.flip(0) if direction else hidden
            outputs = outputs + part
    return outputs, left


def gradients_of(found, name, direction):
    """(time, unit) of one pass, at the step of the text."""
    grads = [one.grad if one.grad is not None else torch.zeros_like(one) for one in found[name]]
    stacked = torch.stack(grads)
    return stacked.flip(0) if direction else stacked


@settings(max_examples=80, deadline=None)
@given(
    chosen=st.sampled_from(EVERY),
    direction=st.sampled_from([0, 1]),
    packed=st.booleans(),
    steps=st.sampled_from([None, [1], [0, 3], [4]]),
    doubled=st.booleans(),
    frozen=st.booleans(),
)
def test_gradients_are_those_of_an_explicit_loop(chosen, direction, packed, steps, doubled, frozen):
    kind, field = chosen
    torch.manual_seed(0)
    module = MODULES[kind](4, 3, bidirectional=True).double()
    x = torch.randn(6, 3, 4, dtype=torch.float64, requires_grad=True)
    for parameter in module.parameters():
        parameter.requires_grad_(not frozen)
    lengths = [4, 6, 5] if packed else [6, 6, 6]
    weigh = torch.randn(3, 6, 6, dtype=torch.float64)

    def change(row, d, t, name, value):
        if (d, name) == (direction, field) and row != 1 and (steps is None or t in steps):
            value[1] = value[1] * 0.5 if doubled else 0.25
        return value

    wanted, left = both(kind, module, x, lengths, change)
    loss = (weigh * wanted).sum()
    parameters = [p for p in module.parameters() if p.requires_grad]
    loss.backward()
    known = [one.grad for one in (x, *parameters)]

    value = (lambda now: now * 0.5) if doubled else 0.25
    side = ("forward", "backward")[direction]
    edit = Edit(field, value, units=1, steps=steps, batch=[0, 2], direction=side)
    with record(module, edit=edit) as recording:
        given_x = pack_padded_sequence(x, lengths, enforce_sorted=False) if packed else x
        output, _ = module(given_x)
        if packed:
            output, _ = pad_packed_sequence(output)
        loss = (weigh * output.transpose(0, 1)).sum()
        came = torch.autograd.grad(loss, [x, *parameters])
    torch.testing.assert_close(output.transpose(0, 1), wanted, atol=1e-12, rtol=0)
    for mine, theirs in zip(came, known, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-10, rtol=0)
    node = recording.trace[kind]
    for (row, d), found in left.items():
        at = {"batch": row, "direction": ("forward", "backward")[d], "layer": 0}
        own = lambda name, at=at: node[name].sel(at).transpose("time", "unit").values[: lengths[at["batch"]]]  # noqa: E731
        hidden, on = gradients_of(found, "hidden", d), gradients_of(found, "on", d)
        np.testing.assert_allclose(own("hidden_grad"), hidden, atol=1e-10)
        np.testing.assert_allclose(own("hidden_grad_direct"), hidden - on, atol=1e-10)
        if kind == "lstm":
            np.testing.assert_allclose(own("cell_grad"), gradients_of(found, "cell", d), atol=1e-10)


@pytest.mark.parametrize(("kind", "field"), EVERY)
def test_writing_back_changes_no_number_and_cuts_the_way_back(kind, field):
    torch.manual_seed(1)
    module, x = MODULES[kind](4, 3, 2), torch.randn(6, 2, 4, requires_grad=True)
    with record(module) as recording:
        plain, _ = module(x)
    value = recording.trace[kind][field].values[0, 0].swapaxes(0, 1)
    with record(module, edit=Edit(field, value)) as again:
        edited, _ = module(x)
        edited.sum().backward()
    assert torch.equal(plain, edited)
    np.testing.assert_array_equal(again.trace[kind][field], recording.trace[kind][field])
    if field == "hidden":  # nothing of the first layer can reach the loss but through what was written over
        assert not x.grad.any()
    assert np.abs(again.trace[kind]["hidden_grad"].values[0]).max() > 0


def test_what_a_function_holds_learns():
    """A direction that is added to a state at one step has the gradient of that state."""
    torch.manual_seed(2)
    module, x = nn.LSTM(4, 3).double(), torch.randn(6, 1, 4, dtype=torch.float64)
    push = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    with record(module, edit=Edit("hidden", lambda now: now + push, steps=2)) as recording:
        output, _ = module(x)
        output.square().sum().backward()
    np.testing.assert_allclose(
        push.grad, recording.trace["lstm"]["hidden_grad"].values[0, 0, 0, 2], atol=1e-12
    )
    value = torch.full((3,), 0.25, dtype=torch.float64, requires_grad=True)
    with record(module, edit=Edit("cell", value, steps=3)) as recording:
        output, _ = module(x)
        output.square().sum().backward()
    np.testing.assert_allclose(
        value.grad, recording.trace["lstm"]["cell_grad"].values[0, 0, 0, 3], atol=1e-12
    )


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("tracked", [False, True])
def test_several_calls_are_as_one(kind, tracked):
    torch.manual_seed(3)
    module = MODULES[kind](4, 3, 2).double()
    x = torch.randn(7, 2, 4, dtype=torch.float64)
    edit = Edit("hidden", 0.1, units=1, steps=[2, 4], layer=1)
    traces = []
    for parts in ([7], [3, 4]):
        with torch.set_grad_enabled(tracked), record(module, edit=edit) as recording:
            state, losses = None, []
            for part in x.split(parts):
                output, state = module(part, state)
                losses.append(output.square().sum())
            if tracked:
                sum(losses).backward()
        traces.append(recording.trace[kind])
    for name in ("hidden", *(("hidden_grad", "hidden_grad_direct") if tracked else ())):
        np.testing.assert_allclose(traces[0][name], traces[1][name], atol=1e-12, err_msg=name)


@pytest.mark.parametrize(("kind", "field"), EVERY)
@pytest.mark.parametrize("tracked", [False, True])
def test_a_cell_in_a_loop_of_the_callers_is_as_the_module(kind, field, tracked):
    torch.manual_seed(4)
    module = MODULES[kind](4, 3).double()
    cell = CELLS[kind](4, 3).double()
    with torch.no_grad():
        for own, other in zip(cell.parameters(), module.parameters(), strict=True):
            own.copy_(other)
    x = torch.randn(6, 2, 4, dtype=torch.float64)
    edit = Edit(field, 0.3, units=[0, 2], steps=[1, 4], batch=1)
    with torch.set_grad_enabled(tracked):
        with record(module, edit=edit) as one:
            output, _ = module(x)
            if tracked:
                output.square().sum().backward()
        with record(cell, edit=edit) as other:
            state = torch.zeros(2, 3, dtype=torch.float64)
            state, found = (state, state) if kind == "lstm" else state, []
            for step in x:
                state = cell(step, state)
                found.append(state[0] if kind == "lstm" else state)
            if tracked:
                torch.stack(found).square().sum().backward()
    torch.testing.assert_close(torch.stack(found), output, atol=1e-12, rtol=0)
    names = ("hidden_grad", "hidden_grad_direct", *(("cell_grad",) if kind == "lstm" else ()))
    for name in ("hidden", *(names if tracked else ())):
        np.testing.assert_allclose(other.trace[kind][name], one.trace[kind][name], atol=1e-12, err_msg=name)
    if tracked:
        for own, known in zip(cell.parameters(), module.parameters(), strict=True):
            torch.testing.assert_close(own.grad, known.grad, atol=1e-10, rtol=0)


def test_a_cell_that_is_given_back_what_it_had_is_the_very_cell():
    cell, x = nn.GRUCell(4, 3), torch.randn(2, 4)
    with torch.no_grad():
        plain = cell(x)
        with record(cell, edit=Edit("hidden", plain[None])):
            edited = cell(x)
    assert torch.equal(plain, edited)


def test_held_open_the_gradient_reaches_the_first_step_undiminished():
    """With f = 1, no way through the gates and no input from the second step on, dL/dc_0 = dL/dc_T."""
    torch.manual_seed(5)
    module, x = nn.LSTM(4, 3).double(), torch.randn(9, 1, 4, dtype=torch.float64)
    later = slice(1, None)
    edit = [
        Edit("forget_gate", 1.0, steps=later),
        Edit("input_gate", 0.0, steps=later),
        Edit("output_gate", 1.0, steps=8),
    ]
    with record(module, edit=edit) as recording:
        output, _ = module(x)
        output[-1].sum().backward()
    came = recording.trace["lstm"]["cell_grad"].values[0, 0, 0]
    np.testing.assert_allclose(came[1:], came[[-1]].repeat(8, 0), atol=1e-12)


def test_projections_and_layers_between_are_derived_too():
    torch.manual_seed(6)
    module, x = nn.LSTM(4, 5, 3, proj_size=2).double(), torch.randn(6, 2, 4, dtype=torch.float64)
    edit = Edit("hidden", lambda now: now * 1.0, layer=1)  # the same numbers, by way of the loop
    grads = []
    for one in ((), edit):
        module.zero_grad()
        with record(module, edit=one):
            output, _ = module(x)
            output.square().sum().backward()
        grads.append([parameter.grad.clone() for parameter in module.parameters()])
    for plain, edited in zip(*grads, strict=True):
        torch.testing.assert_close(edited, plain, atol=1e-12, rtol=0)


def test_under_autocast_an_edited_call_is_not_derived():
    module, x = nn.LSTM(4, 3), torch.randn(6, 2, 4)
    with (
        pytest.raises(NotImplementedError, match="record cannot derive an edited call under torch.autocast"),
        torch.autocast("cpu", torch.bfloat16),
        record(module, edit=Edit("hidden", 0.0)),
    ):
        module(x)
