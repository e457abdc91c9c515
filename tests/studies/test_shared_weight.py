"""A loss sent back through one weight that all steps share; the oracle is torch, with a module of its own for each step."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz import stats
from rnnviz.models.networks import KINDS
from rnnviz.studies import shared_weight, tiny

TASK = shared_weight.reading("abracadabra")
CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


def total(scores, loss):
    losses = nn.functional.cross_entropy(scores, torch.tensor(TASK.targets), reduction="none")
    return losses[-1] if loss == "last" else losses.sum()


def unshared(model, kind, loss):
    """The gradient at W_hh of ten cells with the same weights, one a step: (time, row, column)."""
    cell = CELLS[kind](len(TASK.tokens), model.rnn.hidden_size).double()
    for name, weight in cell.named_parameters():
        weight.data.copy_(getattr(model.rnn, f"{name}_l0"))
    cells, state, states = [copy.deepcopy(cell) for _token in TASK.targets], None, []
    for x, own in zip(TASK.x.double()[0], cells, strict=True):
        state = own(x[None], state)
        states.append((state[0] if kind == "lstm" else state)[0])
    total(model.head(torch.stack(states)), loss).backward()
    return np.stack([own.weight_hh.grad.numpy() for own in cells])


@pytest.mark.parametrize("loss", shared_weight.LOSSES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("updates", [0, 20])
def test_the_steps_add_up_to_torchs_grad_and_each_is_the_gradient_of_a_copy(kind, loss, updates):
    model = shared_weight.network(TASK, kind, 3, seed=1, updates=updates)
    before = copy.deepcopy(model.state_dict())
    back = shared_weight.send_back(model, TASK, loss)
    assert all(weight.grad is None for weight in model.parameters())
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    parts = stats.gradients.weight_contributions(back.node)
    found = total(model(TASK.x.double())[0], loss)
    found.backward()
    assert back.loss == pytest.approx(found.item(), abs=1e-13)
    grad = model.rnn.weight_hh_l0.grad.numpy()
    np.testing.assert_array_equal(back.grad.values.reshape(grad.shape), grad)
    np.testing.assert_allclose(parts.sum("time").values.reshape(grad.shape), grad, rtol=0, atol=1e-14)
    copies = unshared(model, kind, loss)
    np.testing.assert_allclose(parts.values.reshape(copies.shape), copies, rtol=0, atol=1e-14)
    np.testing.assert_allclose(back.copies.values.reshape(copies.shape), copies, rtol=0, atol=1e-15)
    assert abs(grad).max() > 1e-4


@pytest.mark.parametrize("loss", shared_weight.LOSSES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_window_is_the_gradient_of_the_last_chunk_that_the_state_is_handed_to(kind, loss):
    model = shared_weight.network(TASK, kind, 3, seed=2)
    window = stats.gradients.weight_window(shared_weight.send_back(model, TASK, loss).node, 6, 9)
    x, wanted = TASK.x.double(), torch.tensor(TASK.targets[6:])
    with torch.no_grad():
        _output, state = model.rnn(x[:, :6])
    losses = nn.functional.cross_entropy(
        model.head(model.rnn(x[:, 6:], state)[0])[0], wanted, reduction="none"
    )
    (losses[-1] if loss == "last" else losses.sum()).backward()
    grad = model.rnn.weight_hh_l0.grad.numpy()
    np.testing.assert_allclose(window["kept"].values.reshape(grad.shape), grad, rtol=0, atol=1e-14)


def test_with_losses_sent_back_three_steps_each_the_gradient_is_another():
    """What the page says that the window is not."""
    model = shared_weight.network(TASK, "rnn", 3, seed=0)
    window = stats.gradients.weight_window(shared_weight.send_back(model, TASK, "all").node, 7, 9)
    each = np.zeros((3, 3))
    for step, target in enumerate(TASK.targets):
        first = max(0, step - 2)
        with torch.no_grad():
            state = model.rnn(TASK.x.double()[:, :first])[1] if first else None
        scores = model.head(model.rnn(TASK.x.double()[:, first : step + 1], state)[0])[0, -1]
        loss = nn.functional.cross_entropy(scores[None], torch.tensor([target]))
        each += torch.autograd.grad(loss, model.rnn.weight_hh_l0)[0].numpy()
    assert np.linalg.norm(each - window["kept"].values[0]) > 0.1 * np.linalg.norm(each)


def test_a_network_is_the_one_of_its_seed_and_learns_as_the_tiny_ones_do():
    model, plain = shared_weight.network(TASK, "gru", 3, 5, 10), tiny.build(TASK, "gru", 3, 5)
    for _step in tiny.train({"": plain}, TASK, 10):
        pass
    assert all(map(torch.equal, model.parameters(), plain.double().parameters()))
    losses = [
        shared_weight.send_back(shared_weight.network(TASK, "gru", 3, 5, n), TASK, "all").loss
        for n in (0, 10)
    ]
    assert losses[1] < losses[0]


def test_the_tokens_are_the_texts_own_letters():
    task = shared_weight.reading("가나가 나")
    assert task.tokens == (" ", "가", "나")
    assert task.sequences == (tuple("가나가 "),) and task.targets == (2, 1, 0, 2)


def test_what_cannot_be_is_said():
    for text in ("", "ab", "aaaa"):
        with pytest.raises(ValueError, match="need 3 letters or more, not all the same; got"):
            shared_weight.reading(text)
    with pytest.raises(ValueError, match="loss must be one of last, all; got 'first'"):
        shared_weight.send_back(shared_weight.network(TASK, "rnn", 2, 0), TASK, "first")
