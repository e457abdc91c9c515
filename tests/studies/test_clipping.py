"""A training without clipping and with it, and one update both ways: what is kept of it is what torch says."""

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from rnnviz.studies import clipping, memory
from rnnviz.studies.clipping import Course, one_update, pair, survey, work, worst
from rnnviz.studies.comparing import Architecture
from rnnviz.studies.memory import Race, Setup

SMALL = Setup(
    (Architecture("rnn", units=8),), steps=6, updates=8, batch=4, optimiser="sgd", rate=0.5, clip=0.1, every=1
)
RELU = dataclasses.replace(
    SMALL,
    networks=(Architecture("rnn", "relu", units=8, initialisation="identity"),),
    task="adding",
    steps=30,
    rate=10.0,
)
ADAM = dataclasses.replace(SMALL, optimiser="adam", rate=0.01)


def by_hand(setup, clip):
    """The same training by torch's own optimiser and clipping: (loss, norm before clipping, ‖Δθ‖) of each update, and the weights
    before it."""
    drawn = Course(setup).network
    rnn, head = nn.RNN(6, 8, batch_first=True), nn.Linear(8, 2)
    rnn.load_state_dict(drawn.layers[0].state_dict())
    head.load_state_dict(drawn.head.state_dict())
    parameters = [*rnn.parameters(), *head.parameters()]
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[setup.optimiser]
    optimiser, rows, states = make(parameters, lr=setup.rate), [], []
    for update in range(setup.updates):
        states.append([p.detach().clone() for p in parameters])
        data = memory.examples("first", 6, 4, seed=update + 1)
        loss = nn.functional.cross_entropy(head(rnn(data.x)[0][:, -1]), data.target[:, 0])
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, math.inf if clip is None else clip)
        optimiser.step()
        moved = nn.utils.parameters_to_vector(parameters) - nn.utils.parameters_to_vector(states[-1])
        rows.append((loss.item(), norm.item(), moved.norm().item()))
    return np.array(rows), states


@pytest.mark.parametrize("setup", [SMALL, ADAM], ids=["sgd", "adam"])
def test_both_runs_are_those_of_a_loop_written_by_hand(setup):
    found = pair(setup)
    for run, clip in (("without", None), ("with", setup.clip)):
        rows, _states = by_hand(setup, clip)
        one = found.sel(run=run)
        for name, column in zip(("loss", "norm", "length"), rows.T, strict=True):
            np.testing.assert_allclose(one[name], column, rtol=2e-4)


def test_it_is_the_run_that_learn_memory_trains():
    race = Race(SMALL)
    norms = [moment.parameter_norm[0] for moment in race.run()][1:]
    np.testing.assert_array_equal(pair(SMALL)["norm"].sel(run="with"), norms)


def test_what_is_clipped_is_what_torch_clips():
    course = Course(SMALL)
    _loss, gradients = course.gradients(course.batch())
    parameters = list(course.network.parameters())
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    norm = nn.utils.clip_grad_norm_(parameters, SMALL.clip).item()
    look = one_update(SMALL, 1)
    assert look["norm"].item() == pytest.approx(norm, rel=1e-6) and norm > SMALL.clip
    assert look["factor"].values[1] == pytest.approx(SMALL.clip / norm, rel=1e-6)
    clipped = math.sqrt(sum(p.grad.square().sum().item() for p in parameters))
    assert look["length"].values[1] == pytest.approx(SMALL.rate * clipped, rel=1e-4)
    assert clipping.after_clipping(look["norm"], SMALL.clip).item() == pytest.approx(clipped, rel=1e-4)


def at(look, way, far):
    places = np.flatnonzero(look["distance"].values == far)
    return set(look["along"].sel(way=way).values[places].tolist())


@pytest.mark.parametrize("setup", [SMALL, ADAM], ids=["sgd", "adam"])
def test_the_line_along_an_update_passes_through_the_losses_of_the_run(setup):
    found = pair(setup).sel(run="without")
    for update in (1, 5):
        look, one = one_update(setup, update), found.sel(update=update)
        assert look["loss"].item() == one["loss"].item() and look["norm"].item() == one["norm"].item()
        assert (
            look["length"].values[0] == one["length"].item()
            and look["after"].values[0] == one["after"].item()
        )
        assert at(look, "whole", 0.0) == at(look, "clipped", 0.0) == {one["loss"].item()}
        assert at(look, "whole", look["length"].values[0]) == {one["after"].item()}
        landed = look["length"].values[1]
        near = np.abs(look["distance"].values - landed).argmin()
        assert look["along"].values[1, near] == pytest.approx(look["after"].values[1], rel=1e-6)


