"""The texts that come along: they are what their cards say, and go to the models that have not read them."""

import json

import pytest

from rnnviz.models import checkpoints, held_out
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.training import corpora


@pytest.mark.parametrize("name", held_out.NAMES)
def test_each_says_where_it_is_from_and_can_be_read(name):
    found = held_out.read(name)
    assert found.characters > 40_000 and len(found.passages) > 20
    assert found.card["data"]["licence"] and "test" in found.card["chosen"] + found.card["data"]["split"]
    models = [one for one in checkpoints.names("language") if one.startswith(f"{name}-")]
    for model in models:
        card = checkpoints.card(model)
        assert held_out.of(card) == found
        known = checkpoints.vocabulary(card)
        unknown = sum(known.unknown(text).total() for _name, text in found.passages)
        assert unknown <= 0.01 * found.characters


def test_python_files_are_of_the_part_that_was_not_trained_on():
    found, whole = held_out.read("python"), corpora.python_source()
    assert "PSF is making Python" in found.card["licence_text"]
    if whole.sha256 != found.card["data"]["sha256"]:
        pytest.skip("another Python than the one that the models were trained on")
    assert all(text in whole.test and text not in whole.train for _name, text in found.passages)


def test_a_model_of_another_corpus_has_none():
    card = checkpoints.card("shakespeare-gru")
    assert held_out.of(card | {"data": card["data"] | {"sha256": "0"}}) is None


def test_what_is_damaged_is_one_line(tmp_path, monkeypatch):
    whole = json.loads(held_out.path("korean").read_text("utf-8"))
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    (tmp_path / "texts").mkdir()
    for change in ({"sha256": "0"}, {"passages": []}, {"passages": [["1", "a"]]}, {"data": {}}):
        held_out.path("korean").write_text(json.dumps(whole | change), "utf-8")
        with pytest.raises(CheckpointError, match="text korean.json cannot be used") as raised:
            held_out.read("korean")
        assert "\n" not in str(raised.value)
    (tmp_path / "texts" / "korean.json").unlink()
    with pytest.raises(CheckpointError, match="cannot be used"):
        held_out.read("korean")
