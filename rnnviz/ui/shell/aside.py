"""Somebody's own code, run beside the page that asks for it: a page that waits for it stays a page, and it can be stopped.

It needs objects of this process, so that it runs in a thread and not in a worker (see jobs.py). A thread is stopped by an
exception raised in it: that ends whatever Python does, a loop without an end included, once it is back from a call that waits
outside of Python. What does not come back is given up, and said. This file knows no Streamlit.
"""

import contextlib
import ctypes
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

LONGEST = 300.0  # seconds that it may take
LEASE = 90.0  # seconds without a word from a reader; a browser lets a hidden tab speak once a minute
GIVEN_UP = 5.0  # seconds after which a thread that was told to stop is left alone
USUAL = sys.getswitchinterval()
TURN = 0.0005  # seconds of Python at a time, while such code runs: other readers' pages wait for their turn
KEPT = 16  # tasks that are remembered


class _Stop(BaseException):
    """Raised in a thread that is to stop: no `except Exception` takes it for a failure of its own."""


@dataclass(eq=False)
class Task:
    """A call under way, or what came of it. state: 'running', 'done', 'failed', 'stopped', 'late' (for too long), 'abandoned'
    (its readers are gone). stuck: it was told to stop and did not."""

    call: Callable[[], Any]
    owner: object = None
    state: str = "running"
    result: Any = None
    problem: BaseException | None = None
    stuck: bool = False
    began: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def hear(self) -> None:
        """A reader waits for it."""
        self.heard = time.monotonic()

    def stop(self, state: str = "stopped") -> None:
        """Ends it, whatever it does."""
        with _lock:
            if self.ended.is_set():
                return
            self.state = state
            self.ended.set()
        threading.Thread(target=self._end, daemon=True, name="aside-end").start()

    def _end(self) -> None:
        """Tells the thread to stop until it has: code may catch everything."""
        last = time.monotonic() + GIVEN_UP
        thread = self._thread
        while thread is not None and thread.is_alive() and time.monotonic() < last:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop)
            )
            thread.join(0.1)
        self.stuck = thread is not None and thread.is_alive()

    def _run(self) -> None:
        state = "stopped"
        with contextlib.suppress(_Stop):
            try:
                self.result, state = self.call(), "done"
            except Exception as problem:
                self.problem, state = problem, "failed"
            with _lock:
                if not self.ended.is_set():
                    self.state = state
                    self.ended.set()

    def _watch(self) -> None:
        while not self.ended.wait(0.25):
            sys.setswitchinterval(TURN)
            if self.seconds > LONGEST:
                self.stop("late")
            elif time.monotonic() - self.heard > LEASE:
                self.stop("abandoned")
        with _lock:
            if all(one.ended.is_set() for one in _tasks.values()):
                sys.setswitchinterval(USUAL)


_lock = threading.Lock()
_tasks: OrderedDict[Hashable, Task] = OrderedDict()


def begun(key: Hashable, call: Callable[[], Any], owner: object = None) -> Task:
    """The task of that key: the one that is known, or else a new one. owner: whose code it is; while a task of the same owner
    does not stop, a new one is that one."""
    with _lock:
        task = _tasks.get(key)
        if task is None:
            stuck = [one for one in _tasks.values() if one.stuck and owner is not None and one.owner is owner]
            if stuck and stuck[-1]._thread is not None and stuck[-1]._thread.is_alive():
                return stuck[-1]
            task = _tasks[key] = Task(call, owner)
            task._thread = threading.Thread(target=task._run, daemon=True, name="aside")
            task._thread.start()
            threading.Thread(target=task._watch, daemon=True, name="aside-watch").start()
        _tasks.move_to_end(key)
        over = [known for known, one in _tasks.items() if one.ended.is_set() and not one.stuck]
        for known in over[: max(0, len(_tasks) - KEPT)]:
            if known != key:
                del _tasks[known]
    task.hear()
    return task


def forget(task: Task) -> None:
    """It can be begun again, unless it is stuck."""
    with _lock:
        for key in [key for key, one in _tasks.items() if one is task and not task.stuck]:
            del _tasks[key]
