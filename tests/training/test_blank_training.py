"""BlankFiller and its training: no state that is used has seen the word, padding changes nothing, a recipe decides all."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.models.networks import BlankFiller, parameter_count
from rnnviz.models.vocabularies import END_ID, START_ID
from rnnviz.training.corpora import Examples
from rnnviz.training.recipes import RECIPES, BlankRecipe
from rnnviz.training.trainings import begin
from tests.training.test_train import a_stop_changes_nothing

TEXTS = ["play a song by queen", "rate this book five", "play a film", "book a table for two", "rate a song"]
CORPUS = Examples(TEXTS * 3, [*TEXTS[:3], ""], TEXTS[2:], "a test", "none", "0", "by hand")
RECIPE = BlankRecipe("lstm", "snips", 6, True, embedding=4, at_least=1, steps=6, batch=3)
each_kind = pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
both = pytest.mark.parametrize("bidirectional", [True, False])


def small(kind="lstm", bidirectional=True):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return BlankFiller(kind, 9, 3, 4, bidirectional).eval()


def weights(training):
    return torch.cat([p.detach().flatten() for p in training.model.parameters()])


# the model


@each_kind
@both
def test_parameters_are_those_of_the_formula(kind, bidirectional):
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[kind]
    recurrent, heads = gates * 4 * (3 + 4 + 2), 9 * 4
    assert (
        parameter_count(small(kind, bidirectional)) == 9 * 3 + (1 + bidirectional) * (recurrent + heads) + 9
    )


@each_kind
@both
def test_scores_are_a_step_by_step_walk_from_both_ends(kind, bidirectional):
    model, ids = small(kind, bidirectional), [START_ID, 3, 4, 5, END_ID]
    cell_of = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[kind]
    with torch.no_grad():
        embedded = model.embedding(torch.tensor(ids))
        for place in range(3):
            score = model.left.bias.clone()
            sides = [("", range(place + 1), model.left)]
            if bidirectional:
                sides.append(("_reverse", range(4, place + 1, -1), model.right))
            for suffix, steps, head in sides:
                cell, state = cell_of(3, 4), None
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                    setattr(cell, name, getattr(model.rnn, f"{name}_l0{suffix}"))
                for t in steps:
                    state = cell(embedded[t : t + 1], state)
                hidden = state[0] if kind == "lstm" else state
                score += (hidden @ head.weight.T)[0]
            torch.testing.assert_close(model(torch.tensor([ids]))[0, place], score)


@each_kind
@both
def test_padding_changes_nothing(kind, bidirectional):
    model = small(kind, bidirectional)
    rows = torch.tensor([[1, 3, 4, 5, 6, 2], [1, 7, 8, 2, 5, 5]])  # whatever stands in the padding
    together = model(rows, torch.tensor([6, 4]))
    torch.testing.assert_close(together[:1], model(rows[:1]))
    torch.testing.assert_close(together[1:, :2], model(rows[1:, :4]))


def test_the_forward_model_ignores_the_right():
    model = small(bidirectional=False)
    one, two = (model(torch.tensor([[1, 3, 4, last, 2]]))[0] for last in (5, 8))
    assert torch.equal(one, two)  # every place but the last word's own, which nothing after it reads
    assert model.sides(torch.tensor([[1, 3, 2]]))[1] is None


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of rnn, gru, lstm; got 'mamba'"):
        BlankFiller("mamba", 9)


# its training


@both
def test_stopped_saved_and_resumed_is_never_stopped(tmp_path, bidirectional):
    a_stop_changes_nothing(replace(RECIPE, bidirectional=bidirectional), CORPUS, tmp_path / "a.pt")


def test_the_seed_decides_the_weights():
    def ended(**changed):
        training = begin(replace(RECIPE, **changed), CORPUS)
        list(training.run())
        return weights(training)

    assert torch.equal(ended(), ended())
    assert not torch.equal(ended(), ended(seed=2))


def test_the_first_loss_is_the_mean_over_the_known_words():
    training = begin(
        replace(RECIPE, dropout=0.0, unknown=0.0, at_least=5), CORPUS
    )  # so that some are unknown
    rows = np.random.default_rng([1, 0]).integers(len(training.parts["train"]), size=3)
    losses = []
    with torch.no_grad():
        for row in rows:
            ids = training.parts["train"][row]
            logs = training.model(torch.tensor([ids]))[0].log_softmax(-1)
            losses += [-logs[i, word].item() for i, word in enumerate(ids[1:-1]) if word]
    assert 0 < len(losses) < sum(len(training.parts["train"][row]) - 2 for row in rows)
    assert next(training.run())["loss"] == pytest.approx(np.mean(losses), rel=1e-5)


def test_words_are_known_from_as_many_on_as_the_recipe_says():
    # 'a' 12 times, four words 6 times, all others 3 times
    assert begin(replace(RECIPE, at_least=6), CORPUS).words.entries == ("a", "book", "play", "rate", "song")
    assert "queen" not in begin(replace(RECIPE, at_least=4), CORPUS).words.entries


def test_texts_without_a_word_are_left_out():
    assert len(begin(RECIPE, CORPUS).parts["validation"]) == 3


def test_accuracy_counts_the_known_words_named_first():
    training = begin(RECIPE, CORPUS)
    for module in (training.model.left, training.model.right):
        nn.init.zeros_(module.weight)
    nn.init.zeros_(training.model.left.bias)
    with torch.no_grad():
        training.model.left.bias[training.words.encode("a")[0]] = 1  # it says 'a' everywhere
    # "play a film", "book a table for two", "rate a song": 3 of 11 words
    assert training.accuracy("test") == training.accuracy("test", batch=1) == pytest.approx(300 / 11)
    assert begin(replace(RECIPE, at_least=9), CORPUS).accuracy("test") in (
        0,
        100,
    )  # 'a' alone is known, asked 3 times


def test_hidden_words_are_asked_for_all_the_same():
    """With all words hidden behind the unknown one the loss is still that of the words."""
    training = begin(replace(RECIPE, unknown=1.0), CORPUS)
    assert next(training.run())["loss"] == pytest.approx(math.log(len(training.words)), rel=0.2)


def test_it_learns_a_handful_of_sentences_by_heart():
    recipe = replace(
        RECIPE, hidden=16, embedding=8, steps=150, batch=5, dropout=0.0, unknown=0.0, learning_rate=2e-2
    )
    few = replace(CORPUS, train=TEXTS, validation=TEXTS, test=TEXTS)
    training = begin(recipe, few)
    losses = [measured["loss"] for measured in training.run()]
    card = training.described()
    assert losses[-1] < losses[0] / 3
    assert card["scores"]["test"] == card["scores"]["validation"] > 70
    assert card["words"]["tokens"] == list(training.words.entries)
    assert card["model"]["vocabulary"] == len(training.words)


def test_the_two_recipes_differ_by_the_direction_and_the_width_that_pays_for_it():
    forward, two = RECIPES["blank-forward"], RECIPES["blank-both"]
    assert replace(forward, bidirectional=True, hidden=two.hidden) == two
    counts = [
        parameter_count(BlankFiller(r.kind, 2200, r.embedding, r.hidden, r.bidirectional))
        for r in (forward, two)
    ]
    assert max(counts) <= 1.05 * min(counts)
