"""learn/order and learn/letters as a reader meets them: trained in a worker or shipped, with settings in the address."""

import json
import os
import signal

import numpy as np
import pytest

from rnnviz.studies import courses, tiny
from rnnviz.studies.tiny import LETTERS, ORDER, STEPS
from rnnviz.ui.parts import tiny as part
from rnnviz.ui.parts.sheet import percent
from rnnviz.ui.parts.tiny import CHUNK, Training
from rnnviz.ui.shell.jobs import jobs
from tests.conftest import PATIENCE, until
from tests.pages.conftest import PAGES, app
from tests.pages.test_pages import decoded


@pytest.fixture(autouse=True, scope="module")
def a_worker_may_take_long_to_start():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "PATIENCE", PATIENCE)
        yield


class Page:
    """A visit to one of the two pages. params: the address, without the page's prefix."""

    def __init__(self, page: str, lang: str = "en", **params):
        self.page = page
        self.test = app()
        self.test.query_params["lang"] = lang
        for name, value in params.items():
            self.test.query_params[f"{page}_{name}"] = str(value)
        self.test.switch_page(PAGES[page]).run()
        self.lines = self.warnings()
        assert not self.test.exception

    def press(self, name: str) -> "Page":
        self.test.button(key=f"{self.page}_{name}").click().run()
        assert not self.test.exception
        return self

    def warnings(self) -> list[str]:
        return [part.value.replace("\\", "") for part in self.test.warning]

    def setting(self, name: str):
        return self.test.session_state["settings"][f"{self.page}_{name}"]

    def sent(self, component: str) -> dict:
        return next(
            json.loads(found.proto.json)
            for found in self.test.get("bidi_component")
            if found.proto.component_name == component
        )

    @property
    def figures(self) -> dict[str, dict]:
        return {f["id"]: json.loads(f["spec"]) for f in self.sent("rnnviz_board")["figures"]}

    @property
    def trained(self):
        key = (self.page, *(self.setting(name) for name in ("kind", "units", "seed")))
        return self.test.session_state["tiny"][key]

    @property
    def html(self) -> str:
        return "".join(part.proto.body for part in self.test.get("html"))


@pytest.fixture(scope="module")
def letters():
    return Page("letters")


@pytest.mark.parametrize("page", ["order", "letters"])
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_every_kind_is_trained_to_the_end(page, kind):
    seen = Page(page, lang="ko" if kind == "gru" else "en", kind=kind, units=2)
    assert seen.trained.over and seen.trained.step == STEPS
    assert seen.warnings() == []
    curve = np.array(decoded(seen.figures["loss"]["data"][0]["y"]), float)
    assert curve[-1] < curve[0]
    (view,) = seen.sent("rnnviz_cell")["views"]
    assert view["kind"] == kind


def test_the_order_page_draws_what_the_trained_networks_say():
    seen = Page("order")
    drawn = seen.figures["answers"]["data"]
    models = {"rnn": tiny.build(ORDER, "rnn", 3, 0), "bag": tiny.bag(ORDER, 3, 0)}
    for _step in tiny.train(models, ORDER):
        pass
    for trace, row in zip(drawn, tiny.answers(models, ORDER).values, strict=False):
        found = [value for value in trace["y"] if value is not None]
        np.testing.assert_allclose(found, row.ravel(), atol=1e-6)
    table = seen.test.table[1].value
    assert table.iloc[:, 0].tolist()[:5] == ["(2, 3)", "(3, 3)", "(3,)", "(3, 1)", "(1,)"]
    programs = [part.value for part in seen.test.code]
    assert len(programs) == 3 and "nn.RNN(2, 3, batch_first=True)" in programs[1]
    assert "(2,1)" in " ".join(part.value for part in seen.test.latex)


def test_the_shapes_and_the_lines_follow_the_sizes():
    seen = Page("order", kind="lstm", units=2)
    assert seen.test.table[1].value.iloc[0, 0] == "4 × (2, 2)"
    assert "nn.LSTM(2, 2, batch_first=True)" in seen.test.code[1].value
    seen.press("reset")
    assert (seen.setting("kind"), seen.setting("units")) == ("rnn", 3)
    assert seen.test.table[1].value.iloc[0, 0] == "(2, 3)"