def test_the_clipped_update_is_that_of_a_run_that_goes_on_from_there():
    rows, states = by_hand(SMALL, None)
    look = one_update(SMALL, 4)
    rnn, head = nn.RNN(6, 8, batch_first=True), nn.Linear(8, 2)
    parameters = [*rnn.parameters(), *head.parameters()]
    data = memory.examples("first", 6, 4, seed=4)

    def loss():
        return nn.functional.cross_entropy(head(rnn(data.x)[0][:, -1]), data.target[:, 0])

    for clip, after in zip((math.inf, SMALL.clip), look["after"].values, strict=True):
        with torch.no_grad():
            for parameter, start in zip(parameters, states[3], strict=True):
                parameter.copy_(start)
        optimiser = torch.optim.SGD(parameters, lr=SMALL.rate)
        optimiser.zero_grad()
        loss().backward()
        nn.utils.clip_grad_norm_(parameters, clip)
        optimiser.step()
        assert loss().item() == pytest.approx(after, rel=1e-4)
    assert rows[3][1] == pytest.approx(look["norm"].item(), rel=1e-4)


def test_with_sgd_both_updates_lie_on_one_line_and_with_adam_they_do_not():
    look = one_update(SMALL, 2)
    assert look["factor"].values[1] < 1
    np.testing.assert_allclose(look["along"].values[0], look["along"].values[1], rtol=1e-5)
    assert look["length"].values[1] == pytest.approx(
        look["factor"].values[1] * look["length"].values[0], rel=1e-4
    )
    look = one_update(ADAM, 2)
    assert not np.allclose(look["along"].values[0], look["along"].values[1], rtol=1e-5)


def test_a_run_that_leaves_the_numbers_ends_there_and_its_last_update_is_the_worst():
    found = pair(RELU)
    one = found.sel(run="without")
    made = np.isfinite(one["length"].values)
    count = int(made.sum())
    assert 0 < count < RELU.updates and made[:count].all()
    assert np.isfinite(one["loss"].values[:count]).all() and np.isnan(one["right"])
    assert worst(found).item() == count and not np.isfinite(one["after"].values[count - 1])
    assert np.isfinite(found.sel(run="with")["loss"]).all()
    look = one_update(RELU, count)
    assert not np.isfinite(look["after"].values[0]) and np.isfinite(look["after"].values[1])
    with pytest.raises(ValueError, match=f"update {count + 1} was not made"):
        one_update(RELU, count + 1)


def test_the_worst_update_is_the_one_that_made_the_loss_of_its_batch_rise_the_most():
    found = pair(dataclasses.replace(SMALL, rate=3.0))
    rise = (found["after"] - found["loss"]).sel(run="without").values
    assert worst(found).item() == rise.argmax() + 1


