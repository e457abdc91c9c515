"""Work spread over a Dask cluster: pieces that need nothing of each other, each computed by whichever worker is free.

A worker is sent what it needs and sends back what it found; this process alone writes, so that no disk is shared and a worker
that is lost has left nothing half done: Dask gives its pieces to another. What travels is pickled by Dask between processes of
one's own; nothing that a file holds is.
"""

import contextlib
import hashlib
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from rnnviz import __version__
from rnnviz.told import Told

if TYPE_CHECKING:
    from distributed import Client, Future

Mark = TypeVar("Mark")
Shared = TypeVar("Shared")
Found = TypeVar("Found")
AHEAD = 2  # pieces for each thread of the cluster that are under way: one is computed, one waits
PATIENCE = 10  # seconds that a scheduler may take to answer
SLOW = 60  # seconds that what a worker has found may take to come
MOMENT = 0.3  # seconds after which somebody may want to stop


class Spread(Generic[Mark]):
    """Pieces that are under way on a cluster.

    client: of the cluster. shared: what all pieces need, given to each as its first argument; it travels once to each worker.
    """

    def __init__(self, client: "Client", shared: object):
        import cloudpickle

        try:
            raw = cloudpickle.dumps(shared)
        except Exception as problem:  # what a function of one's own may hold
            raise Told("the model cannot be sent to workers: {problem}", problem=_line(problem)) from problem
        self._client, self._key = client, hashlib.sha256(raw).hexdigest()
        self._under_way: dict[Future, Mark] = {}
        # a piece of work like any other, so that it is done again where its worker is lost
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # it does, once
            self._shared = client.submit(bytes, raw, pure=False)
        self._threads = _threads(client)

    @property
    def room(self) -> bool:
        return len(self._under_way) < AHEAD * max(1, self._threads)

    @property
    def waits(self) -> bool:
        return bool(self._under_way)

    def send(self, mark: Mark, function: Callable[..., Any], *given: object) -> None:
        """mark: by which `take` calls what becomes of it."""
        future = self._client.submit(
            _piece, self._shared, self._key, os.getcwd(), function, given, pure=False
        )
        self._under_way[future] = mark

    def take(self) -> tuple[Mark, Any] | None:
        """A piece that has ended; None where none has for a moment. Raises what it raised, and Told where the cluster is gone, or
        has lost the piece again and again."""
        import distributed

        try:
            self._threads = _threads(self._client)
            with self._client.as_current():
                done = distributed.wait(list(self._under_way), MOMENT, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return None
        except (distributed.CancelledError, OSError):
            raise _lost() from None
        future = next(iter(done))
        mark = self._under_way.pop(future)
        try:
            with _said():
                return mark, future.result(SLOW)
        except TimeoutError:  # it was lost with its worker, and is done again
            self._under_way[future] = mark
            return None

    def drop(self) -> None:
        """Whatever is under way is not waited for."""
        with contextlib.suppress(Exception):  # the cluster may be gone
            self._client.cancel([*self._under_way, self._shared])
        self._under_way.clear()


@contextlib.contextmanager
def spread(dask: "str | Client", shared: object) -> Iterator[Spread[Any]]:
    """Pieces on a cluster. dask: its address, or a client of it, which stays open.

    Raises Told, in one line, where no scheduler answers, where it has no worker, and where one lacks rnnviz or has another
    version of it or of torch, whose numbers may be others.
    """
    with _client(dask) as client:
        _check(client)
        under_way: Spread[Any] = Spread(client, shared)
        try:
            yield under_way
        finally:
            under_way.drop()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes in one thread: two round otherwise than one, and wait for each other where matrices are small. Torch keeps
    the number for each thread by itself."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def each(
    dask: "str | Client", shared: Shared, function: Callable[..., Found], given: Iterable[tuple[Any, ...]]
) -> Iterator[Found | None]:
    """function(shared, *one) of each that is given, as they end; None now and then while none has. Raises Told as `spread`."""
    left = iter(given)
    with spread(dask, shared) as cluster:
        while True:
            while cluster.room and (one := next(left, None)) is not None:
                cluster.send(one, function, *one)
            if not cluster.waits:
                return
            ended = cluster.take()
            yield None if ended is None else ended[1]