def test_another_seed_is_another_network_and_the_same_settings_train_nothing_anew():
    seen = Page("order")
    first = seen.trained
    seen.test.run()
    assert seen.trained is first
    seen.press("other")
    assert seen.setting("seed") == 1
    made = list(seen.test.session_state["tiny"].values())
    assert len(made) == 2 and made[1].seen[0] != first.seen[0]
    seen.press("again")
    again = list(seen.test.session_state["tiny"].values())[-1]
    assert again is not made[1] and again.seen == made[1].seen


def test_the_sequence_that_is_worked_out_can_be_chosen():
    seen = Page("order", sequence=2)
    assert seen.sent("rnnviz_cell")["tokens"] == ["as", "as", "soon"]


def test_training_can_be_seen_at_every_step(letters):
    seen = Page("letters", trained=0)
    untrained = tiny.build(LETTERS, "rnn", 3, 0)
    for share in tiny.read(untrained, LETTERS, "hello")["probability"].values.ravel():
        assert percent(share) in seen.html
    assert seen.html != letters.html
    assert letters.setting("trained") == STEPS
    right = np.array(decoded(seen.figures["right"]["data"][0]["y"]), float)
    assert right[0] < 0.5 < 0.98 < right[-1]


def test_letters_are_drawn_one_at_a_time():
    seen = Page("letters", temperature=0)
    assert "Written: hello" in [part.value for part in seen.test.text][-1]
    seen.press("first")
    assert seen.html.count("<li>") == 1
    seen.press("next")
    assert seen.html.count("<li>") == 2 and seen.setting("shown") == 2
    seen.press("all")
    assert seen.html.count("<li>") == 4


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("hexo!", "cannot read “x !”"),
        ("안녕", "cannot read “안 녕”"),
        ("", "at least two"),
        ("h", "at least two"),
        ("hello" * 9, "The first 13 letters are read."),
    ],
)
def test_what_cannot_be_read_gets_one_line_and_stays(typed, said):
    seen = Page("letters", text=typed)
    (line,) = seen.warnings()
    assert said in line
    assert seen.test.text_input(key="pick_letters_text").value == typed


def test_capitals_are_read_as_small_letters():
    seen = Page("letters", text="HELLO", temperature=0)
    assert "Given: hello" in [part.value for part in seen.test.text][-1]


@pytest.mark.parametrize(
    ("page", "name", "value"),
    [
        ("order", "units", "9"),
        ("order", "kind", "cnn"),
        ("order", "seed", "x"),
        ("order", "sequence", "3"),
        ("letters", "temperature", "nan"),
        ("letters", "trained", "201"),
        ("letters", "shown", "0"),
    ],
)
def test_a_bad_value_in_a_link_gets_one_line(page, name, value):
    seen = Page(page, **{name: value})
    assert len(seen.lines) == 1 and f"{page}_{name}" in seen.lines[0]


def test_the_address_holds_what_was_chosen():
    seen = Page("letters", kind="gru", units=2, temperature=0.5, trained=50)
    search = seen.sent("rnnviz_address")["search"]
    for setting in ("letters_kind=gru", "letters_units=2", "letters_temperature=0.5", "letters_trained=50"):
        assert setting in search


@pytest.mark.parametrize("page", ["order", "letters"])
def test_what_was_stopped_stays_as_it_is_until_it_is_trained_again(page):
    seen = Page(page)
    kept = seen.test.session_state["tiny"]
    half = Training(seen.trained.course)
    half.go_on()
    half.over = True
    kept[(page, "rnn", 3, 0)] = half
    seen.test.run()
    assert not seen.test.exception and seen.warnings() == []
    assert seen.trained is half and half.step == CHUNK
    if page == "letters":
        assert seen.setting("trained") == CHUNK
        assert seen.test.slider(key="pick_letters_trained").max == CHUNK
    seen.press("again")
    assert seen.trained is not half and seen.trained.step == STEPS
    if page == "letters":
        assert seen.setting("trained") == STEPS


def test_what_is_shipped_is_what_torch_trains_here():
    for asked in courses.SHIPPED:
        there, here = courses.shipped(*asked), trained(*asked)
        assert there.attrs == here.attrs and list(there["model"].values) == list(here["model"].values)
        for name, array in here.data_vars.items():
            assert there[name].dtype == array.dtype
            np.testing.assert_allclose(there[name], array, rtol=1e-3, atol=1e-4, err_msg=f"{asked} {name}")


