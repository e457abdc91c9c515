"""learn/memory as a reader meets it: shipped trainings at once, one's own with stop and go on, settings in the address."""

import numpy as np
import pytest

from rnnviz.studies.comparing import INITIALISATIONS
from rnnviz.studies.memory import TASKS, Race, Setup, survey
from rnnviz.ui.rooms import memory as room
from rnnviz.ui.rooms.memory import setup
from rnnviz.ui.shell.jobs import jobs
from tests.pages.conftest import Visit
from tests.pages.test_pages import decoded

QUICK = {"memory_units": "4", "memory_updates": "40", "memory_steps": "5"}


def figure(visit, name):
    return visit.figures[name]


def test_the_first_picture_is_a_shipped_training():
    visit = Visit("memory")
    found = survey.opened("plain", 20)
    bold = figure(visit, "right")["data"][-3:]
    assert [line["name"] for line in bold] == ["RNN, 32 units", "GRU, 32 units", "LSTM, 32 units"]
    np.testing.assert_allclose(
        decoded(bold[2]["y"]), found["accuracy"].isel(seed=0, network=2), equal_nan=True
    )
    counts = survey.counted("plain", 20)
    said = " ".join(part.value for part in visit.test.markdown)
    assert f"{counts['rnn']} of 10 seeds by the RNN" in said
    low, high = (100 * counts[f"lstm_{side}"] for side in ("low", "high"))
    (line,) = (part.value for part in visit.test.text if part.value.startswith("Learned within"))
    assert line.startswith(f"Learned within 1,000 updates, of 10 seeds: RNN {counts['rnn']} (")
    assert f"LSTM {counts['lstm']} ({low:.0f}–{high:.0f} %)" in line


def test_a_moment_a_seed_and_a_length_are_in_the_link():
    visit = Visit("memory", **{"memory_steps": "10", "memory_seed": "4", "memory_update": "40"})
    found = survey.opened("plain", 10).sel(seed=4, update=40)
    drawn = figure(visit, "reach")
    assert "after 40 updates" in drawn["layout"]["title"]["text"]
    for line, logs in zip(drawn["data"], found["log_norm"].values, strict=False):
        np.testing.assert_allclose(decoded(line["y"]), logs / np.log(10), rtol=1e-5)


@pytest.mark.parametrize("name", list(survey.EXPERIMENTS))
def test_each_example_brings_its_set_up(name):
    one = survey.setup(name, 10)
    with_settings = {
        "memory_task": one.task,
        "memory_optimiser": one.optimiser,
        "memory_rate": str(one.rate),
        "memory_truncate": str(one.truncate or 0),
        "memory_rnn": one.networks[0].initialisation,
        "memory_gru": one.networks[1].initialisation,
        "memory_steps": "10",
    }
    if one.networks[2].forget_bias is not None:
        with_settings["memory_forget"] = str(one.networks[2].forget_bias)
    visit = Visit("memory", **with_settings)
    shown = figure(visit, "right")["data"][-1]["y"]
    found = survey.opened(name, 10)["accuracy"].isel(seed=0, network=2)
    np.testing.assert_allclose(decoded(shown), found, equal_nan=True)
    assert "shares" in visit.figures


def test_what_is_not_shipped_waits_for_train_now_and_goes_on_where_it_stopped():
    visit = Visit("memory", **QUICK)
    assert visit.board is None and any("Train now" in part.value for part in visit.test.info)
    visit.test.button(key="memory_train").click().run()
    assert not visit.test.exception
    mine = next(iter(visit.test.session_state["memory"].values()))
    assert mine.job.ended.wait(120)
    visit.test.run()
    asked = mine.setup
    assert isinstance(asked, Setup) and (asked.updates, asked.networks[0].units) == (40, 4)
    expected = list(Race(asked).run())
    bold = figure(visit, "right")["data"]
    assert [decoded(line["y"]).tolist() for line in bold[:3]] == [
        [m.accuracy[i] for m in expected] for i in range(3)
    ]
    visit.test.button(key="memory_more").click().run()
    mine = next(iter(visit.test.session_state["memory"].values()))
    assert mine.job.ended.wait(120)
    visit.test.run()
    assert visit.test.session_state["settings"]["memory_updates"] == 80
    longer = list(Race(mine.setup).run())
    updates = [m.update for m in longer]
    shown = figure(visit, "right")["data"][0]
    right = dict(zip(decoded(shown["x"]).tolist(), decoded(shown["y"]).tolist(), strict=True))
    assert [right[u] for u in updates] == [m.accuracy[0] for m in longer]


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"memory_task": "brackets", "memory_steps": "3"}, "'brackets' takes 4 to 200 steps; got 3"),
        ({"memory_task": "spelling"}, "memory_task"),
        ({"memory_rate": "nan"}, "memory_rate"),
        (
            {"memory_steps": "200", "memory_units": "256", "memory_updates": "20000"},
            "times as much as this server",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_line(params, line):
    visit = Visit("memory", **params)
    assert any(line in part.value.replace("\\", "") for part in visit.test.warning)
    assert not visit.test.exception


def test_korean_says_it_in_korean():
    visit = Visit("memory", **{"lang": "ko"})
    assert visit.test.header[0].value == "누가 가장 오래 기억할까요?"


def test_a_set_up_is_found_again_among_the_experiments():
    for name, one in survey.EXPERIMENTS.items():
        assert setup.experiment(one) == name


def test_a_training_that_diverges_at_once_is_said_and_drawn_as_far_as_it_went():
    wild = {"memory_rate": "100", "memory_optimiser": "sgd", "memory_clip": "0", "memory_task": "adding"}
    visit = Visit("memory", **QUICK, **wild)
    visit.test.button(key="memory_train").click().run()
    mine = next(iter(visit.test.session_state["memory"].values()))
    assert mine.job.ended.wait(120) and mine.job.state == "done"
    visit.test.run()
    assert not visit.test.exception
    lines = [part.value for part in visit.test.text if "beyond what 32 bits hold" in part.value]
    assert len(lines) == 3 and lines[0].startswith("RNN, 4 units: after update ")


def test_a_stop_is_this_readers_own_where_another_trains_the_same():
    visit = Visit("memory", **QUICK | {"memory_updates": "20000", "memory_seed": "7"})
    visit.test.button(key="memory_train").click().run()
    mine = next(iter(visit.test.session_state["memory"].values()))
    jobs.hear(mine.job, "another/visit")
    try:
        visit.test.button(key="memory_stop").click().run()
        assert mine.over and not mine.job.over
        assert any(line.startswith("Stopped") for line in visit.lines)
        visit.test.button(key="memory_on").click().run()
        assert not next(iter(visit.test.session_state["memory"].values())).over
    finally:
        for own in visit.test.session_state["memory"].values():
            own.stop()
        jobs.leave(mine.job, "another/visit")


def test_a_link_knows_the_tasks_that_there_are():
    assert tuple(TASKS) == room.TASKS
    assert set(room.STARTS) == set(INITIALISATIONS)
