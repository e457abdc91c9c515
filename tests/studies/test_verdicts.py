"""What a judge knows of a review while it reads: what is planted is found, lots are not, and the shipped figures are whole."""

import json

import numpy as np
import pytest
import torch

from rnnviz.models import checkpoints
from rnnviz.models.checkpoints import CheckpointError
from rnnviz.models.networks import Classifier
from rnnviz.studies import verdicts

PRAISE, BLAME, FILLERS = 1, 2, 40


def judge(kind: str) -> Classifier:
    torch.manual_seed(0)
    return Classifier(kind, FILLERS, embedding=16, hidden=24)


def reviews(count: int, seed: int, planted: int | None) -> list[tuple[list[int], int]]:
    """Of 22 tokens each; planted: so many before the end stands a token that says the label, of which else nothing is known."""
    random, found = np.random.default_rng(seed), []
    for label in random.integers(0, 2, count):
        ids = random.integers(3, FILLERS, 22).tolist()
        if planted is not None:
            ids[-1 - planted] = (BLAME, PRAISE)[label]
        found.append((ids, int(label)))
    return found


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_label_that_is_planted_is_read_from_there_on_and_not_before(kind):
    found = verdicts.probe(judge(kind), reviews(800, 1, 5), reviews(800, 2, 5))
    score = found["end"]["score"].sel(property="label")
    assert score["field"].values.tolist() == (["hidden", "cell"] if kind == "lstm" else ["hidden"])
    assert (score.sel(distance=5) > 0.95).all(), "just read"
    assert (score.sel(distance=3) > 0.8).all(), "remembered"
    assert (abs(score.sel(distance=[7, 10, 13]) - 0.5) < 0.08).all(), "not yet there"
    guess = found["end"]["guess"].sel(property="label")
    assert guess.sel(distance=5) > 0.95, "the token alone says it"
    assert abs(guess.sel(distance=3) - 0.5) < 0.08, "and later none does"
    share = found["share"]["score"].sel(property="label")
    assert (abs(share.sel(distance=50) - 0.5) < 0.08).all() and (share.sel(distance=80) > 0.8).all()


def test_shuffled_labels_are_not_read_and_the_own_verdict_is():
    model = judge("gru")
    parts = [reviews(800, seed, None) for seed in (1, 2)]
    found = verdicts.probe(model, *parts)["end"]
    assert (abs(found["score"].sel(property="label") - 0.5) < 0.08).all()
    own = found.sel(property="verdict", field="hidden")
    assert (own["score"].sel(distance=[0, 3]) >= own["majority"].sel(distance=[0, 3])).all()
    assert (own["reviews"] == 800).all()


def test_the_verdict_so_far_is_what_the_judge_says_of_the_beginning_alone():
    for readout in ("last", "mean", "attention"):
        torch.manual_seed(0)
        model = Classifier("lstm", FILLERS, embedding=16, hidden=24, readout=readout).eval()
        some = [ids for ids, _label in reviews(12, 3, None)]
        states = verdicts._states(model, some)
        at = np.arange(12) + 4
        with torch.no_grad():
            wanted = [
                bool(model(torch.tensor([ids[: n + 1]]))[0] > 0) for ids, n in zip(some, at, strict=True)
            ]
            plain, (_h, cell) = model.rnn(model.embedding(torch.tensor(some)))
        assert verdicts._verdicts(model, states["hidden"], at).tolist() == wanted
        np.testing.assert_allclose(states["hidden"], plain, atol=1e-6)
        np.testing.assert_allclose(states["cell"][:, -1], cell[0], atol=1e-6)


def test_too_few_reviews_are_one_line():
    with pytest.raises(ValueError, match="probes need 50 reviews to learn from and as many to be tested on"):
        verdicts.probe(judge("gru"), reviews(49, 1, None), reviews(80, 2, None))


@pytest.mark.parametrize("name", checkpoints.names("sentiment"))
def test_every_shipped_judge_has_its_probes(name):
    found = verdicts.shipped(name)
    card = checkpoints.card(name)
    for axis, places in verdicts.AXES.items():
        one = found[axis]
        assert one["distance"].values.tolist() == list(places)
        assert one["field"].values.tolist() == (
            ["hidden", "cell"] if card["model"]["kind"] == "lstm" else ["hidden"]
        )
        assert ((one["score"] >= 0.4) & (one["score"] <= 1)).all()
    end = found["end"].sel(property="label", distance=0)
    if (
        card["model"]["readout"] == "last"
    ):  # what can be read at the end is about what the judge itself gets right
        assert (abs(end["score"] - card["scores"]["test"] / 100) < 0.06).all()
    assert (end["score"] > end["guess"] + 0.1).all()
    assert json.loads(found["end"].attrs["card"])["command"].startswith("python benchmarks/reviews.py")


def test_figures_of_other_weights_and_damaged_ones_are_one_line(tmp_path, monkeypatch):
    name = "sentiment-english-gru"
    for kind in ("json", "safetensors"):
        (tmp_path / f"{name}.{kind}").write_bytes((checkpoints.folder() / f"{name}.{kind}").read_bytes())
    card = json.loads(verdicts.path(name).read_text("utf-8"))
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    assert verdicts.shipped(name) is None
    verdicts.path(name).parent.mkdir()
    for damaged, line in (
        (card | {"of": "0" * 64}, "it was fitted to other weights"),
        (card | {"end": card["end"] | {"score": [[0.5] * 9]}}, "cannot be used"),
        (card | {"fields": ["melody"]}, "cannot be used"),
        (
            card | {"share": card["share"] | {"control": [[7.0] * 10] * 2}},
            "accuracies must lie within 0 and 1",
        ),
    ):
        verdicts.path(name).write_text(json.dumps(damaged), "utf-8")
        with pytest.raises(CheckpointError, match=line):
            verdicts.shipped(name)
