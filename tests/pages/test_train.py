"""lab/train as a reader meets it: a text is learned in a worker, watched, gone on with, looked into and taken away."""

import io
import json
import zipfile

import numpy as np
import pytest
import streamlit as st

from rnnviz.studies import lab
from rnnviz.studies.lab.setup import KINDS, OPTIMISERS
from rnnviz.studies.memory import TASKS
from rnnviz.studies.series import SCALES
from rnnviz.ui.rooms import train as room
from rnnviz.ui.shell import readers
from tests.conftest import PATIENCE, until
from tests.pages.conftest import Visit
from tests.pages.test_korean_charts import drawn as written
from tests.pages.test_korean_charts import english
from tests.pages.test_own import drawn
from tests.pages.test_pages import decoded
from tests.studies.test_lab import TABLE, TEXT

QUICK = {"train_units": 6, "train_updates": 8, "train_length": 10, "train_clip": 0.3}


@pytest.fixture(autouse=True)
def browser(monkeypatch, request):
    """All visits of a test are tabs of one browser, which a cookie tells; call it for another one, and back."""

    def comes(name: str = request.node.name) -> None:
        monkeypatch.setattr(type(st.context), "cookies", {readers.COOKIE: name})

    comes()
    return comes


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


def test_a_text_is_learned_gone_on_with_and_looked_into(browser):
    visit = Visit("train", **QUICK)
    mine = trained(visit)
    setup = lab.Setup(units=6, updates=8, length=10, clip=0.3, rate=0.005, every=1)
    assert mine.setup == setup and mine.asked == {"text": TEXT}
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
    link = visit.test.session_state["settings"]["subject"]
    np.testing.assert_array_equal(drawn(Visit("states", subject=link), "hidden", axis="z"), states)
    browser("another")
    other = Visit("states", subject=link)
    assert other.board is None and any("trained on the page “Train your own”" in line for line in other.lines)


def test_a_series_is_forecast_beside_the_last_value_and_looked_into():
    visit = Visit("train", train_data="series", train_column=2, **QUICK)
    mine = trained(visit, TABLE)
    material = lab.Table.of(TABLE)
    expected = list(lab.Training(mine.setup, material).run())
    np.testing.assert_array_equal(drawn(visit, "loss", 1), [m["held_out"] for m in expected])
    np.testing.assert_array_equal(drawn(visit, "loss", 2), [m["repeated"] for m in expected])
    np.testing.assert_array_equal(drawn(visit, "forecast"), material.series.values[80:, 1])
    np.testing.assert_array_equal(drawn(visit, "forecast", 1), [row[1] for row in expected[-1]["forecast"]])
    sheet = visit.figures["forecast"]
    assert sheet["layout"]["title"]["text"].endswith("after 8 updates: b")
    assert [trace["name"] for trace in sheet["data"]] == ["what came", "forecast"]
    assert sheet["data"][0]["customdata"][0] == " (80)"  # the table calls its steps from 0
    assert "rnnviz train-series series.csv --units 6" in visit.test.code[-1].value
    # with another rate it goes on, and the command says that it cannot be made again at once
    visit.test.session_state["settings"] |= {"train_rate": 0.001, "train_updates": 10}
    visit.test.run()
    visit.test.button(key="train_on").click().run()
    later = visit.test.session_state["train_own"][0]
    assert later.job.ended.wait(PATIENCE) and later.frames[-1]["step"] == 10
    visit.test.run()
    assert any("gone on with another rate" in part.value for part in visit.test.caption)
    visit.test.button(key="train_to_gradients").click().run()
    assert not visit.test.exception and visit.lines == []
    assert drawn(visit.go("states"), "hidden", axis="z").shape == (6, 20)
    assert visit.lines == []


