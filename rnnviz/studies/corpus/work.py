"""What a worker process runs: arguments as JSON has them in, progress on the way, a dataset in the end."""

from collections.abc import Generator

import xarray as xr

from rnnviz.studies import live
from rnnviz.studies.corpus import recording, searching
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.progress import Done, Progress, followed


def record(name: str, text: str, layer: int, out: str) -> Generator[Done, None, xr.Dataset]:
    """The hidden states of one layer of a shipped model over one text, in 8 bits, in the store `out`."""

    def work(told: Progress) -> xr.Dataset:
        recording.record(live.shipped(name), [("text", text)], out, layers=[layer], bits=8, progress=told)
        return xr.Dataset(attrs={"out": out})

    return (yield from followed(work))


def telling(path: str, regex: str, limit: float) -> Generator[Done, None, xr.Dataset]:
    """`searching.telling` of the places of a regular expression."""

    def work(told: Progress) -> xr.Dataset:
        own = Corpus.open(path)
        return searching.telling(own, searching.search(own, regex, limit).where(), progress=told)

    return (yield from followed(work))
