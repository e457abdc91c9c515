"""A network that grows up: every page shows the chosen step of its training, and says when a unit began to follow something."""

import base64
import json
import shutil

import numpy as np
import pytest
import xarray as xr

from rnnviz import netcdf, stats
from rnnviz.figures.training import BEFORE
from rnnviz.models import checkpoints, networks
from rnnviz.recording.block import record
from rnnviz.stats import tracking
from rnnviz.studies.writing import Network, Rule, Writing
from rnnviz.ui.parts.explored import growing, runs
from rnnviz.ui.rooms.gradients import pictures
from rnnviz.ui.shell import keeping

TEXT = "KING HENRY:\nMy lord, what news?\n"


def recorded(name, text=TEXT):
    """What the checkpoint does with a text: its node (layer, time, unit), found without the app."""
    model, card = checkpoints.load(name)
    with record(model) as recording:
        networks.log_probabilities(model, checkpoints.vocabulary(card).encode(text))
    return recording.trace["rnn"].to_dataset().isel(batch=0, direction=0, layer=0)


def slider(seen):
    (found,) = seen.test.select_slider
    return found


def test_the_models_that_grow_up_stand_in_the_list_with_a_name(visit):
    seen = visit("states", model="growing-gru", text=TEXT)
    assert {"RNN growing up", "GRU growing up", "LSTM growing up"} <= set(seen.test.selectbox[0].options)
    assert slider(seen).value == 2000 and "trained" not in seen.address
    korean = visit("states", model="growing-gru", text=TEXT, lang="ko")
    assert "성장하는 LSTM" in korean.test.selectbox[0].options and slider(korean).label == "학습 단계"


def test_another_model_has_no_training_step(visit):
    seen = visit("states", model="shakespeare-lstm", text=TEXT, trained=7)
    assert not seen.test.select_slider and not seen.lines


def test_hidden_states_are_those_of_the_training_step_in_an_order_that_stays(visit):
    seen = visit("states", model="growing-lstm", text=TEXT, trained=100, unit=5)
    late = stats.states.order(recorded("growing-lstm")["hidden"], "similarity")
    for step in (100, 1000):
        if step != 100:
            slider(seen).set_value(step).run()
        assert f"trained={step}" in seen.address and not seen.lines and not seen.test.exception
        curve = recorded(f"growing-lstm@{step}")["hidden"].sel(unit=5).values
        np.testing.assert_allclose(values(seen.figures["curve"]["data"][0]["y"]), curve, atol=1e-5)
        assert seen.figures["hidden"]["layout"]["meta"]["units"] == late.tolist()


def values(array):
    """The numbers of an array of plotly's."""
    if isinstance(array, dict):
        return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
    return np.array(array, float)


def test_gates_are_those_of_the_training_step(visit):
    seen = visit("gates", model="growing-gru", text=TEXT, trained=0)
    assert slider(seen).value == 0 and not seen.lines
    lives = -1 / np.log2(recorded("growing-gru@0")["update_gate"]).mean("time")
    drawn = values(seen.figures["half_life"]["data"][0]["y"])
    np.testing.assert_allclose(np.sort(drawn), np.sort(lives.values), rtol=1e-4)


def test_gradients_compare_those_that_grew_for_as_long(visit):
    seen = visit("gradients", model="growing-rnn", text=TEXT, trained=50)
    assert not seen.lines and slider(seen).value == 50
    (table,) = seen.test.dataframe
    assert table.value.index.tolist() == ["growing-rnn@50", "growing-gru@50", "growing-lstm@50"]
    slider(seen).set_value(2000).run()
    (table,) = seen.test.dataframe
    assert table.value.index.tolist() == ["growing-rnn@2000", "growing-gru@2000", "growing-lstm@2000"]


