"""Work that lasts, done in a process of its own: other readers' pages stay quick, and it can be stopped at any moment.

Orders go to a worker as lines of JSON; its progress comes back as lines of JSON, a result as the netCDF of a dataset. Nothing
is pickled. A result is kept under what was asked, and shared by all readers. This file knows no Streamlit: a worker runs it.
"""

import atexit
import contextlib
import hashlib
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import xarray as xr

from rnnviz import forking
from rnnviz.told import Told
from rnnviz.ui.shell import heap

LEASE = 90.0  # seconds without a word from a reader; a browser lets a hidden tab speak once a minute
LONGEST = 900.0  # seconds that a job may run
GRACE = 30.0  # seconds that a reader's connection may be gone
IDLE = 300.0  # seconds after which a worker without work gives its memory back
KEPT = 64 * 2**20  # bytes of results
QUEUE = 20  # jobs that may wait
SHORT = 200  # jobs of a second or less that may wait beside them
SHARE = 3  # of each, for one reader
EMPTY = 50_000  # bytes that a result takes whatever is in it


@dataclass(eq=False)
class Job:
    """One piece of work. Shared between readers: look, never change.

    state: 'waiting', 'running'; then 'done'; 'failed' (what was asked cannot be computed: see `problem`), 'stopped' (by its
    last reader), 'abandoned' (its readers are gone), 'late' (ran for too long), 'lost' (its process ended) or 'busy' (too
    many are waiting). done, total, what: how far it is, of how much, and at what. frames: what it has shown on the way, the
    oldest first; kept: what it needs to go on after the last of them. netcdf: the result as a file. short: it takes a second or
    less. goes_on: asked for again after it was broken off, it is given its frames, which it need not make again. size: bytes that
    it holds, about.
    """

    work: str
    argument: dict
    short: bool = False
    goes_on: bool = False
    size: int = EMPTY
    state: str = "waiting"
    done: int = 0
    total: int = 0
    what: str = ""
    frames: list[dict] = field(default_factory=list)
    kept: bytes = b""
    result: xr.Dataset | None = None
    netcdf: bytes = b""
    problem: str = ""
    told: tuple[str, dict] | None = None  # its message and values, where it is one that is told
    began: float = 0.0
    readers: dict[str, float] = field(default_factory=dict)  # when each was last heard
    worker: "subprocess.Popen | forking.Forked | None" = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def over(self) -> bool:
        return self.ended.is_set()

    @property
    def key(self) -> str:
        """Stands for what was asked."""
        asked = json.dumps([self.work, self.argument], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:24]


