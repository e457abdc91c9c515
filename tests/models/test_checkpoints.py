"""A checkpoint comes back as it was, what is wrong is said in one line, the shipped ones are sound."""

import hashlib
import json
import math
from dataclasses import asdict

import pytest
import torch
import xarray as xr

from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.decoding import greedy_many
from rnnviz.models.networks import READOUTS, Classifier, LanguageModel, log_probabilities, parameter_count
from rnnviz.training import corpora, recipes
from rnnviz.training.counts import count

SHIPPED = ("shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm", "python-lstm")
REST = {"parameters": 1, "scores": {"validation": 1.0, "test": 1.0}, "data": {}, "command": "-"}
VOCABULARY = ["\n", "a", "한", "🙂"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    return tmp_path


def small(kind="lstm", **more):
    torch.manual_seed(1)
    return LanguageModel(kind, len(VOCABULARY) + 1, embedding=3, hidden=4, **more)


def card_of(kind="lstm", **changed):
    model = {"kind": kind, "vocabulary": len(VOCABULARY) + 1, "embedding": 3, "hidden": 4, "layers": 2}
    return {"model": model | changed, "vocabulary": VOCABULARY, "seed": 1} | REST


def refused(name="small"):
    """The message of the refusal, which is one line."""
    with pytest.raises(CheckpointError) as error:
        checkpoints.load(name)
    message = str(error.value)
    assert message and "\n" not in message
    return message


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_a_checkpoint_comes_back_as_it_was(folder, kind):
    model = small(kind, dropout=0.5)
    path = checkpoints.save("small", model, card_of(kind))
    loaded, card = checkpoints.load("small")
    assert path == folder / "small.safetensors"
    assert card == card_of(kind) | {"name": "small", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert checkpoints.vocabulary(card).characters == tuple(VOCABULARY)
    assert torch.equal(log_probabilities(loaded, [1, 2, 3, 4, 0]), log_probabilities(model, [1, 2, 3, 4, 0]))
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())


def test_saving_over_a_checkpoint_replaces_it(folder):
    for kind in ("rnn", "gru"):
        checkpoints.save("small", small(kind), card_of(kind))
    assert checkpoints.load("small")[1]["model"]["kind"] == "gru"
    assert checkpoints.names() == ["small"]


def test_names_are_in_alphabetical_order_and_none_where_there_is_no_folder(folder, monkeypatch):
    for name in ("b", "a"):
        checkpoints.save(name, small(), card_of())
    assert checkpoints.names() == ["a", "b"]
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(folder / "none"))
    assert checkpoints.names() == []
    assert "there is none: train one with python -m rnnviz train" in refused("a")


def test_loading_leaves_the_random_generator_alone(folder):
    checkpoints.save("small", small(), card_of())
    checkpoints.save("wrong", small(), card_of(hidden=5))
    before = torch.get_rng_state()
    checkpoints.load("small")
    refused("wrong")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("name", ["none", "../small", "", "small.json", "a\nb"])
def test_a_name_that_is_not_there_is_refused_with_those_that_are(folder, name):
    checkpoints.save("small", small(), card_of())
    assert "there is small" in refused(name)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def grow(path):
    with path.open("r+b") as file:
        file.truncate(checkpoints.LARGEST + 1)  # sparse: takes no room


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "small.safetensors is missing"),
        (cut, "truncated or is not the file its card describes"),
        (flip, "truncated or is not the file its card describes"),
        (lambda path: path.write_bytes(b""), "truncated or is not the file its card describes"),
        (lambda path: path.write_bytes(b"garbage" * 99), "truncated or is not the file its card describes"),
        (grow, "more than 67,108,864"),
    ],
)
def test_damaged_weights_are_refused_in_one_line(folder, damage, words):
    damage(checkpoints.save("small", small(), card_of()))
    message = refused()
    assert words in message
    assert message.endswith("restore it with git, or train it again: python -m rnnviz train small")


