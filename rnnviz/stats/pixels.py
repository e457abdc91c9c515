"""An array reduced to the pixels it will be drawn on, without losing an extreme."""

from typing import TypeVar

import numpy as np
import xarray as xr

LONG = 8192  # steps in view up to which curves and names are exact
COLUMNS = 2000  # of a curve over more steps than that


def pool(array: xr.DataArray, columns: int) -> xr.DataArray:
    """At most `columns` columns along time: of each block of steps the smallest and the largest value, as they came.

    array: (…, time). Returns the array itself where it fits; else the same dims with a numeric `time` coordinate at the
    middle of each column and the attributes `pooled`: steps in a block, and `steps`: all of them. Every row keeps its minimum
    and its maximum. Raises ValueError unless columns >= 2.
    """
    if columns < 2:
        raise ValueError(f"columns must be at least 2; got {columns}")
    if array.sizes[array.dims[-1]] <= columns:
        return array
    values, block = _blocks(array.values, columns // 2)  # two columns stand for each block
    at = np.sort(_extremes(values), axis=-1)
    return _columns(array, np.take_along_axis(values, at, -1), block)


def pool_together(parts: xr.Dataset, columns: int) -> xr.Dataset:
    """The same of curves that belong together: each step that is an extreme of one of them is drawn of all of them.

    parts: arrays (time,). What holds between them at each step, as that one is the sum of the others, holds of the columns.
    Raises ValueError unless there are two columns for each array.
    """
    each = 2 * len(parts.data_vars)
    if columns < each:
        raise ValueError(f"columns must be at least {each}; got {columns}")
    if parts.sizes["time"] <= columns:
        return parts
    values, block = _blocks(np.stack([part.values for part in parts.values()]), columns // each)
    at = np.sort(np.moveaxis(_extremes(values), 0, 1).reshape(values.shape[1], each), axis=-1)
    taken = np.take_along_axis(values, at[None], -1)
    return xr.Dataset(
        {name: _columns(part, taken[row], block) for row, (name, part) in enumerate(parts.items())},
        attrs=parts.attrs,
    )


def _blocks(values: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """The last dim in at most so many blocks, (…, block, step), and the steps in a block; the last value fills the last one."""
    steps = values.shape[-1]
    block = -(-steps // most)
    blocks = -(-steps // block)
    room = [(0, 0)] * (values.ndim - 1) + [(0, blocks * block - steps)]
    return np.pad(values, room, mode="edge").reshape(*values.shape[:-1], blocks, block), block


def _extremes(values: np.ndarray) -> np.ndarray:
    """Where in each block (…, block, step) the smallest and the largest value lie, (…, block, 2). Padding is no extreme."""
    low = high = values
    if (hole := np.isnan(values)).any():
        low, high = np.where(hole, np.inf, values), np.where(hole, -np.inf, values)
    return np.stack([low.argmin(-1), high.argmax(-1)], axis=-1)


def _columns(array: xr.DataArray, taken: np.ndarray, block: int) -> xr.DataArray:
    """An array of what was taken (…, block, column) of its blocks of so many steps."""
    time = array.dims[-1]
    start = float(array[time].values[0]) if time in array.coords else 0.0
    blocks, each = taken.shape[-2:]
    middle = start - 0.5 + block / each * (np.arange(each * blocks) + 0.5)
    rows = {dim: array[dim].values for dim in array.dims[:-1]}
    others = {name: own for name, own in array.coords.items() if time not in own.dims and name not in rows}
    return xr.DataArray(
        taken.reshape(*taken.shape[:-2], -1),
        dims=array.dims,
        coords=others | rows | {time: middle},
        attrs=array.attrs | {"pooled": block, "steps": array.sizes[time]},
        name=array.name,
    )


def codes(array: xr.DataArray, limits: tuple[float, float]) -> xr.DataArray:
    """The array as one byte a value: 0 at the lower limit, 255 at the upper, beyond them the nearest of the two.

    limits: low < high. A value is off by at most (high - low) / 510. Raises ValueError where low >= high or a value is NaN.
    """
    low, high = limits
    if low >= high:
        raise ValueError(f"need low < high; got {low} and {high}")
    if np.isnan(array.values).any():
        raise ValueError("NaN has no code; leave padding out before coding")
    scaled = np.clip((array.values - low) / (high - low), 0, 1)
    return array.copy(data=np.rint(scaled * 255).astype(np.uint8))


def fit(
    array: xr.DataArray,
    limits: tuple[float, float],
    window: tuple[int, int] | None = None,
    columns: int = 800,
    cells: int = 60_000,
) -> xr.DataArray:
    """What to draw of an array: its exact values where they are few, else pooled and coded.

    array: (row, time); window: steps [first, last) that are in view, all without one. Where the window holds at most
    `cells` values they come as they are; otherwise pooled to `columns` and coded to one byte a value between `limits`.
    """
    if window is not None:
        first, last = window
        array = array.isel({array.dims[1]: slice(first, last)})
    if array.size <= cells:
        return array
    return codes(pool(array, columns), limits)


Curves = TypeVar("Curves", xr.DataArray, xr.Dataset)


def curves(parts: Curves, window: tuple[int, int] | None = None) -> Curves:
    """What to draw of curves over time: their exact values where the window holds at most LONG steps, else so many columns.

    parts: (…, time), each row pooled by itself; or a dataset of (time,), pooled together. window: steps [first, last) that are in
    view, all without one. What is not finite is a gap in a curve: of a block it is drawn where nothing else is there. They come
    in float32, which says the fourth digit even of a norm whose logarithm is −1,000.
    """
    if window is not None:
        parts = parts.isel(time=slice(*window))
    parts = parts.astype(np.float32, keep_attrs=True)
    if parts.sizes["time"] <= LONG:
        return parts
    drawn = parts.where(np.isfinite(parts))
    if isinstance(drawn, xr.Dataset):
        return pool_together(drawn, COLUMNS)
    return pool(drawn.transpose(..., "time"), COLUMNS)


def thinned(states: xr.DataArray, most: int = COLUMNS) -> xr.DataArray:
    """Every k-th step, from the first one on, so that they are `most` at most, with the attribute `every`: k. states: dims
    include time. Of at most LONG steps all are left."""
    if states.sizes["time"] <= LONG:
        return states
    every = -(-states.sizes["time"] // most)
    return states.isel(time=slice(None, None, every)).assign_attrs(every=every)
