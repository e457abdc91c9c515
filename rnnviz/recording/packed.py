"""Many packed calls: after the first few, they lie side by side in one node, so that a trace of thousands still opens.

A packed call has sequences of its own, with lengths of their own, and no time axis in common with the call before. Each of the
first `APART` has a node of its own; the sequences of all that follow are further ones of one batch, NaN beyond their ends.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

APART = 8  # packed calls of a module that have nodes of their own


def side_by_side(nodes: Sequence[xr.Dataset]) -> xr.Dataset:
    """One node with the sequences of all, in order. nodes: of packed calls of one module; what does not grow with the batch is
    that of the first."""
    steps, batch = max(one.sizes["time"] for one in nodes), sum(one.sizes["batch"] for one in nodes)
    longest = next(one for one in nodes if one.sizes["time"] == steps)
    arrays = {}
    for key, first in nodes[0].variables.items():
        if "batch" not in first.dims:
            arrays[key] = longest.variables[key] if "time" in first.dims else first
            continue
        along, within = first.dims.index("batch"), "time" in first.dims
        sizes = first.sizes | {"batch": batch} | ({"time": steps} if within else {})
        empty = np.nan if first.dtype.kind == "f" else 0
        joined = np.full([sizes[dim] for dim in first.dims], empty, first.dtype)
        start = 0
        for one in nodes:
            own = one.variables[key]
            place: list[slice] = [slice(0, size) for size in own.shape]
            place[along] = slice(start, start + own.sizes["batch"])
            joined[tuple(place)] = own.values
            start += own.sizes["batch"]
        arrays[key] = xr.Variable(first.dims, joined, first.attrs)
    arrays["batch"] = xr.Variable("batch", np.arange(batch), nodes[0]["batch"].attrs)
    found = xr.Dataset({key: arrays[key] for key in nodes[0].data_vars}, attrs=dict(nodes[0].attrs))
    found = found.assign_coords({key: arrays[key] for key in nodes[0].coords})
    calls = [np.atleast_1d(one.attrs["calls"]) for one in nodes if "calls" in one.attrs]
    for one in nodes[1:]:
        found.attrs = together(found.attrs, one.attrs)
    found.attrs["steps"] = steps
    if calls:
        found.attrs["calls"] = np.concatenate(calls)
    return found


def together(before: dict[str, object], now: dict[str, object]) -> dict[str, object]:
    """Attributes of a node that goes on: odd inputs are counted on, of steps and errors the largest stays."""
    found = before | now
    for key in ("steps", "nonfinite_inputs", "replay_error", "backward_calls"):
        values = [float(str(each[key])) for each in (before, now) if key in each]
        if values:
            most = sum(values) if key == "nonfinite_inputs" else max(values)
            found[key] = most if key == "replay_error" else int(most)
    return found