def versions() -> dict[str, str]:
    """What must be the same everywhere for the same numbers."""
    return {"rnnviz": __version__, "torch": str(torch.__version__).partition("+")[0]}


@contextlib.contextmanager
def _client(dask: "str | Client") -> Iterator["Client"]:
    from distributed import Client

    if isinstance(dask, Client):
        yield dask
        return
    if not isinstance(dask, str) or not re.fullmatch(r"[a-z]+://[^\s/:]+:\d{1,5}", dask):
        raise Told(
            "{dask!r} is no address of a Dask scheduler; wanted one as tcp://127.0.0.1:8786", dask=dask
        )
    try:
        client = Client(dask, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as problem:
        raise Told(
            "no Dask scheduler answers at {dask}: start one with: dask scheduler; and workers with: dask worker {dask}",
            dask=dask,
        ) from problem
    try:
        yield client
    finally:
        quiet = logging.getLogger("distributed.client")
        before = quiet.level
        quiet.setLevel(logging.CRITICAL)  # where the scheduler is gone, it would say so in fifty lines
        with contextlib.suppress(Exception):
            client.close(timeout=2)
        quiet.setLevel(before)


def _threads(client: "Client") -> int:
    return sum(client.nthreads().values())


def _check(client: "Client") -> None:
    """Raises Told as `spread`."""
    # what they are asked is in words that need no rnnviz
    asked = "__import__('rnnviz.studies.spreading', fromlist=['versions']).versions()"
    with _said(), contextlib.suppress(TimeoutError):
        client.wait_for_workers(1, timeout=PATIENCE)  # one may be on its way
    with _said():
        said: dict[str, Any] = client.run(eval, asked, on_error="return")
    if not said:
        raise Told("the Dask cluster has no workers: start one with: dask worker SCHEDULER")
    try:
        said["scheduler"] = client.run_on_scheduler(eval, asked)
    except Exception as problem:
        said["scheduler"] = problem
    own = versions()
    for where, found in said.items():
        called = "the scheduler" if where == "scheduler" else f"the worker {where}"
        if isinstance(found, ModuleNotFoundError):
            raise Told(
                "{where} has no {name}: start it where that is installed, or in the same folder",
                where=called,
                name=found.name or "rnnviz",
            )
        if isinstance(found, BaseException):
            raise Told("{where} cannot import rnnviz: {problem}", where=called, problem=_line(found))
        for name in own:
            if found[name] != own[name]:
                raise Told(
                    "{where} has {name} {other}, and here is {own}: wanted the same, for the same numbers",
                    where=called,
                    name=name,
                    other=found[name],
                    own=own[name],
                )


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What Dask raises, in one line."""
    import distributed

    try:
        yield
    except distributed.scheduler.KilledWorker as problem:
        raise Told(
            "{count} workers were lost over the same piece, perhaps for want of memory: give them more, or a smaller --cut",
            count=problem.allowed_failures + 1,
        ) from None
    except (distributed.CancelledError, distributed.comm.CommClosedError):
        raise _lost() from None
    except ModuleNotFoundError as problem:
        raise Told(
            "a worker has no {name}: put it where the workers are started, or install it there",
            name=problem.name or "rnnviz",
        ) from None


def _lost() -> Told:
    return Told(
        "the Dask cluster is gone: start it again; what was written stays, and the same command goes on"
    )


def _line(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {' '.join(str(problem).split())[:300]}"


_kept: dict[str, Any] = {}  # what the pieces of a work share, once in a process
_keeping = threading.Lock()


def _piece(raw: bytes, key: str, folder: str, function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """On a worker: a piece of the work. folder: where the client runs, whose modules the model may be made of."""
    import cloudpickle

    with _keeping:
        if key not in _kept:
            for each in (os.getcwd(), folder):
                if each not in sys.path and os.path.isdir(each):
                    sys.path.append(each)
            shared = cloudpickle.loads(raw)  # of the client alone
            _kept.clear()  # of a work before
            _kept[key] = shared
        shared = _kept[key]
    with one_thread():
        return function(shared, *given)
