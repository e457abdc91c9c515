"""Why a gradient fades: the measured one beside what single factors of a step would leave of it."""

import numpy as np
import xarray as xr

from rnnviz.stats.gates import KEEPING

FADED = "of a gradient that takes this path alone"


def paths(node: xr.Dataset, last: int) -> xr.DataArray:
    """What is left, going back from step `last`, of the gradient there: measured, and along single paths.

    node: one layer, direction 'forward' and sequence of a recording with gradients. last: the step whose loss was sent back.
    Returns natural logs of L2 norms over the units, (path, time), -inf where nothing is left; NaN after `last`.
    LSTM: of dL/dc, `measured` and `forget gate alone`: dL/dc_last times the product of the forget gates, as
    dc_t/dc_{t-1} = f_t along the cell (Gers et al. 2000). GRU: of dL/dh, `measured` and `update gate alone`, since
    h_t = (1 - z) n + z h_{t-1}. RNN: of dL/dh, `measured`, `slopes alone` (the tanh' = 1 - h², or relu', of each step) and
    `weights alone` (W_hh of each step); the truth multiplies both (Pascanu, Mikolov & Bengio 2013, eq. 5).
    Raises ValueError without gradients, for another direction, and where `last` is not there.
    """
    kind = node.attrs["kind"]
    name = "cell_grad" if kind == "lstm" else "hidden_grad"
    if name not in node:
        raise ValueError("no gradients in this trace: run backward inside the record block")
    if str(node["direction"].values) != "forward":
        raise ValueError(f"paths go through the forward direction; got {node['direction'].values}")
    steps = node.sizes["time"]
    if not 0 <= last < steps:
        raise ValueError(f"last must be one of the steps 0 to {steps - 1}; got {last}")
    dims = ("time", "projection" if kind == "lstm" and "projection" in node[name].dims else "unit")
    measured = node[name].transpose(*dims).values.astype(np.float64)
    found = {"measured": _log_norms(_logs(measured[: last + 1]))}
    start = measured[last]
    if kind == "rnn":
        hidden = node["hidden"].transpose("time", "unit").values.astype(np.float64)
        tanh = node.attrs.get("nonlinearity", "tanh") == "tanh"
        slopes = 1 - hidden**2 if tanh else (hidden > 0).astype(np.float64)
        found["slopes alone"] = _products(start, slopes, last)
        weight = (
            node["recurrent_weight"].isel(gate=0).transpose("unit", "previous_unit").values.astype(np.float64)
        )
        found["weights alone"] = _through(start, weight, last)
    else:
        gate = node[KEEPING[kind]].transpose("time", "unit").values.astype(np.float64)
        found[f"{KEEPING[kind].replace('_', ' ')} alone"] = _products(start, gate, last)
    rows = np.full((len(found), steps), np.nan)
    for row, logs in zip(rows, found.values(), strict=True):
        row[: last + 1] = logs
    of = "∂L/∂c" if kind == "lstm" else "∂L/∂h"
    return xr.DataArray(
        rows,
        dims=("path", "time"),
        coords={"path": list(found), "time": node["time"].values},
        attrs={
            "long_name": f"‖{of}‖",
            "units": "1",
            "scale": "natural logarithm",
            "kind": kind,
            "comment": f"natural log; {FADED}",
        },
    )


def round_limit(array: xr.DataArray) -> float:
    """The smallest of 1, 2, 5 times a power of ten that no value exceeds: a colour limit that moves in steps to be named."""
    largest = float(np.nanmax(np.abs(array.values), initial=0.0))
    if not 0 < largest < np.inf:
        return 1.0
    power = np.floor(np.log10(largest))
    return float(
        next(f"{lead}e{power:.0f}" for lead in (1, 2, 5, 10) if largest <= float(f"{lead}e{power:.0f}"))
    )


def _logs(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        logs: np.ndarray = np.log(np.abs(values))
    return logs


def _products(start: np.ndarray, factors: np.ndarray, last: int) -> np.ndarray:
    """ln ‖start ∘ the factors of the steps after t, up to last‖, (time to last,): in logs, so that nothing underflows."""
    back = np.cumsum(_logs(factors[1 : last + 1])[::-1], 0)[::-1]
    return _log_norms(_logs(start) + np.concatenate((back, np.zeros((1, len(start))))))


def _log_norms(logs: np.ndarray) -> np.ndarray:
    """ln of the L2 norm of each row, from the logs of its absolute values."""
    norms: np.ndarray = np.logaddexp.reduce(2 * logs, axis=1) / 2
    return norms


def _through(start: np.ndarray, weight: np.ndarray, last: int) -> np.ndarray:
    """ln ‖start W^k‖ for k = last … 0 steps back."""
    found, carried, log = [], start, 0.0
    for _step in range(last + 1):
        size = np.linalg.norm(carried)
        if size > 0:
            carried, log = carried / size, log + np.log(size)
        found.append(log if size > 0 else -np.inf)
        carried = carried @ weight
    return np.array(found[::-1])
