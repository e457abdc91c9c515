"""What each step adds to the gradient of the recurrent weight, which all steps share."""

import functools
from collections.abc import Sequence

import numpy as np
import xarray as xr

from rnnviz.stats.gates import NAMES
from rnnviz.stats.gradients.paths import LARGEST, along_time, one_sequence, over_time, states_before
from rnnviz.stats.nodes import Node, refuse_partial

Factors = dict[str, dict[str, np.ndarray]]


def deltas(node: Node) -> xr.DataArray:
    """δ_t: the gradient of the loss at what the recurrent weight gives at each step, ∂L/∂(W_hh h_{t-1} + b_hh).

    node: a recorded module with one layer, direction and sequence chosen, with gradients. Returns (time, gate, unit), float64,
    NaN in padding; summed over time it is ∂L/∂b_hh. From the total gradients of the states and the chain rule (Werbos 1990),
    with h' = h_{t-1} and c' = c_{t-1} in the direction of reading:

        RNN   δ = ∂L/∂h (1 - h²), or ∂L/∂h (h > 0) for relu
        GRU   δ_n = ∂L/∂h (1-z)(1-n²) r, δ_z = ∂L/∂h (h' - n) z(1-z), δ_r = δ_n m (1-r) with m = W_hn h' + b_hn
        LSTM  δ_i = ∂L/∂c g i(1-i), δ_f = ∂L/∂c c' f(1-f), δ_g = ∂L/∂c i(1-g²), δ_o = ∂L/∂h tanh(c) o(1-o), and with a projection
              ∂L/∂h W_hr in place of ∂L/∂h

    Raises ValueError where no backward ran while recording, and where more than one layer, direction or sequence is left.
    """
    return _deltas(*one_sequence(node))


def delta_factors(node: Node, gate: str) -> xr.DataArray:
    """What δ_t of one gate is the product of: (factor, time, unit), float64, NaN in padding, with the factors' formulas as the
    coordinate `factor`, as in `deltas`.

    node: as in `deltas`. gate: of its kind; 'hidden' of an RNN. Raises ValueError as `deltas`, and for another gate.

    >>> import rnnviz, torch
    >>> model = torch.nn.RNN(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0].sum().backward()
    >>> node = recording.trace["rnn"].sel(layer=0, direction="forward").isel(batch=0)
    >>> rnnviz.stats.gradients.delta_factors(node, "hidden")["factor"].values.tolist()
    ['∂L/∂h_t', '1 - h_t²']
    """
    whole, positions = one_sequence(node)
    gates = _factors_of_deltas(whole, positions)
    if gate not in gates:
        raise ValueError(f"gate must be one of {', '.join(gates)}; got {gate!r}")
    found = gates[gate]
    values = np.full((len(found), whole.sizes["time"], whole["recurrent_weight"].sizes["unit"]), np.nan)
    values[:, positions] = np.stack(list(found.values()))
    return xr.DataArray(
        values,
        dims=("factor", "time", "unit"),
        coords=along_time(whole) | {"factor": list(found)},
        attrs={"long_name": "factor of δ", "units": "1"},
    )


def _deltas(node: xr.Dataset, positions: np.ndarray) -> xr.DataArray:
    """As `deltas`, of what `one_sequence` returns."""
    found = {
        gate: functools.reduce(np.multiply, factors.values())
        for gate, factors in _factors_of_deltas(node, positions).items()
    }
    values = np.full((node.sizes["time"], len(found), node["recurrent_weight"].sizes["unit"]), np.nan)
    values[positions] = np.stack(list(found.values()), axis=1)
    return xr.DataArray(
        values,
        dims=("time", "gate", "unit"),
        coords=along_time(node) | {"gate": list(found)},
        attrs={"long_name": "gradient at the recurrent weight's product δ", "units": "1"},
    )


