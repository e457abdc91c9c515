"""Processes that are forked from one which has imported everything."""

import json
import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from rnnviz import forking
from rnnviz.ui.shell.jobs import Jobs
from tests.conftest import until
from tests.ui.shell.test_jobs import asked, finished

pytestmark = pytest.mark.skipif(not forking.POSSIBLE, reason="only Linux can")

SEED = """
import sys
from pathlib import Path
import rnnviz.naming
from rnnviz import forking
forks = forking.Forks(Path(sys.argv[1]))
print(forks.place, flush=True)
while True:
    forks.answer(0.1)
"""


@pytest.fixture
def seed(tmp_path, monkeypatch):
    """A process that others are made of, and told so to this one."""
    process = subprocess.Popen([sys.executable, "-c", SEED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    monkeypatch.setenv(forking.PLACE, process.stdout.readline().strip())
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def echo(*arguments):
    """What a process says of itself; it then waits until its input is closed."""
    imported = "rnnviz.naming" in sys.modules
    said = [arguments, os.environ.get("SAID"), os.getcwd(), imported, len(os.listdir("/proc/self/fd"))]
    print(json.dumps(said), flush=True)
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(line.upper())
        sys.stdout.buffer.flush()
    sys.exit(3)


def made(*arguments, **env):
    return forking.forked(f"{__name__}:echo", arguments, "echo", os.environ | env)


def close(process):
    process.stdin.close()
    process.stdout.close()


def test_it_is_whole_and_brings_what_was_imported(seed):
    process = made("a", "b", SAID="yes")
    arguments, said, folder, imported, files = json.loads(process.stdout.readline())
    assert (arguments, said, folder, imported) == (["a", "b"], "yes", os.getcwd(), True)
    assert (
        files <= 4
    )  # standard input, output and errors, and the folder that was just listed: nothing of the other's
    process.stdin.write(b"hello\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"HELLO\n"
    assert process.poll() is None
    assert psutil.Process(process.pid).ppid() == seed.pid
    close(process)
    assert process.wait() == 0
    until(lambda: not psutil.pid_exists(process.pid))  # its parent has let go of it
    process.kill()  # has nobody to reach, and says nothing


def test_it_can_be_killed_and_what_asked_for_it_sees_that(seed):
    process = made()
    with pytest.raises(TimeoutError):
        process.wait(0)
    process.kill()
    assert process.wait() == 0 == process.poll()
    close(process)


def test_it_ends_with_the_one_that_it_was_made_of(seed):
    process = made()
    process.stdout.readline()
    seed.send_signal(signal.SIGKILL)
    assert process.wait() == 0
    close(process)
    assert made() is None  # nobody makes any more


@pytest.mark.parametrize(
    "said",
    [b"", b"1", b"\x05\x00\x00\x00ab", b"\x02\x00\x00\x00[]", b"\x02\x00\x00\x00{}", b"\x01\x00\x00\x00{"],
)
def test_an_order_that_is_none_is_passed_over(seed, said):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.connect(os.environ[forking.PLACE])
        asking.sendall(said)
        asking.shutdown(socket.SHUT_WR)
        assert asking.recv(1) == b""
    process = made()
    assert json.loads(process.stdout.readline())[3]
    close(process)


def test_where_nobody_makes_any_there_is_none(monkeypatch):
    monkeypatch.delenv(forking.PLACE, raising=False)
    assert made() is None


def test_work_is_done_by_such_a_process(seed):
    jobs = Jobs()
    job = finished(asked(jobs, "counting", steps=3))
    assert job.state == "done"
    assert isinstance(job.worker, forking.Forked)
    worker = job.worker
    jobs.close()
    assert worker.wait() == 0