class Jobs:
    """A few workers and the queue before them. Workers start when there is work and end when there is none for long.

    A reader goes by PERSON/VISIT: of those who wait, the person's turn comes who was served longest ago, whatever the number
    of visits. A short job comes before the others, and where these keep every worker busy, a further one does what is short.
    workers: processes at most, but for that one. lease, longest, idle, grace: seconds; kept: bytes; queue, share: jobs; see the
    constants of this file. present: whether a reader's connection is there.
    """

    def __init__(
        self,
        workers: int = 1,
        lease: float = LEASE,
        longest: float = LONGEST,
        idle: float = IDLE,
        kept: int = KEPT,
        queue: int = QUEUE,
        share: int = SHARE,
        grace: float = GRACE,
    ):
        self.workers, self.lease, self.longest = workers, lease, longest
        self.idle, self.kept, self.queue, self.share, self.grace = idle, kept, queue, share, grace
        self.present: Callable[[str], bool] = lambda reader: True
        self._changed = threading.Condition()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: list[Job] = []
        self._served: dict[str, float] = {}  # when a person's turn last was
        self._serving = 0
        self._aside = False  # whether a further worker does what is short
        self._watching = False
        self._processes: set[subprocess.Popen] = set()
        atexit.register(self.close)

    def start(
        self, work: str, argument: dict, reader: str, short: bool = False, goes_on: bool = False
    ) -> Job:
        """The job for this work: one that is done or on its way for another reader, else a new one in the queue.

        work: 'module:function', a generator that yields `done`, `total`, `what`, where it shows itself also `frame`, plain enough
        for JSON, and `kept`, bytes to go on with; it returns a Dataset. argument: its keyword arguments, plain enough for JSON.
        reader: who asks; see `hear`. short: it takes a second or less, and waits for nothing that takes longer.
        goes_on: where it was broken off, its frames up to there are its argument `before`; the result holds all that frames do.
        """
        job = Job(work, argument, short, goes_on)
        with self._changed:
            known = self._jobs.get(job.key)
            if known and (known.state == "done" or not known.over):
                known.readers[reader] = time.monotonic()
                self._jobs.move_to_end(known.key)
                return known
            if known and goes_on:
                job.frames, job.size = [*known.frames], known.size
            job.readers[reader] = time.monotonic()
            alike = [other for other in self._waiting if other.short == short]
            mine = sum(_person(reader) in map(_person, other.readers) for other in alike)
            if len(alike) >= (SHORT if short else self.queue) or mine >= self.share:
                return self._end(job, "busy")
            self._jobs[job.key] = job
            self._jobs.move_to_end(job.key)
            self._waiting.append(job)
            self._make_room()
            if self._serving < self.workers:
                self._employ()
            elif short and not self._aside and self._busy() >= self.workers:
                self._aside = True
                self._employ(aside=True)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, daemon=True, name="jobs-watch").start()
            self._changed.notify_all()
        return job

    def _busy(self) -> int:
        """How many workers have what takes long."""
        return sum(job.state == "running" and not job.short for job in self._jobs.values())

    def _make_room(self) -> None:
        """Lets go of what is over and was asked for longest ago, as far as there is too much."""
        over = [job for job in self._jobs.values() if job.over]
        held = sum(job.size for job in over)
        for job in over:
            if held <= self.kept:
                return
            held -= job.size
            del self._jobs[job.key]

    def under_way(self, work: str, argument: dict, reader: str) -> Job | None:
        """The job for this work that this reader's person began, from another tab or before the page was loaded anew, and that
        is not over; None where there is none."""
        with self._changed:
            job = self._jobs.get(Job(work, argument).key)
            mine = job is not None and not job.over and _person(reader) in map(_person, job.readers)
            return job if mine else None

    def warm(self, module: str) -> None:
        """Starts a worker before there is work, so that the first to ask need not wait for it; where one is there already,
        nothing. module: what it imports meanwhile."""
        with self._changed:
            if not self._serving:
                self._employ(module)

    def hear(self, job: Job, reader: str) -> None:
        """The reader is still there. A job that hears of none for the length of the lease is stopped."""
        with self._changed:
            job.readers[reader] = time.monotonic()

    def leave(self, job: Job, reader: str, everywhere: bool = False) -> None:
        """The reader wants it no more: it is stopped at once, unless another reader waits for it. A visit of the same person
        whose connection is gone, as when the page was loaded anew, waits no more either. everywhere: nor does any visit of the
        same person."""
        with self._changed:
            job.readers.pop(reader, None)
            own = [other for other in job.readers if _person(other) == _person(reader)]
            for other in own:
                if everywhere or not self.present(other):
                    del job.readers[other]
            if not job.readers and not job.over:
                self._end(job, "stopped")

    def ahead(self, job: Job) -> int:
        """How many jobs come first."""
        with self._changed:
            running = sum(j.state == "running" and j.short >= job.short for j in self._jobs.values())
            return running + self._in_turn().index(job) if job in self._waiting else 0

    def _in_turn(self) -> list[Job]:
        """Who waits, in the order of their turns: what is short first, then each person's first job before anyone's second."""
        counts: Counter[str] = Counter()
        ranks = {}
        for job in self._waiting:
            persons = set(map(_person, job.readers))
            turn = min(((counts[p], self._served.get(p, 0.0)) for p in persons), default=(0, 0.0))
            ranks[job] = (not job.short, *turn)
            counts.update(persons)
        return sorted(self._waiting, key=ranks.__getitem__)

    def close(self) -> None:
        """Ends all workers."""
        with self._changed:
            for job in [j for j in self._jobs.values() if not j.over]:
                self._end(job, "stopped")
            for worker in [*self._processes]:
                self._discard(worker)

    def _end(self, job: Job, state: str, problem: str = "") -> Job:
        if job.state == "running" and state not in ("done", "failed"):
            job.worker.kill()
        if job in self._waiting:
            self._waiting.remove(job)
        job.state, job.problem = state, problem
        job.ended.set()
        self._make_room()
        return job

    def _watch(self) -> None:
        """While there is work: ends what no reader waits for, and what runs for too long."""
        while True:
            now = time.monotonic()
            with self._changed:
                alive = [job for job in self._jobs.values() if not job.over]
                if not alive:
                    self._watching = False
                    return
                for job in alive:
                    if all(self._gone(reader, now - heard) for reader, heard in job.readers.items()):
                        self._end(job, "abandoned")
                    elif job.state == "running" and now - job.began > self.longest:
                        self._end(job, "late")
            time.sleep(min(1.0, self.lease / 4, self.grace / 4))

    def _gone(self, reader: str, silent: float) -> bool:
        return silent > self.lease or (silent > self.grace and not self.present(reader))

    def _employ(self, early: str = "", aside: bool = False) -> None:
        self._serving += not aside
        threading.Thread(target=self._serve, args=(early, aside), daemon=True, name="jobs").start()

    def _serve(self, early: str = "", aside: bool = False) -> None:
        """One worker's jobs, one after the other. early: it is started before the first, and imports this module. aside: it does
        what is short alone."""
        worker = None
        if early:
            worker = _started(early)
            with self._changed:
                self._processes.add(worker)
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._first(aside), self.idle):
                    self._serving -= not aside
                    self._aside &= not aside
                    if worker:
                        self._discard(worker)
                    return
                job = self._first(aside)
                self._waiting.remove(job)
                self._served |= dict.fromkeys(map(_person, job.readers), time.monotonic())
                for long_ago in list(self._served)[:-1000]:
                    del self._served[long_ago]
                if worker is None or worker.poll() is not None:
                    worker = _started()
                    self._processes.add(worker)
                job.state, job.worker, job.began = "running", worker, time.monotonic()
            if not self._run(job, worker):
                with self._changed:
                    self._discard(worker)
                worker = None

    def _first(self, short: bool) -> Job | None:
        """Whose turn it is; short: of what is short alone."""
        return next((job for job in self._in_turn() if job.short or not short), None)

    def _run(self, job: Job, worker: subprocess.Popen) -> bool:
        """Whether the worker can take another job."""
        try:
            before = {"before": job.frames} if job.goes_on and job.frames else {}
            worker.stdin.write(json.dumps([job.work, job.argument | before]).encode() + b"\n")
            worker.stdin.flush()
            while line := worker.stdout.readline():
                said = json.loads(line)
                if "done" in said:
                    if said.get("kept"):
                        kept = worker.stdout.read(said["kept"])
                        if len(kept) < said["kept"]:
                            break
                        job.size += len(kept) - len(job.kept)
                        job.kept = kept
                    job.frames += said.get("frames", [])
                    job.size += 3 * len(line)  # as Python has it
                    job.done, job.total, job.what = said["done"], said["total"], said["what"]
                    continue
                if "size" in said:
                    netcdf = worker.stdout.read(said["size"])
                    with xr.open_dataset(io.BytesIO(netcdf), engine="h5netcdf") as dataset:
                        job.result, job.netcdf = dataset.load(), netcdf
                    if job.goes_on:  # what was needed to go on is in the result
                        job.frames, job.size = [], EMPTY
                    job.size += len(netcdf) + job.result.nbytes
                with self._changed:
                    if job.over:
                        return False
                    job.told = said.get("told")
                    self._end(job, "failed" if "problem" in said else "done", said.get("problem", ""))
                return True
        except (OSError, ValueError):  # it was killed while it wrote
            pass
        with self._changed:
            if not job.over:
                self._end(job, "lost")
        return False

    def _discard(self, worker: subprocess.Popen) -> None:
        self._processes.discard(worker)
        worker.kill()
        worker.wait()
        with contextlib.suppress(OSError):  # an order that it never read
            worker.stdin.close()
        worker.stdout.close()


