"""Networks that learn side by side: what is kept of it is what torch says."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.stats import learning
from rnnviz.studies import memory
from rnnviz.studies.comparing import Architecture, Stack
from rnnviz.studies.memory import Race, Setup, gathered, survey, train
from rnnviz.studies.memory.running import log_norms

THREE = tuple(Architecture(kind, units=8) for kind in ("rnn", "gru", "lstm"))
SMALL = Setup(THREE, steps=6, updates=12, every=4)


def test_a_linear_network_adds_one_number_to_nothing():
    relu = Architecture("rnn", "relu", units=4, initialisation="identity")
    found = train(Setup((relu,), task="adding", steps=1, updates=1000, rate=0.01, every=500))
    assert found["loss"].values[0, -1] < 1e-4 and found["accuracy"].values[0, -1] == 1


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("truncate", [None, 4])
@pytest.mark.parametrize("task", list(memory.TASKS))
def test_what_reaches_a_step_is_what_autograd_says_of_its_state(kind, truncate, task):
    own = memory.examples(task, 7, 32, seed=5)
    network = Stack(Architecture(kind, units=5), own.x.shape[-1], own.outputs, seed=3)
    layer, state, states = network.layers[0], None, []
    for step in range(7):  # by hand, one step after the other, each state a leaf of its own graph
        if truncate and step == 7 - truncate:
            state = tuple(s.detach() for s in state) if kind == "lstm" else state.detach()
        _said, state = layer(own.x[:, step : step + 1].double(), state)
        states.append(state[0] if kind == "lstm" else state)
    hidden = torch.cat(states).transpose(0, 1)
    losses = own.losses(network.head(hidden)).sum()
    gradients = torch.autograd.grad(losses, states, allow_unused=True)
    norms = [0.0 if g is None else g[0].square().sum(-1).mean().sqrt().item() for g in gradients]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(log_norms(network, own, truncate), np.log(norms), atol=1e-6)


def test_a_truncated_training_is_that_of_a_loop_written_by_hand():
    one = Setup(
        (Architecture("rnn", units=8),), steps=6, updates=5, truncate=2, optimiser="sgd", rate=0.5, clip=0.1
    )
    race = Race(one)
    (network,) = race.networks
    rnn, head = nn.RNN(6, 8, batch_first=True), nn.Linear(8, 2)
    rnn.load_state_dict(network.layers[0].state_dict())
    head.load_state_dict(network.head.state_dict())
    optimiser = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.5)
    list(race.run())
    for update in range(5):
        data = memory.examples("first", 6, 32, seed=update + 1)
        with torch.no_grad():
            _said, state = rnn(data.x[:, :4])  # what lies before the last two steps is not gone back through
        loss = nn.functional.cross_entropy(head(rnn(data.x[:, 4:], state)[0][:, -1]), data.target[:, 0])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*rnn.parameters(), *head.parameters()], 0.1)
        optimiser.step()
    for mine, theirs in zip(network.parameters(), [*rnn.parameters(), *head.parameters()], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_training_that_was_stopped_goes_on_as_if_it_never_had_been(optimiser):
    one = dataclasses.replace(SMALL, optimiser=optimiser)
    first = Race(one)
    run = first.run()
    moments = [next(run), next(run)]
    moments += Race.of(one, first.state()).run()
    assert gathered(one, moments).identical(train(one))


def test_more_updates_of_a_training_begin_as_it_did():
    race = Race(SMALL)
    moments = list(race.run())
    longer = dataclasses.replace(SMALL, updates=20)
    moments += Race.of(longer, race.state()).run()
    assert gathered(longer, moments).identical(train(longer))


def test_what_belongs_to_another_training_is_not_gone_on_with():
    race = Race(SMALL)
    for state, setup in (
        (race.state(), dataclasses.replace(SMALL, rate=0.1)),
        (race.state()[:-8], SMALL),
        (b"", SMALL),
        (b"\xff" * 64, SMALL),
    ):
        with pytest.raises(ValueError, match="cannot be gone on with"):
            Race.of(setup, state)


def test_all_networks_of_a_seed_read_the_same_and_another_seed_other_sequences():
    alone = train(dataclasses.replace(SMALL, networks=THREE[1:2]))
    together = train(SMALL).isel(network=[1])
    assert np.array_equal(alone["loss"], together["loss"]) and np.array_equal(
        alone["log_norm"], together["log_norm"]
    )
    assert not np.array_equal(
        alone["loss"], train(dataclasses.replace(SMALL, networks=THREE[1:2], seed=1))["loss"]
    )


def test_a_training_that_leaves_the_numbers_is_drawn_as_far_as_it_went():
    relu = Architecture("rnn", "relu", units=8, initialisation="identity")
    wild = dataclasses.replace(
        SMALL, networks=(relu, THREE[2]), optimiser="sgd", rate=1e4, clip=None, steps=30
    )
    found = train(wild)
    first, last = (found.isel(network=0, moment=place) for place in (0, -1))
    assert np.isfinite(first["loss"]) and np.isfinite(first["log_norm"]).all()
    assert np.isnan(last["loss"]) and np.isnan(last["log_norm"]).all()


def test_chance_is_what_a_guess_gets():
    for task in memory.TASKS:
        own = memory.examples(task, 12, 4000, seed=1)
        said = torch.zeros(4000, 12, own.outputs)
        if task == "adding":
            said += 1
        assert own.right(said) == pytest.approx(memory.chance(task), abs=0.03)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"task": "first", "steps": 0}, "steps must be a whole number of at least 1"),
        ({"task": "brackets", "steps": 3}, "'brackets' takes 4 to 200 steps; got 3"),
        ({"steps": 201}, "takes 1 to 200 steps; got 201"),
        ({"rate": 0}, "rate must be above 0; got 0"),
        ({"rate": float("nan")}, "rate must be a number"),
        ({"clip": -1}, "clip must be above 0; got -1"),
        ({"task": "spelling"}, "task must be one of first, adding"),
        ({"updates": 4000, "every": 1}, "at most 400 moments are kept; 4000 updates need every=10"),
        ({"networks": ()}, "nothing to train"),
        ({"networks": (THREE[0], THREE[0])}, "two networks are the same: RNN, 8 units"),
        ({"networks": (Architecture(layers=2),)}, "one layer that reads forwards"),
        ({"networks": (Architecture(units=1000),)}, "at most 256 units; got 1000"),
        ({"seed": -1}, "seed must be from 0 to 999999"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_line(change, line):
    with pytest.raises(ValueError, match=line):
        Setup(**vars(SMALL) | change)


def test_a_setup_is_the_same_after_json():
    assert Setup.from_dict(SMALL.to_dict()) == SMALL
    with pytest.raises(ValueError, match="no field 'colour'"):
        Setup.from_dict(SMALL.to_dict() | {"colour": 1})


def test_seeds_lie_together_and_come_back_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    one = dataclasses.replace(survey.setup("repaired", 5), updates=80)
    whole = survey.together(list(survey.run(one, seeds=2)))
    assert whole["accuracy"].dims == ("seed", "network", "update")
    alone = train(dataclasses.replace(one, seed=1)).swap_dims(moment="update")
    there = whole.sel(seed=1).dropna("update", how="all", subset=["accuracy"])["update"]
    np.testing.assert_allclose(
        whole["log_norm"].sel(seed=1, update=there), alone["log_norm"].sel(update=there), rtol=1e-6
    )
    path = survey.path("repaired", 5)
    path.parent.mkdir()
    survey.write(whole, path)
    again = survey.opened("repaired", 5)
    assert again.equals(whole) and Setup.from_dict(json.loads(again.attrs["setup"])) == one
    with pytest.raises(ValueError, match="repaired at 7 steps is not shipped"):
        survey.opened("repaired", 7)


@pytest.mark.parametrize("name", list(survey.EXPERIMENTS))
def test_a_shipped_training_is_made_again(name):
    found = survey.opened(name, 5)
    one = survey.setup(name, 5)
    assert (
        dataclasses.replace(Setup.from_dict(json.loads(found.attrs["setup"])), seed=0) == one
        and found.sizes["seed"] == survey.SEEDS
    )
    again = train(dataclasses.replace(one, updates=20)).swap_dims(moment="update")
    np.testing.assert_allclose(again["loss"], found["loss"].sel(seed=0, update=[0, 20]), rtol=1e-3)


def test_what_the_page_says_was_measured_is_what_the_shipped_trainings_say():
    plain, sgd, adding = (survey.counted(name, 20) for name in ("plain", "sgd", "adding"))
    long, start = (survey.counted(name, 50) for name in ("plain", "repaired"))
    assert plain["rnn"] > plain["lstm"] and plain["lost"] == 3 * plain["seeds"] - plain["learned"]
    assert plain["arrived"] >= 0.9 * plain["learned"]
    assert long["rnn_arrived"] == long["seeds"] and long["gru"] == long["lstm"] == 0 < long["rnn"] < 5
    assert start["rnn"] == start["lstm"] == start["seeds"] and start["gru"] == 0
    assert sgd["learned"] == 0
    guess = memory.chance("adding")
    assert adding["rnn_right"] < guess + 0.05 and min(adding["gru_right"], adding["lstm_right"]) > 0.85
    arrived = learning.arrived(survey.opened("adding", 20)["log_norm"])
    assert arrived.sel(network="RNN, 32 units").notnull().all()
    assert survey.counted("truncated", 20)["learned"] <= 3 and survey.counted("truncated", 50)["learned"] == 0
    few, copied, parity = survey.counted("copy", 10), survey.counted("copy", 20), survey.counted("parity", 5)
    assert (
        few["rnn"] == few["seeds"]
        and few["gru"] == few["lstm"] == copied["learned"] == parity["learned"] == 0
    )
    assert copied["rnn_right"] > max(copied["gru_right"], copied["lstm_right"]) > 3 * memory.chance("copy")
    assert all(parity[f"{kind}_arrived"] == parity["seeds"] for kind in survey.KINDS)
    assert survey.counted("brackets", 20)["learned"] == 3 * few["seeds"]
    deep = survey.counted("brackets", 50)
    assert (deep["rnn"], deep["gru"], deep["lstm"]) == (8, 10, 10)
    assert (parity["rnn_low"], few["rnn_high"]) == (0, 1)
    assert (parity["rnn_high"], few["rnn_low"]) == pytest.approx(
        (0.2775, 0.7225), abs=1e-4
    )  # Wilson, by hand
    cut = survey.counted("truncated", 10)
    assert min(cut[kind] for kind in survey.KINDS) >= 0.9 * cut["seeds"]
    assert (survey.opened("truncated", 10)["log_norm"].isel(time=slice(0, 6)) == -np.inf).any()
