"""The two models that fill a blank are what their cards say, cost the same, and the one that reads both sides is ahead."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.networks import parameter_count
from rnnviz.models.vocabularies import END_ID, START_ID
from rnnviz.studies import filling
from rnnviz.training import recipes
from rnnviz.ui.rooms.blank import page

NAMES = ("blank-forward", "blank-both")


@pytest.fixture
def shipped(monkeypatch):
    """Opens what lies in the project's own folder."""
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS", raising=False)
    return checkpoints.load


def filled(shipped, name, example):
    """What the model says at the blank of an example: probabilities by word, and the word that was left out."""
    model, card = shipped(name)
    words, (text, place) = checkpoints.words(card), page.EXAMPLES[example]
    found, _trace = filling.fill(model, [START_ID, *words.encode(text), END_ID])
    shares = np.exp(found["log_probability"].values[place])
    return dict(zip(words.tokens, shares, strict=True)), text.split()[place]


def test_both_are_listed(shipped):
    assert set(NAMES) <= set(checkpoints.names(task="blank"))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_what_its_card_says(shipped, name):
    model, card = shipped(name)
    assert card["parameters"] == parameter_count(model)
    assert (model.right is not None) is (name == "blank-both")
    assert card["command"].startswith(f"python -m rnnviz train {name}")
    assert card["recipe"] == asdict(recipes.RECIPES[name])
    assert card["data"]["licence"] == "CC0 1.0"
    for text in ("source", "split"):
        assert card["data"][text].strip()
    assert len(card["data"]["sha256"]) == len(card["sha256"]) == 64
    for part in ("validation", "test"):
        assert 0 < card["scores"][part] < 100


def test_they_cost_the_same_and_learned_from_the_same(shipped):
    cards = [shipped(name)[1] for name in NAMES]
    counts = [card["parameters"] for card in cards]
    assert max(counts) <= 1.05 * min(counts)
    assert cards[0]["data"] == cards[1]["data"] and cards[0]["words"] == cards[1]["words"]


def test_the_future_helps_on_sentences_that_neither_has_seen(shipped):
    forward, both = (shipped(name)[1]["scores"] for name in NAMES)
    for part in ("validation", "test"):
        assert both[part] > forward[part] + 5


@pytest.mark.parametrize("text", [text for text, _place in page.EXAMPLES.values()])
def test_the_models_know_every_word_of_the_examples(shipped, text):
    for name in NAMES:
        assert checkpoints.words(shipped(name)[1]).unknown(text) == []


@pytest.mark.parametrize("example", ["weather", "film", "first"])
def test_where_the_right_side_decides_only_the_model_that_reads_it_is_sure(shipped, example):
    (forward, word), (both, _word) = (filled(shipped, name, example) for name in NAMES)
    assert max(both, key=both.get) == word and both[word] > 0.8
    assert both[word] > forward[word] + 0.4


def test_the_same_beginning_gives_the_forward_model_the_same_answer(shipped):
    (forecast, _word), (schedule, _word) = (filled(shipped, NAMES[0], e) for e in ("weather", "film"))
    assert forecast == pytest.approx(schedule, rel=1e-5)


def test_where_the_left_side_decides_both_are_sure(shipped):
    for name in NAMES:
        shares, word = filled(shipped, name, "before")
        assert shares[word] > 0.8


def test_a_models_probabilities_sum_to_one(shipped):
    for name in NAMES:
        model, card = shipped(name)
        ids = [START_ID, *checkpoints.words(card).encode("play a song"), END_ID]
        with torch.inference_mode():
            torch.testing.assert_close(model(torch.tensor([ids])).softmax(-1).sum(-1), torch.ones(1, 3))


def test_the_verb_of_an_example_is_known_and_decided_by_what_comes_after_it(shipped):
    _model, card = shipped("blank-both")
    assert checkpoints.words(card).unknown(page.EXAMPLES["verb"][0]) == []
    (left, own), (both, _own) = (filled(shipped, name, "verb") for name in NAMES)
    assert own == "add" and left["add"] < 0.2 and both["add"] > 0.9 and max(both, key=both.get) == "add"
