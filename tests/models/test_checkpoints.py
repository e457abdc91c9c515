"""A checkpoint comes back as it was, what is wrong is said in one line, the shipped ones are sound."""

import hashlib
import json
import math
import os
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnviz import files
from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.counting import NGrams
from rnnviz.models.networks import READOUTS, Classifier, LanguageModel, log_probabilities
from rnnviz.training import corpora, recipes
from rnnviz.training.counts import count
from tests.conftest import DAMAGED, full_disk

REST = {
    "parameters": 1,
    "scores": {"validation": 1.0, "test": 1.0},
    "scores_unit": "nats",
    "data": {"source": "a test", "licence": "none", "characters": {"train": 9, "validation": 9, "test": 9}},
    "command": "-",
}
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
        {"kind": "gru"},
        {"hidden": 2**20, "embedding": 2**20, "layers": 64},  # 10^15 bytes, if it were built
    ],
)
def test_a_card_of_another_model_is_refused_in_one_line_before_it_is_built(folder, changed):
    checkpoints.save("small", small(), card_of(**changed))
    message = refused()
    assert "small.safetensors does not hold the model of its card" in message
    assert any(words in message for words in ("(rnn.", "(embedding.", "a model of that size has 1"))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_weights_that_are_no_numbers_are_refused(folder, number):
    model = small()
    with torch.no_grad():
        model.rnn.bias_hh_l1[3] = number
    checkpoints.save("small", model, card_of())
    assert "rnn.bias_hh_l1 holds numbers that are not finite" in refused()


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


def with_(path, value):
    """The card with another value at a path of fields."""
    changed = json.loads(json.dumps(GOOD))
    at = changed
    *way, last = path.split(".")
    for field in way:
        at = at[field]
    at[last] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("scores", {}, "scores.validation is missing"),
        ("scores.test", math.nan, "scores.test came as NaN; wanted a finite number"),
        ("scores.test", True, "scores.test came as true; wanted a finite number"),
        ("data", {}, "data.source is missing"),
        ("data.licence", 3, "data.licence came as 3; wanted text"),
        ("data.characters.train", "many", "data.characters.train came as"),
        ("model.layers", "2", "model.layers came as"),
        ("model.layers", 10**6, "model.layers came as 1000000; wanted a whole number from 1 to 64"),
        ("model.layers", 0, "model.layers came as 0"),
        ("model.hidden", None, "model.hidden came as null; wanted a whole number from 1 to 1,048,576"),
        ("model.hidden", 2.5, "model.hidden came as 2.5"),
        ("model.kind", "transformer", "model.kind came as"),
        ("model.width", 3, "model.width is no field of a language model"),
        ("parameters", 10**400, "parameters came as 1000"),
        ("command", ["rm"], "command came as"),
        ("scores_unit", "\ud800", "scores_unit came as"),
        ("task", "riddles", "task came as"),
        ("task", ["language"], "task came as"),
        ("vocabulary", ["a"] * 10**5, "vocabulary"),
    ],
)
def test_a_field_of_a_card_that_cannot_be_is_named(folder, path, value, words):
    sha256 = hashlib.sha256(checkpoints.save("small", small(), GOOD).read_bytes()).hexdigest()
    (folder / "small.json").write_text(json.dumps(with_(path, value) | {"sha256": sha256}))
    message = refused()
    assert f"the card small.json is damaged ({words}" in message or path == "vocabulary"
    assert len(message) < 400


def test_one_bad_card_costs_no_other_model(folder):
    for name in ("deep", "folder", "long", "good"):
        checkpoints.save(name, small(), card_of())
    (folder / "deep.json").write_text("[" * 10_000 + "]" * 10_000)
    (folder / "folder.json").unlink()
    (folder / "folder.json").mkdir()
    with (folder / "long.json").open("r+b") as file:
        file.truncate(2**30)
    assert checkpoints.names("language") == ["deep", "folder", "good", "long"]
    assert checkpoints.load("good")
    assert "deep.json is damaged (it is nested too deep)" in refused("deep")
    assert "folder.json is damaged (it cannot be read: Is a directory)" in refused("folder")
    assert "long.json is damaged (it has more than 4,194,304 bytes)" in refused("long")


