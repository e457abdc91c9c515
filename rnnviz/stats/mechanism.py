"""Why a gradient fades: the measured one beside what single factors of a step would leave of it."""

import numpy as np
import xarray as xr

from rnnviz.stats.gates import KEEPING
from rnnviz.stats.gradients.lengths import log_length
from rnnviz.stats.gradients.weights import deltas
from rnnviz.stats.nodes import refuse_partial

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
    found = {"measured": log_length(measured[: last + 1])}
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
        refuse_partial(node, KEEPING[kind])
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
    largest = logs.max(1, keepdims=True)
    largest[~np.isfinite(largest)] = 0
    with np.errstate(divide="ignore"):
        norms: np.ndarray = np.log(np.exp(2 * (logs - largest)).sum(1)) / 2 + largest[:, 0]
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


def ways(node: xr.Dataset) -> xr.DataArray:
    """What each way through a step passes back of the gradient that arrives there: factors, (way, time), at the step they lead
    back from.

    node: one layer, direction 'forward' and sequence of a recording with gradients, one call, without a projection. A factor
    is the L2 norm of what takes this way over that of the total gradient of the state; `together` is that of their sum, so of
    all that reaches the state before. The state of an LSTM is (h, c), as for `gradients.jacobians`, whose rows these are.
        RNN    `slopes` ‖g ∘ tanh'‖ / ‖g‖, then `weights`: ‖(g ∘ tanh') W_hh‖ / ‖g ∘ tanh'‖; together is their product
        GRU    `directly, times z`, and through the weights of `update gate`, `candidate` and `reset gate`
        LSTM   `directly, times f` along the cell, and through the weights of `input gate`, `forget gate`, `candidate` and
               `output gate`
    The ways of GRU and LSTM are added as vectors, which may cancel: their norms add up to no less than `together`.
    NaN where no gradient arrives, and in padding. Raises ValueError without gradients, and for what `node` must not be.
    """
    kind = node.attrs["kind"]
    if "hidden_grad" not in node or (kind == "lstm" and "cell_grad" not in node):
        raise ValueError("no gradients in this trace: run backward inside the record block")
    if str(node["direction"].values) != "forward":
        raise ValueError(f"ways lead through the forward direction; got {node['direction'].values}")
    if "projection" in node["hidden"].dims or "hidden_initial_by_call" in node:
        raise ValueError("ways are known of one call without a projection")
    weight = node["recurrent_weight"].transpose("gate", "unit", "previous_unit").values.astype(np.float64)
    gradient, delta = _whole(node, "hidden_grad"), deltas(node)
    if kind == "rnn":
        found = _ways_of_rnn(gradient, delta.values, weight)
    else:
        through = {
            gate.replace("_", " "): delta.values[:, row] @ weight[row]
            for row, gate in enumerate(delta["gate"].values.tolist())
        }
        arriving, parts = (_ways_of_gru if kind == "gru" else _ways_of_lstm)(node, gradient, through)
        size = _norms(arriving)
        parts = {"together": np.sum(list(parts.values()), axis=0), **parts}
        found = {name: _over(_norms(part), size) for name, part in parts.items()}
    return xr.DataArray(
        np.stack(list(found.values())),
        dims=("way", "time"),
        coords={"way": list(found), "time": node["time"].values},
        attrs={
            "long_name": "share of the gradient that is passed back",
            "units": "1",
            "scale": "linear",
            "kind": kind,
        },
    )


def typical(factors: xr.DataArray) -> xr.DataArray:
    """The factor that, taken at every step, comes to the same product: the geometric mean over time, without NaN.

    factors: (…, time), as `ways` makes them. 0 where one of them is exactly 0; NaN where there is none.
    """
    with np.errstate(divide="ignore"):
        logs: xr.DataArray = xr.apply_ufunc(np.log, factors)
    found: xr.DataArray = xr.apply_ufunc(np.exp, logs.mean("time"))
    return found.assign_attrs(factors.attrs)


def _whole(node: xr.Dataset, name: str) -> np.ndarray:
    """(time, unit), float64."""
    return np.asarray(node[name].transpose("time", "unit").values, np.float64)


def _ways_of_rnn(gradient: np.ndarray, delta: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    sloped, back = delta[:, 0], delta[:, 0] @ weight[0]
    size, between, after = map(_norms, (gradient, sloped, back))
    return {"together": _over(after, size), "slopes": _over(between, size), "weights": _over(after, between)}


def _ways_of_gru(
    node: xr.Dataset, gradient: np.ndarray, through: dict[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    names = ("update gate", "candidate", "reset gate")
    directly = gradient * _whole(node, "update_gate")
    return gradient, {"directly, times z": directly, **{name: through[name] for name in names}}


def _ways_of_lstm(
    node: xr.Dataset, gradient: np.ndarray, through: dict[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    of_cell = _whole(node, "cell_grad")  # what comes through h of the same step included
    along = of_cell * _whole(node, "forget_gate")
    shown = gradient * _whole(node, "output_gate") * (1 - np.tanh(_whole(node, "cell")) ** 2)
    arriving = np.concatenate((gradient, np.concatenate((along[1:], (of_cell - shown)[-1:]))), axis=1)
    none = np.zeros_like(along)
    return arriving, {
        "directly, times f": np.concatenate((none, along), axis=1),
        **{name: np.concatenate((part, none), axis=1) for name, part in through.items()},
    }


def _norms(values: np.ndarray) -> np.ndarray:
    """L2 over the units, without underflow. values: (time, state)."""
    return np.asarray(np.exp(log_length(values)))


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return found
