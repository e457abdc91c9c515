"""What a worker process runs: arguments as JSON has them in, progress on the way, a dataset in the end."""

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import xarray as xr

from rnnviz.studies import live
from rnnviz.studies.corpus import recording, searching
from rnnviz.studies.corpus.opened import Corpus, Progress


@dataclass(frozen=True)
class At:
    """How far it is."""

    done: int
    total: int
    what: str = ""


def record(name: str, text: str, layer: int, out: str) -> Generator[At, None, xr.Dataset]:
    """The hidden states of one layer of a shipped model over one text, in 8 bits, in the store `out`."""

    def work(told: Progress) -> xr.Dataset:
        recording.record(live.shipped(name), [("text", text)], out, layers=[layer], bits=8, progress=told)
        return xr.Dataset(attrs={"out": out})

    return (yield from _told(work))


def telling(path: str, regex: str, limit: float) -> Generator[At, None, xr.Dataset]:
    """`searching.telling` of the places of a regular expression."""

    def work(told: Progress) -> xr.Dataset:
        own = Corpus.open(path)
        return searching.telling(own, searching.search(own, regex, limit).where(), progress=told)

    return (yield from _told(work))


def _told(work: Callable[[Progress], xr.Dataset]) -> Generator[At, None, xr.Dataset]:
    """What work returns, which tells a function how far it is; here that is yielded."""
    said: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
    came: dict[str, Any] = {}

    def run() -> None:
        try:
            came["result"] = work(lambda done, total: said.put((done, total)))
        except Exception as problem:
            came["problem"] = problem
        finally:
            said.put(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while (at := said.get()) is not None:
        yield At(*at)
    thread.join()
    if "problem" in came:
        raise came["problem"]
    result: xr.Dataset = came["result"]
    return result
