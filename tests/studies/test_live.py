"""A model of one's own that is run again: what it records is what it does, and whatever it does wrong is one line."""

import copy
import re
import sys

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz
from rnnviz.studies import live
from rnnviz.studies.live import Live, LiveError
from rnnviz.studies.writing import Rule

LETTERS = "abc "


class Writer(nn.Module):
    def __init__(self, kind=nn.LSTM):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.rnn, self.head = (
            nn.Embedding(4, 3),
            kind(3, 5, batch_first=True),
            nn.Linear(5, 4),
        )

    def forward(self, ids):
        return self.head(self.rnn(self.embedding(ids))[0])


def encode(text):
    return torch.tensor([[LETTERS.index(letter) for letter in text]])


def writer(**more):
    given = {"encode": encode, "text": "abc", "next": lambda scores: scores[0], "outputs": list(LETTERS)}
    return Live(Writer(), **(given | more))


def test_what_it_reads_is_what_the_model_does():
    one, text = writer(), "cab a"
    reading = one.read(text)
    with torch.no_grad():
        hidden, _ = one.model.rnn(one.model.embedding(encode(text)))
        wanted = one.model.head(hidden)[0].log_softmax(-1)
    assert reading.tokens == tuple(text) == reading.subject.tokens("rnn")
    np.testing.assert_array_equal(reading.subject.layer("rnn")["hidden"].values, hidden[0])
    np.testing.assert_allclose(reading.log_probability, wanted, atol=1e-6)


@pytest.mark.parametrize("step", [None, 0, 2, 99])
def test_a_loss_goes_back_as_torch_sends_it_in_float64(step):
    one, text = writer(), "cab a"
    reading = one.send_back(text, step)
    exact = Writer().double()
    exact.load_state_dict(one.model.state_dict())
    hidden = exact.rnn(exact.embedding(encode(text)))[0]
    hidden.retain_grad()
    losses = nn.functional.cross_entropy(exact.head(hidden)[0, :-1], encode(text)[0, 1:], reduction="none")
    chosen = losses.sum() if step is None else losses[min(step, 3)]
    chosen.backward()
    assert reading.loss == pytest.approx(chosen.item(), abs=1e-12)
    assert reading.step == (None if step is None else min(step, 3))
    node = reading.subject.layer("rnn")
    np.testing.assert_allclose(node["hidden_grad_direct"], hidden.grad[0], atol=1e-12)


def test_a_loss_of_its_own_may_be_one_number_and_a_type_of_its_own_stays():
    class Stubborn(Writer):
        def forward(self, ids):
            return (
                super().forward(ids) + self.rnn(torch.zeros(1, 1, 3))[0].sum()
            )  # float32, whatever the weights are

    one = Live(Stubborn(), encode, "ab", loss=lambda scores, text: scores.sum() * len(text))
    reading = one.send_back("abc", 1)
    assert reading.step is None and not one.writes
    assert reading.subject.node("rnn")["hidden_grad"].dtype == np.float32


def test_it_writes_as_the_rule_says_and_is_left_as_it_was():
    one = writer()
    one.model.train()
    text = "ab"
    for _ in range(6):
        logits = one.model.eval()(encode(text))[0, -1]
        text += LETTERS[int(logits.argmax())]
    one.model.train()
    assert one.write("ab", 6, Rule(temperature=0)) == text
    assert (
        one.write("ab", 9, Rule(seed=3))
        == one.write("ab", 9, Rule(seed=3))
        != one.write("ab", 9, Rule(seed=4))
    )
    assert one.model.training and all(p.grad is None for p in one.model.parameters())


