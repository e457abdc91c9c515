"""The reader's own functions, run beside the page: while they run it says so and has a button that stops them."""

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from rnnviz.studies.live import Live, LiveError
from rnnviz.ui.shell import aside
from rnnviz.ui.shell.aside import Task
from rnnviz.ui.shell.language import _, said
from rnnviz.ui.shell.widgets import notice, run_again

PATIENCE = 1.5  # seconds that a page waits before it says that something runs


class Unfinished(LiveError):
    """What was asked for is not there, and why. name: whose code it is."""

    def __init__(self, task: Task, name: str):
        super().__init__("{line}", line=f"{name} is not finished")
        self.task, self.name = task, name


def asked(key: Hashable, call: Callable[[], Any], name: str, owner: Live | None = None) -> Any:
    """What the call returns, once it has. key: stands for it. name: whose code it is, as a reader calls it. Raises Unfinished
    while it runs and where it was stopped, and what it raised itself."""
    task = aside.begun(key, call, owner)
    task.ended.wait(max(0.0, PATIENCE - task.seconds))
    if task.state == "done":
        aside.forget(task)
        return task.result
    if task.state == "failed":
        aside.forget(task)
        assert task.problem is not None
        raise task.problem
    raise Unfinished(task, name)


def say(problem: Exception, key: str = "own", again: Callable[[], object] | None = None) -> None:
    """What is wrong, in a line; of what is still running, for how long, and a button that stops it. key: of its buttons. again:
    called where what was stopped is to start again."""
    if not isinstance(problem, Unfinished):
        notice(said(problem), error=True)
        return
    task, name = problem.task, problem.name
    if not task.ended.is_set():
        st.fragment(_followed, run_every=0.5)(task, name, key)
        return
    lines = {
        "late": _("{name} was stopped: it took longer than {seconds:.0f} s."),
        "abandoned": _("{name} was stopped, because this page was left alone for too long."),
    }
    line = lines.get(task.state, _("{name} was stopped before it was finished."))
    notice(line.format(name=name, seconds=aside.LONGEST))
    if task.stuck:
        notice(
            _("It does not end by itself. End the app with Ctrl+C, mend the function, and start it again."),
            error=True,
        )
        return
    st.button(_("Start again"), key=f"{key}_again", on_click=_start_again, args=(task, again))


def _start_again(task: Task, again: Callable[[], object] | None) -> None:
    aside.forget(task)
    if again is not None:
        again()


def _followed(task: Task, name: str, key: str) -> None:
    task.hear()
    if task.ended.is_set():
        run_again()
    with st.container(horizontal=True, vertical_alignment="center"):
        line = _("{name} has been running for {seconds:.0f} s; after {longest:.0f} s it is stopped.")
        st.text(line.format(name=name, seconds=task.seconds, longest=aside.LONGEST))
        st.button(_("Stop"), key=f"{key}_stop", on_click=task.stop)