@pytest.mark.parametrize("page", ["states", "gates", "gradients"])
def test_what_the_steps_beside_this_one_need_is_computed_while_the_reader_looks(visit, page):
    text = f"{page} {TEXT}"  # which no other test reads
    seen = visit(page, model="growing-rnn", text=text)
    keeping.ahead().result()
    slider(seen).set_value(100).run()
    keeping._awaited[-1].result()
    before = keeping.computed
    for step in (50, 150):
        run = runs.read(f"growing-rnn@{step}", checkpoints.stamp("growing-rnn"), text)
        if page == "gradients":
            assert [back.name for back in pictures._sent(run, len(text) - 2)[0]] == [
                f"growing-{kind}@{step}" for kind in ("rnn", "gru", "lstm")
            ]
    assert keeping.computed == before


def test_gradients_of_the_others_leave_those_that_grow_up_alone(visit):
    (table,) = visit("gradients", model="shakespeare-gru", text=TEXT).test.dataframe
    assert table.value.index.tolist() == ["shakespeare-rnn", "shakespeare-gru", "shakespeare-lstm"]


@pytest.mark.parametrize("page", ["states", "gates", "gradients"])
def test_a_step_that_was_not_kept_costs_a_line(visit, page):
    seen = visit(page, model="growing-lstm", text=TEXT, trained=123)
    (line,) = seen.lines
    assert (
        line.startswith("Training step 123 was not kept; there is 0, 1, 2, 5, 10,")
        and not seen.test.exception
    )
    assert slider(seen).value == 2000


@pytest.mark.parametrize("step", ["x", "-1", "1.5", "٣", "9" * 30])
def test_a_step_that_is_no_number_costs_a_line(visit, step):
    seen = visit("states", model="growing-lstm", text=TEXT, trained=step)
    assert seen.greeting == [
        "The link's training step must be a whole number; the end of the training is shown."
    ]
    assert slider(seen).value == 2000


def test_another_kind_is_looked_at_after_as_many_steps_and_another_model_at_its_end(visit):
    seen = visit("states", model="growing-lstm", text=TEXT, trained=100)
    seen.test.selectbox[0].set_value("growing-rnn").run()
    assert slider(seen).value == 100 and "model=growing-rnn" in seen.address
    seen.test.selectbox[0].set_value("shakespeare-rnn").run()
    assert not seen.test.select_slider and "trained" not in seen.address


def test_play_begins_at_the_beginning_and_stops_when_asked(visit):
    seen = visit("states", model="growing-rnn", text=TEXT)
    seen.test.button(key="growing_play").click().run()
    assert slider(seen).value == 0 and seen.test.button(key="growing_play").label == "Stop"
    slider(seen).set_value(10).run()  # whoever takes the slider has stopped it
    assert seen.test.button(key="growing_play").label == "Play" and slider(seen).value == 10
    seen.test.button(key="growing_play").click().run()
    assert slider(seen).value == 10 and seen.test.button(key="growing_play").label == "Stop"
    seen.test.button(key="growing_play").click().run()
    assert seen.test.button(key="growing_play").label == "Play"


def test_play_is_over_on_another_page(visit):
    seen = visit("states", model="growing-rnn", text=TEXT, trained=10)
    seen.test.button(key="growing_play").click().run()
    seen.go("gates")
    assert seen.test.button(key="growing_play").label == "Play" and slider(seen).value == 10


def test_what_a_unit_follows_is_said_with_what_chance_gives(visit):
    seen = visit("states", model="growing-gru", text=TEXT, trained=200, tracked="line")
    with checkpoints_nc("growing-gru") as found:
        one = found.sel(annotation="line").load()
    drawn = {curve["name"]: curve for curve in seen.figures["tracking"]["data"]}
    best = drawn["best unit of each step"]
    np.testing.assert_allclose(values(best["y"]), one["correlation"])
    assert best["customdata"] == [f"unit {unit}" for unit in one["best"].values]
    assert values(best["x"]).tolist() == [BEFORE, *one["moment"].values[1:]]
    begins, unit = int(tracking.appears(one["correlation"])), int(one["best"].sel(moment=200))
    (line,) = (part.value for part in seen.test.text if "|r|" in part.value)
    assert line.startswith(
        f"From training step {begins} on a unit follows it: |r| is {one['correlation'][-1]:.2f}"
    )
    assert (
        f"{one['correlation'][0]:.2f}; labels of another place give at most {one['control'].max():.2f}."
        in line
    )
    seen.test.button(key="tracked_unit").click().run()
    assert seen.test.session_state["settings"]["unit"] == unit


