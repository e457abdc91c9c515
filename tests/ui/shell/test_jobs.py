"""Work in another process: what comes back, how it is stopped, who shares it."""

import math
import os

import numpy as np
import pytest
import xarray as xr

from rnnviz.ui.shell import jobs as room
from rnnviz.ui.shell.jobs import Jobs
from tests.conftest import PATIENCE, until

WORK = "tests.ui.shell.work"


@pytest.fixture
def make():
    """Makes job queues, whose workers end with the test."""
    made = []

    def make(**settings) -> Jobs:
        made.append(Jobs(**settings))
        return made[-1]

    yield make
    for jobs in made:
        jobs.close()


@pytest.fixture(scope="module")
def jobs():
    made = Jobs()
    yield made
    made.close()


def asked(jobs, name, reader="one", **argument):
    return jobs.start(f"{WORK}:{name}", argument, reader)


def finished(job):
    assert job.ended.wait(PATIENCE)
    return job


def test_a_result_comes_back_as_it_was(jobs):
    job = finished(asked(jobs, "counting", steps=1, note="안녕"))
    assert (job.state, job.problem) == ("done", "")
    np.testing.assert_array_equal(job.result["value"], [1.5, -np.inf, np.nan, 1e300])
    assert job.result["value"].attrs["units"] == "nat"
    assert job.result.attrs["note"] == "안녕"


def test_all_that_was_shown_on_the_way_is_kept_in_order(jobs):
    job = finished(asked(jobs, "showing", frames=200))
    assert job.state == "done" and job.frames == [{"at": at} for at in range(200)]
    assert job.kept == bytes([199, 10]) * 3  # what it needs to go on after the last of them


def test_a_stop_leaves_what_was_shown_and_what_is_needed_to_go_on(jobs):
    job = asked(jobs, "showing", frames=3, file="never")
    until(lambda: job.frames)
    jobs.leave(job, "one")
    assert job.state == "stopped" and job.kept == bytes([job.frames[-1]["at"], 10]) * 3


def test_a_worker_that_was_started_early_does_the_first_work(make):
    jobs = make()
    jobs.warm(WORK)
    until(lambda: jobs._processes)
    (early,) = jobs._processes
    jobs.warm(WORK)
    job = finished(asked(jobs, "counting", steps=1))
    assert job.result["process"] == early.pid and jobs._processes == {early}


def test_the_result_is_at_hand_as_netcdf(jobs, tmp_path):
    job = finished(asked(jobs, "counting", steps=1))
    (tmp_path / "run.nc").write_bytes(job.netcdf)
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as read:
        xr.testing.assert_identical(read.load(), job.result)


def test_the_work_is_done_in_another_process(jobs):
    assert finished(asked(jobs, "counting", steps=1)).result["process"] != os.getpid()


def test_one_worker_does_one_job_after_another(jobs):
    first, second = (finished(asked(jobs, "counting", steps=n)).result["process"] for n in (1, 2))
    assert first == second


def test_progress_is_seen_while_it_works(jobs):
    job = asked(jobs, "counting", steps=5000, seconds=0.01)
    until(lambda: job.done > 2 and job.what == f"step {job.done}")
    assert (job.state, job.total) == ("running", 5000)
    jobs.leave(job, "one")


def test_a_stop_ends_the_process(jobs):
    job = asked(jobs, "counting", steps=5000, seconds=0.02)
    until(lambda: job.done)
    jobs.leave(job, "one")
    assert (job.state, job.over) == ("stopped", True)
    assert job.worker.wait(PATIENCE) != 0
    assert finished(asked(jobs, "counting", steps=3)).state == "done"  # the next has a new worker


def test_what_waits_is_counted_and_can_be_stopped(make):
    jobs = make()
    running = asked(jobs, "counting", steps=5000, seconds=0.01)
    waiting = [asked(jobs, "counting", steps=n) for n in (1, 2)]
    until(lambda: running.state == "running")
    assert [jobs.ahead(job) for job in (running, *waiting)] == [0, 1, 2]
    jobs.leave(waiting[0], "one")
    assert (waiting[0].state, jobs.ahead(waiting[1])) == ("stopped", 1)
    jobs.leave(running, "one")
    assert finished(waiting[1]).state == "done"


