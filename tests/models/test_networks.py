"""The shipped models are stock torch modules with an embedding before and a head after them."""

import pytest
import torch
from torch import nn

from rnnviz.models.networks import LanguageModel, Translator, log_probabilities, parameter_count, reading

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


# the translator

SOURCE, TARGET = torch.tensor([[3, 4, 5], [6, 3, 0]]), torch.tensor([[1, 4, 5, 2], [1, 3, 2, 0]])
LENGTHS = torch.tensor([3, 2])


def translator(kind="gru", **more):
    torch.manual_seed(1)
    return Translator(kind, 7, 6, 3, 4, **more).eval()


def by_hand(model, source, target):
    """Luong et al. 2015, equations 3 to 6, one step after the other, for one sentence: (query, target)."""
    memory, state = model.encoder(model.source_embedding(source)[None])
    start = tuple(s.reshape(1, 1, 4) for s in state) if isinstance(state, tuple) else state.reshape(1, 1, 4)
    rows = []
    for token in target:
        out, start = model.decoder(model.target_embedding(token)[None, None], start)
        s = out[0, 0]
        weights = torch.stack([s @ h for h in memory[0]]).softmax(0)
        context = sum(w * h for w, h in zip(weights, memory[0], strict=True))
        rows.append(model.head((model.combine.weight @ torch.cat((context, s))).tanh()))
    return torch.stack(rows)


@each_kind
def test_a_translator_does_what_the_paper_says(kind):
    model = translator(kind)
    for source, length, target, scores in zip(
        SOURCE, LENGTHS, TARGET, model(SOURCE, LENGTHS, TARGET), strict=True
    ):
        torch.testing.assert_close(scores, by_hand(model, source[:length], target))


@each_kind
@pytest.mark.parametrize(
    "more", [{}, {"layers": 2}, {"bidirectional": False}, {"attention": None}, {"attention": "additive"}]
)
def test_padding_changes_nothing_for_any_shape(kind, more):
    model = translator(kind, **more)
    alone = model(SOURCE[1:, :2], None, TARGET[1:])
    longer = torch.nn.functional.pad(SOURCE, (0, 3), value=5)  # whatever stands in the padding
    torch.testing.assert_close(model(longer, LENGTHS, TARGET)[1:], alone)


def test_the_twin_differs_by_the_attention_alone():
    pair = translator(), translator(attention=None)
    shapes = [{name: tuple(p.shape) for name, p in model.named_parameters()} for model in pair]
    assert shapes[0].pop("combine.weight") == (4, 8) and shapes[1].pop("combine.weight") == (4, 4)
    assert shapes[0] == shapes[1]


def test_without_attention_the_memory_is_not_read():
    model = translator(attention=None)
    memory, state = model.read(SOURCE)
    before = model.write(TARGET, state, memory)[0]
    assert torch.equal(model.write(TARGET, state, memory * 0)[0], before)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "mamba"}, "one of rnn, gru, lstm"),
        ({"hidden": 5}, "must be even"),
        ({"attention": "cosine"}, "one of dot"),
    ],
)
def test_a_translator_that_makes_no_sense_is_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        Translator(**({"kind": "gru", "source": 7, "target": 6, "embedding": 3, "hidden": 4} | changed))


def test_reading_ends_in_the_mode_that_was_also_when_it_raises():
    model = translator().train()
    with pytest.raises(ZeroDivisionError), reading(model):
        assert not model.training
        _ = 1 / 0
    assert model.training
