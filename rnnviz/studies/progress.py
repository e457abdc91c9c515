"""How far work that lasts is: told to a function, or by a generator to whoever runs it step by step."""

import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Progress = Callable[[int, int], None]  # what is done, of how much; what it raises stops the work
Step = TypeVar("Step")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Done:
    """How far work is, done of total; what: which of its parts. frame: what it has found last, plain enough for JSON."""

    done: int
    total: int
    what: str = ""
    frame: dict[str, Any] | None = None


def ended(work: Generator[Step, None, Result], told: Callable[[Step], object] | None = None) -> Result:
    """What a generator returns, run to its end. told: is given what it yields on the way."""
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            result: Result = end.value
            return result
        if told is not None:
            told(step)


def followed(work: Callable[[Progress], Result]) -> Generator[Done, None, Result]:
    """What work returns that tells its progress to a function, told by a generator: for whoever runs it step by step.

    A generator that is closed before its end stops the work at the next progress.
    """
    told: queue.Queue[Done | None] = queue.Queue()
    closed = threading.Event()

    def progress(done: int, total: int) -> None:
        if closed.is_set():
            raise InterruptedError("nobody waits for it")
        told.put(Done(done, total))

    with ThreadPoolExecutor(1) as runner:
        future = runner.submit(work, progress)
        future.add_done_callback(lambda _future: told.put(None))
        try:
            while (at := told.get()) is not None:
                yield at
        finally:
            closed.set()
        return future.result()