@pytest.mark.parametrize("end", ["json", "safetensors", "nc"])
def test_a_stamp_sees_every_file_that_changes_or_goes(folder, end):
    checkpoints.save("small", small(), card_of(), b"components")
    before, path = checkpoints.stamp("small"), folder / f"small.{end}"
    facts = path.stat()
    with files.written(path) as unfinished:  # as long, and of the same time
        unfinished.write_bytes(b"x" * facts.st_size)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    changed = checkpoints.stamp("small")
    path.unlink()
    assert len({before, changed, checkpoints.stamp("small")}) == 3


@pytest.mark.parametrize("room", [0, 2**9, 2**12])
def test_a_disk_that_is_full_costs_no_older_checkpoint(folder, room):
    checkpoints.save("small", small("gru"), card_of("gru"), b"components")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with full_disk(room), pytest.raises(OSError):
        checkpoints.save("small", small(), card_of(), b"more components" * 1000)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert checkpoints.load("small")[1]["model"]["kind"] == "gru"


def claims(key_1=(1, 2), count_1=(3, 1), key_2=(1, 7), count_2=(2, 1), **more):
    arrays = {"key_1": key_1, "count_1": count_1, "key_2": key_2, "count_2": count_2} | more
    return {name: np.array(values) for name, values in arrays.items()}


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (claims(key_2=(1, 10**13)), "key_2 does not rise from 0 to below 10"),
        (claims(key_2=(7, 1)), "key_2 does not rise"),
        (claims(key_1=(-1, 2)), "key_1 does not rise"),
        (claims(key_2=(1, 9)), "key_2 holds an n-gram whose end key_1 does not hold"),
        (claims(count_2=(2, 0)), "count_2 holds numbers that are not from 1"),
        (claims(count_2=(2.0, math.nan)), "not as many whole numbers"),
        (claims(count_2=(2, 1, 1)), "not as many whole numbers"),
        (claims(key_3=(1,)), "not two arrays for each length"),
        ({}, "not two arrays for each length"),
    ],
)
def test_counts_that_cannot_be_are_refused(arrays, words):
    with pytest.raises(ValueError, match=words):
        NGrams.from_arrays(5, arrays)


def test_counts_that_can_be_are_taken():
    assert NGrams.from_arrays(5, claims()).count([1, 1]) == 2


GROWING = ("growing-rnn", "growing-gru", "growing-lstm")


def grown(kind="lstm", steps=(0, 3, 10)):
    """Saves one with other weights at each step, and returns them in float16."""
    moments = {}
    for step in steps:
        torch.manual_seed(step)
        model = LanguageModel(kind, len(VOCABULARY) + 1, embedding=3, hidden=4)
        moments[step] = {name: one.half() for name, one in model.state_dict().items()}
    scores = [{"step": step, "validation": 4.0 - step / 10, "test": 5.0} for step in steps]
    checkpoints.save("small", model, card_of(kind) | {"moments": scores}, moments=moments)
    return moments


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_each_moment_of_a_network_that_grows_up_comes_back(folder, kind):
    moments = grown(kind)
    assert checkpoints.names("language") == ["small"] and checkpoints.moments("small") == (0, 3, 10)
    for name, step in (("small@0", 0), ("small@3", 3), ("small@10", 10), ("small", 10)):
        model, card = checkpoints.load(name)
        assert (card["name"], card["moment"], card["scores"]["validation"]) == (name, step, 4.0 - step / 10)
        assert all(torch.equal(one, moments[step][key].float()) for key, one in model.state_dict().items())
    assert checkpoints.stamp("small@3") == checkpoints.stamp("small")
    assert checkpoints.components_path("small@3").name == "small.nc"


