"""What a corpus is made of: sequences of tokens that a model can be run on, and their vocabulary."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnviz.models.networks import LanguageModel
from rnnviz.studies import series
from rnnviz.studies.live import Live, LiveError
from rnnviz.told import Told

Named = tuple[str, str] | tuple[str, str, str]
MOST_TOKENS = 200_000  # different ones


@dataclass(frozen=True, eq=False)
class Material:
    """names, labels: of each sequence, '' where there is none. starts: the step at which each begins, and behind them how many
    steps there are. tokens: (step,) ids, of `vocabulary`: first the model's own outputs, in its order, then what else occurs.
    unknown: steps whose token is none of the model's outputs. tables: of a model of rows, the numbers of each sequence."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    starts: np.ndarray
    tokens: np.ndarray
    vocabulary: tuple[str, ...]
    unknown: int
    tables: tuple[np.ndarray, ...] = ()

    @property
    def steps(self) -> int:
        return int(self.starts[-1])

    def length(self, sequence: int) -> int:
        return int(self.starts[sequence + 1] - self.starts[sequence])

    def part(self, spans: Sequence[tuple[int, int, int]]) -> "Material":
        """These spans (sequence, from, to), each a sequence of its own, without a vocabulary."""
        pieces = [
            self.tokens[int(self.starts[n]) + first : int(self.starts[n]) + last] for n, first, last in spans
        ]
        return Material(
            tuple(self.names[n] for n, _first, _last in spans),
            tuple(self.labels[n] for n, _first, _last in spans),
            np.cumsum([0, *map(len, pieces)], dtype=np.int64),
            np.concatenate(pieces),
            (),
            0,
            tuple(self.tables[n][first:last] for n, first, last in spans) if self.tables else (),
        )

    def sha256(self) -> str:
        """What tells this text, so cut into sequences, from any other."""
        seen = hashlib.sha256(repr((self.names, self.labels, self.vocabulary)).encode("utf-8", "replace"))
        for array in (self.starts, self.tokens, *self.tables):
            seen.update(np.ascontiguousarray(array).data)
        return seen.hexdigest()


def of(model: Live, texts: str | Iterable[str | Named]) -> Material:
    """The sequences of a model's corpus. texts: one text, or some, each by itself or as (name, text) or (name, text, label).

    Raises Told where a text is empty or has one token only, where the model takes none of it, and LiveError where a function of
    its own raises.
    """
    given = [texts] if isinstance(texts, str) else list(texts)
    if not given:
        raise Told("the corpus is empty: give at least one text")
    names, labels, lengths, pieces = [], [], [0], []
    tables: list[np.ndarray] = []
    ids = {token: number for number, token in enumerate(model.outputs)}
    known, unknown = len(ids), 0
    for number, one in enumerate(given):
        name, text, *rest = (str(number + 1), one) if isinstance(one, str) else one
        if not text.strip("\ufeff"):
            raise Told("{name} is empty: give a text of at least two tokens", name=name)
        tokens = _tokens(model, text, tables)
        if len(tokens) < 2:
            raise Told("{name} has {count} token: give at least two", name=name, count=len(tokens))
        own = np.fromiter((ids.setdefault(token, len(ids)) for token in tokens), np.int32, len(tokens))
        if len(ids) > MOST_TOKENS:
            raise Told("the corpus has over {most:,} different tokens", most=MOST_TOKENS)
        unknown += int((own >= known).sum()) if known else 0
        names.append(name)
        labels.append(rest[0] if rest else "")
        lengths.append(len(tokens))
        pieces.append(own)
    return Material(
        tuple(names),
        tuple(labels),
        np.cumsum(lengths, dtype=np.int64),
        np.concatenate(pieces),
        tuple(ids),
        unknown,
        tuple(tables),
    )


def _tokens(model: Live, text: str, tables: list[np.ndarray]) -> Sequence[str]:
    if model.rows:
        try:
            table = series.parse(text)
        except ValueError as problem:
            raise LiveError.of(problem) from None
        tables.append(table.values)
        return table.steps or [""] * len(table.values)
    with model._says("steps"):
        return list(model.steps(text))


@dataclass(frozen=True, eq=False)
class Feed:
    """What the model is called with for stretches of sequences."""

    model: Live
    material: Material

    @property
    def stacks(self) -> bool:
        """Whether stretches of several sequences can be read at once: a language model over ids takes a row for each."""
        return isinstance(self.model.model, LanguageModel) and not self.model.rows

    def arguments(self, spans: Sequence[tuple[int, int, int]]) -> tuple[Any, ...]:
        """What reads these spans: (sequence, from, to), steps of that sequence; several only where it `stacks`, the shorter ones
        filled up on the right. Raises Told where a text does not fall into the same tokens once it is cut."""
        found = [self._one(*span) for span in spans]
        if len(found) == 1:
            return found[0]
        width = max(stop - start for _sequence, start, stop in spans)
        rows = [one[0] for one in found]
        stacked: Tensor = rows[0].new_zeros((len(rows), width))
        for row, own in zip(stacked, rows, strict=True):
            row[: own.shape[1]] = own[0]
        return (stacked,)

    def _one(self, sequence: int, start: int, stop: int) -> tuple[Any, ...]:
        model, material = self.model, self.material
        given: Any
        if model.rows:
            given = material.tables[sequence][start:stop]
        else:
            first = int(material.starts[sequence])
            tokens = [material.vocabulary[n] for n in material.tokens[first + start : first + stop]]
            given = model.joint.join(tokens)
            with model._says("steps"):
                same = list(model.steps(given)) == tokens
            if not same:
                raise Told(
                    "{name} falls into other tokens once it is cut into {cut} steps: give a larger cut",
                    name=material.names[sequence],
                    cut=stop - start,
                )
        with model._says("encode"):
            found = model.encode(given)
        return tuple(found) if isinstance(found, tuple | list) else (found,)


def weights_sha256(model: Live) -> str:
    """What tells a model's weights from any other's."""
    seen = hashlib.sha256()
    for name, tensor in sorted(model.model.state_dict().items()):
        array = tensor.detach().cpu().contiguous()
        seen.update(f"{name}:{array.dtype}:{tuple(array.shape)}".encode())
        seen.update(array.flatten().view(dtype=torch.uint8).numpy() if array.numel() else b"")
    return seen.hexdigest()


def vocabulary_sha256(tokens: Sequence[str]) -> str:
    return hashlib.sha256(repr(tuple(tokens)).encode("utf-8", "replace")).hexdigest()