def _factors_of_deltas(node: xr.Dataset, positions: np.ndarray) -> Factors:
    """By gate, in PyTorch's order of the rows of a weight, and by formula: what δ is the product of, each (time, unit)."""
    kind = node.attrs["kind"]
    if "hidden_grad" not in node or (kind == "lstm" and "cell_grad" not in node):
        raise ValueError("no gradients: call backward while recording")
    refuse_partial(node, *NAMES[kind])
    hidden_grad = over_time(node, "hidden_grad")[positions]
    return {"rnn": _rnn, "gru": _gru, "lstm": _lstm}[kind](node, positions, hidden_grad)


def weight_contributions(
    node: Node, steps: int | slice | Sequence[int] | np.ndarray | None = None
) -> xr.DataArray:
    """What each step adds to ∂L/∂W_hh: δ_t h_{t-1}ᵀ, (time, gate, unit, previous_unit), float64; summed over time, and over the
    sequences of the batch, it is what torch has in `weight_hh.grad`.

    node: as in `deltas`. steps: positions on time (integers or a slice); all by default. NaN in padding. Raises ValueError as
    `deltas`, for a step that is not on time, and if the result would exceed 1 GiB.

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.RNN(2, 3).double()
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2).double())[0][-1].sum().backward()
    >>> node = recording.trace["rnn"].sel(layer=0, direction="forward").isel(batch=0)
    >>> parts = rnnviz.stats.gradients.weight_contributions(node)
    >>> bool(abs(parts.sum("time").values[0] - model.weight_hh_l0.grad.numpy()).max() < 1e-15)
    True
    """
    delta, before = _factors(node)
    wanted = np.arange(delta.sizes["time"])
    try:
        if steps is not None:
            wanted = np.atleast_1d(wanted[steps if isinstance(steps, slice) else np.asarray(steps, int)])
    except IndexError:
        raise ValueError(f"steps must be positions on time, 0 to {len(wanted) - 1}; got {steps}") from None
    size = 8 * len(wanted) * delta[0].size * before.shape[1]
    if size > LARGEST:
        raise ValueError(
            f"contributions of {len(wanted)} steps take {size / 2**30:.1f} GiB; the limit is 1 GiB: choose `steps`"
        )
    chosen = delta.isel(time=wanted)
    return xr.DataArray(
        chosen.values[..., None] * before[wanted][:, None, None],
        dims=("time", "gate", "unit", "previous_unit"),
        coords=chosen.coords,
        attrs={"long_name": "contribution of a step to ∂L/∂W_hh", "units": "1"},
    )


def weight_norms(node: Node) -> xr.DataArray:
    """How large each step's contribution to ∂L/∂W_hh is: its Frobenius norm, ‖δ_t‖ ‖h_{t-1}‖, (time,), float64, absolute; NaN in
    padding. node, errors: as in `deltas`."""
    delta, before = _factors(node)
    sizes = np.linalg.norm(delta.values.reshape(len(delta), -1), axis=1) * np.linalg.norm(before, axis=1)
    return xr.DataArray(
        sizes,
        dims="time",
        coords={name: one for name, one in delta.coords.items() if one.dims in ((), ("time",))},
        attrs={"long_name": "norm of a step's contribution to ∂L/∂W_hh", "units": "1", "scale": "linear"},
    )


