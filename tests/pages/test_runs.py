"""lab/runs: trainings of the reader's own; what is drawn is what their files hold."""

import json
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz.monitoring import Monitor, Run, layers, numbers
from rnnviz.ui.rooms.runs.source import WATCHED
from tests.pages.test_korean_charts import drawn as written
from tests.pages.test_korean_charts import english
from tests.pages.test_own import drawn


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The app was started on a folder with two trainings."""
    for seed, name in enumerate(("first", "deep/second")):
        torch.manual_seed(seed)
        model = nn.GRU(2, 3, 2, bidirectional=True)
        optimiser = torch.optim.SGD(model.parameters(), 0.1)
        monitor = Monitor(tmp_path / "runs" / name, model, every=2)
        for _ in range(5):
            optimiser.zero_grad()
            with monitor:
                model(torch.randn(6, 4, 2))[0].square().sum().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
        monitor.close()
    monkeypatch.setenv(WATCHED, json.dumps([str(tmp_path / "runs")]))
    return tmp_path / "runs"


def test_what_is_drawn_is_what_the_file_holds(visit, folder):
    seen = visit(
        "runs", runs_shown="first,deep/second", runs_layer=2, runs_direction="backward", runs_update=3
    )
    assert not seen.test.exception and seen.lines == []
    kept = Run(folder / "first")
    whole, own = numbers(kept), layers(kept, "gru").isel(layer=1, direction=1)
    np.testing.assert_allclose(drawn(seen, "loss"), whole["loss"].values)
    np.testing.assert_allclose(10 ** drawn(seen, "norm"), whole["gradient_norm"].values)
    np.testing.assert_allclose(10 ** drawn(seen, "norm", 1), whole["clipped_norm"].values)
    assert [trace["name"] for trace in seen.figures["loss"]["data"]] == ["first", "deep/second"]
    np.testing.assert_allclose(10 ** drawn(seen, "reached", axis="z"), own["total"].values.T, rtol=1e-5)
    # update 3 was not kept: the one before it is shown
    np.testing.assert_allclose(10 ** drawn(seen, "profile", 1), own["direct"].sel(update=2).values)
    np.testing.assert_allclose(drawn(seen, "gates"), own["mean"].isel(gate=0).values)
    np.testing.assert_allclose(drawn(seen, "spectral_radius", 1), own["spectral_radius"].isel(part=1).values)
    assert "update 2:" in seen.board["summary"]
    assert "runs_update=3" in seen.address and "runs_layer=2" in seen.address
    korean = visit("runs", lang="ko", runs_shown="first,deep/second")
    assert not korean.test.exception
    assert {word for text in written(korean) for word in english(text)} - {"first", "deep", "second"} == set()


def test_a_run_that_is_broken_gone_or_not_here_is_said(visit, folder):
    (folder / "bad").mkdir()
    (folder / "bad" / "run.jsonl").write_text('{"format": "rnnviz run 9"}\n')
    seen = visit("runs", runs_shown="first,<b>none</b>")
    assert len(seen.lines) == 2
    assert "not here: <b>none</b>" in seen.lines[0] and "it says 'rnnviz run 9'" in seen.lines[1]
    shutil.rmtree(folder / "first")
    seen.test.run()
    assert any("Nothing more can be read" in line and "is not there" in line for line in seen.lines)
    assert seen.figures["loss"]["data"][0]["name"] == "first"


def test_without_a_run_the_page_says_how_to_keep_one(visit, tmp_path, monkeypatch):
    seen = visit("runs")
    assert not seen.test.exception and seen.board is None
    assert "rnnviz.Monitor" in seen.test.code[0].value
    compile(seen.test.code[0].value, "script", "exec")
    monkeypatch.setenv(WATCHED, json.dumps([str(tmp_path)]))
    seen = visit("runs")
    assert "There is no run in" in seen.test.info[0].value


def test_a_file_is_brought_and_one_that_is_none_is_refused(visit, folder, monkeypatch):
    monkeypatch.delenv(WATCHED)
    seen = visit("runs")
    seen.test.file_uploader[0].set_value(("run.jsonl", b"nothing\n", "application/json")).run()
    assert "run.jsonl is not a run that this rnnviz reads" in seen.lines[0]
    raw = (folder / "first" / "run.jsonl").read_bytes()
    seen.test.file_uploader[0].set_value(("run.jsonl", raw, "application/json")).run()
    assert seen.lines == []
    np.testing.assert_allclose(drawn(seen, "loss"), numbers(Run(folder / "first"))["loss"].values)


def test_a_moment_without_modules_draws_the_rest(visit, tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    lines = [
        '{"format": "rnnviz run 1"}',
        '{"step": 0, "loss": "inf", "modules": {}, "missing": ["<i>why</i>"]}',
        "x",
    ]
    (tmp_path / "a" / "run.jsonl").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv(WATCHED, json.dumps([str(tmp_path)]))
    seen = visit("runs")
    assert not seen.test.exception
    assert "Nothing of a recurrent module was kept." in seen.board["summary"]
    said = [part.value.replace("\\", "") for part in seen.test.caption]
    assert any("<i>why</i>" in line for line in said) and any("could not be read: 1" in line for line in said)
