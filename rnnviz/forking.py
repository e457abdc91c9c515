"""Processes made of one that has imported everything: they begin at once, and share the memory of what it imported. Linux only.

One process, `Forks`, imports and does nothing else: what it forks is whole, since no other thread was in the midst of a step. The
others ask it for more through a socket that the environment names; what they get is theirs as if they had started it.
"""

import atexit
import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PLACE = "RNNVIZ_FORKS"  # where a process asks for another, in the environment
PATIENCE = 10.0  # s that one side waits for the other's words
POSSIBLE = sys.platform == "linux" and hasattr(os, "pidfd_open")

_WORD = struct.Struct("I")  # how long an order is
_NAMED, _DEATH_SIGNAL = 15, 1  # PR_SET_NAME, PR_SET_PDEATHSIG


class Forked:
    """A process by the handle that Linux gives: it stays that of this process, also when its number has gone to another.

    stdin, stdout: its pipes, where it was asked for through them. The rest is as subprocess.Popen has it, but that nobody save
    its parent learns how it ended.
    """

    def __init__(
        self, pid: int, handle: int, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
    ) -> None:
        self.pid, self._handle, self.stdin, self.stdout = pid, handle, stdin, stdout

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._handle)

    def poll(self) -> int | None:
        """None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutError where it still runs then."""
        if (code := self._ended(timeout)) is None:
            raise TimeoutError(f"process {self.pid} has not ended in {timeout} s")
        return code

    def _ended(self, timeout: float | None) -> int | None:
        return 0 if select.select([self._handle], [], [], timeout)[0] else None

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended
            signal.pidfd_send_signal(self._handle, number)


class Forks:
    """Makes processes of this one, which must have no thread of Python's beside it.

    folder: this user's alone; the socket will lie there. Until `close`, `place` is what the environment of the others says.
    """

    def __init__(self, folder: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(folder / "forks"))
        self._listener.listen(64)
        self.place = str(folder / "forks")
        self._children: list[int] = []

    def close(self) -> None:
        self._listener.close()

    def fork(
        self, run: Callable[[], object], name: str, env: Mapping[str, str], std: Sequence[int] = ()
    ) -> Forked:
        """A process that runs this and ends. It ends when this one does, and Ctrl+C in the terminal does not reach it.

        name: as the system lists it, of 15 letters at most. env: its environment. std: its standard input and output; else
        nothing is read, and what is written is lost.
        """
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        parent = os.getpid()
        if (pid := os.fork()) == 0:
            _live(run, name, env, std, parent)
        self._children.append(pid)
        return Forked(pid, os.pidfd_open(pid))

    def answer(self, seconds: float) -> None:
        """Waits so long for an order and fulfils it; lets go of processes that have ended."""
        self._children = [pid for pid in self._children if not _reaped(pid)]
        if not select.select([self._listener], [], [], seconds)[0]:
            return
        with contextlib.suppress(
            OSError, ValueError, TypeError, LookupError, struct.error
        ):  # gone, or no order
            asking, _ = self._listener.accept()
            with asking:
                asking.settimeout(PATIENCE)
                self._fulfil(asking)

    def _fulfil(self, asking: socket.socket) -> None:
        said, std, _flags, _from = socket.recv_fds(asking, _WORD.size, 2)
        try:
            with asking.makefile("rb") as words:
                asked = json.loads(words.read(*_WORD.unpack(said)))
            made = self.fork(lambda: _called(**asked["call"]), asked["name"], asked["env"], std)
            socket.send_fds(asking, [str(made.pid).encode()], [made._handle])
        finally:
            for each in std:
                os.close(each)


def forked(function: str, arguments: Sequence[str], name: str, env: Mapping[str, str]) -> Forked | None:
    """A process that runs module:function with these arguments, with pipes as its standard input and output. None where nobody
    makes any: this process was not started by one that does, or that one is gone."""
    place = os.environ.get(PLACE)
    if not place or not POSSIBLE:
        return None
    ours: list[int] = []
    theirs: list[int] = []
    try:
        for mine in (1, 0):
            pipe = os.pipe()
            ours.append(pipe[mine])
            theirs.append(pipe[1 - mine])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(place)
            call = {"function": function, "arguments": [*arguments], "path": sys.path, "folder": os.getcwd()}
            order = json.dumps({"call": call, "name": name, "env": dict(env)}).encode()
            socket.send_fds(asking, [_WORD.pack(len(order))], theirs)
            asking.sendall(order)
            said, handles, _flags, _from = socket.recv_fds(asking, 32, 1)
        stdin, stdout = (os.fdopen(ours[0], "wb"), os.fdopen(ours[1], "rb"))
        ours = []
        return Forked(int(said), handles[0], stdin, stdout)
    except (OSError, ValueError, IndexError):
        return None
    finally:
        for each in (*ours, *theirs):
            os.close(each)


def _called(function: str, arguments: Sequence[str], path: Sequence[str], folder: str) -> None:
    os.chdir(folder)
    sys.path[:] = path
    module, name = function.split(":")
    getattr(importlib.import_module(module), name)(*arguments)


def _reaped(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _live(
    run: Callable[[], object], name: str, env: Mapping[str, str], std: Sequence[int], parent: int
) -> None:
    """The whole life of a process that was forked: it never returns."""
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.setpgid(0, 0)
        system = ctypes.CDLL(None)
        system.prctl(_NAMED, name.encode()[:15])
        system.prctl(_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before it could be asked for the signal
            os._exit(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        for place, given in enumerate([*std, nothing, nothing][:2]):
            os.dup2(given, place)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(env)
        run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        os._exit(code)
