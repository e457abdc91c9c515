"""A table of numbers, one step a line, read by recurrent layers that somebody's file brought."""

import contextlib
import csv
import datetime
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

from rnnviz import trace
from rnnviz.recording.block import record
from rnnviz.told import Told

MOST_STEPS = 100_000
MOST_NUMBERS = 4_000_000  # in a table
CALLED_TIME = set(
    "time t date datetime timestamp step index year month week day hour minute 시간 날짜 연도 월 일".split()
)
CALLED_ID = set("id series series_id unique_id item item_id name 시계열 이름 번호".split())
MOST_SERIES = 200
MOST = 1e30  # that a number may be, up or down
MOST_BYTES = 256 * 2**20  # that the columns of a Parquet file may take
SCALES = ("as they are", "standardised", "from 0 to 1")


_Row = tuple[int, list[str]]  # the number of its line, and its cells


@dataclass(frozen=True, eq=False)
class Series:
    """values: (time, feature), float64. features: names of the columns. steps: what the steps are called; None: nothing. name: of
    several in a table, what it is called there."""

    values: np.ndarray
    features: tuple[str, ...]
    steps: tuple[str, ...] | None = None
    name: str = ""


def parse(text: str) -> Series:
    """A table of one series; see `parse_all`. Raises ValueError as it does, and where the table holds several."""
    found = parse_all(text)
    if len(found) > 1:
        raise Told(
            "the table holds {count} series, {name!r}, {name_2!r} …: keep the lines of one",
            count=len(found),
            name=found[0].name,
            name_2=found[1].name,
        )
    return found[0]


