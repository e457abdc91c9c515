"""A series of the reader's own, made ready to be forecast: its columns, scaled by the part that is learned from."""

import csv
import hashlib
import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz.models.networks import NumberModel, reading
from rnnviz.studies.lab.material import MEASURED, number, resting, sizes
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.live import Live
from rnnviz.studies.series import SCALES, Scale, Series, parse, written
from rnnviz.told import Told
from rnnviz.training.corpora import windows
from rnnviz.training.generated import mackey_glass

FEWEST = 20  # rows
MOST_COLUMNS = 16
LARGEST = 2 * 2**20  # bytes of UTF-8
HELD_OUT = 4_000  # held-out steps that a loss is measured on
SHOWN = 200  # of them, whose forecasts are kept
OPENS_ON = 100  # held-out steps that an exploring page begins with
EXAMPLE = 800  # steps of the example


@dataclass(frozen=True, eq=False)
class Table:
    """A series as numbers: the first four fifths are learned from, the rest is held out. The next step's values are forecast, all
    columns, from those up to now; the loss is the mean squared error in scaled units.

    series: as it stands. how: each column is scaled, one of studies.series.SCALES, by what it is in the part that is learned
    from. values: all of it scaled, float32 (time, feature). cut: the first step that is held out.

    Raises ValueError, in one line, for a table that `parse` refuses, of over 2 MB, of fewer than 20 rows, of over 16 columns, and
    with a column that never changes where it is learned from.
    """

    series: Series
    how: str
    scale: Scale
    values: np.ndarray
    cut: int

    units = "mean squared error of scaled columns"
    part = "the last fifth of the steps"

    @classmethod
    def of(cls, series: str, scale: str = SCALES[1]) -> "Table":
        size = len(series.encode("utf-8", "replace"))
        if size > LARGEST:
            raise Told(
                "the table has {size:.1f} MB; up to {largest} MB are trained on: give a part of it",
                size=size / 2**20,
                largest=LARGEST // 2**20,
            )
        found = parse(series)
        rows, columns = found.values.shape
        if rows < FEWEST:
            raise Told(
                "the table has {rows} rows; at least {fewest} are needed to learn from",
                rows=rows,
                fewest=FEWEST,
            )
        if columns > MOST_COLUMNS:
            raise Told(
                "the table has {columns} columns; up to {most_columns} are forecast",
                columns=columns,
                most_columns=MOST_COLUMNS,
            )
        cut = rows * 4 // 5
        for name, column in zip(found.features, found.values[:cut].T, strict=True):
            if (column == column[0]).all():
                raise Told(
                    "column {name!r} is {column:g} in all {cut:,} rows that are learned from: leave it out",
                    name=name,
                    column=column[0],
                    cut=cut,
                )
        own = Scale.of(found.values[:cut], scale)
        return cls(found, scale, own, own.apply(found.values).astype(np.float32), cut)

    @property
    def fingerprint(self) -> str:
        asked = f"{self.how}\n{','.join(self.series.features)}\n".encode()
        return hashlib.sha256(asked + self.series.values.tobytes()).hexdigest()

    def check(self, setup: Setup) -> None:
        """Raises ValueError where the series is too short for windows of that length."""
        if self.cut <= setup.length:
            raise Told(
                "windows of {length} steps need a table of more than {length_2} rows; this one has {count}",
                length=setup.length,
                length_2=setup.length * 5 // 4 + 1,
                count=len(self.values),
            )

    def model(self, setup: Setup) -> NumberModel:
        columns = self.values.shape[1]
        return NumberModel(setup.kind, columns, columns, setup.units, setup.layers, setup.dropout)

    def batch(self, setup: Setup, update: int) -> tuple[Tensor, Tensor]:
        """Windows of the part that is learned from and, for each step, the one after it: (batch, length, feature)."""
        return self._windows(self.values[: self.cut], setup.batch, setup, update)

    @staticmethod
    def _windows(values: np.ndarray, count: int, setup: Setup, update: int) -> tuple[Tensor, Tensor]:
        inputs, targets = windows(values, count, min(setup.length, len(values) - 1), setup.seed, update)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def loss(self, model: nn.Module, setup: Setup, inputs: Tensor, wanted: Tensor) -> Tensor:
        return nn.functional.mse_loss(model(inputs)[0], wanted)

    def judged(self, model: nn.Module, setup: Setup) -> dict[str, float]:
        """The loss on the held-out steps, up to 4,000, each forecast from those before it; `repeated`: that of a forecast which
        repeats the last value."""
        said, truth, before = self._told(model, setup, HELD_OUT)
        return {
            "held_out": float(np.square(said - truth).mean()),
            "repeated": float(np.square(before - truth).mean()),
        }

    def _told(self, model: nn.Module, setup: Setup, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the held-out steps what is forecast, what came, and what came one step before, scaled, float64 (time, feature). So
        many steps as a window has are read before the first."""
        first, end = max(0, self.cut - 1 - setup.length), min(len(self.values), self.cut + most)
        with reading(model), torch.inference_mode():
            said = model(torch.from_numpy(self.values[None, first : end - 1]))[0][0].double().numpy()
        truth, before = self.values[self.cut : end], self.values[self.cut - 1 : end - 1]
        return said[self.cut - 1 - first :], truth.astype(np.float64), before.astype(np.float64)

    def measured(self, setup: Setup) -> tuple[Tensor, Tensor]:
        """Windows of the held-out part, as `batch` has them."""
        held_out = self.values[self.cut - 1 :]
        return self._windows(held_out, MEASURED, setup, 0)

    def shown(self, model: nn.Module, setup: Setup) -> dict[str, Any]:
        """`forecast`: of the first 200 held-out steps, (time, feature), in the table's own units; null where it is no number."""
        said = self.scale.undo(self._told(model, setup, SHOWN)[0])
        return {"forecast": [[number(value) for value in row] for row in said.tolist()]}

    def live(self, model: nn.Module, setup: Setup, name: str) -> Live:
        def scaled(values: np.ndarray) -> Tensor:
            if values.shape[1] != len(self.series.features):
                wanted = ", ".join(self.series.features)
                raise Told(
                    "wanted {count} numbers a step ({wanted}); got {shape}",
                    count=len(self.series.features),
                    wanted=wanted,
                    shape=values.shape[1],
                )
            return torch.from_numpy(self.scale.apply(values).astype(np.float32))[None]

        def errors(said: Tensor, text: str) -> Tensor:
            wanted = scaled(parse(text).values)[0].to(said.dtype)
            return (said[:-1] - wanted[1:]).square().mean(1)

        opens_on = slice(self.cut, self.cut + OPENS_ON)
        steps = self.series.steps
        own = replace(self.series, values=self.series.values[opens_on], steps=steps and steps[opens_on])
        return Live(
            resting(model), scaled, written(own), name, loss=errors, rows=True, forecast=lambda said: said
        )

    def card(self, model: NumberModel, setup: Setup) -> dict[str, Any]:
        return {
            "model": sizes(model, setup),
            "columns": [
                {"name": name, "centre": centre, "spread": spread}
                for name, centre, spread in zip(
                    self.series.features, self.scale.centre.tolist(), self.scale.spread.tolist(), strict=True
                )
            ],
            "scale": f"{self.how}: a column is read, and forecast, as (value - centre) / spread",
            "series": {"steps": len(self.values), "sha256": self.fingerprint},
        }

    def command(self, *file: str) -> list[str]:
        scale = [] if self.how == SCALES[1] else ["--scale", f'"{self.how}"']
        return ["train-series", *(file or ("series.csv",)), *scale]


def example() -> str:
    """A series to begin with, as a table: the Mackey-Glass equation, sampled every 6 time units."""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["x"])
    lines.writerows([f"{value:.4f}"] for value in mackey_glass(EXAMPLE))
    return file.getvalue()
