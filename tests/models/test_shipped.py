"""The models that are shipped: each is what its card says."""

import json
import math
import unicodedata
from dataclasses import asdict

import pytest
import torch
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.models.decoding import greedy_many
from rnnviz.models.networks import log_probabilities, parameter_count
from rnnviz.training import corpora, recipes

SHIPPED = ("shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm", "python-lstm")
KOREAN = ("korean-rnn", "korean-gru", "korean-lstm")
REST = {
    "parameters": 1,
    "scores": {"validation": 1.0, "test": 1.0},
    "scores_unit": "nats",
    "data": {"source": "a test", "licence": "none", "characters": {"train": 9, "validation": 9, "test": 9}},
    "command": "-",
}
PLAIN = "어제 친구와 함께 영화를 봤다. 처음에는 조금 지루했지만 끝까지 보고 나니 정말 좋았다.\n"
GROWING = ("growing-rnn", "growing-gru", "growing-lstm")


@pytest.fixture
def shipped(monkeypatch):
    """Opens what lies in the project's own folder."""
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS", raising=False)
    return checkpoints.load


@pytest.mark.parametrize("name", SHIPPED + KOREAN)
def test_a_shipped_model_is_what_its_card_says(shipped, name):
    model, card = shipped(name)
    assert card["name"] == name
    assert card["parameters"] == parameter_count(model) < 1_000_000
    assert card["model"]["kind"] == name.split("-")[1]
    for text in ("source", "licence", "split"):
        assert card["data"][text].strip()
    assert len(card["data"]["sha256"]) == len(card["sha256"]) == 64
    assert sum(card["data"]["characters"].values()) > (700_000 if name in KOREAN else 1_000_000)
    assert not any(str(part).startswith(("/", "~")) for part in card["data"].values())


@pytest.mark.parametrize("name", SHIPPED + KOREAN)
def test_a_shipped_model_can_be_made_again_by_its_command(shipped, name):
    _, card = shipped(name)
    assert card["command"] == f"python -m rnnviz train {name}"
    assert card["recipe"] == asdict(recipes.RECIPES[name])
    assert card["recipe"]["seed"] >= 0 and card["recipe"]["steps"] > 0


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_reads(shipped, name):
    model, card = shipped(name)
    vocabulary = checkpoints.vocabulary(card)
    rows = log_probabilities(model, vocabulary.encode("the of the"))
    torch.testing.assert_close(rows.exp().sum(-1), torch.ones(10))
    assert vocabulary.decode([rows[8].argmax()]) == "e"  # after "the of th"
    for part in ("validation", "test"):
        assert 0.5 < card["scores"][part] < math.log(len(vocabulary)) / 2


@pytest.mark.parametrize("name", SHIPPED + KOREAN)
def test_a_shipped_model_has_its_principal_components(shipped, name):
    _, card = shipped(name)
    with xr.open_dataset(checkpoints.components_path(name), engine="h5netcdf") as components:
        assert dict(components["axis"].sizes) == {
            "layer": card["model"]["layers"],
            "direction": 1,
            "component": 3,
            "unit": card["model"]["hidden"],
        }
        assert components["share"].min() > 0 and components["share"].sum("component").max() <= 1


@pytest.mark.parametrize("names", [SHIPPED[:3], KOREAN], ids=["shakespeare", "korean"])
def test_the_three_models_of_a_text_share_one_budget_and_one_text(shipped, names):
    cards = [shipped(name)[1] for name in names]
    counts = [card["parameters"] for card in cards]
    assert max(counts) <= 1.05 * min(counts)
    assert cards[0]["data"] == cards[1]["data"] == cards[2]["data"]
    alike = [card["recipe"] | {"kind": "", "hidden": 0, "learning_rate": 0} for card in cards]
    assert alike[0] == alike[1] == alike[2]
    # the rate is what the same search found for each
    assert {card["recipe"]["learning_rate"] for card in cards} <= set(recipes.LEARNING_RATES)


@pytest.mark.parametrize("name", KOREAN)
def test_a_korean_model_reads_syllables_and_says_what_it_does_not_know(shipped, name):
    model, card = shipped(name)
    vocabulary = checkpoints.vocabulary(card)
    assert vocabulary.composes and card["data"]["attribution"] and card["data"]["licence"].startswith("CC0")
    assert 0 < card["unknown"]["test"] < 0.01
    # well written and of common words: it surprises less than the reviews of the card, and is not known by heart
    ids = vocabulary.encode(unicodedata.normalize("NFD", PLAIN))
    assert len(ids) == len(PLAIN) and 0 not in ids
    rows = log_probabilities(model, ids)
    torch.testing.assert_close(rows.exp().sum(-1), torch.ones(len(ids)))
    loss = -rows[:-1].gather(1, torch.tensor(ids[1:])[:, None]).mean().item()
    assert 1.5 < loss < card["scores"]["test"]
    assert max(card["scores"].values()) < math.log(len(vocabulary)) / 1.5


