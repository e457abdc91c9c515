"""What counts and networks say of a text, labelled: surprises, running products, losses on held-out text."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr


def surprises(probabilities: Mapping[str, np.ndarray]) -> xr.DataArray:
    """−ln p of each token, infinite where p is 0.

    probabilities: by the name of an estimate (time,). Returns (series, time), nats.
    """
    with np.errstate(divide="ignore"):
        values = -np.log(np.stack(list(probabilities.values())))
    return _series(values, list(probabilities), "−ln p", "nats")


def products(probabilities: Mapping[str, np.ndarray]) -> xr.DataArray:
    """ln of the running product of probabilities, the chain rule's p(w_1 … w_t): −inf from the first 0 on.

    probabilities: by the name of an estimate (time,). Returns (series, time); added up as logarithms, so that none underflows.
    """
    return _series(
        -surprises(probabilities).cumsum("time").values, list(probabilities), "product so far", "1"
    )


def smallest(distributions: Mapping[str, np.ndarray]) -> xr.DataArray:
    """ln of the smallest probability that any candidate gets, at each step.

    distributions: by name (time, candidate), ln of probabilities. Returns (series, time).
    """
    values = np.stack([rows.min(1) for rows in distributions.values()])
    return _series(values, list(distributions), "smallest probability", "1")


def held_out(rows: Sequence[Mapping[str, Any]]) -> xr.DataArray:
    """The losses of a comparison: (series, order, tokens), nats a token; the methods are the series.

    rows: each with `method`, `order`, `tokens` (of the training text) and `loss`, None for an infinite one, as the cards of
    counts have them. Raises ValueError unless there is one for each combination.
    """
    names = ("method", "order", "tokens")
    coords = {name: list(dict.fromkeys(row[name] for row in rows)) for name in names}
    shape = tuple(map(len, coords.values()))
    if not rows or len(rows) != np.prod(shape):
        raise ValueError(
            f"need one loss for each of {' × '.join(map(str, shape))} combinations; got {len(rows)}"
        )
    values = np.full(shape, np.nan)
    for row in rows:
        at = tuple(coords[name].index(row[name]) for name in names)
        values[at] = np.inf if row["loss"] is None else row["loss"]
    if np.isnan(values).any():
        raise ValueError("a combination of method, order and tokens has two losses, another none")
    # a dimension called 'method' would be taken for an argument of xarray's own `sel`
    found = xr.DataArray(values, dims=names, coords=coords, attrs={"long_name": "loss", "units": "nats"})
    return found.rename(method="series")


def best(losses: xr.DataArray) -> xr.DataArray:
    """Each method at the order that is its best with the whole training text: (series, tokens), with `order` (series,).

    losses: (series, order, tokens), see `held_out`.
    """
    last = losses.sel(tokens=losses["tokens"].values.max(), drop=True)
    return losses.isel(order=last.argmin("order"))


def _series(values: np.ndarray, names: list[str], long_name: str, units: str) -> xr.DataArray:
    return xr.DataArray(
        values,
        dims=("series", "time"),
        coords={"series": names},
        attrs={"long_name": long_name, "units": units},
    )
