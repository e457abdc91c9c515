"""Many packed calls: after the first few, they lie side by side in one node, so that a trace of thousands still opens.

A packed call has sequences of its own, with lengths of their own, and no time axis in common with the call before. Each of the
first `APART` has a node of its own; the sequences of all that follow are further ones of one batch, NaN beyond their ends.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence

import numpy as np
import xarray as xr

from rnnviz.trace import Recorded

APART = 8  # packed calls of a module that have nodes of their own


def by_node(parts: Iterable[Recorded], alike: Callable[[Recorded], Hashable]) -> list[list[Recorded]]:
    """What came, by the node that it is in: packed calls after the first few with those that are `alike`."""
    found: list[list[Recorded]] = []
    beside: dict[Hashable, list[Recorded]] = {}
    alone = 0
    for part in parts:
        packed = part.lengths is not None
        if packed and alone == APART:
            if (key := alike(part)) not in beside:
                found.append(beside.setdefault(key, []))
            beside[key].append(part)
        else:
            alone += packed
            found.append([part])
    return found


def side_by_side(nodes: Sequence[xr.Dataset]) -> xr.Dataset:
    """One node with the sequences of all, in order. nodes: of calls of one module, packed where there are several; what does not
    grow with the batch is that of the first, and an array has a `valid_range` where it has one in all."""
    if len(nodes) == 1:
        return nodes[0]
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
        bounded = all("valid_range" in one.variables[key].attrs for one in nodes)
        attributes = {name: said for name, said in first.attrs.items() if bounded or name != "valid_range"}
        arrays[key] = xr.Variable(first.dims, joined, attributes)
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


def together(
    before: dict[str, object], now: dict[str, object], counted: Sequence[str] = ("nonfinite_inputs",)
) -> dict[str, object]:
    """Attributes of a node that goes on. counted: of which the sum counts; of other numbers the largest stays."""
    found = before | now
    for key in ("steps", "nonfinite_inputs", "replay_error", "backward_calls"):
        values = [float(str(each[key])) for each in (before, now) if key in each]
        if values:
            most = sum(values) if key in counted else max(values)
            found[key] = most if key == "replay_error" else int(most)
    return found
