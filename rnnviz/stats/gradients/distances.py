"""How far back a gradient gets: its length over the distance from the last step that was read."""

import numpy as np
import xarray as xr

from rnnviz.stats.gradients.lengths import log_length


def by_distance(norms: xr.DataArray) -> xr.DataArray:
    """The root mean square over the sequences of a gradient's length, each counted back from its own last step.

    norms: dims time, and any of layer, direction and batch, as `norm` gives them; NaN in padding. At distance 0 stands the last
    step that was read, in the backward direction the first of the sequence. Returns the same with `distance` for time and
    without batch, float64; NaN at distances that no sequence has. The largest is taken out before squaring, so that no square
    underflows.

    >>> import rnnviz, xarray as xr
    >>> norms = xr.DataArray([[1.0, 2.0, float("nan")], [3.0, 4.0, 5.0]], dims=("batch", "time"))
    >>> rnnviz.stats.gradients.by_distance(norms).values ** 2
    array([14.5,  8.5,  9. ])
    """
    flat = norms if "batch" in norms.dims else norms.expand_dims("batch")
    flat = flat.transpose(..., "batch", "time")
    values = flat.values.astype(np.float64)
    steps = np.arange(values.shape[-1])
    last = np.where(np.isnan(values), -1, steps).max(-1, keepdims=True)  # of each row
    places = np.where(_backward(flat), steps, last - steps)
    found = np.take_along_axis(values, np.broadcast_to(places.clip(0), values.shape), -1)
    turned = np.where(places >= 0, found, np.nan)
    count = (~np.isnan(turned)).sum(-2)
    logs = log_length(np.moveaxis(np.nan_to_num(turned, nan=0.0, posinf=np.inf), -2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(count > 0, np.exp(logs - 0.5 * np.log(count)), np.nan)
    kept = flat.isel(batch=0, time=0, drop=True)
    return xr.DataArray(
        means,
        dims=(*kept.dims, "distance"),
        coords={**kept.coords, "distance": np.arange(values.shape[-1])},
        attrs=norms.attrs,
    )


def _backward(norms: xr.DataArray) -> np.ndarray:
    """Whether each row is read from its end: of the shape of the norms, 1 along batch and time."""
    if "direction" not in norms.coords:
        return np.array(False)
    backward = norms["direction"] == "backward"
    dims = [dim for dim in norms.dims if dim in backward.dims]
    shape = [norms.sizes[dim] if dim in dims else 1 for dim in norms.dims]
    return np.asarray(backward.values).reshape(shape)
