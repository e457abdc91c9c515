"""Somebody's own code beside a page: what comes of it is handed on, and what does not end is ended."""

import threading

import pytest

from rnnviz.ui.shell import aside


def over(task):
    assert task.ended.wait(30)
    return task


@pytest.fixture
def gone():
    """Waits until a stopped task's thread has ended."""

    def wait(task):
        task._thread.join(30)
        return not task._thread.is_alive()

    return wait


def test_what_it_returns_and_raises_is_handed_on():
    done = over(aside.begun("a", lambda: 6 * 7))
    assert (done.state, done.result) == ("done", 42) and aside.begun("a", lambda: 0) is done
    aside.forget(done)
    failed = over(aside.begun("a", lambda: 1 / 0))
    assert failed.state == "failed" and isinstance(failed.problem, ZeroDivisionError)
    aside.forget(failed)


def test_a_loop_without_end_is_ended_whatever_it_catches(gone):
    began = threading.Event()

    def loop():
        while True:
            try:
                began.set()
                while True:
                    pass
            except Exception:
                pass

    task = aside.begun("loop", loop)
    assert began.wait(30)
    task.stop()
    assert task.state == "stopped" and gone(task)
    assert aside.begun("loop", loop) is task  # it does not begin again by itself
    aside.forget(task)


def test_what_takes_too_long_and_what_nobody_waits_for_is_ended(monkeypatch, gone):
    def loop():
        while True:
            pass

    monkeypatch.setattr(aside, "LONGEST", 0.0)
    late = over(aside.begun("late", loop))
    assert late.state == "late" and gone(late)
    monkeypatch.setattr(aside, "LONGEST", 600.0)
    monkeypatch.setattr(aside, "LEASE", 0.0)
    left = over(aside.begun("left", loop))
    assert left.state == "abandoned" and gone(left)
    aside.forget(late), aside.forget(left)


def test_a_lock_that_it_held_is_free_again(gone):
    lock, held = threading.Lock(), threading.Event()

    def loop():
        with lock:
            held.set()
            while True:
                pass

    task = aside.begun("lock", loop)
    assert held.wait(30)
    task.stop()
    assert gone(task) and lock.acquire(timeout=30)
    aside.forget(task)


def test_what_waits_outside_of_python_is_given_up_and_its_owner_begins_nothing_more(monkeypatch, gone):
    monkeypatch.setattr(aside, "GIVEN_UP", 0.0)
    free, owner = threading.Lock(), object()
    free.acquire()
    task = aside.begun("stuck", free.acquire, owner)
    task.stop()
    for one in threading.enumerate():
        if one.name == "aside-end":
            one.join(30)
    assert task.stuck and aside.begun("other", lambda: 1, owner) is task
    assert over(aside.begun("another's", lambda: 1)).result == 1
    aside.forget(task)
    assert aside.begun("stuck", free.acquire, owner) is task
    free.release()
    assert gone(task)
    task.stuck = False
    aside.forget(task)
