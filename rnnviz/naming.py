"""What the steps and sequences of a trace are called: tokens, names and labels, given with a recording or afterwards.

    trace = rnnviz.named(trace, tokens=[list("hello"), list("world")], names=["a", "b"], labels=["+", "-"])

Tokens are the coordinate `token`, over time or, where each sequence has its own, over (batch, time); names are `sequence`, labels
`label`, both over batch. None of this is known to the network: a wrong word costs no number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from rnnviz.trace import FIELDS, coordinate

# One for each step, or for each sequence a row of them; of an attention a pair of them, for queries and keys. Each the same for
# every recurrent module, or by node.
Tokens = Iterable[Any] | Mapping[str, Iterable[Any]] | None
Names = Iterable[Any] | Mapping[str, Iterable[Any]] | None
PAIRS = ("query", "key")
ON_BATCH = {"names": "sequence", "labels": "label"}  # what is given, and the coordinate that it becomes


@dataclass(frozen=True)
class Words:
    """What was given, as it was given but for iterators, which are read once. A mapping may be filled until it is used."""

    tokens: Tokens = None
    names: Names = None
    labels: Names = None
    outputs: Names = None

    @classmethod
    def of(cls, tokens: Tokens, names: Names, labels: Names, outputs: Names = None) -> "Words":
        """Raises TypeError and ValueError for what can be no word of any trace: no text, or text that no file can keep."""
        own = {}
        said = {"tokens": tokens, "names": names, "labels": labels, "outputs": outputs}
        for what, given in said.items():
            if given is not None and not isinstance(given, Mapping):
                given = _listed(given)
                plain = _are_plain(given)
                for position, each in enumerate(() if plain else given):
                    for word in each if what == "tokens" and isinstance(each, list) else [each]:
                        _word(what.removesuffix("s"), position, word)
            own[what] = given
        return cls(**own)


def named(
    trace: xr.DataTree,
    tokens: Tokens = None,
    names: Names = None,
    labels: Names = None,
    outputs: Names = None,
) -> xr.DataTree:
    """The trace with these words in place of those that it had; the arrays are the same, also those of a file.

    tokens: one text for each step; or a row of them for each sequence of the batch, as long as the sequence or as all are; of an
    attention, by its name, a pair: of the queries, of the keys. names, labels: a text (a label may be a whole number) for each
    sequence. outputs: a text for each output that was recorded of the model, as its classes or its vocabulary. Each is for every
    node that it can be for, or a mapping from names of nodes.
    Raises ValueError, naming the node, the length that came and the length that was wanted, also where a list of texts could be
    steps and rows alike; TypeError for what is no text.

    >>> import rnnviz, torch
    >>> with rnnviz.record(module := torch.nn.GRU(2, 3)) as recording:
    ...     _ = module(torch.zeros(3, 2, 2))
    >>> rows = rnnviz.named(recording.trace, tokens=[["a", "b", "c"], ["x", "y", "z"]], names=["one", "two"])["gru"]
    >>> rows["token"].isel(batch=1).values.tolist(), rows["sequence"].values.tolist()
    (['x', 'y', 'z'], ['one', 'two'])
    """
    tree, problems = put(trace, Words.of(tokens, names, labels, outputs))
    if problems:
        raise ValueError(problems[0])
    return tree


def put(trace: xr.DataTree, words: Words) -> tuple[xr.DataTree, list[str]]:
    """The trace with the words that fit, and a line for each that does not."""
    tree = trace.copy()
    nodes = {node.path.lstrip("/"): node for node in tree.subtree if "kind" in node.attrs}
    problems = []
    for what in ("tokens", "names", "labels", "outputs"):
        given = getattr(words, what)
        if isinstance(given, Mapping):
            problems += [
                f"{what} for {name!r}, which the trace does not hold; it holds {', '.join(nodes)}"
                for name in given
                if name not in nodes
            ]
        for name, node in nodes.items():
            own = given.get(name) if isinstance(given, Mapping) else given
            if own is None or (own is given and not _is_meant(what, own, node)):
                continue
            try:
                found = dict(_coordinates(name, node, what, own))
            except (ValueError, TypeError) as problem:
                problems.append(str(problem))
            else:
                node.dataset = node.to_dataset(inherit=False).assign_coords(found)
    return tree, problems


def _is_meant(what: str, given: Sequence[Any], node: xr.DataTree) -> bool:
    """Whether what was given for all is for this node: for recurrent modules; others have it where it fits."""
    if what == "outputs":
        return bool(node.attrs["kind"] == "output")
    if node.attrs["kind"] in FIELDS:
        return True
    if what == "tokens":
        return "time" in node.sizes and len(given) in (node.sizes["time"], node.sizes["batch"])
    return len(given) == node.sizes.get("batch")


def _coordinates(
    name: str, node: xr.DataTree, what: str, given: Iterable[Any]
) -> Iterator[tuple[str, xr.Variable]]:
    given = _listed(given)
    if what == "outputs":
        if len(given) != node.sizes.get("output"):
            raise ValueError(
                f"{name}: outputs came with length {len(given)}; output has length {node.sizes.get('output', 0)}"
            )
        texts = [_word("output", place, word) for place, word in enumerate(given)]
        yield "output_name", coordinate("output_name", ("output",), np.array(texts, dtype=str))
    elif what in ON_BATCH:
        if len(given) != node.sizes["batch"]:
            raise ValueError(
                f"{name}: {what} came with length {len(given)}; batch has length {node.sizes['batch']}"
            )
        texts = [_word(what.removesuffix("s"), row, word) for row, word in enumerate(given)]
        yield ON_BATCH[what], coordinate(ON_BATCH[what], ("batch",), np.array(texts, dtype=str))
    elif node.attrs["kind"] == "attention":
        for dim, own in zip(PAIRS, given, strict=False):
            texts = [_word("token", position, word) for position, word in enumerate(own)]
            if len(texts) != node.sizes[dim]:
                raise ValueError(
                    f"{name}: {dim} tokens came with length {len(texts)}; {dim} has length {node.sizes[dim]}"
                )
            yield f"{dim}_token", coordinate(f"{dim}_token", (dim,), np.array(texts, dtype=str))
    else:
        dims, array = _tokens(name, node, given)
        yield "token", coordinate("token", dims, array)


def _tokens(name: str, node: xr.DataTree, given: list[Any]) -> tuple[tuple[str, ...], np.ndarray]:
    """One token for each step, (time,), or rows of them, (batch, time); "" beyond the end of a sequence."""
    steps, batch = node.sizes["time"], node.sizes["batch"]
    texts = all(isinstance(each, str) for each in given)
    lengths = node.coords["length"].values.tolist() if "length" in node.coords else [steps] * batch
    rows = [_row(*each) for each in enumerate(given)] if len(given) == batch else []
    are_rows = len(given) == batch and all(
        len(row) in (length, steps) for row, length in zip(rows, lengths, strict=True)
    )
    if texts and len(given) == steps:
        if are_rows and any(row != given for row in rows):
            raise ValueError(
                f"{name}: {steps} tokens could be one for each step or a text for each of the {batch} sequences;"
                " give a list for each sequence"
            )
        checked = given if _are_plain(given) else [_word("token", *each) for each in enumerate(given)]
        return ("time",), np.array(checked, dtype=str)
    if are_rows:
        return ("batch", "time"), np.array([[*row, *[""] * (steps - len(row))] for row in rows], dtype=str)
    if not texts and len(given) == batch:
        row = next(r for r in range(batch) if len(rows[r]) not in (lengths[r], steps))
        raise ValueError(
            f"{name}: tokens of sequence {row} came with length {len(rows[row])}; it has {lengths[row]} steps"
        )
    for each in enumerate(given):  # what is no text is said first
        _row(*each)
    raise ValueError(
        f"{name}: tokens came with length {len(given)}; time has length {steps}"
        f" (or give a list for each of the {batch} sequences)"
    )


def _row(position: int, given: object) -> list[str]:
    """The tokens of one sequence: a text has one for each character."""
    if isinstance(given, str):
        return list(_word("token", position, given))
    return [_word("token", position, word) for word in (given if isinstance(given, list) else [given])]


def _listed(given: Iterable[Any]) -> list[Any]:
    """Of iterators and arrays too, rows as they are."""
    of_array = getattr(given, "tolist", None)  # numpy's and torch's
    own: list[Any] = list(given) if of_array is None else of_array()
    return [
        each if isinstance(each, (str, int)) or not isinstance(each, Iterable) else list(each) for each in own
    ]


def _are_plain(words: Sequence[object]) -> bool:
    """Whether all are texts that any file can keep, as most are: a series has a hundred thousand."""
    if not all(type(word) is str for word in words):
        return False
    joined = "".join(map(str, words))
    return joined.isascii() and "\0" not in joined


def _word(what: str, position: int, word: object) -> str:
    if what == "label" and isinstance(word, int):
        return str(word)
    if not isinstance(word, str):
        raise TypeError(f"{what}s must be strings; {what} {position} is {word!r}")
    # numpy and netCDF end a string at NUL, and keep it as UTF-8, which has no lone surrogates
    if "\0" in word or (not word.isascii() and any("\ud800" <= character <= "\udfff" for character in word)):
        raise ValueError(f"{what} {position} is {word!r}: NUL and lone surrogates cannot be kept in a file")
    return word
