"""Weights of a file that read text: what comes next and what goes back is what the module that was saved does."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.foreign import vocabulary
from rnnviz.studies import worded
from rnnviz.studies.live import LiveError
from rnnviz.told import Told

LETTERS = "abcdefgh \n"
TEXT = "a bad cab"


class Writer(nn.Module):
    def __init__(self, kind=nn.LSTM, tokens=10, **more):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.rnn = nn.Embedding(tokens, 3), kind(3, 5, batch_first=True, **more)
        self.head = nn.Linear(5 * (2 if more.get("bidirectional") else 1), tokens)

    def forward(self, ids):
        return self.head(self.rnn(self.embedding(ids))[0])


@pytest.fixture
def saved(tmp_path):
    """Weights with the vocabulary beside them, as checkpoints often have it."""
    one = Writer()
    torch.save({"model": one.state_dict(), "stoi": {c: i for i, c in enumerate(LETTERS)}}, tmp_path / "a.pt")
    return one, rnnviz.weights(tmp_path / "a.pt")


def ids(text):
    return torch.tensor([[LETTERS.index(c) for c in text]])


def test_what_the_file_calls_its_tokens_is_found_and_the_text_is_read_as_the_model_reads_it(saved):
    one, found = saved
    assert found.vocabulary == dict(enumerate(LETTERS))
    own = worded.live(found, found.vocabulary, "a.pt")
    reading = own.read(TEXT)
    assert reading.tokens == tuple(TEXT) and own.lacks is None
    with torch.no_grad():
        np.testing.assert_allclose(reading.log_probability, one(ids(TEXT))[0].log_softmax(-1), atol=1e-6)
    states = one.rnn(one.embedding(ids(TEXT)))[0][0].detach()
    np.testing.assert_allclose(reading.subject.layer("rnn")["hidden"], states, atol=1e-6)


def test_the_loss_of_the_next_token_goes_back_as_torch_sends_it(saved):
    one, found = saved
    back = worded.live(found, found.vocabulary, "a.pt").send_back(TEXT, 3)
    exact = one.double()
    hidden = exact.rnn(exact.embedding(ids(TEXT)))[0]
    hidden.retain_grad()
    loss = nn.functional.cross_entropy(exact.head(hidden)[0, 3:4], ids(TEXT)[0, 4:5])
    loss.backward()
    assert back.loss == pytest.approx(loss.item(), abs=1e-12)
    np.testing.assert_allclose(back.subject.layer("rnn")["hidden_grad_direct"], hidden.grad[0], atol=1e-12)


def test_it_writes_tokens_of_the_vocabulary(saved):
    _one, found = saved
    own = worded.live(found, found.vocabulary, "a.pt")
    assert set(own.write("a", 20)) <= set(LETTERS) and own.text


def test_without_an_embedding_characters_are_read_one_hot(tmp_path):
    torch.manual_seed(1)
    rnn, head = nn.RNN(4, 6, batch_first=True), nn.Linear(6, 4)
    np.savez(
        tmp_path / "k.npz",
        Wxh=rnn.weight_ih_l0.detach(),
        Whh=rnn.weight_hh_l0.detach(),
        bh=(rnn.bias_ih_l0 + rnn.bias_hh_l0).detach(),
        Why=head.weight.detach(),
        by=head.bias.detach(),
        chars=np.array(list("helo")),
    )
    found = rnnviz.weights(tmp_path / "k.npz")
    assert found.vocabulary == dict(enumerate("helo"))
    came = worded.live(found, found.vocabulary, "k").read("hello").log_probability
    wanted = head(rnn(torch.eye(4)[[0, 1, 2, 2, 3]][None])[0])[0].log_softmax(-1).detach()
    np.testing.assert_allclose(came, wanted, atol=1e-6)


def test_a_vocabulary_is_read_however_it_is_written():
    wanted = {0: "a", 1: " ", 2: "\n"}
    for text in (
        '["a", " ", "\\n"]',
        '{"a": 0, " ": 1, "\\n": 2}',
        '{"0": "a", "1": " ", "2": "\\n"}',
        "a\n\\s\n\\n\n",
    ):
        assert vocabulary.parsed(text) == wanted, text
    assert vocabulary.parsed("ab\u0020") == {0: "a", 1: "b", 2: " "}
    keras = {"class_name": "Tokenizer", "config": {"word_index": json.dumps({"the": 1, "cat": 2})}}
    assert vocabulary.parsed(json.dumps(keras)) == {1: "the", 2: "cat"}
    assert vocabulary.parsed("[\n]\na") == {0: "[", 1: "]", 2: "a"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "0 tokens"),
        ("a", "1 tokens"),
        ("aa", "twice"),
        ('["a", 1]', "id 1 came as"),
        ('["a", ""]', "id 1 came as"),
        ('{"a": 1, "b": 1}', "id 1 stands in the vocabulary twice"),
        ('{"a": -1, "b": 1}', "below 0"),
        ('{"a": 1.5, "b": 1}', "no whole number"),
        ('["a", "b"', "begins as JSON and is none"),
        ("[" * 100_000, "begins as JSON and is none"),
        ("a" * 1_000_001, "at most 1,000,000"),
    ],
)
def test_what_is_no_vocabulary_is_one_line(text, line):
    with pytest.raises(Told, match=line) as problem:
        vocabulary.parsed(text)
    assert "\n" not in str(problem.value)


def test_two_vocabularies_in_one_file_leave_the_choice_to_the_reader(tmp_path):
    state = Writer().state_dict()
    torch.save({"model": state, "vocab": list("abc"), "itos": list("abd")}, tmp_path / "a.pt")
    assert rnnviz.weights(tmp_path / "a.pt").vocabulary is None
    torch.save({"model": state, "vocab": list("abc"), "stoi": {"a": 0, "b": 1, "c": 2}}, tmp_path / "b.pt")
    assert rnnviz.weights(tmp_path / "b.pt").vocabulary == dict(enumerate("abc"))


def test_words_are_read_as_words_and_what_is_unknown_as_the_vocabulary_says():
    tokens = worded.Tokens(dict(enumerate(["<pad>", "<unk>", "the", "cat", "sat", "."])))
    assert tokens.split("The dog <pad> sat.") == ["the", "<unk>", "<pad>", "sat", "."]
    letters = worded.Tokens(dict(enumerate(["<s>", *"abc"])))
    assert letters.split("<s>ab") == ["<s>", "a", "b"]
    with pytest.raises(LiveError, match="'d' is not in the vocabulary"):
        letters.split("ad")


def test_hangul_that_came_in_parts_is_put_together_for_syllables():
    tokens = worded.Tokens(dict(enumerate("가나다")))
    assert tokens.split("\u1100\u1161나") == ["가", "나"]


def test_what_does_not_fit_or_is_missing_is_said(saved, tmp_path):
    _one, found = saved
    with pytest.raises(Told, match="its embedding has 10 tokens; the vocabulary has 9, of ids 0 to 8"):
        worded.live(found, dict(enumerate("abcdefgh ")), "a")
    with pytest.raises(Told, match="of ids 1 to 10"):
        worded.live(found, dict(enumerate(LETTERS, 1)), "a")
    assert worded.live(found, dict(enumerate("abcdefgh ", 1)), "a").outputs[0] == "⟨0⟩"
    both = Writer(bidirectional=True)
    torch.save(both.state_dict(), tmp_path / "both.pt")
    own = worded.live(rnnviz.weights(tmp_path / "both.pt"), dict(enumerate(LETTERS)), "both")
    assert "reads backward too" in str(own.lacks) and own.read(TEXT).log_probability is None
    with pytest.raises(LiveError, match="reads backward too"):
        own.send_back(TEXT)
    state = {name: value for name, value in Writer().state_dict().items() if "head" not in name}
    torch.save(state, tmp_path / "bare.pt")
    own = worded.live(rnnviz.weights(tmp_path / "bare.pt"), dict(enumerate(LETTERS)), "bare")
    assert "no output layer that takes the 5 numbers of rnn" in str(own.lacks)


def test_names_that_a_module_has_already_are_no_hindrance():
    rnn = nn.GRU(2, 3, batch_first=True)
    found = rnnviz.foreign.Weights(
        {"forward": rnn, "training": nn.GRU(3, 3, batch_first=True)}, (), None, None, (), (), ""
    )
    own = worded.live(found, {0: "a", 1: "b"}, "odd", ("forward", "training"))
    assert len(own.read("abab").subject.modules) == 2
    with pytest.raises(Told, match="the file does not say"):
        worded.live(found, {0: "a", 1: "b"}, "odd")
