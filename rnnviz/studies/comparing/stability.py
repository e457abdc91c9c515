"""How the states of one network hear each other: singular values of what is left of a change, Lyapunov exponents."""

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
import xarray as xr
from threadpoolctl import threadpool_limits

from rnnviz.recording.block import record
from rnnviz.stats import gradients
from rnnviz.studies import spreading
from rnnviz.studies.comparing.networks import Stack
from rnnviz.studies.comparing.running import Progress
from rnnviz.studies.comparing.sequences import data
from rnnviz.studies.comparing.setup import Architecture, Setup, refuse_size
from rnnviz.trace import branch

if TYPE_CHECKING:
    from distributed import Client


def dynamics(architecture: Architecture, setup: Setup, seed: int = 0) -> xr.Dataset:
    """How the states of one network hear each other: what is left at the last step T of a small change at each step.

    The network and data of that seed, its first sequence; of a bidirectional one the forward half. A stack has one path of states
    a layer; as no layer hears the one above it, its Jacobian is block triangular and its Lyapunov exponents are those of all
    layers together. Returns, in float64:
        log_singular_value (layer, rank, time)   ln of the 'largest', 'median' and 'smallest' of ∂s_T/∂s_t, nats; see
                                                 `stats.gradients.reach`; the median of an even number is the middle of two
        lyapunov (layer, exponent)               nats a step, in falling order; see `stats.gradients.lyapunov`
        eigenvalue_real, eigenvalue_imag (layer, eigenvalue)   of the recurrent weight of an rnn, the largest first
    Where the states stop being finite, T is the step before that. Raises ValueError as `compare` does.

    >>> from rnnviz.studies.comparing import Architecture, Setup, dynamics
    >>> row = Architecture("rnn", units=4)
    >>> found = dynamics(row, Setup((row,), steps=10))
    >>> dict(found["log_singular_value"].sizes), found.sizes["exponent"]
    ({'layer': 1, 'rank': 3, 'time': 10}, 4)
    """
    refuse_size(Setup(**vars(setup) | {"architectures": (architecture,), "truncate": None}))
    with threadpool_limits(
        1
    ):  # thousands of small factorisations: two threads were measured a hundred times slower
        own = data(setup, seed)
        network = Stack(architecture, own.x.shape[-1], own.outputs, seed)
        with record(network) as recording, torch.no_grad():
            network(own.x[:1])
        nodes = [
            branch(recording.trace, f"layers.{layer}").isel(layer=0, direction=0, batch=0)
            for layer in range(architecture.layers)
        ]
        found = xr.concat([_dynamics(node) for node in nodes], dim="layer")
    return found.assign_coords(layer=np.arange(architecture.layers)).assign_attrs(
        architecture=architecture.name
    )


def _dynamics(node: xr.DataTree) -> xr.Dataset:
    values = gradients.reach(node)["log_singular_values"]
    with np.errstate(invalid="ignore"):
        three = np.stack([values[:, 0], np.median(values, 1), values[:, -1]])
    found = {
        "log_singular_value": (("rank", "time"), three, values.attrs),
        "lyapunov": gradients.lyapunov(node),
    }
    if node.attrs["kind"] == "rnn":
        own = np.linalg.eigvals(node.dataset["recurrent_weight"].values[0])
        own = own[np.argsort(-np.abs(own), kind="stable")]
        for name, part in (("real", own.real), ("imag", own.imag)):
            text = f"{name} part of the eigenvalues of the recurrent weight"
            found[f"eigenvalue_{name}"] = ("eigenvalue", part, {"long_name": text, "units": "1"})
    return xr.Dataset(found, coords={"rank": ["largest", "median", "smallest"], "time": node["time"].values})


def run_dynamics(
    setup: Setup, seed: int = 0, dask: "str | Client | None" = None
) -> Generator[Progress, None, xr.Dataset]:
    """`dynamics` of every architecture, one at a time; returns them over architecture, NaN where one has less than others. dask:
    as of `compare`."""
    found: dict[int, xr.Dataset] = {}
    rows, what = setup.architectures, ""
    left = [(row, seed) for row in range(len(rows))]
    every: Iterable[tuple[int, xr.Dataset] | None] = (_one(setup, *each) for each in left)
    if dask is not None:
        every = spreading.each(dask, setup, _one, left)
    for one in every:
        if one is not None:
            row, own = one
            found[row] = own.expand_dims(architecture=[rows[row].name])
            what = f"{rows[row].name}, seed {seed}"
        yield Progress(len(found), len(rows), what)
    both = xr.concat(
        [found[row] for row in range(len(rows))], dim="architecture", join="outer", combine_attrs="override"
    )
    return both.drop_attrs(deep=False)


def _one(setup: Setup, row: int, seed: int) -> tuple[int, xr.Dataset]:
    return row, dynamics(setup.architectures[row], setup, seed)
