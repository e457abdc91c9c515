"""Lenses on disk: they come back as they were, what is wrong is one line, and those that are shipped do what their cards say."""

import json

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.networks import LanguageModel
from rnnviz.studies import lens, lenses, live
from tests.models.test_checkpoints import REST, VOCABULARY

CARD = {
    "data": {"source": "a test", "licence": "none", "split": "none", "characters": {"train": 9, "test": 9}},
    "scores_unit": "nats",
    "command": "-",
}
CORPUS = "".join(np.random.default_rng(0).choice(VOCABULARY, 8 * lens.STRETCH))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A model and its lens, in a folder of their own."""
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    torch.manual_seed(1)
    size = {"kind": "gru", "vocabulary": len(VOCABULARY) + 1, "embedding": 3, "hidden": 4, "layers": 2}
    model = LanguageModel(**size)
    checkpoints.save("small", model, {"model": size, "vocabulary": VOCABULARY} | REST)
    found = lenses.halved(lens.fit(live.shipped("small"), CORPUS))
    lenses.save("small", found, dict(CARD))
    return found


def test_a_lens_comes_back_as_it_was_in_float16(small):
    again = lenses.shipped("small")
    for name in ("weight", "bias"):
        np.testing.assert_array_equal(again[name], small[name])
        assert again[name].dtype == np.float32
    for name in lenses.SCORES:
        np.testing.assert_allclose(again[name], small[name], atol=1e-4)
    assert json.loads(again.attrs["card"])["data"]["source"] == "a test"
    own = lens.read(live.shipped("small"), "a\n한", again)
    np.testing.assert_array_equal(own["kl"], lens.read(live.shipped("small"), "a\n한", small)["kl"])


def test_where_there_is_none_there_is_none(small):
    assert lenses.shipped("another") is None and lenses.shipped("small@3") is None
    before = lenses.stamp("small")
    lenses.path("small").unlink()
    assert lenses.shipped("small") is None and lenses.stamp("small") != before


def test_what_is_damaged_is_told_in_one_line(small):
    card, raw = lenses.path("small", "json").read_text("utf-8"), lenses.path("small").read_bytes()
    wrong = {
        "is missing": card.replace('"ridge"', '"rigid"'),
        "wanted a list of finite numbers": json.dumps(
            json.loads(card) | {"scores": json.loads(card)["scores"] | {"kl": ["much", 0]}}
        ),
        "scores need 3 numbers": card.replace('"layers": 2', '"layers": 3'),
        "other arrays than": card.replace('"units": 4', '"units": 5'),
        "fitted to other weights": card.replace(json.loads(card)["of"], "0" * 64),
        "truncated": card.replace(json.loads(card)["sha256"], "0" * 64),
        "cannot be used": card[:-20],
    }
    for line, said in wrong.items():
        assert said != card
        lenses.path("small", "json").write_text(said, "utf-8")
        with pytest.raises(CheckpointError, match=line) as error:
            lenses.shipped("small")
        assert "\n" not in str(error.value) and "restore it with git" in str(error.value)
    lenses.path("small", "json").write_text(card, "utf-8")
    lenses.path("small").write_bytes(raw[:-1])
    with pytest.raises(CheckpointError, match="truncated"):
        lenses.shipped("small")


def test_what_a_model_writes_itself_is_enough_for_a_lens(small, monkeypatch):
    monkeypatch.setattr(lenses, "OWN", lens.FEWEST * lens.STRETCH)
    work, steps = lenses.to_own_text("small", "a한", 1), []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            found = end.value
            break
    assert steps[0].what == "writing" and steps[-1].done == steps[-1].total
    assert found["weight"].shape == (2, 4, 4) and (found["kl"] <= found["kl_raw"]).all()


def test_every_shipped_model_of_several_layers_has_its_lens_and_the_map_says_more():
    for name in checkpoints.names("language"):
        if checkpoints.card(name)["model"]["layers"] == 1:
            continue
        found = lenses.shipped(name)
        assert found is not None, name
        assert found["kl"].values[0] < 0.5 * found["kl_raw"].values[0] and found["kl"].values[-1] == 0


def test_a_shipped_lens_does_on_text_of_its_kind_what_its_card_says():
    text = (
        "KING RICHARD III:\nNow is the winter of our discontent\nMade glorious summer by this sun of York;\n"
        "And all the clouds that lour'd upon our house\nIn the deep bosom of the ocean buried.\n"
    )
    subject, found = live.shipped("shakespeare-lstm"), lenses.shipped("shakespeare-lstm")
    raw, mapped = (lens.read(subject, text, one)["kl"].values[0].mean() for one in (None, found))
    assert mapped == pytest.approx(found["kl"].values[0], rel=0.5) and mapped < 0.2 * raw