@pytest.mark.parametrize(
    ("model", "what", "said"),
    [
        ("growing-gru", "speaker", "A unit follows it for a while: |r| is 0.93 at training step 200"),
        ("growing-lstm", "end", "No unit comes to follow it: |r| is 0.38 at most (training step 200)"),
    ],
)
def test_what_goes_again_and_what_never_comes_are_said_as_such(visit, model, what, said):
    seen = visit("states", model=model, text=TEXT, tracked=what)
    (line,) = (part.value for part in seen.test.text if "|r|" in part.value)
    assert line.startswith(said)


def checkpoints_nc(name):
    return xr.open_dataset(checkpoints.components_path(name), engine="h5netcdf")


def test_the_text_page_writes_what_they_write_at_that_step(visit):
    seen = visit("generate", generate_who="growing", generate_trained=100, generate_writer="gru")
    assert not seen.lines and slider(seen).value == 100 and not seen.test.exception
    model, card = checkpoints.load("growing-gru@100")
    vocabulary = checkpoints.vocabulary(card)
    writing = Writing(Network(model), vocabulary.encode("ROMEO:\n"), Rule(0.8, 0, 1.0, 1))
    writing.write(120)
    wanted = vocabulary.decode(writing.ids[7:]).replace("\n", "↵ ")
    rows = [part.value for part in seen.test.code]
    assert len(rows) == 5 and rows[2] == wanted  # 0, 10, 100, 1,000 and the last
    slider(seen).set_value(300).run()
    assert [part.value for part in seen.test.code][:2] == rows[:2] and len(seen.test.code) == 6
    seen.test.button(key="leave_states").click().run()
    assert seen.test.session_state["settings"]["model"] == "growing-gru"
    assert seen.test.session_state["settings"]["trained"] == 300


@pytest.mark.parametrize(("at", "step"), [(0, 0), (-3, 0), (1, 1), (60, 50), (99, 100), (10**9, 100)])
def test_a_click_on_the_curve_chooses_the_nearest_step_that_was_kept(at, step):
    assert growing.nearest((0, 1, 50, 100), at) == step


@pytest.fixture
def few(tmp_path, monkeypatch):
    for path in checkpoints.FOLDER.glob("growing-lstm.*"):
        shutil.copy(path, tmp_path / path.name)
    monkeypatch.setenv("RNNVIZ_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("end", [".safetensors", ".nc"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_damaged_file_costs_a_line_on_the_explore_pages(visit, few, end, how):
    path = few / f"growing-lstm{end}"
    path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:-100])
    seen = visit("states", model="growing-lstm", text=TEXT, trained=100)
    (line,) = seen.lines
    assert f"growing-lstm{end}" in line and "\n" not in line and not seen.test.exception


@pytest.mark.parametrize("without", ["best", "correlation", "annotation", None])
def test_where_the_file_does_not_say_what_is_followed_there_is_no_curve(visit, few, without):
    path = few / "growing-lstm.nc"
    with checkpoints_nc("growing-lstm") as opened:
        found = opened.load()
    found = found.drop_vars(without) if without else found.assign(control=found["control"] * np.nan)
    path.unlink()
    netcdf.write(found, path)
    seen = visit("states", model="growing-lstm", text=TEXT, trained=100)
    assert not seen.lines and not seen.test.exception and "tracking" not in seen.figures


def test_a_card_with_moments_that_cannot_be_costs_a_line(visit, few):
    path = few / "growing-lstm.json"
    card = json.loads(path.read_text("utf-8"))
    card["moments"][3]["step"] = "many"
    path.write_text(json.dumps(card), "utf-8")
    seen = visit("states", model="growing-lstm", text=TEXT, trained=100)
    (line,) = seen.lines
    assert "moments[3].step" in line and not seen.test.exception


def test_those_that_are_missing_cost_a_line_on_the_text_page(visit, few):
    seen = visit("generate", generate_who="growing", generate_trained=100)
    assert not seen.test.exception and len(seen.lines) == 2
    assert all("there is no checkpoint 'growing-" in line for line in seen.lines)
