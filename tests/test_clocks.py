"""The clock of the machine may be set back or forward at any time: what takes or waits is measured by one that only goes on."""

import ast
import os
import time
from pathlib import Path

import pytest

from rnnviz.monitoring import Run, runs
from rnnviz.ui.shell import keeping
from rnnviz.ui.shell.jobs import Jobs
from tests.conftest import until

ROOT = Path(__file__).resolve().parents[1]
WALL = ("time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime")
# where what the machine's clock says is meant: when a file was written, when a training began
MEANT = {"rnnviz/monitoring/runs.py": 1, "rnnviz/monitoring/monitor.py": 1, "rnnviz/ui/offline/folder.py": 1}
HOUR = 3600.0


@pytest.fixture(params=[-5 * HOUR, 5 * HOUR], ids=["back", "forward"])
def clock(request, monkeypatch):
    """Sets the machine's clock back or forward, as far as this process can tell, when it is called."""
    real, moved = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved[0])
    monkeypatch.setattr(time, "time_ns", lambda: int((real() + moved[0]) * 1e9))
    return lambda: moved.__setitem__(0, request.param)


def test_nothing_asks_the_clock_of_the_machine_but_what_means_it():
    found = {}
    for path in sorted((*ROOT.glob("rnnviz/**/*.py"), *ROOT.glob("pages/**/*.py"), ROOT / "app.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            asks = isinstance(node, ast.Attribute) and node.attr in WALL and isinstance(node.value, ast.Name)
            if asks and node.value.id in ("time", "datetime", "date"):
                name = path.relative_to(ROOT).as_posix()
                found[name] = found.get(name, 0) + 1
    assert {name: count for name, count in found.items() if MEANT.get(name) != count} == {}


def test_a_job_runs_on_and_one_whose_reader_is_gone_is_ended(clock, tmp_path):
    jobs = Jobs(lease=HOUR, longest=HOUR, grace=0.3)
    try:
        connected = {"ann/1", "bob/1"}
        jobs.present = connected.__contains__
        held = jobs.start("tests.ui.shell.work:held", {"file": f"{tmp_path}/on"}, "ann/1")
        waiting = jobs.start("tests.ui.shell.work:counting", {"steps": 1}, "ann/1")
        left = jobs.start("tests.ui.shell.work:held", {"file": "never"}, "bob/1")
        until(lambda: held.state == "running")
        clock()
        connected.remove("bob/1")
        until(lambda: left.over)  # so that those who look after them have looked
        assert (left.state, held.state, waiting.state) == ("abandoned", "running", "waiting")
        (tmp_path / "on").touch()
        until(lambda: waiting.over)
        assert (held.state, waiting.state) == ("done", "done")
        again = jobs.start("tests.ui.shell.work:held", {"file": f"{tmp_path}/on"}, "ann/1")
        assert again is held
    finally:
        jobs.close()


def test_a_worker_that_takes_too_long_is_ended_all_the_same(clock):
    jobs = Jobs(longest=0.5)
    try:
        job = jobs.start("tests.ui.shell.work:held", {"file": "never"}, "ann/1")
        until(lambda: job.state == "running")
        clock()
        until(lambda: job.over)
        assert job.state == "late"
    finally:
        jobs.close()


def test_what_is_kept_stays_until_its_own_time_is_over(clock, monkeypatch):
    def made():
        before = keeping.computed
        keeping.kept(len, "three")
        return keeping.computed - before

    keeping.forget()
    try:
        assert made() == 1
        clock()
        keeping.sweep()
        assert made() == 0
        monkeypatch.setattr(keeping, "REST", -1.0)
        keeping.sweep()
        assert made() == 1
    finally:
        keeping.forget()


def test_a_training_that_was_written_ahead_of_the_clock_is_not_taken_for_one_that_goes_on(
    tmp_path, monkeypatch
):
    file = tmp_path / "run.jsonl"
    file.write_bytes(runs.line({"format": runs.FORMAT, "model": "RNN"}))
    ahead = time.time() + 5 * HOUR  # the clock was set back after it was written
    os.utime(file, (ahead, ahead))
    run, now = Run(file), time.monotonic()
    assert 0 <= run.silent < HOUR
    monkeypatch.setattr(time, "monotonic", lambda: now + 2 * HOUR)
    run.refresh()
    assert 2 * HOUR - 60 < run.silent < 3 * HOUR  # nothing has come since
    with file.open("ab") as more:
        more.write(runs.line({"step": 2, "logged": {"loss": 1.0}}))
    os.utime(file, (ahead, ahead))
    assert run.refresh() and run.silent == 0
    os.utime(file, (time.time() - HOUR,) * 2)
    run.refresh()
    assert HOUR - 60 < run.silent < HOUR + 600
