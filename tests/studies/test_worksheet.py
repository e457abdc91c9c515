"""The numbers of the worksheet, beside torch's own modules."""

import pytest
import torch
from torch import nn

from rnnviz.studies import worksheet


def test_an_rnn_learns_one_bias_for_each_unit_less_than_torch_holds():
    held = sum(weights.numel() for weights in nn.RNN(2, 3).parameters())
    assert worksheet.parameters(2, 3) == held - 3


def test_states_are_those_of_torch():
    module = nn.RNN(1, 1, dtype=torch.float64)
    with torch.no_grad():
        for weights, value in zip(module.parameters(), (1.0, 0.5, 0.0, 0.0), strict=True):
            weights.fill_(value)
        states = module(torch.tensor([[1.0], [0.0], [0.0]], dtype=torch.float64))[0]
    assert worksheet.states(0.5, (1, 0, 0)) == pytest.approx(states.ravel().tolist())


def test_a_cell_and_a_gru_keep_what_their_gates_say():
    assert worksheet.cell(2, 0.5, 1, -0.5) == 0.5
    assert worksheet.cell(2, 1, 0, -0.5) == 2
    assert (
        worksheet.gru(1, 1, -1) == 1 and worksheet.gru(1, 0, -1) == -1 and worksheet.gru(1, 0.75, -1) == 0.5
    )


def test_a_half_life_halves():
    assert 0.9 ** worksheet.half_life(0.9) == pytest.approx(0.5)


def test_what_is_left_is_the_product():
    assert worksheet.left(0.8, 20) == pytest.approx(torch.full((20,), 0.8, dtype=torch.float64).prod().item())


def test_attention_is_softmax_and_its_sum():
    weights, context = worksheet.attention((2, 1, 0), (1, 0, -1))
    wanted = torch.softmax(torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64), 0)
    assert weights == pytest.approx(wanted.tolist())
    assert context == pytest.approx(float(wanted[0] - wanted[2]))


def test_clipping_is_that_of_torch():
    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.tensor([12.0])
    nn.utils.clip_grad_norm_([weight], 3)
    assert worksheet.clipped(12, 3) == pytest.approx(weight.grad.item() / 12, rel=1e-5)