def test_a_moment_that_was_not_kept_is_refused_with_those_that_were(folder):
    grown()
    assert refused("small@4") == "small was not kept at training step 4; there is 0, 3, 10"
    checkpoints.save("other", small(), card_of())
    assert refused("other@4").endswith("at training step 4; there is only the end of its training")
    assert "there is no checkpoint 'small@x'" in refused("small@x") and checkpoints.moments("other") == ()
    assert checkpoints.moments("none") == () and "there is no checkpoint 'none'" in refused("none@3")


@pytest.mark.parametrize("damage", [cut, flip, grow])
def test_a_damaged_file_with_many_moments_is_refused_in_one_line(folder, damage):
    grown()
    checkpoints.load("small@3")
    damage(folder / "small.safetensors")
    assert "small.safetensors" in refused("small@3")


def test_a_moment_that_the_file_lacks_is_refused_in_one_line(folder):
    moments = grown()
    card = json.loads((folder / "small.json").read_text("utf-8"))
    del moments[3]
    checkpoints.save("small", small(), card, moments=moments)
    assert "0 numbers; a model of that size has" in refused("small@3")
    checkpoints.load("small@10")


def test_moments_that_do_not_rise_make_a_damaged_card(folder):
    grown(steps=(3, 0))
    assert "moments has the steps [3, 0]; wanted them rising" in refused("small@3")
    assert checkpoints.moments("small") == ()


@pytest.mark.parametrize("unit", ["characters", "words"])
def test_counts_come_back_as_they_were(folder, unit):
    recipe = recipes.CountRecipe("shakespeare", unit, order=3)
    corpus = corpora.Corpus("the cat sat on the mat. " * 90, "the cat sat. ", "on the mat. ", "", "", "0", "")
    counts, card = count(recipe, corpus)
    checkpoints.save("small", counts, REST | {"recipe": asdict(recipe)} | card)
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


# anything at all in the files: the model, or one line

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def fields(value, path=()):
    """The paths of all fields inside an object."""
    for key, inner in value.items():
        yield (*path, key)
        if isinstance(inner, dict):
            yield from fields(inner, (*path, key))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with one checkpoint: its weights and its card, to be put back."""
    folder = tmp_path_factory.mktemp("checkpoints")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RNNVIZ_CHECKPOINTS", str(folder))
        weights = checkpoints.save("small", small(), card_of() | {"task": "language"}).read_bytes()
        yield folder, weights, json.loads((folder / "small.json").read_text("utf-8"))


def loads_or_says(folder, weights, card):
    (folder / "small.safetensors").write_bytes(weights)
    (folder / "small.json").write_bytes(card)
    assert checkpoints.names("language") in (["small"], [])
    try:
        checkpoints.load("small")
    except CheckpointError as problem:
        assert "small." in str(problem) and "\n" not in str(problem) and len(str(problem)) < 500


@DAMAGED
@given(st.data())
def test_any_value_in_any_field_of_a_card_gives_the_model_or_one_line(saved, data):
    folder, weights, card = saved
    *way, last = data.draw(st.sampled_from(list(fields(card))))
    changed = at = json.loads(json.dumps(card))
    for field in way:
        at = at[field]
    at[last] = data.draw(ANYTHING)
    loads_or_says(folder, weights, json.dumps(changed).encode())


@DAMAGED
@given(st.data(), st.booleans())
def test_any_flipped_bits_give_the_model_or_one_line(saved, data, of_the_card):
    folder, weights, card = saved
    raw = bytearray(json.dumps(card).encode() if of_the_card else weights)
    for bit in data.draw(st.lists(st.integers(0, 8 * len(raw) - 1), min_size=1, max_size=4)):
        raw[bit // 8] ^= 1 << bit % 8
    if of_the_card:
        loads_or_says(folder, weights, bytes(raw))
    else:
        card = card | {"sha256": hashlib.sha256(raw).hexdigest()}
        loads_or_says(folder, bytes(raw), json.dumps(card).encode())
