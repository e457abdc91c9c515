"""The two tasks that are learned on the spot, against torch's own modules and by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.studies import tiny
from rnnviz.studies.tiny import LETTERS, ORDER

KINDS = ("rnn", "gru", "lstm")


@pytest.fixture(scope="module")
def order():
    """Both networks of the first task, trained, and the last step."""
    models = {"rnn": tiny.build(ORDER, "rnn", 3, 0), "bag": tiny.bag(ORDER, 3, 0)}
    return models, list(tiny.train(models, ORDER))


@pytest.fixture(scope="module")
def hello():
    model = tiny.build(LETTERS, "rnn", 3, 0)
    for _step in tiny.train({"rnn": model}, LETTERS):
        pass
    return model


def test_the_tasks_are_those_of_the_tutorials():
    assert ORDER.x.shape == (3, 3, 2)
    assert ORDER.x[0].tolist() == [[1, 0], [0, 1], [1, 0]]
    assert dict(zip(map(" ".join, ORDER.sequences), ORDER.targets, strict=True)) == {
        "as soon as": 1,
        "soon as as": 0,
        "as as soon": 0,
    }
    assert [LETTERS.tokens[i] for i in LETTERS.targets] == list("ello")


def test_shapes_of_the_tutorials():
    found = {row.symbol: row for row in tiny.shapes(tiny.build(ORDER, "rnn", 3, 0))}
    assert {symbol: row.textbook for symbol, row in found.items()} == {
        "W_xh": (2, 3),
        "W_hh": (3, 3),
        "b_h": (3,),
        "W_y": (3, 1),
        "b_y": (1,),
    }
    assert found["W_xh"].torch == (3, 2) and found["W_y"].torch == (1, 3)
    assert found["b_h"].names == "rnn.bias_ih_l0, rnn.bias_hh_l0"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("units", [1, 4, 8])
def test_shapes_are_those_of_the_modules(kind, units):
    model = tiny.build(LETTERS, kind, units, 0)
    rows = tiny.shapes(model)
    state = model.state_dict()
    assert {name for row in rows for name in row.names.split(", ")} == set(state)
    for row in rows:
        for name in row.names.split(", "):
            assert row.torch == tuple(state[name].shape)
        assert len(row.gates) * math.prod(row.textbook) == math.prod(row.torch)
    assert sum(row.count for row in rows) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("units", [1, 3, 8])
@pytest.mark.parametrize("kind", [*KINDS, "bag"])
@pytest.mark.parametrize("task", [ORDER, LETTERS], ids=["order", "letters"])
def test_the_lines_to_copy_make_the_same_network(task, kind, units):
    if kind == "bag":
        if task is LETTERS:
            return
        model = tiny.bag(task, units, 7)
    else:
        model = tiny.build(task, kind, units, 7)
    lines = tiny.lines(task, kind, units, 7)
    assert len(lines.splitlines()) == 4
    names = {}
    with torch.random.fork_rng(devices=[]):
        exec(tiny.start(task) + lines, names)
    scores = model(names["x"])
    wanted = torch.sigmoid(scores[:, -1]) if task is ORDER else torch.softmax(scores, -1)
    assert torch.equal(names["x"], task.x)
    torch.testing.assert_close(names["output"], wanted, rtol=0, atol=1e-6)


def test_a_seed_gives_the_same_numbers_and_leaves_torchs_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    runs = []
    for _run in range(2):
        models = {"lstm": tiny.build(ORDER, "lstm", 2, 3), "bag": tiny.bag(ORDER, 2, 3)}
        runs.append([step.losses() for step in tiny.train(models, ORDER, steps=5)])
    assert runs[0] == runs[1] and len(runs[0]) == 6
    assert torch.equal(torch.get_rng_state(), before)
    other = {"lstm": tiny.build(ORDER, "lstm", 2, 4)}
    assert next(tiny.train(other, ORDER)).losses()["lstm"] != runs[0][0]["lstm"]


def test_training_is_what_torch_does_by_itself():
    model, own = tiny.build(ORDER, "gru", 3, 1), tiny.build(ORDER, "gru", 3, 1)
    seen = [step.losses()["gru"] for step in tiny.train({"gru": model}, ORDER, steps=4, rate=0.1)]
    optimizer, wanted, losses = (
        torch.optim.Adam(own.parameters(), 0.1),
        torch.tensor(ORDER.targets).float(),
        [],
    )
    for _step in range(5):
        loss = nn.functional.binary_cross_entropy_with_logits(own(ORDER.x)[:, -1, 0], wanted)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert seen == pytest.approx(losses, rel=1e-5)


def test_the_loss_of_the_letters_is_torchs_cross_entropy():
    model = tiny.build(LETTERS, "lstm", 3, 1)
    step = next(tiny.train({"lstm": model}, LETTERS))
    loss = nn.functional.cross_entropy(model(LETTERS.x)[0], torch.tensor(LETTERS.targets))
    assert step.losses()["lstm"] == pytest.approx(loss.item(), rel=1e-6)


def test_the_network_learns_the_order_and_the_bag_says_a_third_each_time(order):
    models, steps = order
    outputs = tiny.answers(models, ORDER)
    assert steps[-1].step == tiny.STEPS
    np.testing.assert_array_equal(outputs.sel(model="rnn").isel(time=-1).round(), ORDER.targets)
    bag = outputs.sel(model="bag").isel(time=-1).values
    assert bag[0] == bag[1] == bag[2]
    assert bag[0] == pytest.approx(1 / 3, abs=1e-3)
    assert steps[-1].losses()["bag"] == pytest.approx(math.log(3) - 2 / 3 * math.log(2), abs=1e-4)
    assert outputs["token"].sel(sequence=1).values.tolist() == ["soon", "as", "as"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_recording_is_what_torch_computes(kind):
    model = tiny.build(ORDER, kind, 3, 2)
    node = tiny.recorded(model, ORDER, ORDER.sequences[0])
    hidden = model.rnn(ORDER.x[:1])[0][0].detach()
    np.testing.assert_allclose(node["hidden"].values[0, 0, 0], hidden, atol=1e-6)
    assert node["token"].values.tolist() == ["as", "soon", "as"]


def test_other_weights_go_into_a_copy(hello):
    before = tiny.weights(hello)
    other = tiny.with_weights(hello, torch.zeros_like(before))
    assert torch.equal(tiny.weights(hello), before)
    np.testing.assert_allclose(tiny.read(other, LETTERS, "hello")["probability"], 0.25)


def test_teacher_forcing_feeds_the_true_letters(hello):
    found = tiny.read(hello, LETTERS, "hello")
    assert "".join(found["fed"].values) == "hell" and "".join(found["following"].values) == "ello"
    wanted = torch.softmax(hello.head(hello.rnn(LETTERS.x)[0]), -1)[0].detach()
    np.testing.assert_allclose(found["probability"], wanted, atol=1e-6)


def test_at_temperature_0_the_trained_network_writes_hello(hello):
    found = tiny.write(hello, LETTERS, "h", 4, 0, 0)
    assert "".join(found["following"].values) == "ello"
    assert set(found["probability"].values.ravel()) == {0.0, 1.0}


@pytest.mark.parametrize("seed", range(4))
def test_the_letter_drawn_is_fed_next(seed):
    model = tiny.build(LETTERS, "gru", 3, 0)
    found = tiny.write(model, LETTERS, "o", 8, 1.0, seed)
    fed, drawn = found["fed"].values, found["following"].values
    assert fed[0] == "o" and fed[1:].tolist() == drawn[:-1].tolist()
    text = "o" + "".join(drawn)
    np.testing.assert_allclose(
        found["probability"], tiny.read(model, LETTERS, text)["probability"], atol=1e-6
    )
    assert found.identical(tiny.write(model, LETTERS, "o", 8, 1.0, seed))


def test_letters_are_drawn_as_often_as_they_are_likely():
    model = tiny.build(LETTERS, "rnn", 3, 0)
    draws = [tiny.write(model, LETTERS, "h", 1, 1.0, seed) for seed in range(400)]
    drawn = [found["following"].item() for found in draws]
    shares = [drawn.count(letter) / 400 for letter in LETTERS.tokens]
    np.testing.assert_allclose(shares, draws[0]["probability"].values[0], atol=0.1)  # four standard errors


def test_temperature_by_hand():
    scores = torch.log(torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(tiny.tempered(scores, 1), torch.tensor([0.25, 0.75]))
    torch.testing.assert_close(tiny.tempered(scores, 0.5), torch.tensor([0.1, 0.9]))
    assert tiny.tempered(scores, 0).tolist() == [0, 1]


def test_what_makes_no_sense_is_said_in_one_line():
    for call, said in (
        (lambda: tiny.build(ORDER, "transformer", 3, 0), "kind must be one of rnn, gru, lstm"),
        (lambda: tiny.build(ORDER, "rnn", 9, 0), "hidden must be from 1 to 8; got 9"),
        (lambda: LETTERS.one_hot(["help"]), "the tokens are h, e, l, o; got 'p'"),
        (
            lambda: tiny.write(tiny.build(LETTERS, "rnn", 1, 0), LETTERS, "h", 1, -1, 0),
            "temperature must be 0 or more; got -1",
        ),
    ):
        with pytest.raises(ValueError, match=said):
            call()