@pytest.mark.parametrize("raw", [b"", b"garbage" * 99, b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}"])
def test_weights_that_are_no_safetensors_are_refused_also_where_the_card_agrees(folder, raw):
    path = checkpoints.save("small", small(), card_of())
    path.write_bytes(raw)
    card = checkpoints.card("small") | {"sha256": hashlib.sha256(raw).hexdigest()}
    (folder / "small.json").write_text(json.dumps(card))
    assert "small.safetensors does not hold the model of its card" in refused()


@pytest.mark.parametrize(
    "changed",
    [
        {"hidden": 5},
        {"layers": 1},
        {"layers": 0},
        {"hidden": -1},
        {"hidden": "4"},
        {"embedding": 2.5},
        {"kind": "gru"},
        {"kind": "transformer"},
        {"width": 3},
    ],
)
def test_a_card_of_another_model_is_refused_in_one_line(folder, changed):
    checkpoints.save("small", small(), card_of(**changed))
    assert "does not hold the model of its card" in refused()


GOOD = card_of()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "[]",
        "null",
        "3",
        "{}",
        '{"model": {}}',
        "\ud800",
        json.dumps(GOOD)[:-9],
        json.dumps(GOOD | {"vocabulary": ["a"]}),
        json.dumps(GOOD | {"vocabulary": None}),
        json.dumps(GOOD | {"vocabulary": [1, 2, 3, 4]}),
        json.dumps(GOOD | {"vocabulary": ["ab", "c", "d", "e"]}),
        json.dumps(GOOD | {"vocabulary": ["a", "a", "d", "e"]}),
        json.dumps(GOOD | {"model": "lstm"}),
        json.dumps(GOOD | {"model": GOOD["model"] | {"kind": 7}}),
    ],
)
def test_a_damaged_card_is_refused_in_one_line(folder, text):
    checkpoints.save("small", small(), card_of())
    raw = json.loads((folder / "small.json").read_text("utf-8"))
    written = text.encode("utf-8", "surrogatepass")
    if written.endswith(b"}"):  # only what is in it is wrong, not that the sum of the weights is gone
        written = json.dumps({"sha256": raw["sha256"]} | json.loads(written)).encode()
    (folder / "small.json").write_bytes(written)
    assert "small.json" in refused()


@pytest.fixture
def shipped(monkeypatch):
    """Opens what lies in the project's own folder."""
    monkeypatch.delenv("RNNVIZ_CHECKPOINTS", raising=False)
    return checkpoints.load


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_what_its_card_says(shipped, name):
    model, card = shipped(name)
    assert card["name"] == name
    assert card["parameters"] == parameter_count(model) < 1_000_000
    assert card["model"]["kind"] == name.split("-")[1]
    for text in ("source", "licence", "split"):
        assert card["data"][text].strip()
    assert len(card["data"]["sha256"]) == len(card["sha256"]) == 64
    assert sum(card["data"]["characters"].values()) > 1_000_000
    assert not any(str(part).startswith(("/", "~")) for part in card["data"].values())


@pytest.mark.parametrize("name", SHIPPED)
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


@pytest.mark.parametrize("name", SHIPPED)
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


def test_the_three_shakespeare_models_share_one_budget_and_one_text(shipped):
    cards = [shipped(name)[1] for name in SHIPPED[:3]]
    counts = [card["parameters"] for card in cards]
    assert max(counts) <= 1.05 * min(counts)
    assert cards[0]["data"] == cards[1]["data"] == cards[2]["data"]
    alike = [card["recipe"] | {"kind": "", "hidden": 0, "learning_rate": 0} for card in cards]
    assert alike[0] == alike[1] == alike[2]
    # the rate is what the same search found for each
    assert {card["recipe"]["learning_rate"] for card in cards} <= set(recipes.LEARNING_RATES)


def test_the_shakespeare_lstm_reads_at_1_45_nats_or_better(shipped):
    assert shipped("shakespeare-lstm")[1]["scores"]["validation"] <= 1.45


def size(names):
    """Of all files of these checkpoints: bytes."""
    files = [file for name in names for file in checkpoints.FOLDER.glob(f"{name}.*")]
    assert len(files) >= 2 * len(names)
    return sum(file.stat().st_size for file in files)


def test_all_that_is_shipped_is_small():
    assert size(SHIPPED) < 25e6
    assert size(TRANSLATORS) < 15e6


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


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_counts_come_back_as_they_were(folder, unit):
    recipe = recipes.CountRecipe("shakespeare", unit, order=3)
    corpus = corpora.Corpus("the cat sat on the mat. " * 90, "the cat sat. ", "on the mat. ", "", "", "0", "")
    counts, card = count(recipe, corpus)
    checkpoints.save("small", counts, REST | card)
    again, said = checkpoints.load("small")
    known = checkpoints.words(said) if unit == "words" else checkpoints.vocabulary(said)
    ids = known.encode("the mat sat")
    assert (again.probability(ids) == counts.probability(ids)).all()
    assert checkpoints.names("counts") == ["small"] and checkpoints.names("language") == []
    wanted = math.log(counts.perplexity(known.encode("the cat sat. "), discount=0.9))
    assert said["scores"]["validation"] == pytest.approx(wanted, abs=1e-4)
    whole = [row for row in said["held_out"] if row["order"] == 3 and row["method"] == "kneser-ney"]
    assert [row["tokens"] for row in whole] == sorted(row["tokens"] for row in whole)


@pytest.mark.parametrize("readout", READOUTS)
def test_a_classifier_comes_back_as_it_was(folder, readout):
    model = Classifier("gru", 6, 3, 4, readout).eval()
    size = {"kind": "gru", "vocabulary": 6, "embedding": 3, "hidden": 4, "readout": readout}
    words = {"unit": "words", "tokens": ["a", "b", "c"]}
    checkpoints.save("small", model, REST | {"task": "sentiment", "model": size, "words": words})
    again, card = checkpoints.load("small")
    ids = torch.tensor([[3, 4, 0]])
    assert torch.equal(again(ids), model(ids)) and checkpoints.words(card).entries == ("a", "b", "c")