def test_a_task_is_learned_and_its_answers_are_shown_in_korean_too():
    visit = Visit("train", train_data="task", train_task="copy", train_steps=9, lang="ko", **QUICK)
    visit.test.button(key="train_now").click().run()
    mine = visit.test.session_state["train_own"][0]
    assert mine.asked == {"task": "copy", "steps": 9} and mine.job.ended.wait(PATIENCE)
    visit.test.run()
    assert not visit.test.exception and visit.lines == []
    expected = list(lab.Training(mine.setup, lab.Task("copy", 9)).run())
    np.testing.assert_array_equal(drawn(visit, "logged"), [m["right"] for m in expected])
    assert set(drawn(visit, "logged", 1)) == {1 / 8}
    assert {word for text in written(visit) for word in english(text)} == set()
    table = visit.test.dataframe[0].value
    assert len(table) == 6 and table.iloc[0, 0][:4] == table.iloc[0, 1] and len(table.iloc[0, 2]) == 4
    assert "train-task copy --steps 9" in visit.test.code[-1].value
    # each kind of data has its own trainings; those of another are kept
    visit.test.session_state["settings"]["train_data"] = "text"
    visit.test.run()
    assert visit.board is None and len(visit.test.session_state["train_own"]) == 1
    visit.test.session_state["settings"]["train_data"] = "task"
    visit.test.run()
    visit.test.button(key="train_to_states").click().run()
    model = mine.trained().model.eval()
    x = lab.Task("copy", 9).of(mine.setup).x[:1]
    shares = model(x)[0][0].softmax(-1).detach().numpy()
    right = x[0, :4].argmax(-1).tolist()
    for page in ("states", "gates", "gradients"):  # what it answers is there on each of them
        visit.go(page)
        np.testing.assert_allclose([drawn(visit, "answers", i) for i in range(8)], shares.T, rtol=1e-3)
        rings = visit.figures["answers"]["data"][8]
        np.testing.assert_allclose(
            decoded(rings["y"])[5:], [shares[5 + i, r] for i, r in enumerate(right)], rtol=1e-3
        )
        assert any(
            f"정답은 {''.join('abcdefgh'[r] for r in right)}" in part.value for part in visit.test.text
        )
    assert drawn(visit.go("states"), "hidden", axis="z").shape == (6, 9)


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
        ({"train_data": "series"}, "1\n2\n3", "at least 20 are needed"),
        ({"train_data": "series"}, "word\n" + "1\n" * 30, "column 'word' is 1 in all 24 rows"),
        ({"train_data": "series", "train_length": 80}, TABLE, "too short for windows of 80 steps"),
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
    until(lambda: len(mine.job.frames) > 1)
    visit.test.button(key="train_stop").click().run()
    assert mine.job.state == "stopped"
    visit.test.run()
    assert "Go on where it stands" in visit.lines[0] and mine.frames and visit.board is not None
    assert mine.trained().update == mine.frames[-1]["step"]
    # stopped again before it has said anything, it stands where it went on from
    visit.test.button(key="train_on").click().run()
    later = visit.test.session_state["train_own"][0]
    later.stop()
    assert later is not mine and later.trained().update == later.frames[-1]["step"]
    visit.test.run()
    visit.test.button(key="train_to_states").click().run()
    assert not visit.test.exception


def test_a_training_opens_in_another_tab_of_its_browser_and_in_no_other(browser):
    first = Visit("train", train_data="series", **QUICK | {"train_updates": 20_000})
    first.test.text_area[0].set_value(TABLE).run()
    first.test.button(key="train_now").click().run()
    mine = first.test.session_state["train_own"][0]
    assert f"train_run={mine.key}" in first.address and len(mine.key) == 22
    link = first.test.get("link_button")[0].proto.url
    assert link == f"train?train_run={mine.key}&lang=en"
    until(lambda: len(mine.job.frames) > 2)
    # whoever has the link in another browser sees nothing of it
    browser("another")
    stranger = Visit("train", train_run=mine.key)
    assert stranger.board is None and stranger.address == "?"
    assert ["opens in the browser that began it" in line for line in stranger.lines] == [True]
    assert not stranger.test.get("link_button") and "train_join" not in buttons(stranger)
    browser()
    # the same person is told of it, and sees it by the button as by the link
    told = Visit("train")
    assert told.board is None
    told.test.button(key="train_join").click().run()
    for second in (told, Visit("train", train_run=mine.key)):
        assert not second.test.exception and second.lines == []
        assert second.test.session_state["train_own"] == [mine] and second.board is not None
        now = second.test.session_state["settings"]
        assert now["train_table"] == TABLE
        assert (now["train_updates"], now["train_units"], now["train_clip"]) == (20_000, 6, 0.3)
    second.test.button(key="train_stop").click().run()
    assert mine.over and mine.job.state == "stopped"
    first.test.run()
    assert "Go on where it stands" in first.lines[0]
    # what one tab goes on with is there in the other as well
    first.test.session_state["settings"]["train_updates"] = mine.frames[-1]["step"] + 5
    first.test.run()
    first.test.button(key="train_on").click().run()
    later = first.test.session_state["train_own"][0]
    assert later is not mine and later.job.ended.wait(PATIENCE)
    second.test.run()
    assert second.test.session_state["train_own"] == [later] and later.key == mine.key
    second.test.button(key="train_to_states").click().run()
    assert not second.test.exception


def buttons(visit: Visit) -> list[str]:
    return [button.key for button in visit.test.button]


def test_a_link_knows_what_the_library_takes():
    assert room.KINDS == KINDS and room.OPTIMISERS == OPTIMISERS
    assert tuple(TASKS) == room.TASKS and room.SCALES == SCALES
