"""The shipped models are stock torch modules with an embedding before and a head after them."""

import pytest
import torch
from torch import nn

from rnnviz.models import LanguageModel, log_probabilities, parameter_count

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
each_kind = pytest.mark.parametrize("kind", GATES)


def small(kind, **more):
    torch.manual_seed(1)
    return LanguageModel(kind, vocabulary=7, embedding=3, hidden=4, **more)


@each_kind
def test_parameters_are_those_of_the_formula(kind):
    first, second = GATES[kind] * 4 * (3 + 4 + 2), GATES[kind] * 4 * (4 + 4 + 2)
    assert parameter_count(small(kind)) == 7 * 3 + first + second + (4 + 1) * 7


@each_kind
def test_scores_are_those_of_the_stock_modules(kind):
    model = small(kind).eval()
    ids = torch.randint(7, (2, 5))
    stock = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](3, 4, 2, batch_first=True)
    stock.load_state_dict(model.rnn.state_dict())
    hidden, final = stock(nn.functional.embedding(ids, model.embedding.weight))
    scores, state = model(ids)
    torch.testing.assert_close(scores, hidden @ model.head.weight.T + model.head.bias)
    torch.testing.assert_close(state, final)


@each_kind
def test_reading_in_two_halves_is_reading_at_once(kind):
    model = small(kind).eval()
    ids = torch.randint(7, (2, 6))
    whole, _ = model(ids)
    first, state = model(ids[:, :4])
    second, _ = model(ids[:, 4:], state)
    torch.testing.assert_close(torch.cat((first, second), 1), whole)


@each_kind
def test_each_row_is_a_distribution_that_knows_nothing_of_what_follows(kind):
    model = small(kind)
    rows = log_probabilities(model, [1, 2, 3, 4])
    torch.testing.assert_close(rows.exp().sum(-1), torch.ones(4))
    torch.testing.assert_close(log_probabilities(model, [1, 2, 6, 0])[:2], rows[:2])


@pytest.mark.parametrize("training", [True, False])
def test_log_probabilities_have_no_dropout_and_leave_the_mode(training):
    model = small("lstm", dropout=0.9).train(training)
    before = torch.get_rng_state()
    assert torch.equal(log_probabilities(model, [1, 2, 3]), log_probabilities(model, [1, 2, 3]))
    assert model.training is model.rnn.training is training
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_of_one_layer_does_not_warn():
    assert small("gru", layers=1, dropout=0.5).rnn.dropout == 0


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of rnn, gru, lstm; got 'transformer'"):
        LanguageModel("transformer", 7)
