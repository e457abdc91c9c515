"""A classifier's verdict is read from its states, each prefix as if the text had ended there; its dropout keeps one mask."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from rnnviz.models.networks import READOUTS, Classifier
from rnnviz.training.corpora import Examples
from rnnviz.training.recipes import SentimentRecipe
from rnnviz.training.trainings import begin
from tests.training.test_train import a_stop_changes_nothing

IDS, LENGTHS = torch.tensor([[3, 4, 5, 2], [5, 1, 0, 0]]), torch.tensor([4, 2])
each_readout = pytest.mark.parametrize("readout", READOUTS)
each_kind = pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
REVIEWS = [("good film", 1), ("bad film", 0), ("good good plot", 1), ("a bad bad end", 0)]
DATA = Examples(REVIEWS * 3, REVIEWS, REVIEWS, "", "", "0", "")
RECIPE = SentimentRecipe("gru", "rt_polarity", "words", hidden=6, embedding=4, steps=6, batch=4, at_least=1)


def classifier(kind="gru", readout="last", **more):
    torch.manual_seed(1)
    return Classifier(kind, 6, 3, 4, readout, **more).eval()


@each_readout
@each_kind
def test_padding_changes_no_verdict(kind, readout):
    model = classifier(kind, readout)
    alone = torch.cat([model(row[:length][None]) for row, length in zip(IDS, LENGTHS, strict=True)])
    torch.testing.assert_close(model(IDS, LENGTHS), alone)


@each_readout
def test_the_verdict_after_each_step_is_that_of_the_text_up_to_it(readout):
    model = classifier("lstm", readout)
    states = model.states(model.embedding(IDS[:1]))[0]
    wanted = torch.cat([model(IDS[:1, : t + 1]) for t in range(4)])
    torch.testing.assert_close(model.verdicts(states), wanted)


def test_readouts_by_hand():
    states, valid = torch.arange(6.0).view(1, 3, 2), torch.tensor([[True, True, False]])
    assert classifier().weights(states, valid).tolist() == [[0, 1, 0]]
    assert classifier(readout="mean").weights(states, valid).tolist() == [[0.5, 0.5, 0]]


def test_the_same_units_are_dropped_at_every_step():
    model = Classifier("rnn", 6, 50, 4, dropout=0.5).train()
    seen = []
    model.rnn.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    model(torch.full((2, 5), 3))
    dropped = seen[0] == 0
    assert dropped.any() and (dropped == dropped[:, :1]).all() and not torch.equal(dropped[0], dropped[1])


@each_kind
def test_recurrent_dropout_lays_one_mask_on_what_the_gates_read_of_the_state_before(kind):
    model = classifier(kind, recurrent_dropout=0.5).train()
    torch.manual_seed(5)
    states = model.states(model.embedding(IDS))
    torch.manual_seed(5)
    mask = nn.functional.dropout(torch.ones(1, 4), 0.5)
    model.rnn.weight_hh_l0.data *= mask
    torch.testing.assert_close(states, model.rnn(model.embedding(IDS))[0])


@pytest.mark.parametrize(
    ("changed", "words"), [({"kind": "mamba"}, "kind must be"), ({"readout": "max"}, "readout must be")]
)
def test_a_classifier_that_makes_no_sense_is_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        Classifier(**({"kind": "gru", "vocabulary": 6} | changed))


def test_it_learns_four_reviews_and_its_card_has_the_baseline_beside_it():
    training = begin(replace(RECIPE, steps=60, learning_rate=6e-2, dropout=0.0, recurrent_dropout=0.0), DATA)
    list(training.run())
    card = training.described()
    assert card["scores"] == {"validation": 100.0, "test": 100.0}
    assert card["baseline"]["scores"] == {"validation": 100.0, "test": 100.0}


def test_a_classifier_stopped_saved_and_resumed_is_never_stopped(tmp_path):
    a_stop_changes_nothing(RECIPE, DATA, tmp_path / "a.pt")