def test_the_three_korean_models_and_the_sentiment_models_were_tested_on_the_same_reviews(shipped):
    read, judged = (shipped(name)[1]["data"] for name in ("korean-gru", "sentiment-korean-gru"))
    assert read["sha256"] == judged["sha256"]
    assert read["split"].startswith(judged["split"])


def test_the_shakespeare_lstm_reads_at_1_45_nats_or_better(shipped):
    assert shipped("shakespeare-lstm")[1]["scores"]["validation"] <= 1.45


@pytest.mark.parametrize("name", GROWING)
def test_a_shipped_network_that_grows_up_is_what_its_card_says(shipped, name):
    steps = recipes.RECIPES[name].moments
    assert checkpoints.moments(name) == steps
    card = checkpoints.card(name)
    assert card["command"] == f"python -m rnnviz train {name}"
    assert card["recipe"] == json.loads(json.dumps(asdict(recipes.RECIPES[name])))
    assert card["data"] == checkpoints.card("shakespeare-lstm")["data"]
    assert card["recipe"]["learning_rate"] in recipes.LEARNING_RATES
    losses = [one["validation"] for one in card["moments"]]
    assert losses[0] == pytest.approx(math.log(card["model"]["vocabulary"]), abs=0.1)
    assert losses == sorted(losses, reverse=True) and losses[-1] < 1.7
    model, _card = shipped(checkpoints.at(name, steps[0]))
    assert parameter_count(model) == card["parameters"]
    with xr.open_dataset(checkpoints.components_path(name), engine="h5netcdf") as found:
        assert found["moment"].values.tolist() == list(steps)
        assert dict(found["axis"].sizes) == dict(
            moment=len(steps), layer=1, direction=1, component=3, unit=128
        )
        assert found["correlation"].dims == ("annotation", "moment")


def test_the_networks_that_grow_up_are_small():
    assert size(GROWING) < 8e6


# translators

TRANSLATORS = ("translate-dates", "translate-dates-plain", "translate-korean", "translate-korean-plain")


@pytest.mark.parametrize("name", TRANSLATORS)
def test_a_shipped_translator_is_what_its_card_says(shipped, name):
    model, card = shipped(name)
    assert card["parameters"] == parameter_count(model)
    assert (card["model"]["attention"] is None) == name.endswith("plain")
    assert card["command"] == f"python -m rnnviz train {name}"
    assert card["recipe"] == asdict(recipes.RECIPES[name])
    assert len(card["data"]["sha256"]) == 64 and card["data"]["licence"]
    assert sum(group["sentences"] for group in card["by_length"]) == card["data"]["sentences"]["test"]
    source, target = checkpoints.lexicons(card)
    assert (len(source), len(target)) == (card["model"]["source"], card["model"]["target"])


def test_the_korean_cards_name_whom_the_licence_asks_to_name(shipped):
    for name in TRANSLATORS[2:]:
        assert shipped(name)[1]["data"]["attribution"].startswith("tatoeba.org contributors: ")


def test_twins_saw_the_same_data_for_as_long(shipped):
    for name in ("translate-dates", "translate-korean"):
        pair = [shipped(each)[1] for each in (name, f"{name}-plain")]
        assert pair[0]["data"] == pair[1]["data"]
        assert pair[0]["recipe"] | {"attention": None} == pair[1]["recipe"]
        assert pair[0]["scores"]["test"] > pair[1]["scores"]["test"]


def test_unseen_dates_are_written_without_a_mistake(shipped):
    """The card's claim, on dates of the test part drawn anew."""
    model, card = shipped("translate-dates")
    assert min(card["scores"].values()) >= 99
    source, target = checkpoints.lexicons(card)
    pairs = corpora.dates(pairs=(2, 2, 400)).test
    written = greedy_many(model, [source.encode(text) for text, _ in pairs])
    right = sum(target.decode(ids) == wanted for ids, (_, wanted) in zip(written, pairs, strict=True))
    assert right >= 0.99 * 400


def size(names):
    """Of all files of these checkpoints: bytes."""
    files = [file for name in names for file in checkpoints.FOLDER.glob(f"{name}.*")]
    assert len(files) >= 2 * len(names)
    return sum(file.stat().st_size for file in files)


def test_all_that_is_shipped_is_small():
    assert size(SHIPPED) < 25e6
    assert size(KOREAN) < 6e6
    assert size(TRANSLATORS) < 15e6


# networks that grow up