def parse_all(text: str) -> tuple[Series, ...]:
    """A table that was typed, pasted or exported: columns parted by commas, semicolons, tabs or blanks, a first line of names if
    there is one, a first column of times or names if there is one. A column that is called id, series or the like says which of
    several series a line is of; their lines may be mixed.

    Raises ValueError, in one line that names line and column, for what is no number, a gap, rows of different lengths, times that
    run backwards, fewer than two rows, more than 100,000 rows or 4 million numbers, and more than 200 series.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_STEPS + 1:
        raise Told(
            "the table has {count:,} lines; the limit is {most_steps:,}",
            count=len(lines),
            most_steps=MOST_STEPS,
        )
    if not lines:
        raise Told("the table is empty: type numbers, one step a line")
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
            raise Told("the table cannot be read: {problem}", problem=problem) from None
    names: list[str] | None = None
    if not any(_is_number(cell) for cell in rows[0][1]):
        names, rows = rows[0][1], rows[1:]
    if len(rows) < 2:
        raise Told("a series has at least two rows of numbers; got {count}", count=len(rows))
    width = len(rows[0][1])
    if names is not None and len(names) != width:
        raise Told(
            "line 1 names {count} columns; line {rows} has {width}",
            count=len(names),
            rows=rows[0][0],
            width=width,
        )
    for number, row in rows:
        if len(row) != width:
            raise Told(
                "line {number} has {count} columns; the first row has {width}",
                number=number,
                count=len(row),
                width=width,
            )
    groups: dict[str, list[_Row]] = {"": rows}
    marks = [column for column, name in enumerate(names or ()) if name.lower() in CALLED_ID]
    if names is not None and marks and width > 1:
        groups = {}
        for number, row in rows:
            groups.setdefault(row[marks[0]], []).append((number, _without(row, marks[0])))
        names, width = _without(names, marks[0]), width - 1
        rows = [row for own in groups.values() for row in own]
        if len(groups) > MOST_SERIES:
            raise Told(
                "the table holds {count:,} series; the limit is {most_series}",
                count=len(groups),
                most_series=MOST_SERIES,
            )
    called = bool(names and names[0].lower() in CALLED_TIME)
    timed = width > 1 and (called or not any(_is_number(row[0]) for _number, row in rows if row))
    features = names[timed:] if names else [f"{column + 1}" for column in range(width - timed)]
    if len(rows) * len(features) > MOST_NUMBERS:
        raise Told(
            "the table has {count:,} numbers; the limit is {most_numbers:,}",
            count=len(rows) * len(features),
            most_numbers=MOST_NUMBERS,
        )
    return tuple(_series(own, tuple(features), timed, name) for name, own in groups.items())


def from_parquet(raw: bytes) -> tuple[Series, ...]:
    """The same from the bytes of a Parquet file; a column is a number, a text or a time. What the file says of itself is read
    before any of its columns.

    Raises ValueError as `parse_all`, for what is no Parquet file, for other columns, and without pyarrow.
    """
    try:
        from pyarrow import ArrowException, parquet, types
    except ImportError:
        raise Told("Parquet needs pyarrow: pip install 'rnnviz[app]'") from None

    try:
        file = parquet.ParquetFile(io.BytesIO(raw))
        rows, columns = file.metadata.num_rows, file.metadata.num_columns
        if rows > MOST_STEPS or rows * columns > MOST_NUMBERS:
            raise Told(
                "the table has {rows:,} rows of {columns:,} columns; the limit is {most_steps:,} rows and "
                "{most_numbers:,} numbers",
                rows=rows,
                columns=columns,
                most_steps=MOST_STEPS,
                most_numbers=MOST_NUMBERS,
            )
        size = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
        if size > MOST_BYTES:
            raise Told(
                "the table claims {size:,.0f} MiB; the limit is {most_bytes} MiB",
                size=size / 2**20,
                most_bytes=MOST_BYTES >> 20,
            )
        for field in file.schema_arrow:
            kind = field.type.value_type if types.is_dictionary(field.type) else field.type
            known = (
                types.is_integer,
                types.is_floating,
                types.is_decimal,
                types.is_string,
                types.is_large_string,
            )
            if not any(of(kind) for of in (*known, types.is_temporal)):
                raise Told(
                    "column {name!r} holds {type}; wanted numbers, texts or times",
                    name=field.name,
                    type=field.type,
                )
        frame = file.read().to_pandas(ignore_metadata=True)
    except (ArrowException, OSError, TypeError) as problem:
        reason = str(problem).partition("\n")[0][:120]
        raise Told("the file cannot be read as Parquet: {reason}", reason=reason) from None
    return parse_all(frame.to_csv(index=False))


def _series(rows: list[_Row], features: tuple[str, ...], timed: bool, name: str) -> Series:
    """The rows of one series, all of one length."""
    if len(rows) < 2:
        raise Told(
            "a series has at least two rows of numbers; {name!r} has {count}", name=name, count=len(rows)
        )
    values = _numbers(rows, features, timed)
    steps = tuple(row[0] for _line, row in rows) if timed else None
    if steps:
        _check_order(steps, [number for number, _row in rows])
    return Series(values, features, steps, name)


def _numbers(rows: list[_Row], features: tuple[str, ...], timed: bool) -> np.ndarray:
    """The values (time, feature). Raises ValueError for the first cell that is no number."""
    try:
        values = np.array([[float(cell) for cell in row[timed:]] for _line, row in rows])
    except ValueError:
        values = np.full((len(rows), len(features)), np.nan)
    if not (abs(values) <= MOST).all():  # one is none: which?
        for at, (number, row) in enumerate(rows):
            for column, cell in enumerate(row[timed:]):
                values[at, column] = _number(cell, number, features[column])
    return values


def _without(row: list[str], column: int) -> list[str]:
    return row[:column] + row[column + 1 :]


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
            raise Told("scale must be one of {names}; got {how!r}", names=", ".join(SCALES), how=how)
        if how == SCALES[0]:
            return cls(np.zeros(values.shape[1]), np.ones(values.shape[1]))
        centre = values.mean(0) if how == SCALES[1] else values.min(0)
        spread = values.std(0) if how == SCALES[1] else values.max(0) - centre
        return cls(centre, np.where(spread > 0, spread, 1))

    def apply(self, values: np.ndarray) -> np.ndarray:
        """values: (time, feature)."""
        applied: np.ndarray = (values - self.centre) / self.spread
        return applied

    def undo(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `apply`."""
        undone: np.ndarray = values * self.spread + self.centre
        return undone


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
    modules: Mapping[str, nn.RNNBase],
    series: Series | Sequence[Series],
    embedding: nn.Embedding | None = None,
) -> xr.DataTree:
    """The trace of layers that read a series, or several, each taking what the one before gives; no gradients. Several are the
    sequences of one batch, by their names, each as long as it is.

    embedding: what stands below the first; a series is then one column of its rows' numbers.
    Raises ValueError where the widths do not fit.
    """
    several = [series] if isinstance(series, Series) else list(series)
    inputs = [_inputs(one, embedding) for one in several]
    width = inputs[0].shape[-1]
    for name, module in modules.items():
        if width != module.input_size:
            what = " columns" if name == next(iter(modules)) and embedding is None else ""
            raise Told(
                "{name} reads {input_size} numbers a step; got {width}{what}",
                name=name,
                input_size=module.input_size,
                width=width,
                what=what,
            )
        width = gives(module)
    chain, one = _Chain(modules), several[0]
    rows = [list(each.steps or ()) for each in several]
    tokens = (rows if len(several) > 1 else rows[0]) if one.steps else None
    names = [each.name for each in several] if len(several) > 1 else None
    with torch.inference_mode(), record(chain, tokens=tokens, names=names) as recording:
        chain(inputs)
    found = recording.trace
    if embedding is None:
        first = found[_name(next(iter(modules)))]
        first.coords["feature"] = trace.coordinate("feature", ("feature",), np.array(one.features))
    return found


