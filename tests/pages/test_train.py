"""lab/train as a reader meets it: a text is learned in a worker, watched, gone on with, looked into and taken away."""

import io
import json
import zipfile

import numpy as np
import pytest

from rnnviz.studies import lab
from rnnviz.studies.lab.setup import KINDS, OPTIMISERS
from rnnviz.ui.rooms import train as room
from rnnviz.ui.shell.jobs import jobs
from tests.conftest import PATIENCE, until
from tests.pages.conftest import Visit
from tests.pages.test_korean_charts import drawn as written
from tests.pages.test_korean_charts import english
from tests.pages.test_own import drawn
from tests.studies.test_lab import TEXT

QUICK = {"train_units": 6, "train_updates": 8, "train_length": 10, "train_clip": 0.3}


def trained(visit: Visit, text: str = TEXT):
    """After the button and the worker's end."""
    visit.test.text_area[0].set_value(text).run()
    visit.test.button(key="train_now").click().run()
    assert not visit.test.exception
    mine = visit.test.session_state["train_own"][0]
    assert mine.job.ended.wait(PATIENCE)
    visit.test.run()
    assert not visit.test.exception
    return mine


def test_a_text_is_learned_gone_on_with_and_looked_into():
    visit = Visit("train", **QUICK)
    mine = trained(visit)
    setup = lab.Setup(units=6, updates=8, length=10, clip=0.3, rate=0.005, every=1)
    assert mine.setup == setup
    expected = list(lab.Training(setup, lab.Letters.of(TEXT)).run())
    np.testing.assert_array_equal(drawn(visit, "loss"), [m["loss"] for m in expected[1:]])
    np.testing.assert_array_equal(drawn(visit, "loss", 1), [m["held_out"] for m in expected])
    assert [trace["name"] for trace in visit.figures["loss"]["data"]] == [
        "1 · LSTM, 6 units",
        "held-out loss",
    ]
    codes = [part.value for part in visit.test.code]
    assert expected[-1]["sample"] in codes and "rnnviz train-text text.txt --units 6" in codes[-1]
    with zipfile.ZipFile(io.BytesIO(mine.file())) as archive:
        assert json.loads(archive.read("card.json"))["training"] == setup.to_dict()
    # as many again: the same training, longer
    visit.test.button(key="train_more").click().run()
    later = visit.test.session_state["train_own"][0]
    assert later.job.ended.wait(PATIENCE) and later.setup.updates == 16
    visit.test.run()
    assert drawn(visit, "loss").size == 16 and len(visit.test.session_state["train_own"]) == 1
    # it is a model like any other
    visit.test.button(key="train_to_states").click().run()
    assert not visit.test.exception and visit.lines == []
    states = drawn(visit.go("states"), "hidden", axis="z")
    assert states.shape == (6, 80)
    assert visit.test.session_state["settings"]["subject"].startswith("trained~")
    other = Visit("states", subject=visit.test.session_state["settings"]["subject"])
    assert any("trained on the page “Train your own”" in line for line in other.lines)


def test_two_trainings_stand_beside_each_other_in_korean_too():
    visit = Visit("train", lang="ko", **QUICK)
    trained(visit)
    visit.test.session_state["settings"]["train_kind"] = "rnn"
    trained(visit)
    names = [trace["name"] for trace in visit.figures["norm"]["data"]]
    assert len(names) == 4 and names[0].startswith("2 · RNN")
    assert {word for text in written(visit) for word in english(text)} == set()
    visit.test.button(key="train_forget_1").click().run()
    assert len(visit.test.session_state["train_own"]) == 1


@pytest.mark.parametrize(
    ("params", "text", "line"),
    [
        ({}, "abc", "at least 200 are needed"),
        ({}, "a" * 300, "holds 'a' alone"),
        ({"train_length": 200}, "ab" * 100, "too short for windows of 200"),
    ],
)
def test_what_cannot_be_trained_is_one_line(params, text, line):
    visit = Visit("train", **params)
    visit.test.text_area[0].set_value(text).run()
    assert not visit.test.exception and [line in said for said in visit.lines] == [True]
    assert visit.test.button(key="train_now").disabled


def test_a_training_that_diverges_is_said_and_drawn_as_far_as_it_went():
    visit = Visit(
        "train",
        **QUICK | {"train_optimiser": "sgd", "train_rate": 1000, "train_clip": 0, "train_kind": "rnn"},
    )
    visit.test.session_state["settings"]["train_rate"] = 1e38
    mine = trained(visit)
    assert mine.diverged and len(visit.lines) == 1
    assert "left the numbers after" in visit.lines[0]
    assert visit.board is not None


def test_a_file_takes_the_place_of_the_box():
    visit = Visit("train", **QUICK)
    visit.test.file_uploader[0].set_value(("own.txt", b"\xff\xfe", "text/plain")).run()
    assert "not text in UTF-8" in visit.lines[0]
    visit.test.file_uploader[0].set_value(("own.txt", TEXT.encode(), "text/plain")).run()
    assert visit.lines == [] and any(
        "own.txt" in part.value.replace("\\", "") for part in visit.test.markdown
    )
    visit.test.button(key="train_out").click().run()
    assert visit.test.text_area[0].value == ""


def test_a_stop_keeps_what_was_learned():
    visit = Visit("train", **QUICK | {"train_updates": 20_000, "train_units": 64})
    visit.test.text_area[0].set_value(TEXT).run()
    visit.test.button(key="train_now").click().run()
    mine = visit.test.session_state["train_own"][0]
    try:
        until(lambda: len(mine.job.frames) > 1)
    finally:
        mine.stop()
    visit.test.run()
    assert "Go on where it stands" in visit.lines[0] and mine.frames and visit.board is not None
    assert mine.trained().update == mine.frames[-1]["step"]
    jobs.leave(mine.job, "nobody")


def test_a_link_knows_what_the_library_takes():
    assert room.KINDS == KINDS and room.OPTIMISERS == OPTIMISERS
