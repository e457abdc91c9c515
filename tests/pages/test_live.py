"""The app on a model of the reader's own: the exploring pages run it on what is typed."""

import sys
from collections import OrderedDict

import numpy as np
import pytest

from rnnviz.studies import live
from rnnviz.studies.writing import Rule
from rnnviz.ui.parts.explored.live import EXPLORED
from rnnviz.ui.shell import aside as tasks
from tests.conftest import PATIENCE
from tests.pages.test_own import drawn
from tests.pages.test_paper import made, offered  # noqa: F401  the fixture
from tests.paper.test_page import Opened

SPEC = "app_live:subject"
SOURCE = """
from tests.studies.test_live import writer
def subject():
    return writer(text="cab a")
def silent():
    return writer(next=None)
def double():
    made = writer(text="cab a")
    made.model.double()
    return made
def numbers():
    import torch
    import rnnviz
    torch.manual_seed(0)
    model = torch.nn.GRU(2, 3)
    rows = "day,wind,rain\\nMo,1,2\\nTu,3,4\\nWe,0,1\\n"
    def loss(came, text):
        return came[0].square().sum((1, 2))
    return rnnviz.Live(model, lambda x: torch.from_numpy(x).float()[:, None], rows, rows=True, loss=loss)
def broken():
    return 1 / 0
def hangs():
    made = writer(text="cab a")
    plain = made.encode
    def encode(text):
        while text == "aa":
            pass
        return plain(text)
    return writer(text="cab a", encode=encode)
def never():
    while True:
        pass
"""


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    (tmp_path / "app_live.py").write_text(SOURCE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv(EXPLORED, SPEC)
    monkeypatch.setattr(tasks, "_tasks", OrderedDict())  # what another test has stopped is not stopped here
    return live.found(SPEC)


@pytest.fixture
def impatient(monkeypatch):
    """A page waits for what returns, however busy the machine is, and hardly at all for what hangs."""
    from rnnviz.ui.parts.explored import aside

    begun = tasks.begun

    def waited(key, call, owner=None):
        task = begun(key, call, owner)
        if "'aa'" not in repr(key) and "never" not in repr(key):
            task.ended.wait(PATIENCE)
        return task

    monkeypatch.setattr(tasks, "begun", waited)
    monkeypatch.setattr(aside, "PATIENCE", 0.05)


def view(**more):
    return {"subject": live.link(SPEC)} | more


def test_hidden_states_and_candidates_are_those_of_the_model(visit, own):
    seen = visit("states", **view(text="a cab", unit=2))
    assert not seen.test.exception and seen.lines == []
    wanted = own.read("a cab")
    np.testing.assert_array_equal(drawn(seen, "curve"), wanted.subject.layer("rnn")["hidden"].values[:, 2])
    assert seen.board["candidates"]["tokens"] == ["a", "b", "c", "·"]
    assert seen.board["tokens"] == ["a", "·", "c", "a", "b"]


@pytest.mark.parametrize("page", ["home", "states", "gates", "gradients", "change", "units"])
def test_a_model_in_double_precision_is_shown_as_any_other(visit, monkeypatch, page):
    spec = "app_live:double"
    monkeypatch.setenv(EXPLORED, spec)
    seen = visit(page, subject=live.link(spec), text="a cab", unit=2)
    assert not seen.test.exception and seen.lines == []
    if page == "states":
        wanted = live.found(spec).read("a cab").subject.layer("rnn")["hidden"].values[:, 2]
        assert wanted.dtype == np.float64
        np.testing.assert_array_equal(drawn(seen, "curve"), wanted)


def test_the_loss_of_a_step_is_sent_back_and_all_of_them_too(visit, own):
    for loss, step in (("step", 1), ("all", None)):
        seen = visit("gradients", **view(text="a cab", step=2, loss=loss))
        assert not seen.test.exception
        grads = own.send_back("a cab", step).subject.layer("rnn")["hidden_grad"].values
        with np.errstate(divide="ignore"):
            logs = np.log10(np.linalg.norm(grads, axis=-1))
        np.testing.assert_allclose(
            drawn(seen, "norms")[: 2 if step else 4], logs[: 2 if step else 4], rtol=1e-5
        )


def test_layers_of_the_model_are_read_out_as_they_are(visit, own):
    from rnnviz.studies import lens

    seen = visit("lens", **view(text="a cab"))
    assert not seen.test.exception and seen.lines == []
    found = lens.read(own, "a cab")
    assert len(seen.figures["layers"]["layout"]["meta"]["names"]) == found.sizes["layer"]
    ids = found["log_probability"].values.argmax(-1)
    shown = [["abc·"[id] for id in row] for row in ids]
    cells, after = seen.figures["layers"]["data"]
    assert [[*row[:-1], last] for row, last in zip(cells["text"], after["text"], strict=True)] == shown


def test_states_of_the_model_are_put_across_in_this_very_process(visit, own, monkeypatch):
    from rnnviz.studies import patching
    from rnnviz.ui.parts import working

    monkeypatch.setattr(working, "PATIENCE", 600)
    seen = visit(
        "transplant", **view(text="a cab", transplant_text="a bab", transplant_groups=4, transplant_at=5)
    )
    assert not seen.test.exception and seen.lines == []
    found = patching.patch(own, "a cab", "a bab", groups=4)
    shown = drawn(seen, "map", axis="z")[0]
    np.testing.assert_allclose(shown[2:], found["moved_all"][2:], atol=1e-4)


def test_units_of_the_model_are_silenced_in_this_very_process(visit, own, monkeypatch):
    from rnnviz.studies import ablation
    from rnnviz.ui.parts import working

    monkeypatch.setattr(working, "PATIENCE", 600)
    seen = visit("units", **view(text="a cab cab", units_kind="blanks"))
    assert not seen.test.exception and seen.lines == []
    wanted = ablation.ranked(ablation.ablate(own, "a cab cab", layer=0, kind="blanks"))["growth"]
    np.testing.assert_allclose(np.sort(drawn(seen, "foretold")), np.sort(wanted.values.ravel()), atol=1e-6)
    seen = visit("units", subject=live.link("app_live:silent"))
    monkeypatch.setenv(EXPLORED, "app_live:silent")
    seen = visit("units", subject=live.link("app_live:silent"))
    assert any("no loss that could grow" in line for line in seen.lines)


def test_probes_read_the_states_of_the_model(visit, own, monkeypatch):
    from rnnviz.studies import probing
    from rnnviz.ui.parts import working

    monkeypatch.setattr(working, "PATIENCE", 600)
    short = visit("knows", **view(text="a cab"))
    assert any(f"at least {probing.enough()}, and your text has 5" in line for line in short.lines)
    text = "".join(np.random.default_rng(0).choice(list("abc "), 700))
    seen = visit("knows", **view(text=text, knows_properties="blank"))
    assert not seen.test.exception and seen.lines == []
    found = probing.probe(own, text, properties=["blank"])
    np.testing.assert_allclose(drawn(seen, "probes"), found["score"].values.ravel(), atol=0.02)


def test_it_writes_on_takes_back_and_opens_on_its_own_text(visit, own):
    seen = visit("gates", **view())
    assert seen.board["tokens"] == ["c", "a", "b", "·", "a"]
    seen.test.button(key="own_write").click().run()
    seen.test.run()
    wanted = own.write("cab a", 20, Rule(temperature=0.8, seed=1))
    assert seen.test.text_area(key="pick_text").value == wanted
    seen.test.button(key="own_write_back").click().run()
    assert seen.test.text_area(key="pick_text").value == "cab a"


def test_rows_of_numbers_are_drawn_as_curves_by_their_names_and_days(visit, monkeypatch):
    monkeypatch.setenv(EXPLORED, "app_live:numbers")
    for page in ("states", "gates", "gradients"):
        seen = visit(page, subject=live.link("app_live:numbers"))
        assert not seen.test.exception and seen.board["tokens"] == ["Mo", "Tu", "We"]
        assert [curve["name"] for curve in seen.figures["inputs"]["data"]] == ["wind", "rain"]
        np.testing.assert_array_equal(drawn(seen, "inputs", 1), [2, 4, 1])
        if page == "gradients":
            own = live.found("app_live:numbers")
            shares = own.send_back(own.text, 2).shares
            np.testing.assert_array_equal(drawn(seen, "shares", 1), shares.sel(feature="rain"))


def test_a_link_to_a_function_that_is_not_here_says_how_to_start_it(visit, monkeypatch):
    monkeypatch.delenv(EXPLORED)
    seen = visit("states", subject=live.link(SPEC))
    assert not seen.test.exception
    assert any(f"rnnviz explore {SPEC}" in line.replace("\\", "") for line in seen.lines), seen.lines


@pytest.mark.parametrize(
    ("page", "spec", "text", "line"),
    [
        ("states", SPEC, "xyz", "Writer: encode raised ValueError: substring not found"),
        ("states", "app_live:broken", None, "app_live:broken raised ZeroDivisionError: division by zero"),
        ("gradients", "app_live:silent", None, "Writer has no loss. Give rnnviz.Live a"),
        ("gradients", SPEC, "a", "a loss needs a next token: type at least two"),
        ("states", SPEC, "", "Type at least one character above"),
    ],
)
def test_what_cannot_be_is_one_line_and_what_was_typed_stays(visit, monkeypatch, page, spec, text, line):
    monkeypatch.setenv(EXPLORED, spec)
    seen = visit(page, subject=live.link(spec), **({} if text is None else {"text": text}))
    assert not seen.test.exception
    assert any(line in said.replace("\\", "") for said in seen.lines), seen.lines
    if text is not None:
        assert seen.test.text_area(key="pick_text").value == text


@pytest.mark.parametrize("page", ["states", "gates", "gradients"])
def test_what_it_did_can_be_taken_away_as_a_page(visit, own, offered, tmp_path, page):  # noqa: F811
    seen = visit(page, **view(text="a cab", step=2))
    assert not seen.test.exception
    (tmp_path / "run.html").write_bytes(made(offered))
    opened = Opened(tmp_path / "run.html")
    assert opened.contents["places"]["0-0-0-0"]["tokens"] == ["a", "·", "c", "a", "b"]
    assert bool(opened.view("total")["figures"]) == (page == "gradients")


def test_a_function_that_hangs_leaves_a_page_that_says_so_and_can_stop_it(visit, monkeypatch, impatient):
    monkeypatch.setenv(EXPLORED, "app_live:hangs")
    link = live.link("app_live:hangs")
    live.found("app_live:hangs")
    seen = visit("states", subject=link, text="aa")
    assert not seen.test.exception and seen.board is None
    assert any("has been running for" in one.value for one in seen.test.text)
    assert visit("states").board  # others go on
    seen.test.button(key="own_stop").click().run()
    assert not seen.test.exception
    assert seen.lines == ["Writer was stopped before it was finished."]
    seen.go("gradients")
    assert seen.lines == ["Writer was stopped before it was finished."]
    seen.test.session_state["settings"].update(text="ab")
    seen.go("states")
    assert seen.board["tokens"] == ["a", "b"] and seen.lines == []


def test_a_second_text_that_hangs_can_be_stopped_as_well(visit, monkeypatch, impatient):
    monkeypatch.setenv(EXPLORED, "app_live:hangs")
    link = live.link("app_live:hangs")
    assert visit("states", subject=link, text="ab").board
    seen = visit("transplant", subject=link, text="ab", transplant_text="aa")
    assert not seen.test.exception and seen.lines == []
    assert any("has been running for" in one.value for one in seen.test.text)
    seen.test.button(key="own_stop").click().run()
    assert seen.lines == ["Writer was stopped before it was finished."]


def test_reading_and_writing_that_hang_are_stopped_one_by_one(visit, monkeypatch, impatient):
    monkeypatch.setenv(EXPLORED, "app_live:hangs")
    link = live.link("app_live:hangs")
    live.found("app_live:hangs")
    seen = visit("states", subject=link, text="aa")
    seen.test.button(key="own_write").click().run()
    assert not seen.test.exception and seen.lines == []
    assert sum("has been running for" in one.value for one in seen.test.text) == 2
    seen.test.button(key="own_write_stop").click().run()
    assert not seen.test.exception and seen.lines == ["Writer was stopped before it was finished."]
    seen.test.button(key="own_write_again").click().run()
    assert not seen.test.exception and seen.lines == []
    assert sum("has been running for" in one.value for one in seen.test.text) == 2
    seen.test.button(key="own_write_stop").click().run()
    seen.test.button(key="own_stop").click().run()
    assert not seen.test.exception and seen.lines == ["Writer was stopped before it was finished."]


def test_a_function_that_never_returns_a_model_does_the_same(visit, monkeypatch, impatient):
    monkeypatch.setenv(EXPLORED, "app_live:never")
    seen = visit("states", subject=live.link("app_live:never"))
    assert not seen.test.exception
    assert any("app_live:never has been running for" in one.value for one in seen.test.text)
    seen.test.button(key="own_stop").click().run()
    assert seen.lines == ["app_live:never was stopped before it was finished."]
    seen.test.button(key="own_again").click().run()
    assert any("has been running for" in one.value for one in seen.test.text)
    seen.test.button(key="own_stop").click().run()
