"""An array reduced to the pixels it will be drawn on, without losing an extreme."""

import numpy as np
import xarray as xr


def pool(array: xr.DataArray, columns: int) -> xr.DataArray:
    """At most `columns` columns along time: of each block of steps the smallest and the largest value, as they came.

    array: (row, time). Returns the array itself where it fits; else (row, time) with a numeric `time` coordinate at the
    middle of each column and the attribute `pooled`: steps in a block. Every row keeps its minimum and its maximum.
    Raises ValueError unless columns >= 2.
    """
    if columns < 2:
        raise ValueError(f"columns must be at least 2; got {columns}")
    row, time = array.dims
    steps = array.sizes[time]
    if steps <= columns:
        return array
    block = -(-steps // (columns // 2))  # two columns stand for each block
    blocks = -(-steps // block)
    values = np.pad(array.values, ((0, 0), (0, blocks * block - steps)), mode="edge").reshape(
        -1, blocks, block
    )
    hole = np.isnan(values)  # padding is no extreme
    low, high = np.where(hole, np.inf, values).argmin(2), np.where(hole, -np.inf, values).argmax(2)
    first, second = np.minimum(low, high), np.maximum(low, high)
    both = np.stack([np.take_along_axis(values, at[..., None], 2)[..., 0] for at in (first, second)], axis=2)
    start = float(array[time].values[0]) if time in array.coords else 0.0
    middle = start - 0.5 + block / 2 * (np.arange(2 * blocks) + 0.5)
    return xr.DataArray(
        both.reshape(len(both), -1),
        dims=array.dims,
        coords={row: array[row].values, time: middle},
        attrs=array.attrs | {"pooled": block, "steps": steps},
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
