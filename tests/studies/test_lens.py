"""Lower layers through the output layer: the top layer says what the network says, and a map that is there is found."""

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.studies import lens, live
from tests.studies.test_ablation import LETTERS, TEXT, model_of, subject_of, unknown

RANDOM = np.random.default_rng(0)
CORPUS = "".join(RANDOM.choice(list(LETTERS.characters), 16 * lens.STRETCH))


def test_the_top_layer_says_what_the_network_says():
    subject = subject_of("lstm")
    found = lens.read(subject, TEXT)
    np.testing.assert_allclose(found["log_probability"][-1], subject.read(TEXT).log_probability, atol=1e-6)
    np.testing.assert_array_equal(found["kl"][-1], 0)
    np.testing.assert_allclose(found["loss"].values[-1, :-1], subject.losses(TEXT), atol=1e-10)
    assert np.isnan(found["loss"].values[:, -1]).all() and found["token"].values.tolist() == list(TEXT)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_without_a_map_a_lower_state_goes_through_the_output_layer_as_it_is(kind):
    subject = subject_of(kind)
    hidden = subject.read(TEXT).subject.layer("rnn", 0)["hidden"].values
    with torch.no_grad():
        wanted = subject.model.head(torch.from_numpy(hidden)).log_softmax(-1)
    found = lens.read(subject, TEXT)
    np.testing.assert_allclose(found["log_probability"][0], wanted, atol=1e-10)
    output = found["log_probability"].values[1]
    kl = (np.exp(output) * (output - wanted.numpy())).sum(-1)
    np.testing.assert_allclose(found["kl"].values[0], kl, atol=1e-10)


def test_a_map_that_is_there_is_found():
    """A second layer that forgets and hardly bends is an affine map of the first."""
    model = model_of("rnn")
    with torch.no_grad():
        model.rnn.weight_hh_l1.zero_()
        for weight in (model.rnn.weight_ih_l1, model.rnn.bias_ih_l1, model.rnn.bias_hh_l1):
            weight *= 1e-4
        model.head.weight *= 1e4
    subject = live.language(model, LETTERS, "straight", TEXT)
    found = lens.fit(subject, CORPUS, ridge=1e-9)
    np.testing.assert_allclose(found["weight"].values[0].T, model.rnn.weight_ih_l1.detach(), atol=1e-8)
    assert found["kl"].values[0] < 1e-6 < 0.1 < found["kl_raw"].values[0]
    assert found["loss"].values[0] == pytest.approx(found.attrs["loss"], abs=1e-5)
    assert lens.read(subject, TEXT, found)["kl"].values.max() < 1e-5
    np.testing.assert_array_equal(found["weight"].values[1], np.eye(5))


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_of_any_model_the_output_layer_is_found_by_what_it_gives(kind):
    plain, known = lens.read(unknown(kind), TEXT), lens.read(subject_of(kind), TEXT)
    for name in ("log_probability", "kl", "loss"):
        np.testing.assert_allclose(plain[name], known[name], atol=1e-6)
    assert list(zip(plain["module"].values, plain["number"].values, strict=True)) == [
        ("model.rnn", 0),
        ("model.rnn", 1),
    ]


class Stacked(nn.Module):
    """Two modules of one layer each, and what is in the way of reading them out. way: between the upper one and the scores."""

    def __init__(self, way):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(len(LETTERS), 4)
        self.lower, self.upper = nn.GRU(4, 5, batch_first=True), nn.RNN(5, 5, batch_first=True)
        self.decoy, self.head, self.way = nn.Linear(5, len(LETTERS)), nn.Linear(5, len(LETTERS)), way

    def forward(self, ids):
        low = self.lower(self.embedding(ids))[0]
        return self.head(self.way(self.upper(low)[0]))[0]


def stacked(way):
    def encode(text):
        return torch.tensor([LETTERS.encode(text)])

    return live.Live(Stacked(way).eval(), encode, TEXT, "stacked", list, lambda said: said, LETTERS.tokens)


def test_modules_one_on_the_other_are_layers_too():
    subject = stacked(nn.Identity())
    model, ids = subject.model, subject.encode(TEXT)
    with torch.no_grad():
        low = model.lower(model.embedding(ids))[0]
        wanted = torch.stack([low, model.upper(low)[0]])[:, 0]
        wanted = model.head(wanted).log_softmax(-1)
    found = lens.read(subject, TEXT)
    np.testing.assert_allclose(found["log_probability"], wanted, atol=1e-6)
    assert found["module"].values.tolist() == ["lower", "upper"]


def test_where_no_linear_layer_says_it_from_one_state_a_line_says_so():
    with pytest.raises(ValueError, match="no linear layer gives what `next` says from one recurrent"):
        lens.read(stacked(nn.ReLU()), TEXT)


def test_what_is_measured_on_other_text_is_what_a_fit_measures_on_what_it_held_out():
    subject = subject_of("lstm")
    fitted = lens.fit(subject, CORPUS, held_out=8 / 16)
    text = CORPUS[-8 * lens.STRETCH :]
    mapped, raw = lens.measure(subject, text, fitted), lens.measure(subject, text)
    for name, one in (("kl", mapped), ("kl_raw", raw), ("loss", mapped), ("loss_raw", raw)):
        np.testing.assert_allclose(fitted[name], one[name.removesuffix("_raw")], atol=1e-12)


def test_what_is_held_out_is_measured_as_it_is_read():
    subject = subject_of("gru")
    found = lens.fit(subject, CORPUS, held_out=1 / 16)
    last = lens.read(subject, CORPUS[-lens.STRETCH :], found).isel(time=slice(lens.WARM, None))
    np.testing.assert_allclose(found["kl"], last["kl"].mean("time"), atol=1e-9)
    np.testing.assert_allclose(found["loss"], last["loss"].mean("time"), atol=1e-9)
    assert found.attrs["held_out"] == lens.STRETCH - lens.WARM - 1


def test_leading_a_map_on_brings_it_nearer():
    subject, told = subject_of("lstm"), []
    plain = lens.fit(subject, CORPUS)
    led = lens.fit(subject, CORPUS, iterations=10, progress=lambda *now: told.append(now))
    assert led["kl"].values[0] < plain["kl"].values[0] < plain["kl_raw"].values[0]
    assert told[0] == (0, 26) and told[-1] == (26, 26) and told == sorted(told)
    assert all(weight.grad is None for weight in subject.model.parameters())
    again = lens.fit(subject, CORPUS, iterations=10)
    np.testing.assert_array_equal(led["weight"], again["weight"])


def test_what_cannot_be_is_one_line():
    subject = subject_of("rnn")
    with pytest.raises(ValueError, match="at least 8 stretches of 256 tokens; the corpus has 1$"):
        lens.fit(subject, CORPUS[:300])
    with pytest.raises(ValueError, match="is no LanguageModel"):
        lens.fit(unknown("rnn"), CORPUS)
    for nothing in (subject, unknown("rnn")):
        with pytest.raises(ValueError, match="a text of at least one token"):
            lens.read(nothing, "")
    with pytest.raises(ValueError, match="wanted ridge > 0"):
        lens.fit(subject, CORPUS, ridge=-1)
    other = live.language(model_of("rnn", units=3), LETTERS, "small", TEXT)
    with pytest.raises(ValueError, match="this lens is for"):
        lens.read(other, TEXT, lens.fit(subject, CORPUS))
    assert isinstance(subject.model.head, nn.Linear)
