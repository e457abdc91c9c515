"""A text of the reader's own is learned as a loop of torch's would learn it; stopped and gone on, it is the same."""

import io
import json
import math
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from rnnviz.models.networks import LanguageModel
from rnnviz.models.vocabularies import Vocabulary
from rnnviz.monitoring import arrays
from rnnviz.monitoring.runs import Kept
from rnnviz.studies.lab import Letters, Setup, Training, live, packed
from rnnviz.studies.lab.result import command
from rnnviz.studies.lab.work import train
from rnnviz.training.corpora import windows

TEXT = "the dog sees a cat. the cat hears a bird.\n" * 30
SMALL = Setup(units=8, length=12, batch=4, updates=6, every=3, rate=0.01, clip=0.2)


@pytest.fixture(scope="module")
def letters():
    return Letters.of(TEXT)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_training_is_torchs_own(letters, kind, optimiser):
    setup = replace(SMALL, kind=kind, optimiser=optimiser)
    training = Training(setup, letters)
    torch.manual_seed(setup.seed)
    model = LanguageModel(kind, len(letters.vocabulary), 8, 8, 1)
    make = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimiser]
    theirs = make(model.parameters(), setup.rate)
    moments = list(training.run())
    for update in range(setup.updates):
        inputs, targets = map(torch.from_numpy, windows(letters.train, 4, 12, 0, update))
        theirs.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs)[0].flatten(0, 1), targets.flatten())
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.2)
        theirs.step()
    for mine, other in zip(training.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)
    last = moments[-1]
    assert [moment["step"] for moment in moments] == [0, 3, 6] and math.isnan(moments[0]["loss"])
    assert last["loss"] == pytest.approx(loss.item(), rel=1e-4)
    assert last["gradient_norm"] == pytest.approx(norm.item(), rel=1e-4)
    assert last["clipped_norm"] == pytest.approx(min(norm.item(), 0.2), rel=1e-4)
    ids = torch.from_numpy(letters.held_out[None])
    assert 0 < last["held_out"] < 2 * math.log(len(letters.vocabulary)) and ids.shape[1] > 100


def test_stopped_and_gone_on_is_the_same_to_the_last_bit_also_with_dropout(letters):
    setup = replace(SMALL, dropout=0.3, layers=2)
    whole = Training(setup, letters)
    every = list(whole.run())
    first = Training(replace(setup, updates=3), letters)
    list(first.run())
    second = Training.of(setup, letters, first.state())
    later = list(second.run())
    assert [m["step"] for m in later] == [6]
    for name in ("loss", "held_out", "sample", "gradient_norm"):
        assert later[-1][name] == every[-1][name]
    assert all(map(torch.equal, second.model.parameters(), whole.model.parameters()))
    other = Training.of(replace(setup, rate=0.5, clip=None), letters, first.state())
    assert next(other.run())["held_out"] != every[-1]["held_out"]
    for wrong in (replace(setup, units=9), replace(setup, kind="gru"), replace(setup, seed=1)):
        with pytest.raises(ValueError, match="cannot be gone on with"):
            Training.of(wrong, letters, first.state())
    with pytest.raises(ValueError, match="another text"):
        Training.of(setup, Letters.of(TEXT + "XYZ" * 400), first.state())
    with pytest.raises(ValueError, match="cannot be gone on with"):
        Training.of(setup, letters, b"nothing")


def test_a_rate_that_diverges_ends_it_where_it_left_the_numbers(letters):
    training = Training(replace(SMALL, optimiser="sgd", rate=1e38, clip=None), letters)
    moments = list(training.run())
    assert training.diverged and moments[-1]["step"] < 6
    assert "sample" not in moments[-1]


def test_a_moment_is_drawn_as_one_of_a_monitor(letters):
    kept = Kept({}, "mine", Training(SMALL, letters).run())
    found = arrays.layers(kept, "rnn")
    assert dict(found["total"].sizes) == {"update": 3, "layer": 1, "direction": 1, "distance": 12}
    assert (found["total"].values > 0).all() and found["gate"].values.tolist() == [
        "input_gate",
        "forget_gate",
        "output_gate",
    ]


def test_a_text_is_split_known_and_refused_in_one_line():
    letters = Letters.of("ab\r\nc" * 100 + "é" * 45)
    assert letters.text[:6] == "ab\ncab" and len(letters.held_out) == 45
    assert letters.unknown == 1.0 and "é" not in letters.vocabulary.characters
    assert Letters.of("한국어 " * 60).vocabulary.characters[-1] == "한"
    many = "".join(chr(0x4E00 + i) for i in range(3000)) * 2 + "a" * 1000
    assert len(Letters.of(many).vocabulary) <= 1001
    for text, says in (
        ("a" * 300, "holds 'a' alone"),
        ("abc", "at least 200"),
        ("", "at least 200"),
        ("ab" * 2_000_000, "up to 2 MB"),
    ):
        with pytest.raises(ValueError, match=says):
            Letters.of(text)
    with pytest.raises(ValueError, match="need a text of more than"):
        Training(replace(SMALL, length=200), Letters.of("ab" * 100))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("kind", "cnn", "kind"),
        ("units", 257, "at most 256"),
        ("units", 0, "units"),
        ("layers", 4, "at most 3"),
        ("rate", 0, "above 0"),
        ("clip", -1.0, "above 0"),
        ("dropout", 1.0, "below 1"),
        ("updates", 10**9, "at most 20000"),
        ("every", 0, "every"),
        ("seed", -1, "seed"),
    ],
)
def test_a_set_up_that_makes_no_sense_is_refused(field, value, says):
    with pytest.raises(ValueError, match=says):
        Setup(**{field: value})
    with pytest.raises(ValueError):
        Setup.from_dict({"speed": 1})


def test_what_was_trained_is_read_written_on_and_taken_away(letters):
    training = Training(SMALL, letters)
    moments = list(training.run())
    own = live(training, "mine")
    reading = own.read("the cat")
    ids = torch.tensor([letters.vocabulary.encode("the cat")])
    scores = training.model.eval()(ids)[0][0]
    np.testing.assert_allclose(
        reading.log_probability.values, scores.log_softmax(-1).detach().numpy(), rtol=1e-4, atol=1e-5
    )
    sent = own.send_back("the cat")
    want = nn.functional.cross_entropy(scores[:-1].double(), ids[0, 1:], reduction="sum")
    assert sent.loss == pytest.approx(want.item(), rel=1e-4)
    file = packed(training, moments[-1]["held_out"], command(SMALL))
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        card = json.loads(archive.read("card.json"))
        weights = safetensors.torch.load(archive.read("model.safetensors"))
    model = LanguageModel(
        *(card["model"][n] for n in ("kind", "vocabulary", "embedding", "hidden", "layers"))
    )
    model.load_state_dict(weights)
    assert all(map(torch.equal, model.parameters(), training.model.parameters()))
    assert Vocabulary(tuple(card["vocabulary"])) == letters.vocabulary
    assert "--units 8" in card["command"] and "--clip 0.2" in card["command"]
    assert card["held_out"]["loss"] == moments[-1]["held_out"]


def test_a_worker_tells_each_moment_and_how_far_it_came(letters):
    told = train(SMALL.to_dict(), TEXT)
    seen = []
    while True:
        try:
            seen.append(next(told))
        except StopIteration as end:
            found = end.value
            break
        kept = seen[-1].kept
    assert found.attrs == {"update": 6, "diverged": 0}
    assert [one.frame["step"] for one in seen] == [0, 3, 6] and seen[0].frame["loss"] is None
    assert Training.of(SMALL, letters, kept).update == 6