def test_rows_of_numbers_are_given_as_numbers():
    model = nn.GRU(2, 3)
    one = Live(
        model, lambda rows: torch.from_numpy(rows).float()[:, None], "day,x,y\nMo,1,2\nTu,3,4\n", rows=True
    )
    reading = one.read(one.text)
    assert reading.tokens == ("Mo", "Tu") and reading.inputs.features == ("x", "y")
    wanted = model(torch.tensor([[[1.0, 2]], [[3, 4]]]))[0][:, 0].detach()
    np.testing.assert_array_equal(reading.subject.layer("gru")["hidden"], wanted)
    learns = Live(model, one.encode, one.text, rows=True, loss=lambda out, text: out[0].square().sum((1, 2)))
    x = torch.tensor([[[1.0, 2]], [[3, 4]]], dtype=torch.float64, requires_grad=True)
    loss = copy.deepcopy(model).double()(x)[0][1].square().sum()
    (slope,) = torch.autograd.grad(loss, x)
    np.testing.assert_allclose(learns.send_back(one.text, 1).shares, (slope * x)[:, 0].T.detach(), atol=1e-12)
    with pytest.raises(LiveError, match="line 3, column 'x'"):
        one.read("day,x,y\nMo,1,2\nTu,many,4\n")


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (
            {"encode": lambda text: 1 / 0},
            "Writer: encode raised ZeroDivisionError: division by zero (test_live.py, line",
        ),
        ({"encode": lambda text: torch.zeros(1, 2)}, "Writer: the model raised RuntimeError"),
        ({"steps": lambda text: [1, 2]}, "Writer: steps must give strings"),
        ({"next": lambda scores: scores}, "Writer: next must give scores (time, 4); got (1, 3, 4)"),
        ({"next": lambda scores: "high"}, "Writer: next must give scores (time, 4); got str"),
    ],
)
def test_whatever_goes_wrong_is_one_line(more, line):
    with pytest.raises(LiveError, match=re.escape(line)) as raised:
        writer(**more).read("abc")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("more", "text", "line"),
    [
        ({}, "a", "a loss needs a next token: type at least two"),
        ({"outputs": list("xyz ")}, "abc", "Writer: 'b' is none of its outputs: no loss can be told there"),
        ({"next": None}, "abc", "Writer has no loss: give Live a `loss`, or `next` and `outputs`"),
        (
            {"loss": lambda scores, text: 3},
            "abc",
            "loss must give a tensor (time,) or () that leads to the model",
        ),
    ],
)
def test_why_no_loss_can_be_sent_back(more, text, line):
    with pytest.raises(LiveError, match=re.escape(line)):
        writer(**more).send_back(text)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((nn.Linear(2, 2), encode, "a"), "model holds no nn.RNN, nn.LSTM or nn.GRU"),
        (("model", encode, "a"), "model must be an nn.Module; got str"),
        ((Writer(), None, "a"), "encode must be a function; got NoneType"),
        ((Writer(), encode, ""), "text must be a text of at least one character"),
    ],
)
def test_what_is_no_model_is_told_at_once(given, line):
    with pytest.raises((TypeError, ValueError), match=re.escape(line)):
        Live(*given)


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("own", "wanted package.module:function; got 'own'"),
        ("not_here:subject", "there is no module not_here"),
        (
            "own_broken:subject",
            "own_broken cannot be imported: NameError: name 'nothing' is not defined (own_broken.py, line 2)",
        ),
        ("own_wrong:other", "own_wrong has no function other; it has subject, raises"),
        ("own_wrong:subject", "own_wrong:subject must return an rnnviz.Live; got int"),
        ("own_wrong:raises", "own_wrong:raises raised KeyError: 'x' (own_wrong.py, line 4)"),
    ],
)
def test_a_function_that_cannot_be_used_is_one_line(spec, line, tmp_path, monkeypatch):
    (tmp_path / "own_broken.py").write_text("a = 1\nnothing\n")
    (tmp_path / "own_wrong.py").write_text(
        "def subject():\n    return 3\ndef raises():\n    return {}['x']\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(LiveError, match=re.escape(line)):
        live.found(spec)


def test_the_example_is_written_learns_its_sentence_and_is_never_overwritten(tmp_path, monkeypatch, capsys):
    from rnnviz import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert cli.main(["example", "mine_here.py"]) == 0
    assert "rnnviz explore mine_here:subject" in capsys.readouterr().out
    assert cli.main(["example", "mine_here.py"]) == 2
    one = live.found("mine_here:subject")
    assert one.write("the quick", 34, Rule(temperature=0)).startswith(
        "the quick brown fox jumps over the lazy"
    )
    assert isinstance(one, rnnviz.Live)


def test_an_edited_reading_is_the_model_with_that_change():
    one, text = writer(), "cab a"
    edit = rnnviz.Edit("hidden", 0.0, units=2, steps=[1, 3])
    reading = one.read(text, edit)
    with torch.no_grad(), rnnviz.record(one.model, edit=edit):
        wanted = one.model(encode(text))[0].log_softmax(-1)
    np.testing.assert_allclose(reading.log_probability, wanted, atol=1e-6)
    assert reading.subject.key != one.read(text).subject.key
    back = one.send_back(text, 3, edit)
    came = back.subject.layer("rnn")["hidden_grad"].values
    assert came[3].any() and came[0].any()
    shut = one.send_back(text, 3, rnnviz.Edit("hidden", 0.0, steps=1)).subject.layer("rnn")
    assert shut["hidden_grad"].values[0].any(), "the cell still carries"
    with pytest.raises(LiveError, match="unit 7 is not there; wanted 0 to 4"):
        one.read(text, rnnviz.Edit("hidden", 0.0, units=7))


def test_a_shipped_language_model_is_one_to_be_run_again():
    one = live.shipped("shakespeare-lstm")
    model, card = rnnviz.load("shakespeare-lstm")
    ids = rnnviz.checkpoints.vocabulary(card).encode("To be")
    with torch.no_grad():
        wanted = model(torch.tensor([ids]))[0][0].log_softmax(-1)
    np.testing.assert_allclose(one.read("To be").log_probability, wanted, atol=1e-5)
    with pytest.raises(ValueError, match="is no language model; wanted one of"):
        live.shipped("sentiment-english-lstm")


def test_losses_are_of_every_step_and_several_can_be_sent_back_together():
    one, text = writer(), "cab a"
    losses = one.losses(text)
    assert losses.shape == (4,) and losses.sum() == pytest.approx(one.send_back(text).loss, abs=1e-5)
    together = one.send_back(text, steps=[0, 2])
    assert together.loss == pytest.approx(losses[0] + losses[2], abs=1e-5)
    each = [one.send_back(text, step).subject.layer("rnn")["hidden_grad"].values for step in (0, 2)]
    found = together.subject.layer("rnn")["hidden_grad"].values
    np.testing.assert_allclose(found, each[0] + each[1], atol=1e-12)
    changed = one.losses(text, rnnviz.Edit("hidden", 0.0, steps=3))
    np.testing.assert_array_equal(changed[:3], losses[:3])
    assert changed[3] != losses[3]
    whole = writer(loss=lambda scores, text: scores.sum() * len(text))
    assert whole.losses(text) == pytest.approx([whole.send_back(text).loss], abs=1e-4)
