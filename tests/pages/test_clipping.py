"""learn/clipping as a reader meets it: shipped trainings at once, one update both ways, one's own training, settings in the
address."""

import dataclasses

import numpy as np
import pytest

from rnnviz.studies.clipping import one_update, pair, survey, work
from rnnviz.studies.comparing import Architecture
from rnnviz.studies.memory import TASKS
from rnnviz.ui.rooms import clipping as room
from rnnviz.ui.rooms.clipping import setup
from tests.pages.conftest import Visit
from tests.pages.test_pages import decoded

QUICK = {"clipping_units": "4", "clipping_updates": "12", "clipping_steps": "5"}


def table(visit, column):
    frame = visit.test.dataframe[0].value
    return dict(zip(frame.index, frame[column], strict=True))


def trained(visit):
    """The visit's own training, once it has ended and is drawn."""
    visit.test.button(key="clipping_train").click().run()
    mine = next(iter(visit.test.session_state["clipping"].values()))
    assert mine.job.ended.wait(120) and mine.job.state == "done"
    visit.test.run()
    assert not visit.test.exception
    return mine


def test_the_first_picture_is_a_shipped_training_and_its_worst_update_both_ways():
    visit = Visit("clipping")
    assert not visit.test.exception and visit.lines == []
    found = survey.opened("relu").sel(seed=0)
    lines = visit.figures["losses"]["data"]
    for line, clip in zip(lines, (0.0, 1.0), strict=True):
        np.testing.assert_array_equal(decoded(line["y"]), found["loss"].sel(clip=clip))
    look = work.of_worst(found.sel(threshold=1.0))
    at = int(look["update"])
    assert visit.test.subheader[0].value == f"What the optimiser did at update {at}"
    assert visit.figures["losses"]["layout"]["shapes"][0]["x0"] == at
    np.testing.assert_array_equal(
        decoded(visit.figures["along"]["data"][0]["y"]), look["along"].values[0].astype(float)
    )
    assert table(visit, "whole update")["loss of the same batch after"] == f"{look['after'].values[0]:.4g}"
    clipped = table(visit, "clipped at 1")
    assert (
        clipped["factor"] == f"{look['factor'].values[1]:.4g}"
        and clipped["gradient norm after clipping"] == "1"
    )


def test_the_shares_of_the_seeds_are_on_the_page_with_their_intervals():
    visit = Visit("clipping")
    seeds = visit.test.dataframe[1].value
    assert seeds["learned"]["without clipping"] == "0 of 10 (0–28 %)"
    assert seeds["learned"]["clipped at 1"] == "10 of 10 (72–100 %)"
    said = " ".join(part.value for part in visit.test.markdown)
    assert "without clipping 0 of 10 seeds learned it" in said


@pytest.mark.parametrize("name", list(survey.EXPERIMENTS))
def test_each_example_draws_what_is_shipped(name):
    one = survey.setup(name)
    (network,) = one.networks
    kind = next(key for key, each in setup.NETWORKS.items() if each == network)
    changed = {
        f"clipping_{field}": getattr(one, field)
        for field in ("optimiser", "rate", "task", "steps", "updates")
    }
    visit = Visit("clipping", clipping_network=kind, clipping_seed=3, clipping_clip=0.1, **changed)
    assert not visit.test.exception and visit.lines == []
    drawn = decoded(visit.figures["norms"]["data"][1]["y"])
    np.testing.assert_array_equal(drawn, survey.opened(name)["norm"].sel(seed=3, clip=0.1))


def test_a_run_that_left_the_numbers_is_said_and_ends_with_a_cross():
    visit = Visit("clipping", clipping_task="adding", clipping_steps=50, clipping_updates=100)
    assert any("larger than 32 bits can hold; it ends there" in part.value for part in visit.test.text)
    assert visit.figures["losses"]["data"][-1]["marker"]["symbol"] == "x"
    assert table(visit, "whole update")["loss of the same batch after"] == "beyond 32 bits"
    visit = Visit(
        "clipping", clipping_task="adding", clipping_steps=50, clipping_updates=100, clipping_update=40
    )
    assert "along" not in visit.figures
    assert any("update 40 was not made" in part.value for part in visit.test.text)


def test_what_is_not_shipped_waits_for_train_now_and_an_update_is_looked_at_when_it_is_chosen():
    visit = Visit("clipping", clipping_clip="0.05", **QUICK)
    assert visit.board is None and any("Train now" in part.value for part in visit.test.info)
    asked = trained(visit).setup
    assert asked.networks[0] == Architecture("rnn", "relu", units=4, initialisation="identity")
    expected = pair(asked)
    for place, run in enumerate(("without", "with")):
        drawn = decoded(visit.figures["norms"]["data"][place]["y"])
        np.testing.assert_array_equal(drawn, expected["norm"].sel(run=run))
    assert "along" in visit.figures
    visit.test.slider(key="pick_clipping_update").set_value(5).run()
    assert "clipping_update=5" in visit.address
    job = next(iter(visit.test.session_state["clipping_looks"].values()))
    assert job.ended.wait(120) and job.state == "done"
    visit.test.run()
    assert not visit.test.exception and visit.lines == []
    look = one_update(asked, 5)
    np.testing.assert_array_equal(decoded(visit.figures["along"]["data"][0]["y"]), look["along"].values[0])
    assert table(visit, "clipped at 0.05")["length of the update ‖Δθ‖"] == f"{look['length'].values[1]:.4g}"


def test_an_own_training_that_diverges_at_once_is_drawn_as_far_as_it_went():
    wild = {"clipping_rate": "100", "clipping_task": "adding", "clipping_clip": "0.01"}
    visit = Visit("clipping", **QUICK | {"clipping_steps": "30"}, **wild)
    trained(visit)
    assert any("larger than 32 bits can hold" in part.value for part in visit.test.text)
    assert visit.figures["norms"]["data"][-1]["marker"]["symbol"] == "x"


def test_with_adam_there_are_two_lines():
    visit = Visit("clipping", clipping_optimiser="adam", clipping_clip="0.01", **QUICK)
    trained(visit)
    names = [line["name"] for line in visit.figures["along"]["data"][:2]]
    assert names == ["along the whole update", "along the clipped update"]


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"clipping_task": "brackets", "clipping_steps": "3"}, "'brackets' takes 4 to 200 steps; got 3"),
        ({"clipping_task": "spelling"}, "clipping_task"),
        ({"clipping_clip": "0"}, "clipping_clip"),
        ({"clipping_rate": "nan"}, "clipping_rate"),
        ({"clipping_update": "0"}, "clipping_update"),
        (
            {
                "clipping_network": "lstm",
                "clipping_steps": "200",
                "clipping_units": "256",
                "clipping_updates": "2000",
            },
            "times as much as this server",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_line(params, line):
    visit = Visit("clipping", **params)
    said = [*visit.greeting, *visit.lines]
    assert sum(line in each for each in said) >= 1 and not visit.test.exception


def test_an_update_beyond_the_last_is_the_last():
    visit = Visit("clipping", clipping_update="2000")
    assert visit.figures["losses"]["layout"]["shapes"][0]["x0"] == 250


def test_korean_says_it_in_korean():
    visit = Visit("clipping", lang="ko")
    assert visit.test.header[0].value == "클리핑은 무엇을 막아 줄까요?"


def test_a_set_up_is_found_again_among_the_experiments():
    for name, one in survey.EXPERIMENTS.items():
        assert setup.experiment(dataclasses.replace(one, seed=5, clip=10.0)) == name
    assert tuple(TASKS) == room.TASKS and set(room.NETWORKS) == set(setup.NETWORKS)
