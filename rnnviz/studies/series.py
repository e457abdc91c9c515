"""A table of numbers, one step a line, read by recurrent layers that somebody's file brought."""

import csv
import datetime
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz import trace
from rnnviz.recording.block import record

MOST_STEPS = 100_000
MOST_NUMBERS = 4_000_000  # in a table
CALLED_TIME = set(
    "time t date datetime timestamp step index year month week day hour minute 시간 날짜 연도 월 일".split()
)
SCALES = ("as they are", "standardised", "from 0 to 1")


@dataclass(frozen=True, eq=False)
class Series:
    """values: (time, feature), float64. features: names of the columns. steps: what the steps are called; None: nothing."""

    values: np.ndarray
    features: tuple[str, ...]
    steps: tuple[str, ...] | None = None


def parse(text: str) -> Series:
    """A table that was typed, pasted or exported: columns parted by commas, semicolons, tabs or blanks, a first line of names if
    there is one, a first column of times or names if there is one.

    Raises ValueError, in one line that names line and column, for what is no number, a gap, rows of different lengths, times that
    run backwards, fewer than two rows, and more than 100,000 rows or 4 million numbers.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_STEPS + 1:
        raise ValueError(f"the table has {len(lines):,} lines; the limit is {MOST_STEPS:,}")
    if not lines:
        raise ValueError("the table is empty: type numbers, one step a line")
    first = lines[0][1]
    delimiter = max(",;\t", key=first.count)
    if not first.count(delimiter):
        rows = [(number, line.split()) for number, line in lines]
    else:
        try:
            read = csv.reader([line for _number, line in lines], delimiter=delimiter)
            rows = [
                (number, [cell.strip() for cell in row])
                for (number, _line), row in zip(lines, read, strict=False)
            ]
        except csv.Error as problem:
            raise ValueError(f"the table cannot be read: {problem}") from None
    names: list[str] | None = None
    if not any(_is_number(cell) for cell in rows[0][1]):
        names, rows = rows[0][1], rows[1:]
    if len(rows) < 2:
        raise ValueError(f"a series has at least two rows of numbers; got {len(rows)}")
    width = len(rows[0][1])
    if names is not None and len(names) != width:
        raise ValueError(f"line 1 names {len(names)} columns; line {rows[0][0]} has {width}")
    called = bool(names) and names[0].lower() in CALLED_TIME
    timed = width > 1 and (called or not any(_is_number(row[0]) for _number, row in rows if row))
    features = names[timed:] if names else [f"{column + 1}" for column in range(width - timed)]
    if len(rows) * len(features) > MOST_NUMBERS:
        raise ValueError(
            f"the table has {len(rows) * len(features):,} numbers; the limit is {MOST_NUMBERS:,}"
        )
    values = np.empty((len(rows), len(features)))
    for at, (number, row) in enumerate(rows):
        if len(row) != width:
            raise ValueError(f"line {number} has {len(row)} columns; the first row has {width}")
        for column, cell in enumerate(row[timed:]):
            values[at, column] = _number(cell, number, features[column])
    steps = tuple(row[0] for _number, row in rows) if timed else None
    if steps:
        _check_order(steps, [number for number, _row in rows])
    return Series(values, tuple(features), steps)


@dataclass(frozen=True, eq=False)
class Scale:
    """What a column is moved and divided by: centre, spread, each (feature,), float64."""

    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, how: str) -> "Scale":
        """values: (time, feature). how: 'as they are'; 'standardised', to mean 0 and standard deviation 1 (over n); or 'from 0 to
        1'. A column that never changes becomes 0, unless it stays as it is. Raises ValueError for another `how`."""
        if how not in SCALES:
            raise ValueError(f"scale must be one of {', '.join(SCALES)}; got {how!r}")
        if how == SCALES[0]:
            return cls(np.zeros(values.shape[1]), np.ones(values.shape[1]))
        centre = values.mean(0) if how == SCALES[1] else values.min(0)
        spread = values.std(0) if how == SCALES[1] else values.max(0) - centre
        return cls(centre, np.where(spread > 0, spread, 1))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """values: (time, feature)."""
        return (values - self.centre) / self.spread

    def undo(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `apply`."""
        return values * self.spread + self.centre


def scaled(series: Series, how: str) -> Series:
    """Each column as `Scale.of` all its rows says. Raises ValueError for another `how`."""
    scale = Scale.of(series.values, how)
    return series if how == SCALES[0] else replace(series, values=scale.apply(series.values))


def written(series: Series) -> str:
    """The table as text that `parse` reads: the same numbers to the last bit. Signs that part columns are blanks in its names."""
    steps = [[step] for step in series.steps] if series.steps else [[] for _row in series.values]
    names = [re.sub(r'[,;\t"]', " ", name) for name in series.features]
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    if not any(map(_is_number, names)):
        lines.writerow([*(["step"] if series.steps else []), *names])
    lines.writerows([*step, *row] for step, row in zip(steps, series.values.tolist(), strict=True))
    return file.getvalue()


def read(
    modules: Mapping[str, nn.RNNBase], series: Series, embedding: nn.Embedding | None = None
) -> xr.DataTree:
    """The trace of layers that read a series, each taking what the one before gives; one sequence, no gradients.

    embedding: what stands below the first; the series is then one column of its rows' numbers.
    Raises ValueError where the widths do not fit.
    """
    inputs = _inputs(series, embedding)
    width = inputs.shape[-1]
    for name, module in modules.items():
        if width != module.input_size:
            what = " columns" if name == next(iter(modules)) and embedding is None else ""
            raise ValueError(f"{name} reads {module.input_size} numbers a step; got {width}{what}")
        width = _width(module)
    chain = _Chain(modules)
    tokens = series.steps and list(series.steps)
    with torch.no_grad(), record(chain, tokens=tokens) as recording:
        chain(inputs)
    found = recording.trace
    if embedding is None:
        first = found[_name(next(iter(modules)))]
        first.coords["feature"] = trace.coordinate("feature", ("feature",), np.array(series.features))
    return found


class _Chain(nn.Module):
    """Layers on each other, under the names that they had in their file."""

    def __init__(self, modules: Mapping[str, nn.RNNBase]) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(_name(name), module)

    def forward(self, inputs: Tensor) -> Tensor:
        for module in self.children():
            assert isinstance(module, nn.RNNBase)
            batch = inputs.unsqueeze(0 if module.batch_first else 1)
            inputs = module(batch)[0].squeeze(0 if module.batch_first else 1)
        return inputs


def _name(layer: str) -> str:
    """Of its node in the trace."""
    return layer.replace(".", "_") or "layer"


def _inputs(series: Series, embedding: nn.Embedding | None) -> Tensor:
    if embedding is None:
        return torch.from_numpy(series.values.astype(np.float32))
    rows = embedding.num_embeddings
    values = series.values
    if values.shape[1] != 1 or (values != values.round()).any() or values.min() < 0 or values.max() >= rows:
        raise ValueError(
            f"the file has an embedding of {rows:,} tokens: give one whole number a step, 0 to {rows - 1:,}"
        )
    with torch.no_grad():
        found: Tensor = embedding(torch.from_numpy(values[:, 0].astype(np.int64)))
    return found


def _width(module: nn.RNNBase) -> int:
    return (module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, line: int, column: str) -> float:
    if not cell:
        raise ValueError(f"line {line}, column {column!r}: a gap; fill it or leave the line out")
    if not _is_number(cell) or not math.isfinite(float(cell)) or abs(float(cell)) > 1e30:
        raise ValueError(f"line {line}, column {column!r}: wanted a number; got {cell[:40]!r}")
    return float(cell)


def _check_order(steps: tuple[str, ...], lines: list[int]) -> None:
    """Raises ValueError where times run backwards; names that are no times are left alone."""
    times: list[float] = []
    for step in steps:
        if _is_number(step):
            times.append(float(step))
            continue
        try:
            moment = datetime.datetime.fromisoformat(step).replace(tzinfo=None)
            times.append((moment - datetime.datetime(1, 1, 1)).total_seconds())
        except ValueError:
            return
    for at in range(1, len(times)):
        if times[at] < times[at - 1]:
            raise ValueError(
                f"line {lines[at]}: time runs backwards, from {steps[at - 1][:40]!r} to {steps[at][:40]!r}"
            )
