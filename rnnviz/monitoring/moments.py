"""What is kept of one recorded module at one moment of a training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from rnnviz.stats import gates, gradients

FIELDS = (
    "hidden_grad",
    "hidden_grad_direct",
    *(name for own in gates.NAMES.values() for name in own if "gate" in name),
)
MOST_DISTANCES = 512  # of a longer sequence so many, ever further apart
WHOLE = 512  # units up to which all eigenvalues of a recurrent weight are found


def seen(node: xr.Dataset) -> dict[str, Any]:
    """What of a module is kept, as JSON has it; every number by layer and direction.

    distance: the distances from the last step; total, direct: ‖∂L/∂h‖ there, the root mean square over the sequences (None where
    no backward came). gates: of each gate mean and standard deviation over sequences, steps and units, and the shares of its
    values below 0.1 (shut) and above 0.9 (open). hidden: the root mean square of h. spectral_radius, spectral_norm: of each part
    of W_hh, in the order of `parts`; the radius is None where W_hh is not square.
    """
    found: dict[str, Any] = {
        "kind": str(node.attrs["kind"]),
        "layer": [int(one) for one in node["layer"].values],
        "direction": [str(one) for one in node["direction"].values],
        "sequences": node.sizes["batch"],
        "steps": node.sizes["time"],
        "hidden": _mean_square(node["hidden"]),
    }
    for part, name in (("total", "hidden_grad"), ("direct", "hidden_grad_direct")):
        if name not in node:
            continue
        norms = gradients.by_distance(gradients.norm(node, part))
        places = distances(norms.sizes["distance"])
        found["distance"] = places.tolist()
        found[part] = norms.transpose("layer", "direction", "distance").values[..., places].tolist()
    found["gates"] = {
        name: _gate(node[name]) for name in gates.names(node) if "gate" in name and name in node
    }
    found |= _recurrent(node["recurrent_weight"])
    return found


def distances(steps: int) -> np.ndarray:
    """All distances of so many steps, or 512 of them, the nearest all and ever fewer further on; the first is 0, the last is
    among them."""
    if steps <= MOST_DISTANCES:
        return np.arange(steps)
    near = MOST_DISTANCES // 2
    far = np.geomspace(near, steps - 1, MOST_DISTANCES - near).round().astype(int)
    return np.unique(np.concatenate([np.arange(near), far]))


def _mean_square(values: xr.DataArray) -> list[list[float]]:
    over = [dim for dim in values.dims if dim not in ("layer", "direction")]
    means: list[list[float]] = ((values**2).mean(over) ** 0.5).values.tolist()
    return means


def _gate(gate: xr.DataArray) -> dict[str, list[list[float]]]:
    gate = gate.transpose("layer", "direction", ...)
    values = gate.values.reshape(*gate.shape[:2], -1)
    there = np.isfinite(values)
    count = there.sum(-1)
    whole = bool(there.all())
    mean = values.mean(-1, dtype=np.float64) if whole else np.nanmean(values, -1, dtype=np.float64)
    spread = values.std(-1, dtype=np.float64) if whole else np.nanstd(values, -1, dtype=np.float64)
    found = {
        "mean": mean,
        "deviation": spread,
        "shut": (values < 0.1).sum(-1) / count,
        "open": (values > 0.9).sum(-1) / count,
    }
    return {name: array.tolist() for name, array in found.items()}


def _recurrent(weight: xr.DataArray) -> dict[str, Any]:
    weight = weight.transpose("layer", "direction", "gate", ...)
    matrices = weight.values.astype(np.float64)
    shape = matrices.shape[:3]
    flat = matrices.reshape(-1, *matrices.shape[3:])
    square = flat.shape[1] == flat.shape[2]
    radii = _shaped([_radius(one) for one in flat], shape) if square else None
    return {
        "parts": [str(one) for one in weight["gate"].values],
        "spectral_radius": radii,
        "spectral_norm": _shaped([_largest(one) for one in flat], shape),
    }


def _shaped(numbers: Sequence[float], shape: Sequence[int]) -> Any:
    return np.reshape(numbers, shape).tolist()


def _radius(weight: np.ndarray) -> float:
    """The largest size of an eigenvalue; NaN where the weight is not finite."""
    if not np.isfinite(weight).all():
        return float("nan")
    if len(weight) > WHOLE:
        from scipy.sparse.linalg import ArpackNoConvergence, eigs

        try:
            few = eigs(weight, 6, v0=np.ones(len(weight)), tol=1e-8, return_eigenvectors=False)
            return float(np.abs(few).max())
        except ArpackNoConvergence:
            pass
    return float(np.abs(np.linalg.eigvals(weight)).max())


def _largest(weight: np.ndarray) -> float:
    """The largest singular value; NaN where the weight is not finite."""
    if not np.isfinite(weight).all():
        return float("nan")
    # the smaller of WᵀW and WWᵀ: its largest eigenvalue is the square
    scale = np.abs(weight).max() or 1.0
    scaled = weight / scale
    product = scaled @ scaled.T if scaled.shape[0] <= scaled.shape[1] else scaled.T @ scaled
    from scipy.linalg import eigvalsh

    top = len(product) - 1
    return float(scale * np.sqrt(max(eigvalsh(product, subset_by_index=(top, top))[0], 0.0)))
