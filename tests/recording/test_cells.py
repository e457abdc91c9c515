"""One step against torch's own cells, all steps against one step, and the scan against the loop."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz.recording import cells


def arguments(cell):
    return cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_rnn_step_is_torchs(nonlinearity, bias):
    cell = nn.RNNCell(3, 4, bias, nonlinearity, dtype=torch.float64)
    x, h = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    torch.testing.assert_close(cells.rnn_step(x, h, *arguments(cell), nonlinearity), cell(x, h))


@pytest.mark.parametrize("bias", [True, False])
def test_lstm_step_is_torchs(bias):
    cell = nn.LSTMCell(3, 4, bias, dtype=torch.float64)
    x, h, c = (torch.randn(2, n, dtype=torch.float64) for n in (3, 4, 4))
    hidden, cell_state, _ = cells.lstm_step(x, h, c, *arguments(cell))
    torch.testing.assert_close((hidden, cell_state), cell(x, (h, c)))


@pytest.mark.parametrize("bias", [True, False])
def test_gru_step_is_torchs(bias):
    cell = nn.GRUCell(3, 4, bias, dtype=torch.float64)
    x, h = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    torch.testing.assert_close(cells.gru_step(x, h, *arguments(cell))[0], cell(x, h))


def test_lstm_rows_are_i_f_g_o():
    rows = torch.tensor([0.0, 20.0, -20.0, -20.0])  # one unit: i half open, f open, g -1, o shut
    gates = cells.lstm_gates(rows, torch.zeros(1), torch.zeros(4, 1))
    assert torch.stack(gates).flatten().round(decimals=3).tolist() == [0.5, 1.0, -1.0, 0.0]


def test_an_update_gate_of_one_keeps_the_state():
    hidden, gates = cells.gru_step(
        torch.ones(1), torch.tensor([0.3]), torch.tensor([[0.0], [50.0], [5.0]]), torch.zeros(3, 1)
    )
    assert gates.update_gate.item() == 1.0
    assert hidden.item() == pytest.approx(0.3)


def test_scan_of_three_steps_by_hand():
    decay, drive = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([1.0, 1.0, 7.0])
    assert cells.scan(decay, drive, torch.tensor(2.0)).tolist() == [2.0, 2.0, 7.0]


@settings(max_examples=60, deadline=None)
@given(steps=st.integers(0, 70), width=st.integers(0, 3), seed=st.integers(0, 2**31))
def test_scan_is_the_loop_and_leaves_its_inputs_alone(steps, width, seed):
    generator = torch.Generator().manual_seed(seed)
    decay, drive = torch.rand(2, steps, 2, width, dtype=torch.float64, generator=generator)
    initial = torch.randn(2, width, dtype=torch.float64, generator=generator)
    before = decay.clone(), drive.clone(), initial.clone()
    came = cells.scan(decay, drive, initial)
    state, loop = initial, []
    for a, b in zip(decay, drive, strict=True):
        state = a * state + b
        loop.append(state)
    torch.testing.assert_close(came, torch.stack(loop) if loop else drive, rtol=1e-13, atol=1e-13)
    assert all(torch.equal(a, b) for a, b in zip(before, (decay, drive, initial), strict=True))
