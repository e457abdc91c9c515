"""What is computed for the page: every layer read out, as it is and through its map, row by row."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from rnnviz import stats
from rnnviz.studies import lens, lenses
from rnnviz.studies.live import Live
from rnnviz.ui.shell.keeping import kept

BEST = 4  # candidates of a row
LONGEST = 200  # steps of which every cell says its candidate


@dataclass(frozen=True)
class Row:
    """How a layer is read. place: of the layer, from 0; fitted: through its map. top: the one whose word counts."""

    place: int
    fitted: bool
    top: bool


@dataclass(frozen=True, eq=False)
class ReadOut:
    """What every row says, over (row, time): `kl`, `loss` in nats, `probability` of what came next, and the `id` of the best
    candidates with their `share`; `agreement` (row,), how often the best one is the network's own."""

    rows: tuple[Row, ...]
    found: xr.Dataset
    outputs: tuple[str, ...]
    modules: tuple[tuple[str, int], ...]

    @property
    def several(self) -> bool:
        """Whether there are several modules to name."""
        return len({module for module, _number in self.modules}) > 1


def map_of(name: str) -> xr.Dataset | None:
    """The map that comes with a shipped model; None where none does. Raises CheckpointError where it is damaged."""
    return kept(_map_of, name, lenses.stamp(name))


def _map_of(name: str, stamp: str) -> xr.Dataset | None:
    return lenses.shipped(name)


def card_of(fitted: xr.Dataset) -> dict[str, Any] | None:
    """The card of a map that came with a model; None of one that was fitted here."""
    said = fitted.attrs.get("card")
    return None if said is None else json.loads(said)


def read_out(model: Live, text: str, fitted: xr.Dataset | None) -> ReadOut:
    """Raises Told where the states cannot be read out, LiveError as `Live.read`."""
    return kept(_read_out, model, text, fitted)


def _read_out(model: Live, text: str, fitted: xr.Dataset | None) -> ReadOut:
    raw = lens.read(model, text)
    mapped = None if fitted is None else lens.read(model, text, fitted)
    layers = raw.sizes["layer"]
    rows: list[Row] = []
    parts: list[xr.Dataset] = []
    for layer in range(layers):
        top = layer == layers - 1
        rows.append(Row(layer, False, top))
        parts.append(raw.isel(layer=layer))
        if mapped is not None and not top:
            rows.append(Row(layer, True, False))
            parts.append(mapped.isel(layer=layer))
    best = [stats.text.candidates(part["log_probability"], BEST) for part in parts]
    ids = np.stack([one["id"].values for one in best])  # (row, time, rank)
    loss = np.stack([part["loss"].values for part in parts])
    token = raw["token"].values
    found = xr.Dataset(
        {
            "kl": (
                ("row", "time"),
                np.stack([part["kl"].values for part in parts]).astype(np.float32),
                {"long_name": "KL to the output", "units": "nats"},
            ),
            "loss": (("row", "time"), loss, {"long_name": "loss", "units": "nats"}),
            "probability": (
                ("row", "time"),
                np.exp(-loss).astype(np.float32),
                {"long_name": "probability", "units": "1", "valid_range": (0.0, 1.0)},
            ),
            "id": (("row", "time", "rank"), ids),
            "share": (("row", "time", "rank"), np.stack([one["probability"].values for one in best])),
            "agreement": ("row", (ids[:, :, 0] == ids[-1, :, 0]).mean(1)),
        },
        coords={"token": ("time", token)},
    )
    modules = tuple(zip(map(str, raw["module"].values), map(int, raw["number"].values), strict=True))
    return ReadOut(tuple(rows), found, model.outputs, modules)


def curves(out: ReadOut, names: tuple[str, ...]) -> xr.DataArray:
    """KL to the output of every row but the top one: (feature, time)."""
    return kept(_curves, out, names)


def _curves(out: ReadOut, names: tuple[str, ...]) -> xr.DataArray:
    below = out.found["kl"].isel(row=slice(-1)).rename(row="feature")
    return below.assign_coords(feature=list(names[:-1])).drop_vars("token")


def candidates(out: ReadOut) -> xr.Dataset:
    """The best of each row under each other, as the board lists them: `id` and `probability` (time, rank)."""
    return kept(_candidates, out)


def _candidates(out: ReadOut) -> xr.Dataset:
    def under(name: str) -> np.ndarray:
        values = out.found[name].transpose("time", "row", "rank").values
        return values.reshape(len(values), -1)

    return xr.Dataset(
        {
            "id": (("time", "rank"), under("id")),
            "probability": (("time", "rank"), under("share").astype(np.float32)),
        }
    )
