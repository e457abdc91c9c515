"""Which numbers moved an output: the share of every feature at every step, for models that read numbers.

    shares = rnnviz.features.attributions(model, (x, lengths), lambda out: out[:, -1, 2])
    shares[0]        # (batch, time, feature); None for an argument that is no floats

For models that read tokens see rnnviz.attribution.
"""

import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from rnnviz.models.networks import reading
from rnnviz.studies.attribution import COARSE, STEPS, STEPS_LIMIT, TOLERANCES

METHODS = ("integrated_gradients", "gradient_input")
DIMS = {2: ("batch", "feature"), 3: ("batch", "time", "feature")}


def attributions(
    model: Callable[..., object],
    arguments: Tensor | Sequence[Any],
    scalar: Callable[[Any], Tensor],
    *,
    method: str = "integrated_gradients",
    baselines: Sequence[Any] | None = None,
    batch_dim: int = 0,
    steps: int = STEPS,
    tolerance: float | None = None,
) -> tuple[xr.DataArray | None, ...]:
    """The share of each number that a model reads in one number F of what it returns.

    arguments: what the model is called with: one, or a sequence of them. Tensors of floats are attributed; all else (ids, lengths
    for packing, flags) stays as it is, tensors of them one entry for each row. scalar: takes what the model returned, returns F
    of each row, (batch,); a row may only depend on itself. method: 'integrated_gradients' (Sundararajan, Taly & Yan 2017,
    arXiv:1703.01365): the slope gathered on the straight way from the baselines, whose shares add up to F(x) − F(baseline); or
    'gradient_input' (Shrikumar et al. 2016, arXiv:1605.01713). baselines: where the way begins, a tensor for each float argument,
    in order; zeros. batch_dim: which dim of the arguments counts the rows; 1 where the model reads time first. steps: gradients
    taken on the way (Gauss–Legendre, by captum); doubled, up to 1024, until the shares of each row miss F(x) − F(baseline) by at
    most `tolerance` of it (left out: 1e-6 for float64, 1e-4 for float32). Warns with RuntimeWarning where 1024 do not reach it.

    Returns one array for each argument, in float64, or None: (batch, time, feature) for three dims, (batch, feature) for two,
    else numbered dims; in F's units. Attributes: `method`, and by row `value` F(x), `value_baseline`, `completeness_error`.
    Raises ValueError where there are no floats, where shapes do not fit, and where F is not finite.
    """
    given = (arguments,) if isinstance(arguments, Tensor) else tuple(arguments)
    places = [i for i, one in enumerate(given) if isinstance(one, Tensor) and one.is_floating_point()]
    if not places:
        raise ValueError("no argument is a tensor of floats; for tokens see rnnviz.attribution")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    inputs = tuple(given[i].detach().movedim(batch_dim, 0) for i in places)
    rows = {len(one) for one in inputs}
    if len(rows) > 1:
        raise ValueError(
            f"arguments must have the same number of rows; got {', '.join(map(str, sorted(rows)))}"
        )
    starts = _starts(inputs, baselines, batch_dim)
    others = tuple(one for i, one in enumerate(given) if i not in places)

    def value(*every: Any) -> Tensor:
        own, rest = iter(every[: len(inputs)]), iter(every[len(inputs) :])
        called = [next(own).movedim(0, batch_dim) if i in places else next(rest) for i in range(len(given))]
        found = scalar(model(*called))
        wanted = len(every[0])
        if not isinstance(found, Tensor) or tuple(found.shape) != (wanted,):
            shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise ValueError(f"scalar must return a number for each row, ({wanted},); got {shape}")
        return found

    # a mask of dropout would be another one at each step of the way
    with reading(model) if isinstance(model, nn.Module) else nullcontext():
        ends = [value(*each, *others).detach().double() for each in (inputs, starts)]
        if not all(torch.isfinite(end).all() for end in ends):
            raise ValueError("scalar is not finite, at the input or at the baseline")
        if method == "gradient_input":
            slopes = _slopes(value, inputs, others)
            shares = [g.double() * (x - b).double() for g, x, b in zip(slopes, inputs, starts, strict=True)]
            used = 1
        else:
            shares, used = _integrated(value, inputs, starts, others, ends, steps, tolerance)
    error = _error(shares, ends)
    attributes = {
        "method": method,
        "steps": used,
        "value": ends[0].tolist(),
        "value_baseline": ends[1].tolist(),
        "completeness_error": error.tolist(),
    }
    found: list[xr.DataArray | None] = [None] * len(given)
    for place, share in zip(places, shares, strict=True):
        dims = DIMS.get(share.dim(), ("batch", *(f"dim_{i}" for i in range(1, share.dim()))))
        found[place] = xr.DataArray(share.numpy(force=True), dims=dims, attrs=attributes)
    return tuple(found)


