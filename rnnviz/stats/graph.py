"""A network as a graph: what passes along its edges, and how many steps must follow each other."""

from collections.abc import Iterable

import numpy as np
import xarray as xr

from rnnviz.stats.gates import previous
from rnnviz.stats.nodes import Node, dataset


def input_jacobians(node: Node) -> xr.DataArray:
    """∂s_t/∂x_t of each step: what one step does to a small change of what it reads.

    node: a recorded module with one layer, direction and sequence chosen, without a projection. Returns (time, state,
    input_unit), float64, dimensionless, NaN in padding; `state` is h0, h1, … and for an LSTM then c0, c1, …, as in
    stats.gradients.jacobians. From the chain rule on PyTorch's equations, with what was recorded of gates and states:

        RNN   diag(1 - h²) W_x, or diag(h > 0) W_x for relu
        GRU   diag((h' - n) z(1-z)) W_xz + diag((1-z)(1-n²)) (W_xn + diag(m r(1-r)) W_xr), m = W_hn h' + b_hn
        LSTM  ∂c/∂x = diag(g i(1-i)) W_xi + diag(c' f(1-f)) W_xf + diag(i(1-g²)) W_xg,
              ∂h/∂x = diag(tanh(c) o(1-o)) W_xo + diag(o(1-tanh²c)) ∂c/∂x

    Raises ValueError if more than one layer, direction or sequence is left in the node.
    """
    node = dataset(node)
    hidden = node["hidden"]
    if set(hidden.dims) != {"time", "unit"}:
        came = ", ".join(f"{dim} {size}" for dim, size in hidden.sizes.items())
        raise ValueError(
            f"choose one layer, direction and sequence: hidden came as ({came}), wanted (time, unit)"
        )
    kind = node.attrs["kind"]
    weight = node["input_weight"].transpose("gate", "unit", "input_unit").values.astype(np.float64)
    weight = weight[..., np.isfinite(weight).all((0, 1))]  # layers differ in what they read

    def over_time(name: str) -> np.ndarray:
        return node[name].transpose("time", "unit").values.astype(np.float64)

    def weighted(rows: Iterable[np.ndarray], weights: np.ndarray) -> np.ndarray:
        """Σ diag(row) W: each row (time, unit), weights (gate, unit, input_unit)."""
        total: np.ndarray = sum(row[..., None] * matrix for row, matrix in zip(rows, weights, strict=True))
        return total

    if kind == "rnn":
        h = over_time("hidden")
        found = weighted(((h > 0) * 1.0 if node.attrs.get("nonlinearity") == "relu" else 1 - h**2,), weight)
    elif kind == "gru":
        r, z, n = (over_time(name) for name in ("reset_gate", "update_gate", "candidate"))
        before = previous(node, "hidden").values.astype(np.float64)
        recurrent = node["recurrent_weight"].transpose("gate", "unit", "previous_unit").values[2]
        reached = (
            before @ recurrent.astype(np.float64).T
            + node["recurrent_bias"].transpose("gate", "unit").values[2]
        )
        of_candidate = (1 - z) * (1 - n**2)
        found = weighted(
            (of_candidate * reached * r * (1 - r), (before - n) * z * (1 - z), of_candidate), weight
        )
    else:
        i, f, g, o = (over_time(name) for name in ("input_gate", "forget_gate", "candidate", "output_gate"))
        before, heard = previous(node, "cell").values.astype(np.float64), np.tanh(over_time("cell"))
        into_cell = weighted((g * i * (1 - i), before * f * (1 - f), i * (1 - g**2)), weight[:3])
        into_hidden = (
            weighted((heard * o * (1 - o),), weight[3:]) + (o * (1 - heard**2))[..., None] * into_cell
        )
        found = np.concatenate((into_hidden, into_cell), axis=1)
    units = hidden.sizes["unit"]
    names = [f"{state}{u}" for state in ("hc" if kind == "lstm" else "h") for u in range(units)]
    return xr.DataArray(
        found,
        dims=("time", "state", "input_unit"),
        coords={"state": names},
        attrs={"long_name": "Jacobian of one step ∂s_t/∂x_t", "units": "1"},
    )


def spectral_norm(matrix: np.ndarray) -> float:
    """The largest singular value: the most that a small change grows on its way. matrix: (to, from)."""
    return float(np.linalg.norm(matrix, 2))


def depths(edges: Iterable[tuple[str, str]], start: Iterable[str]) -> dict[str, int]:
    """How many steps must have been taken before each node: the longest way to it from a node of `start`.

    edges: pairs (from, to) without a loop. Nodes that cannot be reached from `start` are left out. Nodes of one depth wait
    for nothing but smaller depths, so they can be computed at the same time.
    Raises ValueError where the edges make a loop.
    """
    after: dict[str, list[str]] = {}
    for source, target in edges:
        after.setdefault(source, []).append(target)
    found = dict.fromkeys(start, 0)
    reached = set(found)
    waiting = list(found)
    while waiting:
        for target in after.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    missing = dict.fromkeys(reached, 0)
    for node in reached:
        for target in after.get(node, ()):
            missing[target] += 1
    ready = [node for node in reached if not missing[node]]
    ordered = 0
    while ready:
        node = ready.pop()
        ordered += 1
        for target in after.get(node, ()):
            found[target] = max(found.get(target, 0), found[node] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    if ordered < len(reached):
        raise ValueError("the edges make a loop: nothing in it can be computed first")
    return found