def test_the_same_work_is_done_once_for_all_readers(jobs):
    one, two = asked(jobs, "counting", "one", steps=7), asked(jobs, "counting", "two", steps=7)
    assert one is two
    assert finished(one) is asked(jobs, "counting", "three", steps=7)
    assert asked(jobs, "counting", "one", steps=8) is not one


def test_one_readers_stop_does_not_end_the_work_of_another(jobs, tmp_path):
    job, same = (asked(jobs, "held", name, file=f"{tmp_path}/on") for name in ("one", "two"))
    assert same is job
    jobs.leave(job, "one")
    (tmp_path / "on").touch()
    assert finished(job).state == "done"


def test_a_page_that_was_loaded_anew_finds_its_work_and_can_stop_it(make):
    jobs = make()
    jobs.present = lambda reader: reader != "person/before"
    job = asked(jobs, "held", "person/before", file="never")
    argument = {"file": "never"}
    assert jobs.under_way(f"{WORK}:held", argument, "person/now") is job
    assert jobs.under_way(f"{WORK}:held", argument, "another/now") is None
    jobs.hear(job, "person/now")
    jobs.leave(job, "person/now")
    assert job.state == "stopped" and jobs.under_way(f"{WORK}:held", argument, "person/now") is None


def test_a_stop_everywhere_is_for_all_tabs_of_one_person_and_for_nobody_else(jobs):
    for tab in ("person/one", "person/two", "another/tab"):
        job = asked(jobs, "held", tab, file="never")
    jobs.leave(job, "person/one", everywhere=True)
    assert list(job.readers) == ["another/tab"] and not job.over
    jobs.leave(job, "another/tab", everywhere=True)
    assert job.state == "stopped"


def test_what_was_stopped_can_be_asked_for_again(jobs, tmp_path):
    job = asked(jobs, "held", file=f"{tmp_path}/on")
    jobs.leave(job, "one")
    assert job.state == "stopped"
    again = asked(jobs, "held", file=f"{tmp_path}/on")
    assert again is not job
    (tmp_path / "on").touch()
    assert finished(again).state == "done"


def test_work_is_stopped_when_its_reader_has_gone(make):
    jobs = make(lease=2 * PATIENCE)
    gone, waited_for = (asked(jobs, "held", name, file=f"never {name}") for name in ("gone", "there"))
    with jobs._changed:  # both were heard too long ago, and one is heard again before anyone looks
        gone.readers["gone"] = waited_for.readers["there"] = -math.inf
        jobs.hear(waited_for, "there")
    until(lambda: gone.over and waited_for.state == "running")
    assert gone.state == "abandoned"


def test_work_that_runs_for_too_long_is_ended(make):
    assert finished(asked(make(longest=0.5), "counting", steps=5000, seconds=0.01)).state == "late"


@pytest.mark.parametrize(
    ("name", "argument", "line"),
    [
        ("refusing", {"line": "units must be\n  at least 1"}, "units must be at least 1"),
        ("breaking", {}, "RuntimeError"),
        ("missing", {}, f"module '{WORK}' has no attribute 'missing'"),
        ("counting", {"steps": "many"}, "'str' object cannot be interpreted as an integer"),
    ],
)
def test_an_error_comes_back_as_one_line(jobs, name, argument, line):
    job = finished(asked(jobs, name, **argument))
    assert (job.state, job.problem) == ("failed", line)


def test_a_worker_that_dies_is_said_and_replaced(jobs):
    assert finished(asked(jobs, "dying")).state == "lost"
    assert finished(asked(jobs, "counting", steps=4)).state == "done"


def test_a_full_queue_says_so(make):
    jobs = make(queue=1)
    running = asked(jobs, "counting", steps=5000, seconds=0.01)
    until(lambda: running.state == "running")
    asked(jobs, "counting", steps=1)
    assert asked(jobs, "counting", steps=2).state == "busy"


def test_turns_go_round_by_person_however_many_tabs_one_has(make):
    jobs = make(share=2)
    first = asked(jobs, "counting", "ann/1", steps=5000, seconds=0.01)
    until(lambda: first.state == "running")
    anns = [asked(jobs, "counting", f"ann/{n}", steps=n) for n in (2, 3)]
    assert asked(jobs, "counting", "ann/4", steps=4).state == "busy"  # her share
    bobs = [asked(jobs, "counting", "bob/1", steps=n) for n in (5, 6)]
    assert [jobs.ahead(job) for job in (bobs[0], anns[0], bobs[1], anns[1])] == [1, 2, 3, 4]
    jobs.leave(first, "ann/1")
    until(lambda: bobs[0].over)
    for job in (*anns, *bobs):
        assert finished(job).state == "done"