def _starts(
    inputs: tuple[Tensor, ...], baselines: Sequence[Any] | None, batch_dim: int
) -> tuple[Tensor, ...]:
    if baselines is None:
        return tuple(torch.zeros_like(one) for one in inputs)
    if len(baselines) != len(inputs):
        raise ValueError(
            f"baselines must be one for each of the {len(inputs)} float arguments; got {len(baselines)}"
        )
    found = []
    for one, own in zip(inputs, baselines, strict=True):
        start = torch.as_tensor(own, dtype=one.dtype, device=one.device)
        start = start.movedim(batch_dim, 0) if start.dim() == one.dim() else start
        try:
            found.append(start.broadcast_to(one.shape))
        except RuntimeError:
            shape = tuple(start.shape)
            raise ValueError(f"a baseline came with shape {shape}; wanted {tuple(one.shape)}") from None
    return tuple(found)


def _slopes(
    value: Callable[..., Tensor], inputs: tuple[Tensor, ...], others: tuple[Any, ...]
) -> tuple[Tensor, ...]:
    with torch.enable_grad():
        leaves = tuple(one.clone().requires_grad_() for one in inputs)
        return torch.autograd.grad(value(*leaves, *others).sum(), leaves, materialize_grads=True)


def _integrated(
    value: Callable[..., Tensor],
    inputs: tuple[Tensor, ...],
    starts: tuple[Tensor, ...],
    others: tuple[Any, ...],
    ends: list[Tensor],
    steps: int,
    tolerance: float | None,
) -> tuple[list[Tensor], int]:
    from captum.attr import (
        IntegratedGradients,
    )  # it draws in matplotlib: only those who integrate wait for it

    if not (isinstance(steps, int | np.integer) and 1 <= steps <= STEPS_LIMIT):
        raise ValueError(f"steps must be a whole number from 1 to {STEPS_LIMIT}; got {steps!r}")
    tolerance = TOLERANCES.get(inputs[0].dtype, COARSE) if tolerance is None else tolerance
    path = IntegratedGradients(value)
    while True:
        with torch.enable_grad():
            came = path.attribute(
                inputs,
                starts,
                additional_forward_args=others or None,
                n_steps=int(steps),
                internal_batch_size=max(1, len(inputs[0])),
            )
        shares = [one.detach().double() for one in came]
        error = float(_error(shares, ends).abs().max())
        # a row that F does not tell from its baseline has no scale of its own
        size = float((ends[0] - ends[1]).abs().max())
        if error <= tolerance * size or error <= 1e-12:
            return shares, int(steps)
        if steps >= STEPS_LIMIT:
            warnings.warn(
                f"integrated gradients: with {steps} steps the shares miss F(x) − F(baseline) by {error:.3g}",
                RuntimeWarning,
                stacklevel=3,
            )
            return shares, int(steps)
        steps = min(2 * steps, STEPS_LIMIT)


def _error(shares: list[Tensor], ends: list[Tensor]) -> Tensor:
    """The sum of each row's shares − (F(x) − F(baseline)), (batch,)."""
    return sum(share.flatten(1).sum(1) for share in shares) - (ends[0] - ends[1])