def trained(*asked):
    training = courses.train(*asked)
    while True:
        try:
            next(training)
        except StopIteration as end:
            return end.value


def test_the_pages_open_with_what_is_shipped_and_train_nothing(monkeypatch):
    def start(*_, **__):
        raise AssertionError("it is trained anew")

    monkeypatch.setattr(jobs, "start", start)
    for task, kind, units, seed in courses.SHIPPED:
        seen = Page(task, kind=kind, units=units, seed=seed)
        assert seen.trained.over and seen.trained.step == STEPS


def test_a_worker_trains_the_same_to_the_bit_and_the_second_reader_has_it_at_once():
    first = Page("letters", kind="gru", units=4, seed=17)
    here = trained("letters", "gru", 4, 17)
    right = here["log_right"].sel(model="gru").values.tolist()
    assert [one.log_right["gru"] for one in first.trained.seen] == right
    for step, row in zip(first.trained.kept_steps, here["weights_gru"].values, strict=True):
        (model,) = first.trained.models_at(step).values()
        np.testing.assert_array_equal(tiny.weights(model).numpy(), row)
    before = jobs._served.copy()
    second = Page("letters", kind="gru", units=4, seed=17)
    assert second.trained.over and second.trained.course is first.trained.course
    assert jobs._served == before  # no worker had anything to do


def test_a_damaged_file_of_a_training_costs_a_training(monkeypatch, tmp_path):
    file = tmp_path / "letters.nc"
    file.write_bytes(courses.path("letters", "rnn", 3, 0).read_bytes()[:-5000])
    monkeypatch.setattr(courses, "path", lambda *_: file)
    assert courses.shipped("letters", "rnn", 3, 0) is None
    courses.write(trained("letters", "lstm", 3, 0), file)  # of another network
    assert courses.shipped("letters", "rnn", 3, 0) is None
    courses.write(trained("letters", "rnn", 3, 0), file)
    assert courses.shipped("letters", "rnn", 3, 0) is not None


@pytest.mark.parametrize("page", ["order", "letters"])
def test_while_a_worker_trains_the_page_says_how_far_it_is_and_can_stop_it(page, monkeypatch):
    monkeypatch.setattr(part, "PATIENCE", 0)
    monkeypatch.setattr(part, "WORK", "tests.ui.shell.work:awaited")
    seen = Page(page, seed=700)
    assert seen.lines == [] and not seen.test.get("bidi_component")[0].proto.json.count("figures")
    assert seen.test.button(key=f"{page}_again").disabled
    (job,) = seen.test.session_state["tiny_jobs"].values()
    seen.press("stop")
    assert job.state == "stopped"
    assert seen.warnings() == ["Stopped before it was finished."]
    monkeypatch.undo()
    monkeypatch.setattr(part, "PATIENCE", PATIENCE)
    seen.press("again")
    assert seen.trained.over and seen.trained.step == STEPS and seen.warnings() == []
    assert list(seen.test.session_state["tiny_jobs"]) == []


def test_what_is_trained_again_is_seen_from_the_start(monkeypatch):
    seen = Page("letters")
    shown = []
    go_on = Training.go_on
    monkeypatch.setattr(Training, "go_on", lambda self: (go_on(self), shown.append(self.step)))
    seen.press("again")
    assert shown == list(range(CHUNK, STEPS + 1, CHUNK))
    assert seen.trained.over


def test_a_worker_that_is_killed_costs_one_line_and_it_can_be_trained_again(monkeypatch):
    monkeypatch.setattr(part, "PATIENCE", 0)
    monkeypatch.setattr(part, "WORK", "tests.ui.shell.work:awaited")
    seen = Page("letters", seed=701)
    (job,) = seen.test.session_state["tiny_jobs"].values()
    until(lambda: job.state == "running")
    os.kill(job.worker.pid, signal.SIGKILL)
    until(lambda: job.over)
    seen.test.run()
    assert not seen.test.exception
    assert seen.warnings() == [
        "The computation broke off, perhaps because it ran out of memory. Try a smaller set-up."
    ]
    monkeypatch.undo()
    monkeypatch.setattr(part, "PATIENCE", PATIENCE)
    seen.press("again")
    assert seen.trained.over and seen.warnings() == []