def test_work_ends_soon_after_its_readers_connection(make):
    jobs = make(grace=0.2)
    connected = {"ann/1", "bob/1"}
    jobs.present = connected.__contains__
    job = asked(jobs, "held", "ann/1", file="never")
    other = asked(jobs, "held", "bob/1", file="never either")
    connected.remove("ann/1")
    until(lambda: job.over)
    assert (job.state, other.over) == ("abandoned", False)
    jobs.leave(other, "bob/1")


def test_only_the_last_results_are_kept(make):
    one = finished(asked(make(), "counting", steps=1))
    jobs = make(kept=int(2.5 * one.size))  # bytes
    first, second, third = (finished(asked(jobs, "counting", steps=n)) for n in (1, 2, 3))
    assert asked(jobs, "counting", steps=3) is third and asked(jobs, "counting", steps=2) is second
    assert asked(jobs, "counting", steps=1) is not first


def test_what_a_result_holds_is_counted(make):
    jobs = make()
    plain, shown = (finished(asked(jobs, "showing", frames=n)) for n in (1, 200))
    assert shown.size > plain.size > len(plain.netcdf)
    larger = finished(asked(jobs, "counting", steps=1, note="x" * 10_000))
    assert larger.size > plain.size + 10_000


def test_what_is_short_waits_for_nothing_that_takes_long(make, tmp_path):
    jobs = make()
    held = asked(jobs, "held", file=str(tmp_path / "done"))
    until(lambda: held.state == "running")
    waiting = asked(jobs, "counting", reader="two", steps=1)
    short = [jobs.start(f"{WORK}:counting", {"steps": n}, "one", short=True) for n in (2, 3)]
    assert jobs.ahead(short[0]) == 0
    for one in short:
        assert finished(one).state == "done"
    assert short[0].worker is short[1].worker is not held.worker
    assert (held.state, waiting.state) == ("running", "waiting")  # the further worker takes nothing else
    (tmp_path / "done").touch()
    assert finished(waiting).worker is held.worker


def test_where_no_worker_is_at_long_work_what_is_short_starts_no_other(make):
    jobs = make()
    done = [finished(jobs.start(f"{WORK}:counting", {"steps": n}, "one", short=True)) for n in (1, 2)]
    done.append(finished(asked(jobs, "counting", steps=3)))
    assert len({job.worker for job in done}) == 1 == len(jobs._processes)


def test_what_is_short_comes_before_what_waited_longer(make, tmp_path):
    jobs = make(workers=1)
    first = jobs.start(f"{WORK}:held", {"file": str(tmp_path / "done")}, "one", short=True)
    until(lambda: first.state == "running")
    long = asked(jobs, "counting", reader="two", steps=1)
    short = jobs.start(f"{WORK}:counting", {"steps": 2}, "three", short=True)
    assert jobs.ahead(short) == 1 and jobs.ahead(long) == 2
    (tmp_path / "done").touch()
    finished(long)
    assert short.began < long.began


def test_many_may_wait_for_what_is_short(make, tmp_path):
    jobs = make(queue=1)
    first = jobs.start(f"{WORK}:held", {"file": str(tmp_path / "done")}, "one", short=True)
    until(lambda: first.state == "running")
    many = [jobs.start(f"{WORK}:counting", {"steps": n}, f"reader {n}", short=True) for n in range(1, 40)]
    assert {job.state for job in many} == {"waiting"}
    assert asked(jobs, "counting", reader="other", steps=1000).state == "waiting"
    assert asked(jobs, "counting", reader="another", steps=2000).state == "busy"


def test_a_worker_without_work_ends(make):
    jobs = make(idle=0.2)
    job = finished(asked(jobs, "counting", steps=1))
    assert job.worker.wait(PATIENCE) is not None
    assert finished(asked(jobs, "counting", steps=2)).state == "done"


def test_a_server_that_has_gone_leaves_no_worker():
    worker = room._started()
    worker.stdin.close()
    assert worker.wait(PATIENCE) == 0
    worker.stdout.close()
