"""Lyapunov exponents along the path of states."""

import numpy as np
import xarray as xr
from scipy.linalg import qr

from rnnviz.stats.gradients.paths import count_of, path_of
from rnnviz.stats.nodes import Node


def lyapunov(node: Node, count: int | None = None, skip: int = 0) -> xr.DataArray:
    """Lyapunov exponents along the path: by how much a small change grows a step, in nats, in falling order.

    node: as for `jacobians`. count: how many leading exponents; all by default. skip: steps at the start that turn the
    directions but do not count. Returns (exponent,), float64, nats a step; NaN where no step counts.

    Orthonormal directions Q are carried along by J_t Q = Q' R, and exponent i is the mean of ln |R_ii| (Benettin et al. 1980;
    for recurrent networks Vogt, Puelma Touzel, Shlizerman & Lajoie 2022 (arXiv 2020), and Engelken, Wolf & Abbott 2023). The
    directions start at random, from a fixed seed; what is left of that in an exponent falls like 1 / (steps), and faster with
    `skip`. The sum of all exponents is the mean of ln |det J| whatever the start. An LSTM's exponents are over (h, c).
    A Jacobian with rows or columns of zeros gives −inf for as many exponents. All calls count together.
    Raises ValueError as `jacobians` does, unless count >= 1, and unless skip >= 0.

    >>> import rnnviz, torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.LSTM(2, 3)
    >>> with rnnviz.record(model) as recording:
    ...     model(torch.randn(5, 1, 2))[0][-1].sum().backward()
    >>> node = recording.trace["lstm"].sel(layer=0, direction="forward").isel(batch=0)
    >>> exponents = rnnviz.stats.gradients.lyapunov(node, count=2)
    >>> exponents.sizes["exponent"], bool(exponents[0] < 0)  # what is changed is forgotten
    (2, True)
    """
    path = path_of(node)
    exponents = count_of(count, path.width)
    if skip < 0:
        raise ValueError(f"skip must be at least 0; got {skip}")
    steps = len(path.positions)
    start = np.random.default_rng(0).normal(size=(path.width, exponents))
    directions = qr(start, mode="economic")[0] if exponents else start
    stretch = np.zeros(exponents)
    for step in range(steps):
        jacobian = path.jacobian(step)
        rank = min(directions.shape[1], np.count_nonzero(jacobian.any(0)), np.count_nonzero(jacobian.any(1)))
        stretch[rank:] = -np.inf  # this many directions are gone, at this step and so for good
        directions = directions[:, :rank]
        if not rank:
            break
        directions, triangle = qr(
            jacobian @ directions, mode="economic", overwrite_a=True, check_finite=False
        )
        if step >= skip:
            with np.errstate(divide="ignore"):
                stretch[:rank] += np.log(np.abs(np.diagonal(triangle)))
    values = -np.sort(-stretch / (steps - skip)) if steps > skip else np.full(exponents, np.nan)
    return xr.DataArray(
        values,
        dims="exponent",
        coords={"exponent": np.arange(exponents)},
        attrs={"long_name": "Lyapunov exponent", "units": "nat/step"},
    )