def _person(reader: str) -> str:
    return reader.partition("/")[0]


def _started(early: str = "") -> "subprocess.Popen | forking.Forked":
    """A worker: this Python with the same search path. early: a module that it imports at once. One thread: small matrices gain
    nothing from two, and readers' pages need the other core."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    arguments = [early] if early else []
    if made := forking.forked(f"{__name__}:work", arguments, "rnnviz-worker", os.environ | threads):
        return made
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from rnnviz.ui.shell import jobs; jobs.work(*sys.argv[1:])",
            *arguments,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | threads | {"PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)},
    )


def work(early: str = "") -> None:
    """A worker's life: one order a line, until the server closes the pipe or is gone. early: a module that the first may need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server, which ends its workers
    if hasattr(os, "nice"):
        os.nice(10)  # readers' pages first, of all processes of the app
    with contextlib.suppress(OSError):  # where memory runs out, rather the worker than the server
        Path("/proc/self/oom_score_adj").write_text("500")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    if early:
        importlib.import_module(early)
    for line in sys.stdin.buffer:
        for part in _answers(*json.loads(line)):
            try:
                answers.write(part)
                answers.flush()
            except BrokenPipeError:
                os._exit(0)
        heap.give_back()


def _answers(work: str, argument: dict) -> Iterator[bytes]:
    try:
        module, name = work.split(":")
        netcdf = yield from _reported(getattr(importlib.import_module(module), name)(**argument))
    except Exception as problem:
        if not isinstance(problem, ValueError | ArithmeticError):
            traceback.print_exc()  # for the server's log; the reader gets one line
        said = " ".join(str(problem).split()) or type(problem).__name__
        told = (problem.message, _plain(problem.values)) if isinstance(problem, Told) else None
        yield json.dumps({"problem": said[:500], "told": told}).encode() + b"\n"
    else:
        yield json.dumps({"size": len(netcdf)}).encode() + b"\n"
        yield netcdf


def _plain(values: dict) -> dict:
    """As JSON holds them."""
    return {name: one if isinstance(one, str | int | float) else str(one) for name, one in values.items()}


def _reported(steps: Iterator) -> Iterator[bytes]:
    """The progress of some work as lines, ten a second at most, with all frames since the last one. Returns the netCDF of what it
    came to."""
    told, frames, at = 0.0, [], None
    while True:
        try:
            at = next(steps)
        except StopIteration as end:
            if frames:
                yield from _told(at, frames)
            return bytes(end.value.to_netcdf(engine="h5netcdf"))
        frames += [at.frame] if getattr(at, "frame", None) is not None else []
        if time.monotonic() - told > 0.1:
            told = time.monotonic()
            yield from _told(at, frames)
            frames = []


def _told(at, frames: list[dict]) -> Iterator[bytes]:
    kept = getattr(at, "kept", b"") if frames else b""
    said = {"done": at.done, "total": at.total, "what": at.what, "frames": frames, "kept": len(kept)}
    yield json.dumps(said).encode() + b"\n" + kept


jobs = Jobs()