def weight_window(node: Node, first: int, last: int) -> xr.Dataset:
    """What the steps first … last add to ∂L/∂W_hh, beside the whole of it.

    With one loss at `last`, this is what backpropagation through time gives that is cut off before `first` (Williams &
    Peng 1990): what a step adds does not depend on those before it. node: as in `deltas`. Returns `kept` and `whole`, (gate,
    unit, previous_unit); `share`, ‖kept‖ / ‖whole‖; and `angle` between the two, degrees; NaN where either is 0. Raises
    ValueError as `deltas`, and unless 0 <= first <= last < time.
    """
    delta, before = _factors(node)
    steps = delta.sizes["time"]
    if not 0 <= first <= last < steps:
        raise ValueError(f"need 0 <= first <= last < {steps}; got {first} and {last}")
    whole, kept = (
        np.einsum("tgu,tp->gup", np.nan_to_num(delta.values[part]), np.nan_to_num(before[part]))
        for part in (slice(None), slice(first, last + 1))
    )
    sizes = np.linalg.norm(whole), np.linalg.norm(kept)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sizes[1] / sizes[0] if sizes[0] else np.nan
        cosine = np.sum(whole / sizes[0] * (kept / sizes[1]))
    dims = ("gate", "unit", "previous_unit")
    return xr.Dataset(
        {
            "kept": (dims, kept),
            "whole": (dims, whole),
            "share": ((), share, {"units": "1"}),
            "angle": ((), np.degrees(np.arccos(np.clip(cosine, -1, 1))), {"units": "degree"}),
        },
        coords={"gate": delta["gate"].values},
    )


def _factors(node: Node) -> tuple[xr.DataArray, np.ndarray]:
    """δ_t and h_{t-1}, (time, previous_unit), NaN in padding."""
    whole, positions = one_sequence(node)
    delta = _deltas(whole, positions)
    before = np.full((delta.sizes["time"], whole.sizes["previous_unit"]), np.nan)
    before[positions] = states_before(whole, "hidden", positions)
    return delta, before


def _rnn(node: xr.Dataset, positions: np.ndarray, grad: np.ndarray) -> Factors:
    hidden = over_time(node, "hidden")[positions]
    if node.attrs.get("nonlinearity", "tanh") == "tanh":
        return {"hidden": {"∂L/∂h_t": grad, "1 - h_t²": 1 - hidden**2}}
    return {"hidden": {"∂L/∂h_t": grad, "h_t > 0": (hidden > 0).astype(np.float64)}}


def _gru(node: xr.Dataset, positions: np.ndarray, grad: np.ndarray) -> Factors:
    before = states_before(node, "hidden", positions)
    r, z, n = (over_time(node, name)[positions] for name in ("reset_gate", "update_gate", "candidate"))
    weight = node["recurrent_weight"].sel(gate="candidate").transpose("unit", "previous_unit").values
    bias = node["recurrent_bias"].sel(gate="candidate").values.astype(np.float64)
    product = before @ weight.astype(np.float64).T + bias
    candidate = {"∂L/∂h_t": grad, "1 - z_t": 1 - z, "1 - n_t²": 1 - n**2}
    return {
        "reset_gate": candidate | {"W_hn h_{t-1} + b_hn": product, "r_t (1 - r_t)": r * (1 - r)},
        "update_gate": {"∂L/∂h_t": grad, "h_{t-1} - n_t": before - n, "z_t (1 - z_t)": z * (1 - z)},
        "candidate": candidate | {"r_t": r},
    }


def _lstm(node: xr.Dataset, positions: np.ndarray, grad: np.ndarray) -> Factors:
    names = ("input_gate", "forget_gate", "candidate", "output_gate", "cell", "cell_grad")
    i, f, g, o, cell, cell_grad = (over_time(node, name)[positions] for name in names)
    heard = "∂L/∂h_t"
    if "projection_weight" in node:
        weight = node["projection_weight"].transpose("projection", "unit").values.astype(np.float64)
        grad, heard = grad @ weight, "∂L/∂h_t W_hr"
    before = states_before(node, "cell", positions)
    return {
        "input_gate": {"∂L/∂c_t": cell_grad, "g_t": g, "i_t (1 - i_t)": i * (1 - i)},
        "forget_gate": {"∂L/∂c_t": cell_grad, "c_{t-1}": before, "f_t (1 - f_t)": f * (1 - f)},
        "candidate": {"∂L/∂c_t": cell_grad, "i_t": i, "1 - g_t²": 1 - g**2},
        "output_gate": {heard: grad, "tanh c_t": np.tanh(cell), "o_t (1 - o_t)": o * (1 - o)},
    }
