"""A recorded module as statistics take it: a node of a trace, whole or with any of its dims chosen."""

import xarray as xr

Node = xr.Dataset | xr.DataTree


def dataset(node: Node) -> xr.Dataset:
    """The node's arrays, coordinates and attributes."""
    return node if isinstance(node, xr.Dataset) else node.to_dataset()
