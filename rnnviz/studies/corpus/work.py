"""What a worker process runs: arguments as JSON has them in, progress on the way, a dataset in the end."""

from collections.abc import Generator, Sequence

import numpy as np
import xarray as xr

from rnnviz.models import held_out as passages
from rnnviz.studies import live, probing
from rnnviz.studies.corpus import annotating, finding, grouping, machine, recording, searching, unit
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.studies.progress import Done, Progress, followed


def record(
    name: str,
    text: str | None,
    layers: list[int] | None,
    out: str,
    length: int = 0,
    begin: str = "",
    held_out: bool = False,
    fields: Sequence[str] = ("hidden",),
) -> Generator[Done, None, xr.Dataset]:
    """The states of some layers, or of all, of a shipped model over one text, what is bounded in 8 bits, in the store `out`.
    text: None for the passages that come along with the model (held_out), or for what the model itself writes, so many tokens
    after `begin`, always the same."""
    model = live.shipped(name)
    texts: Sequence[tuple[str, str]]
    if held_out:
        texts = passages.shipped(name)
    elif text is None:
        own = yield from probing.gone_on(model, begin, len(model.encode(begin)[0]) + length, seed=0)
        texts = [("text", own)]
    else:
        texts = [("text", text)]

    def work(told: Progress) -> xr.Dataset:
        recording.record(model, texts, out, layers=layers, fields=fields, bits=8, progress=told)
        return xr.Dataset(attrs={"out": out})

    return (yield from followed(work))


def telling(
    path: str, regex: str, limit: float, place: str | None = None
) -> Generator[Done, None, xr.Dataset]:
    """`searching.telling` of the places of a regular expression."""

    def work(told: Progress) -> xr.Dataset:
        own = Corpus.open(path)
        return searching.telling(own, searching.search(own, regex, limit).where(), place, progress=told)

    return (yield from followed(work))


def found(
    path: str, regex: str | None = None, table: str | None = None, limit: float = searching.LIMIT
) -> Generator[Done, None, xr.Dataset]:
    """`finding.by_annotation` of all that is known of a corpus, or of a regular expression, or of a table of labels."""

    def work(told: Progress) -> xr.Dataset:
        own = Corpus.open(path)
        chosen: tuple[annotating.Annotation, ...] | None = None
        if regex is not None:
            chosen = (annotating.of_regex(own, regex, limit),)
        elif table is not None:
            chosen = annotating.of_csv(own, table)
        return _plain(finding.by_annotation(own, unit.Annotated(own, chosen), progress=told))

    return (yield from followed(work))


def survey(path: str) -> Generator[Done, None, xr.Dataset]:
    """`finding.survey` of all layers."""

    def work(told: Progress) -> xr.Dataset:
        return _plain(finding.survey(Corpus.open(path), progress=told))

    return (yield from followed(work))


def groups(path: str, count: int) -> Generator[Done, None, xr.Dataset]:
    """`grouping.groups` of all layers."""

    def work(told: Progress) -> xr.Dataset:
        response = grouping.responses(Corpus.open(path), progress=told)
        return _plain(grouping.groups(response, min(count, *response.shape)))

    return (yield from followed(work))


def states(path: str, name: str | None, place: str, count: int) -> Generator[Done, None, xr.Dataset]:
    """`machine.build` of one layer, and `context` (state, context), steps, −1 where there are fewer. name: of the model, to
    compare with, where it is a shipped one."""

    def work(told: Progress) -> xr.Dataset:
        made = machine.build(
            Corpus.open(path), place, count, model=None if name is None else live.shipped(name), progress=told
        )
        contexts = np.full((len(made.contexts), machine.CONTEXTS), -1)
        for row, own in zip(contexts, made.contexts, strict=True):
            row[: len(own)] = own
        return _plain(made.found.assign(context=(("state", "context"), contexts)))

    return (yield from followed(work))


def _plain(found: xr.Dataset) -> xr.Dataset:
    """With nothing that a file does not take: texts as such."""
    return found.assign_coords(
        {name: one.astype(str) for name, one in found.coords.items() if one.dtype == object}
    ).assign({name: one.astype(str) for name, one in found.data_vars.items() if one.dtype == object})