def test_a_worker_gives_what_the_library_does_and_shows_both_runs_on_the_way():
    told = work.train(SMALL.to_dict())
    frames = []
    while True:
        try:
            frames.append(next(told).frame)
        except StopIteration as end:
            found = end.value
            break
    assert sum(frame is not None for frame in frames) == 2 * SMALL.updates
    assert {frame["run"] for frame in frames[:2]} == {0, 1}
    expected = pair(SMALL)
    assert found[list(expected.data_vars)].identical(expected)
    update = worst(expected).item()
    assert work.of_worst(found).drop_attrs().equals(one_update(SMALL, update).drop_attrs())
    frames = list(work.look(SMALL.to_dict(), 3))
    assert [one.done for one in frames] == [1, 2]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"clip": None}, "clip must be a norm above 0; got None"),
        (
            {"networks": (Architecture("rnn", units=8), Architecture(units=8))},
            "one network is trained here; got 2",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_in_a_line(change, line):
    with pytest.raises(ValueError, match=line):
        pair(dataclasses.replace(SMALL, **change))


@pytest.mark.parametrize("update", [0, 9])
def test_an_update_that_there_is_none_of_is_said_in_a_line(update):
    with pytest.raises(ValueError, match=f"update must be from 1 to 8; got {update}"):
        one_update(SMALL, update)


def test_seeds_lie_together_and_come_back_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    whole = survey.together(list(survey.run(SMALL, seeds=2)))
    path = survey.path("tanh")
    path.parent.mkdir()
    survey.write(whole, path)
    again = survey.opened("tanh")
    assert again.equals(whole) and again["loss"].dtype == np.float32
    one = dataclasses.replace(SMALL, seed=1, clip=1.0)
    alone = pair(one)
    for clip, run in ((0.0, "without"), (1.0, "with")):
        np.testing.assert_allclose(
            again["norm"].sel(seed=1, clip=clip), alone["norm"].sel(run=run), rtol=1e-4
        )
    look = work.of_worst(again.sel(seed=1, threshold=1.0))
    np.testing.assert_allclose(look["along"], one_update(one, int(look["update"]))["along"], rtol=1e-4)
    with pytest.raises(ValueError, match="slow is not shipped"):
        survey.opened("slow")


@pytest.mark.parametrize("name", list(survey.EXPERIMENTS))
def test_a_shipped_training_is_made_again(name):
    found = survey.opened(name)
    one = survey.setup(name)
    assert json.loads(found.attrs["setup"]) == dataclasses.replace(one, seed=0).to_dict()
    assert found.sizes["seed"] == survey.SEEDS and found.sizes["update"] == one.updates
    few = pair(dataclasses.replace(one, updates=3, every=1, clip=1.0))
    for clip, run in ((0.0, "without"), (1.0, "with")):
        drawn = found["norm"].sel(seed=0, clip=clip).values[: few.sizes["update"]]
        np.testing.assert_allclose(few["norm"].sel(run=run).values[: len(drawn)], drawn, rtol=1e-3)


@pytest.mark.parametrize("name", list(survey.EXPERIMENTS))
def test_the_worst_update_that_is_shipped_is_that_of_the_run_that_is_drawn(name):
    for _seed, one in survey.opened(name).groupby("seed"):
        one = one.squeeze("seed")
        update = int(one["worst_update"])
        for clip in survey.THRESHOLDS:
            look, drawn = work.of_worst(one.sel(threshold=clip)), one.sel(clip=0.0, update=update)
            for name_of in ("norm", "loss", "size"):
                assert look[name_of].item() == drawn[name_of].item()
            assert look["length"].values[0] == drawn["length"].item()
            assert look["after"].values[0] == pytest.approx(drawn["after"].item(), nan_ok=True)


def test_what_the_page_says_was_measured_is_what_the_shipped_trainings_say():
    of = {name: survey.counted(name).load() for name in survey.EXPERIMENTS}

    def count(name, clip, what="learned"):
        return int(of[name][what].sel(clip=clip))

    assert all(int(found["seeds"]) == 10 for found in of.values())
    assert (count("relu", 0), count("relu", 1), count("relu", 0.1)) == (0, 10, 9) and count("relu", 10) <= 3
    assert (count("tanh", 0), count("tanh", 1)) == (4, 10) and count("tanh", 0, "left") == 0
    thrown, late = (sum(count(name, 0, what) for name in ("relu", "tanh")) for what in ("thrown", "late"))
    assert thrown == 16 and late >= 0.9 * thrown
    assert (
        max(of[name]["threw"].sel(clip=0).item() for name in ("relu", "tanh")) < 10
    )  # clipping at 10 lets them
    assert count("slow", 0) == 9 and count("slow", 0.1) < 5 and count("slow", 0, "thrown") == 0
    assert count("adam", 0) == count("adam", 1) == 10
    assert max(count("quick", clip) for clip in (0, 1)) < 5
    assert count("numbers", 0, "left") == 8 and count("numbers", 1, "left") == 0
    assert of["numbers"]["learned"].sum() == 0


def test_an_end_is_counted_from_what_is_known_of_a_seed():
    numbers = {  # thrown by the second update, the largest gradient after it; the other run learns
        "loss": [[[1.0, 1.0, 5.0, 4.0]], [[1.0, 0.5, 0.2, 0.1]]],
        "after": [[[0.9, 3.0, 4.0, 2.0]], [[0.5, 0.2, 0.1, 0.1]]],
        "norm": [[[1.0, 2.0, 9.0, 3.0]], [[1.0, 4.0, 0.5, 0.5]]],
        "length": [[[1.0, 1.0, 1.0, math.nan]], [[1.0, 1.0, 1.0, 1.0]]],
    }
    found = xr.Dataset(
        {name: (("seed", "clip", "update"), values) for name, values in numbers.items()}
        | {"right": (("seed", "clip"), [[math.nan], [1.0]])},
        coords={"update": [1, 2, 3, 4]},
    )
    ends = survey.ends(found).isel(clip=0)
    for name, expected in {
        "thrown": [2, math.nan],
        "threw": [2, math.nan],
        "left": [4, math.nan],
        "largest": [3, 2],
        "learned": [math.nan, 4],
        "norm": [9, 4],
    }.items():
        np.testing.assert_array_equal(ends[name], expected)
