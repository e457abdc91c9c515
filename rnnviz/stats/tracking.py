"""Does a unit follow something in the text? Its correlation with an annotation, fairly: the unit is chosen on one half of the
text and measured on the other, beside what the same choice finds for labels that belong to another place."""

import numpy as np
import xarray as xr

SHIFTS = 20  # times that the labels are laid over another place
LEAST = 10  # steps of a half from which on a correlation says something


def correlation(hidden: xr.DataArray, target: np.ndarray) -> xr.DataArray:
    """How closely each unit follows a row of numbers: Pearson's r, (unit,), from −1 to 1.

    hidden: (unit, time), any order of dims. target: (time,), numbers or booleans. 0 where a unit, or the target, never changes.
    Raises ValueError where the target has another length.

    >>> import rnnviz, xarray as xr
    >>> hidden = xr.DataArray([[0.0, 0.2, 0.4], [0.3, 0.3, 0.3], [0.4, 0.2, 0.0]], dims=("unit", "time"))
    >>> rnnviz.stats.tracking.correlation(hidden, [1, 2, 3]).round(6).values
    array([ 1.,  0., -1.])
    """
    values, wanted = _rows(hidden, target)
    found = _standard(values) @ _standard(wanted) / len(wanted)
    return xr.DataArray(found.clip(-1, 1), dims="unit", attrs=_ATTRS)


def best(hidden: xr.DataArray, target: np.ndarray, shifts: int = SHIFTS, seed: int = 1) -> xr.Dataset:
    """The unit that follows a row of numbers most closely, and how closely where it was not chosen.

    hidden: (unit, time), any order of dims, of one text that was read on. target: (time,), numbers or booleans. The unit with the
    largest |r| in the first half of the text is chosen, and `correlation` is its |r| in the second half. `control` (shift,) is
    the same for labels that are moved around within each half by a number of steps drawn from the seed: so they run on as before,
    which a shuffle of single labels would not leave them, but belong to other characters. Returns `unit`, a number, `correlation`
    and `control`, from 0 to 1. Raises ValueError for a text of less than 20 steps or a target of another length.
    """
    values, wanted = _rows(hidden, target)
    half = len(wanted) // 2
    if half < LEAST:
        raise ValueError(
            f"wanted at least {2 * LEAST} steps, half to choose and half to measure; got {len(wanted)}"
        )
    first, second = _standard(values[:, :half]), _standard(values[:, half : 2 * half])
    draw = np.random.default_rng(seed)
    moves = [0, *draw.integers(half // 4, half - half // 4, shifts).tolist()]
    labels = [
        np.stack([_standard(np.roll(part, move)) for move in moves], -1)
        for part in (wanted[:half], wanted[half : 2 * half])
    ]
    units = abs(first @ labels[0]).argmax(0)  # (1 + shift,)
    measured = abs((second[units] * labels[1].T).mean(-1)).clip(0, 1)
    return xr.Dataset(
        {
            "unit": ((), int(units[0])),
            "correlation": ((), float(measured[0]), _ATTRS | {"valid_range": (0.0, 1.0)}),
            "control": ("shift", measured[1:], _ATTRS | {"valid_range": (0.0, 1.0)}),
        }
    )


def appears(found: xr.DataArray, more: float = 0.2) -> xr.DataArray:
    """The training step from which on |r| stays above what it was at the first moment, by so much or more: over all dims but
    `moment`, NaN where it does not, to the end.

    found: |r|, dims include moment, whose coordinate counts the training steps, rising; the first is the network untrained, whose
    best unit follows many a thing by chance. Raises ValueError unless 0 < more < 1.
    """
    if not 0 < more < 1:
        raise ValueError(f"more must be above 0 and below 1; got {more}")
    above = found >= found.isel(moment=0, drop=True) + more
    backwards = {"moment": slice(None, None, -1)}
    stays = above.isel(backwards).cumprod("moment").isel(backwards) > 0
    steps = found["moment"].isel(moment=stays.argmax("moment")).drop_vars("moment").astype(float)
    attrs = {"long_name": "training step at which it appears", "units": "1"}
    return steps.where(stays.any("moment")).assign_attrs(attrs)


_ATTRS = {"long_name": "correlation", "units": "1", "valid_range": (-1.0, 1.0)}


def _rows(hidden: xr.DataArray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Units (unit, time) and target (time,) in float64."""
    values = hidden.transpose("unit", "time").values.astype(np.float64)
    wanted = np.asarray(target, np.float64)
    if wanted.shape != values.shape[1:]:
        raise ValueError(f"the target has {wanted.size} steps; hidden has {values.shape[1]}")
    return values, wanted


def _standard(rows: np.ndarray) -> np.ndarray:
    """Along the last axis with mean 0 and variance 1; 0 where nothing changes."""
    centred = rows - rows.mean(-1, keepdims=True)
    size = np.sqrt(np.square(centred).mean(-1, keepdims=True))
    moves: np.ndarray = size > 1e-12
    return np.where(moves, centred, 0) / np.where(moves, size, 1)
