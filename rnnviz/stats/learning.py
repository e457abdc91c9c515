"""What trainings came to: when something was learned, when the gradient arrived, and in how many of the seeds."""

import math

import numpy as np
import xarray as xr

REACHED = math.log(0.01)  # of what the last step gets, ln
RISEN = math.log(10)  # of what it was before training, ln


def learned(accuracy: xr.DataArray, level: float = 0.95) -> xr.DataArray:
    """The update at which the share of right answers first came to `level` or more: over all dims but `update`, NaN where it
    never did.

    accuracy: dims include update, whose coordinate counts the updates; NaN after the end of a training. Raises ValueError unless
    0 < level <= 1.
    """
    if not 0 < level <= 1:
        raise ValueError(f"level must be above 0 and at most 1; got {level}")
    return _first(accuracy >= level).assign_attrs(long_name="update at which it was learned", units="1")


def arrived(log_norm: xr.DataArray) -> xr.DataArray:
    """The update at which the gradient first reached the first step: where ‖∂L/∂h_1‖ is ten times what it was before the first
    update, or a hundredth of ‖∂L/∂h_T‖, that of the last step.

    log_norm: natural logs, dims include update and time. Returns all dims but these two; NaN where it never did.
    """
    first, last = (log_norm.isel(time=place, drop=True) for place in (0, -1))
    rose = first >= first.isel(update=0, drop=True) + RISEN
    found = _first((rose & np.isfinite(first)) | (first - last >= REACHED))
    return found.assign_attrs(long_name="update at which the gradient arrived", units="1")


def shares(learned: xr.DataArray, confidence: float = 0.95) -> xr.Dataset:
    """In how many of the seeds it was learned: `learned` and `seeds`, counts, `share` and its bounds `low` and `high`, from 0 to
    1.

    learned: dims include seed; NaN where it was not. The interval is Wilson's (Wilson 1927), of the given confidence.
    """
    from scipy.stats import binomtest

    seeds, counts = learned.sizes["seed"], learned.notnull().sum("seed")
    bounds = [binomtest(int(k), seeds).proportion_ci(confidence, "wilson") for k in counts.values.ravel()]
    low, high = (
        counts.copy(data=np.reshape([getattr(b, side) for b in bounds], counts.shape))
        for side in ("low", "high")
    )
    found = xr.Dataset({"learned": counts, "seeds": seeds, "share": counts / seeds, "low": low, "high": high})
    for name in ("share", "low", "high"):
        found[name].attrs = {
            "long_name": "share of the seeds that learned it",
            "units": "1",
            "valid_range": (0.0, 1.0),
        }
    return found


def at_the_end(values: xr.DataArray) -> xr.DataArray:
    """The last that there is: over all dims but `update`. values: dims include update, NaN from the end of a training on."""
    last = (values.notnull().sum("update") - 1).clip(0)
    return values.isel(update=last).drop_vars("update")


def ended(values: xr.DataArray) -> xr.DataArray:
    """The last update at which there was a number, where the last moment has none: over all dims but `update`, NaN where it has
    one. values: dims include update; NaN from where a training left the numbers."""
    there = values.notnull()
    last = values["update"].where(there, 0).max("update").astype(float)
    return last.where(~there.isel(update=-1))


def ends(log_norm: xr.DataArray) -> tuple[float, float]:
    """The whole powers of ten between which norms lie, and 0.1 to 1 at least; where a norm is 0 or there is none it does not
    count. log_norm: natural logs of any dims."""
    exponents = log_norm.values[np.isfinite(log_norm.values)] / math.log(10)
    if not exponents.size:
        return -1, 0
    return min(math.floor(exponents.min()), -1), max(math.ceil(exponents.max()), 0)


def _first(true: xr.DataArray) -> xr.DataArray:
    place = true.argmax("update")
    return true["update"].isel(update=place).drop_vars("update").astype(float).where(true.any("update"))
