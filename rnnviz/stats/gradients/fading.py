"""How fast a gradient fades going back."""

import numpy as np
import xarray as xr


def factor(rate: float) -> float:
    """What a gradient is multiplied by at each step back. rate: nats a step, as `decay` gives it."""
    return float(np.exp(rate))


def left(norms: xr.DataArray, last: int, steps: int) -> xr.DataArray:
    """What is left of a gradient `steps` back from the position `last`: ln of its norm there over that at `last`.

    norms: natural logarithms, dims include time, read forward. Returns them without time: −inf where nothing is left, positive
    where it has grown. Raises ValueError unless both positions are on time.

    >>> import numpy as np, rnnviz, xarray as xr
    >>> logs = xr.DataArray(np.log([0.5, 1.0, 2.0, 4.0]), dims="time")
    >>> round(float(np.exp(rnnviz.stats.gradients.left(logs, last=3, steps=2))), 6)
    0.25
    """
    if not 0 <= last - steps <= last < norms.sizes["time"]:
        raise ValueError(
            f"last and last - steps must be on time, 0 to {norms.sizes['time'] - 1}; got {last} and {last - steps}"
        )
    found: xr.DataArray = norms.isel(time=last - steps, drop=True) - norms.isel(time=last, drop=True)
    return found.assign_attrs(long_name="ln of what is left of the gradient", units="nat")


def decay(norms: xr.DataArray, last: int | None = None, logarithmic: bool = False) -> xr.Dataset:
    """How fast a gradient fades going back from the last step that has one.

    norms: dims include time, values >= 0 such as those of `norm`; with `logarithmic` their natural logarithms, as `reach`
    and `contributions` give them. last: the position on time to go back from; by default the last step, in the direction of
    reading, whose norm is neither 0 nor NaN. A `direction` coordinate of 'backward' turns the reading round.
    Returns, without time, with y_k = ln norm k steps back, padding left out:
        rate (nat/step)    least-squares slope of y_k over k: negative where it fades, positive where it grows. Exact zeros
                           have no logarithm and do not enter; with nothing but zeros further back it is −inf
        half_life (steps)  −ln 2 / rate: steps back to half at that rate, on the fitted line; inf where it does not fade
        halved (steps)     measured: the first k, between steps linear in y, at which y_k <= y_0 − ln 2: half is left
        horizon (steps)    likewise at y_k <= y_0 − ln 1000: a thousandth is left. Both are inf where that never happens
                           within the text. An exact zero is crossed at the step before it
        crossed (bool)     whether a thousandth was reached
        fitted (steps)     how many steps the line was fitted to
    A curve that falls late or in steps is halved long after, or before, the half-life of its line.
    NaN where the sequence has no gradient, and rate and half_life NaN where there is one step alone.
    Raises ValueError if a norm is negative, or `last` is not on time.

    >>> import rnnviz, xarray as xr
    >>> found = rnnviz.stats.gradients.decay(xr.DataArray([0.5, 1.0, 2.0, 4.0], dims="time"))
    >>> round(found["half_life"].item(), 6), round(found["rate"].item(), 3)
    (1.0, -0.693)
    """
    total = norms.sizes["time"]
    if last is not None and not 0 <= last < total:
        raise ValueError(f"last must be a position on time, 0 to {total - 1}; got {last}")
    lines = norms.transpose(..., "time")
    values = lines.values.astype(np.float64)
    if not logarithmic:
        if (values < 0).any():
            raise ValueError(f"a norm cannot be negative; got {np.nanmin(values):g}")
        with np.errstate(divide="ignore"):
            values = np.log(values)
    kept = lines.isel(time=0, drop=True) if total else lines.sum("time")
    backward = np.zeros(kept.shape, bool)
    if "direction" in lines.coords:
        backward = np.broadcast_to((kept["direction"] == "backward").broadcast_like(kept).values, kept.shape)
    found = np.full((6, *kept.shape), np.nan)
    for index in np.ndindex(kept.shape):
        line = (
            values[index]
            if last is None
            else values[index][last:]
            if backward[index]
            else values[index][: last + 1]
        )
        found[(slice(None), *index)] = _fading(line if backward[index] else line[::-1], last is not None)
    names = {
        "rate": ("slope of ln norm going back", "nat/step"),
        "half_life": ("half-life of the fitted line going back", "steps"),
        "halved": ("steps back to half", "steps"),
        "horizon": ("steps back to a thousandth", "steps"),
        "crossed": ("a thousandth is reached within the text", "1"),
        "fitted": ("steps that the line is fitted to", "steps"),
    }
    return xr.Dataset(
        {
            name: (
                kept.dims,
                row.astype(bool) if name == "crossed" else row,
                {"long_name": text, "units": units},
            )
            for row, (name, (text, units)) in zip(found, names.items(), strict=True)
        },
        coords=kept.coords,
    )


def _fading(line: np.ndarray, fixed: bool) -> tuple[float, float, float, float, bool, int]:
    """What `decay` finds, in its order, of ln norms going back, NaN left out.

    fixed: the first of them is where to start; else the first that has a gradient.
    """
    nothing = np.nan, np.nan, np.nan, np.nan, False, 0
    if fixed and not (len(line) and np.isfinite(line[0])):
        return nothing
    line = line[~np.isnan(line)]
    some = np.flatnonzero(np.isfinite(line))
    if not len(some):
        return nothing
    line = line[some[0] :]
    back = np.flatnonzero(np.isfinite(line))
    if len(back) > 1:
        centred = back - back.mean()
        rate = float(centred @ (line[back] - line[back].mean()) / (centred @ centred))
    else:
        rate = -np.inf if len(line) > 1 else np.nan
    half_life = np.nan if np.isnan(rate) else -np.log(2) / rate if rate < 0 else np.inf
    horizon = _crossing(line, np.log(1000))
    return rate, half_life, _crossing(line, np.log(2)), horizon, bool(np.isfinite(horizon)), len(back)


def _crossing(line: np.ndarray, fall: float) -> float:
    """The first place, between steps linear, at which a line lies `fall` below its start; inf where it never does."""
    left = line - (line[0] - fall)
    below = np.flatnonzero(left <= 0)
    if not len(below):
        return np.inf
    step = below[0]
    share = left[step - 1] / (left[step - 1] - left[step])  # 0 where the step is an exact zero
    return float(step - 1 + share)
