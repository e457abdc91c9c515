"""rnnviz view and rnnviz explore on corpora: which page they open on, and one line where something is wrong."""

import json
import os

import pytest

import rnnviz
from rnnviz import corpus
from rnnviz.cli import explore, main, view

TEXT = "To be, or not to be"


@pytest.fixture
def opened(monkeypatch):
    """The pages that the app would have opened on."""
    pages: list[str] = []
    monkeypatch.setenv(view.CORPUS, "[]")
    monkeypatch.setenv(explore.VARIABLE, "")
    monkeypatch.setattr(view, "opened_on", lambda page, _options: pages.append(page) or 0)
    return pages


def named():
    return json.loads(os.environ[view.CORPUS])


def test_view_opens_on_the_page_that_searches(tmp_path, opened, monkeypatch):
    model = rnnviz.live.shipped("korean-lstm")
    own = corpus.record(model, "좋은 영화", tmp_path / "states.zarr")
    high = corpus.record(model, "좋은 영화", tmp_path / "high.zarr", layers=[-1])
    assert main(["view", str(high.path)]) == 0
    assert main(["view", str(own.path)]) == 0
    assert opened == [
        "corpus?model=korean-lstm&where_store=high.zarr&layer=2",
        "corpus?model=korean-lstm&where_store=states.zarr",
    ]
    assert named() == [str(own.path.resolve())]


def test_explore_takes_a_corpus_of_its_model(tmp_path, opened, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["example", "searched_model.py"]) == 0
    model = rnnviz.live.found("searched_model:subject")
    own = corpus.record(model, model.text, tmp_path / "own.zarr")
    assert main(["explore", "searched_model:subject", "--corpus", str(own.path)]) == 0
    assert opened[0].startswith("corpus?subject=searched_model") and named() == [str(own.path)]


@pytest.mark.parametrize("what", ["another model", "another kind", "one of ones own", "twice", "missing"])
def test_what_cannot_be_searched_is_one_line(tmp_path, opened, capsys, monkeypatch, what):
    gru = corpus.record(rnnviz.live.shipped("shakespeare-gru"), TEXT, tmp_path / "states.zarr")
    described = gru.path / "zarr.json"
    asked = ["view", str(gru.path)]
    if what == "another model":
        described.write_text(described.read_text().replace("shakespeare-gru", "shakespeare-lstm"))
        wanted = "holds states of another model"
    elif what == "one of ones own":
        described.write_text(described.read_text().replace("shakespeare-gru", "mine"))
        wanted = "rnnviz explore package.module:function --corpus"
    elif what == "another kind":
        (tmp_path / "runs").mkdir()
        asked, wanted = [*asked, str(tmp_path / "runs")], "start the app on one kind"
    elif what == "twice":
        asked, wanted = [*asked, str(gru.path)], "have the same name"
    else:
        (gru.path / "token" / "c" / "0").unlink()
        wanted = "is not there, or was cut short"
    assert main(asked) != 0
    said = capsys.readouterr().err.strip()
    assert wanted in said and "\n" not in said and not opened
