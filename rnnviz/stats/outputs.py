"""What a model returned at each step: as shares where its outputs have names, beside what was to come."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

ROWS = 16  # outputs that are drawn of many


def shares(value: xr.DataArray) -> xr.DataArray:
    """What a model gives to each of its outputs, as fractions of 1: softmax over `output`, in float64.

    value: dims include output; NaN stays, and so does a row that is shares already.

    >>> import xarray as xr
    >>> shares(xr.DataArray([[0.0, 0.0], [0.25, 0.75]], dims=("time", "output"))).values.tolist()
    [[0.5, 0.5], [0.25, 0.75]]
    """
    exact = value.astype(np.float64).transpose(..., "output")
    values = exact.values
    total = values.sum(-1, keepdims=True)
    are_shares = (values >= 0).all(-1, keepdims=True) & (np.abs(total - 1) < 1e-4)
    with np.errstate(invalid="ignore"):
        grown = np.exp(values - values.max(-1, keepdims=True))
        soft = grown / grown.sum(-1, keepdims=True)
    found = exact.copy(data=np.where(are_shares, values, soft))
    return found.assign_attrs(long_name="share of each output", units="1", valid_range=[0.0, 1.0])


def truth(names: Sequence[str], tokens: Sequence[str] | None, label: str | None, steps: int) -> np.ndarray:
    """Which output was to come at each step, (time,) places in `names`, −1 where nobody knows.

    The label of the sequence where an output is called so, at every step; else the next token, where most tokens are outputs.
    """
    places = {name: place for place, name in enumerate(names)}
    found = np.full(steps, -1)
    if label is not None and label in places:
        found[:] = places[label]
    elif tokens and sum(token in places for token in tokens) > len(tokens) / 2:
        found[:-1] = [places.get(token, -1) for token in tokens[1:steps]]
    return found


def leading(share: xr.DataArray, true: np.ndarray, most: int = ROWS) -> np.ndarray:
    """Places of the outputs to draw, in their order: those that were to come, then those that are largest anywhere; `most` at
    most. share: (time, output)."""
    top = np.nan_to_num(share.transpose("time", "output").values, nan=0.0).max(0)
    counts = np.bincount(true[true >= 0], minlength=len(top))
    best = np.lexsort((-top, -counts))[:most] if len(top) > most else np.arange(len(top))
    return np.sort(best)