class _Chain(nn.Module):
    """Layers on each other, under the names that they had in their file."""

    def __init__(self, modules: Mapping[str, nn.RNNBase]) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(_name(name), module)

    def forward(self, inputs: list[Tensor]) -> None:
        """inputs: (time, feature) of each series."""
        if len(inputs) == 1:
            found = inputs[0]
            for module in self.children():
                assert isinstance(module, nn.RNNBase)
                batch = found.unsqueeze(0 if module.batch_first else 1)
                found = module(batch)[0].squeeze(0 if module.batch_first else 1)
            return
        packed = pack_sequence(inputs, enforce_sorted=False)
        for module in self.children():
            packed = module(packed)[0]


def _name(layer: str) -> str:
    """Of its node in the trace."""
    return layer.replace(".", "_") or "layer"


def _inputs(series: Series, embedding: nn.Embedding | None) -> Tensor:
    if embedding is None:
        return torch.from_numpy(series.values.astype(np.float32))
    rows = embedding.num_embeddings
    values = series.values
    if values.shape[1] != 1 or (values != values.round()).any() or values.min() < 0 or values.max() >= rows:
        raise Told(
            "the file has an embedding of {rows:,} tokens: give one whole number a step, 0 to {rows_2:,}",
            rows=rows,
            rows_2=rows - 1,
        )
    with torch.no_grad():
        found: Tensor = embedding(torch.from_numpy(values[:, 0].astype(np.int64)))
    return found


def gives(module: nn.RNNBase) -> int:
    """How many numbers a layer gives a step, of both directions."""
    return (module.proj_size or module.hidden_size) * (2 if module.bidirectional else 1)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, line: int, column: str) -> float:
    if not cell:
        raise Told(
            "line {line}, column {column!r}: a gap; fill it or leave the line out", line=line, column=column
        )
    if not _is_number(cell) or not math.isfinite(float(cell)) or abs(float(cell)) > MOST:
        raise Told(
            "line {line}, column {column!r}: wanted a number; got {cell!r}",
            line=line,
            column=column,
            cell=cell[:40],
        )
    return float(cell)


def _check_order(steps: tuple[str, ...], lines: list[int]) -> None:
    """Raises ValueError where times run backwards; names that are no times are left alone."""
    try:
        times = _moments(steps)
    except ValueError:
        return
    for at, (now, before) in enumerate(zip(times[1:], times[:-1], strict=True), 1):
        if now < before:
            raise Told(
                "line {lines}: time runs backwards, from {steps!r} to {steps_2!r}",
                lines=lines[at],
                steps=steps[at - 1][:40],
                steps_2=steps[at][:40],
            )


def _moments(steps: tuple[str, ...]) -> Sequence[Any]:
    """Numbers, dates, or of both together the seconds. Raises ValueError for other names."""
    with contextlib.suppress(ValueError):
        return [float(step) for step in steps]
    with contextlib.suppress(ValueError):
        return [_date(step) for step in steps]
    return [
        float(step) if _is_number(step) else (_date(step) - datetime.datetime.min).total_seconds()
        for step in steps
    ]


def _date(step: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(step)
    return found if found.tzinfo is None else found.replace(tzinfo=None)
