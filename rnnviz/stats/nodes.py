"""A recorded module as statistics take it: a node of a trace, whole or with any of its dims chosen."""

import numpy as np
import xarray as xr

Node = xr.Dataset | xr.DataTree


def dataset(node: Node) -> xr.Dataset:
    """The node's arrays, coordinates and attributes."""
    return node if isinstance(node, xr.Dataset) else node.to_dataset()


def refuse_partial(node: xr.Dataset, *names: str) -> None:
    """Raises ValueError where a recording did not keep one of these fields (record's keep=)."""
    if missing := [name for name in names if name not in node]:
        raise ValueError(
            f"the recording did not keep {', '.join(missing)}: record without keep=, or name them there"
        )


def refuse_slice(node: xr.Dataset) -> None:
    """Raises ValueError for a slice of time, whose first step read began with a state that the slice does not have."""
    if "time" not in node.coords:
        return
    time = node["time"].values
    backward = "direction" in node.coords and "backward" in node["direction"].values
    cut = backward and len(time) != node.attrs.get("steps", len(time))  # it begins at the end
    if cut or not np.array_equal(time, np.arange(len(time))):
        came = ", ".join(map(str, time[:3]))
        raise ValueError(
            f"time came as {len(time)} steps ({came}, …); wanted all of them: the state before a slice is not in it."
            " Give the whole node, and choose steps of the result"
        )
