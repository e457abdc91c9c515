"""Which tokens moved an output: each token's share in one number F of a model's output, by three methods.

    scores = lambda out: out[0][:, -1, 5]  # F: the score of token 5 after the last step, one for each row
    shares = rnnviz.attribution.attributions(model, ids, scores)

The model is called with ids (batch, time); F reads its output. Where a method asks what would have been with other
vectors, a TorchFunctionMode gives them in the place of what the embedding looks up, as `record` watches: nothing is
put on a module, and other threads that use the model see nothing of it.

- `gradient_input`: what the slope at x says: the change of F along each token's vector, to first order.
- `integrated_gradients`: the slope gathered on the straight way from a baseline to x. The shares add up to
  F(x) − F(baseline), and how well they do is reported.
- `occlusion`: the model run again without each token. Exact, but tokens that act together are counted more than once.

No method is the truth: where they disagree (`attributions` says how much), F is far from linear in the tokens.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, TypeGuard, overload

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from rnnviz.models.networks import reading

STEPS = 32  # where integrated gradients starts to double
STEPS_LIMIT = 1024  # the quadrature's nodes are eigenvalues of a (steps, steps) matrix
MEMORY = 2**28  # bytes
TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-4}  # captum rounds the weights of its steps to float32
COARSE = 1e-2  # half precision

Scalar = Callable[[Any], Tensor]  # a model's output for N rows -> (N,)


def gradient_input(
    model: nn.Module,
    ids: Tensor | Sequence[int],
    scalar: Scalar,
    *,
    embedding: str | None = None,
    tokens: Iterable[str] | None = None,
    units: str = "1",
    memory_limit: int = MEMORY,
) -> xr.DataArray:
    """Gradient × input: dF/de_t · e_t at every token t, where e_t is what the embedding gives for it; over `time`.

    ids: (time,) or (1, time), integers. scalar: takes the model's output for N rows, returns F of each, (N,); a row
    may only depend on itself. embedding: the name of the nn.Embedding, where the model holds several. tokens: a label
    for each id. units: those of F. memory_limit: in bytes, kept as far as one run of the model allows.

    Attributes: `method`; `value` is F(x), `value_baseline` F where all vectors are zero; `completeness_error` is the
    sum of the shares − (value − value_baseline), `completeness_error_relative` its size over the larger of
    |value − value_baseline| and the sum of the shares' sizes. Here it says how far F is from linear.
    Source: Shrikumar et al. 2016, arXiv:1605.01713.
    Raises ValueError where ids, scalar, embedding or tokens do not fit, or a number is not finite.
    """
    function = _function(model, ids, scalar, embedding, tokens, units, memory_limit)
    with _undisturbed(function):
        pair = function.vectors_and("zero")
        gradient = _probe(function, pair)[0]
        shares = (gradient.double() * pair[0].double()).sum(-1)
        return _labelled(function, shares, "gradient_input", "zero")


def integrated_gradients(
    model: nn.Module,
    ids: Tensor | Sequence[int],
    scalar: Scalar,
    *,
    baseline: int | str = "zero",
    steps: int = STEPS,
    tolerance: float | None = None,
    embedding: str | None = None,
    tokens: Iterable[str] | None = None,
    units: str = "1",
    memory_limit: int = MEMORY,
) -> xr.DataArray:
    """Integrated gradients: (e_t − b_t) · the mean of dF/de_t on the straight way from b to e; over `time`.

    baseline: 'zero', all vectors zero, or an id, whose vector stands at every step. Only the vectors change: what else
    the model makes of ids (a mask, a length) stays. steps: gradients taken on the way (Gauss–Legendre, by captum);
    doubled, up to 1024, until `completeness_error_relative` is at most `tolerance` (left out: 1e-6 for a float64
    embedding, 1e-4 for float32, 1e-2 below) or the error is no more than the rounding of F. Else as `gradient_input`;
    the attribute `steps` says how many were used. Warns with RuntimeWarning where even 1024 do not reach the tolerance.
    Source: Sundararajan, Taly & Yan 2017, arXiv:1703.01365.
    Raises ValueError as `gradient_input`, and where baseline, steps or tolerance do not fit.
    """
    # captum draws in matplotlib: only those who integrate wait for it
    from captum.attr import IntegratedGradients

    if not (_whole(steps) and 1 <= steps <= STEPS_LIMIT):
        raise ValueError(f"steps must be a whole number from 1 to {STEPS_LIMIT}; got {steps!r}")
    if tolerance is not None and not (_number(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance must be a number, 0 or more; got {tolerance!r}")
    function = _function(model, ids, scalar, embedding, tokens, units, memory_limit)
    function.check_replacement(baseline, "baseline")
    if tolerance is None:
        tolerance = TOLERANCES.get(function.weight.dtype, COARSE)
    with _undisturbed(function):
        vectors = function.vectors_and(baseline)
        _probe(function, vectors)
        if not math.isfinite(function.value_baseline):
            raise ValueError(
                f"scalar is {function.value_baseline} at the baseline {baseline!r}: it must be finite"
            )
        path = IntegratedGradients(function.of_vectors)
        while True:
            gathered = path.attribute(
                vectors[:1], vectors[1:], n_steps=steps, internal_batch_size=function.rows
            )
            shares = gathered[0].double().sum(-1)
            _refuse_not_finite(shares, "integrated_gradients")
            error, relative = _completeness(function, shares)
            reached = relative <= tolerance or abs(error) <= function.rounding
            if reached or steps == STEPS_LIMIT:
                break
            steps = min(2 * steps, STEPS_LIMIT)
        came = _labelled(function, shares, "integrated_gradients", baseline)
    came.attrs |= {"steps": steps, "tolerance": tolerance}
    if not reached:
        warnings.warn(
            f"integrated gradients: with {steps} steps the shares miss F(x) − F(baseline) by {error:.3g}, "
            f"relative {relative:.3g}, tolerance {tolerance:.3g}",
            RuntimeWarning,
            stacklevel=2,
        )
    return came


def occlusion(
    model: nn.Module,
    ids: Tensor | Sequence[int],
    scalar: Scalar,
    replacement: int | str = "zero",
    *,
    embedding: str | None = None,
    tokens: Iterable[str] | None = None,
    units: str = "1",
    memory_limit: int = MEMORY,
) -> xr.DataArray:
    """F(x) − F(x with token t replaced), for every token t, each by a run of the model; over `time`.

    replacement, one of
      an id: the model reads this id at t, in all it makes of ids; a token that has it already gets 0;
      'zero': the embedding gives zeros at t; what else the model makes of ids (a mask, a length) stays;
      'delete': the model reads the sequence without t, one token shorter: what came after moves one step to the
        left, so scalar should count from the end, or it reads another step.

    Else as `gradient_input`, but scalar need have no gradient; `value_baseline` is F where all tokens are replaced at once
    (NaN for 'delete', which leaves nothing): so the completeness error says how much tokens act together.
    Source: Zeiler & Fergus 2014, arXiv:1311.2901; for text, Li, Monroe & Jurafsky 2016, arXiv:1612.08220.
    Raises ValueError as `gradient_input`, and where replacement does not fit.
    """
    function = _function(model, ids, scalar, embedding, tokens, units, memory_limit)
    function.check_replacement(replacement, "replacement", "delete")
    time = len(function.ids)
    if replacement == "delete" and time == 1:
        raise ValueError("replacement 'delete' needs at least 2 tokens, for one must be left; got 1")
    with _undisturbed(function):
        if replacement == "zero":
            pair = function.vectors_and("zero")
        else:
            pair = function.ids.expand(2, -1).clone()
            if not isinstance(replacement, str):
                pair[1] = replacement
        _probe(function, pair, gradient=False)
        if replacement == "delete":
            function.value_baseline = math.nan
        shares = torch.zeros(time, dtype=torch.float64)
        positions = torch.arange(time, device=function.ids.device)
        if replacement not in ("zero", "delete"):
            positions = positions[function.ids != replacement]
        for some in torch.split(positions, function.rows):
            with torch.no_grad():
                values = _without(function, pair[0], some, replacement).double().cpu()
            if not values.isfinite().all():
                at = int(some[int((~values.isfinite()).nonzero()[0])])
                raise ValueError(f"scalar is not finite with token {at} replaced by {replacement!r}")
            shares[some.cpu()] = function.value - values
        return _labelled(function, shares, "occlusion", replacement)


def attributions(
    model: nn.Module,
    ids: Tensor | Sequence[int],
    scalar: Scalar,
    *,
    baseline: int | str = "zero",
    replacement: int | str = "zero",
    steps: int = STEPS,
    tolerance: float | None = None,
    embedding: str | None = None,
    tokens: Iterable[str] | None = None,
    units: str = "1",
    memory_limit: int = MEMORY,
) -> xr.Dataset:
    """`gradient_input`, `integrated_gradients` and `occlusion` over `time`, and how much they disagree.

    `rank_disagreement` (attribution, other_attribution): 1 − Spearman's rank correlation of the shares, sign included:
    0 where two methods order the tokens alike, 2 where they reverse each other, NaN where one gives all the same.
    Arguments, warning and errors as the three functions'.

    >>> import rnnviz, torch
    >>> model, card = rnnviz.load("sentiment-english-gru")
    >>> ids = rnnviz.checkpoints.words(card).encode("funny, but dull")
    >>> found = rnnviz.attribution.attributions(model, ids, lambda odds: odds)
    >>> found.sizes["time"], round(found["integrated_gradients"].attrs["completeness_error_relative"], 2)
    (4, 0.0)
    """
    tokens = None if tokens is None else list(tokens)
    shared: _Shared = {"embedding": embedding, "tokens": tokens, "units": units, "memory_limit": memory_limit}
    found = [
        gradient_input(model, ids, scalar, **shared),
        integrated_gradients(
            model, ids, scalar, baseline=baseline, steps=steps, tolerance=tolerance, **shared
        ),
        occlusion(model, ids, scalar, replacement, **shared),
    ]
    names = [share.attrs["method"] for share in found]
    table = np.array([[_disagreement(one.values, other.values) for other in found] for one in found])
    described = {"long_name": "disagreement of ranks", "units": "1", "valid_range": np.array((0.0, 2.0))}
    return xr.Dataset(
        {
            **dict(zip(names, found, strict=True)),
            "rank_disagreement": (("attribution", "other_attribution"), table, described),
        },
        coords={"attribution": names, "other_attribution": names},
    )


class _Shared(TypedDict):
    """What each of the methods is told."""

    embedding: str | None
    tokens: Iterable[str] | None
    units: str
    memory_limit: int


@dataclass
class _Function:
    """F: the scalar as a function of ids (N, time), or of the vectors the embedding gives for them."""

    model: nn.Module
    scalar: Scalar
    ids: Tensor  # (time,)
    name: str  # of the embedding
    weight: Tensor  # (vocabulary, feature)
    labels: np.ndarray | None
    units: str
    memory_limit: int
    rows: int = 1  # how many fit in one run
    value: float = math.nan
    value_baseline: float = math.nan

    @property
    def rounding(self) -> float:
        """What rounding may do to a difference of two values: some units in the last place of the larger."""
        return 16 * torch.finfo(self.weight.dtype).eps * max(abs(self.value), abs(self.value_baseline))

    def vectors_and(self, baseline: int | str) -> Tensor:
        """What the embedding gives for the ids, and for the baseline: (2, time, feature)."""
        table = self.weight.detach()
        vectors = table[self.ids]
        other = torch.zeros_like(vectors) if isinstance(baseline, str) else table[baseline].expand_as(vectors)
        return torch.stack((vectors, other))

    def of_vectors(self, vectors: Tensor) -> Tensor:
        """F where the embedding gives these vectors (N, time, feature): (N,)."""
        ids = self.ids.expand(len(vectors), -1)
        lookup = _Lookup(self, vectors)
        with lookup:
            output = self.model(ids)
        lookup.check_all_were_asked()
        return self._read(output, len(vectors))

    def of_ids(self, ids: Tensor) -> Tensor:
        """F of ids (N, time): (N,)."""
        return self._read(self.model(ids), len(ids))

    def _read(self, output: object, rows: int) -> Tensor:
        try:
            values = self.scalar(output)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ValueError(f"scalar fails on the model's output for {rows} rows: {reason}") from error
        if not isinstance(values, Tensor):
            raise ValueError(
                f"scalar must return a tensor (N,), a number for each row; got {type(values).__name__}"
            )
        if values.shape != (rows,) or not values.is_floating_point():
            raise ValueError(
                f"scalar must return one real number for each of the {rows} rows, shape ({rows},); "
                f"got {values.dtype} of shape {tuple(values.shape)}"
            )
        return values

    def check_replacement(self, given: int | str, argument: str, *more: str) -> None:
        words = ("zero", *more)
        if isinstance(given, str) and given in words:
            return
        if not (_whole(given) and 0 <= given < len(self.weight)):
            wanted = f"an id in 0…{len(self.weight) - 1}, {' or '.join(map(repr, words))}"
            raise ValueError(f"{argument} must be {wanted}; got {given!r}")


class _Lookup(TorchFunctionMode):
    """Gives vectors in the place of what the embedding looks up, all at once or step by step."""

    def __init__(self, function: _Function, vectors: Tensor):
        super().__init__()
        self.function, self.vectors, self.read = function, vectors, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is nn.functional.embedding and args[1] is self.function.weight:
            return self._give(args[0])
        return func(*args, **(kwargs or {}))

    def _give(self, asked: Tensor) -> Tensor:
        """asked: (batch, time) or, of a model that reads step by step, (batch, some steps) or (batch,)."""
        columns = asked[:, None] if asked.dim() == 1 else asked
        ids = self.function.ids.expand(len(self.vectors), -1)
        start, end = self.read, self.read + (columns.shape[1] if columns.dim() == 2 else 0)
        if not torch.equal(columns, ids[:, start:end].to(columns.dtype)):
            raise ValueError(
                f"embedding {self.function.name!r} must look up each id once and in order, as (batch, time); "
                f"it was asked for shape {tuple(asked.shape)} after {start} of {ids.shape[1]} steps"
            )
        self.read = end
        return self.vectors[:, start:end].reshape(*asked.shape, -1)

    def check_all_were_asked(self) -> None:
        if self.read != len(self.function.ids):
            raise ValueError(
                f"embedding {self.function.name!r} looked up {self.read} of {len(self.function.ids)} ids in one "
                "call of the model"
            )


class _Counted(TorchFunctionMode):
    """Counts the bytes that a run of the model makes, or keeps for a backward pass."""

    def __init__(self, parameters: Iterable[Tensor]):
        super().__init__()
        self._known = {parameter.data_ptr() for parameter in parameters}
        self._bytes: dict[int, int] = {}  # by address: a view is not counted again

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        came = func(*args, **(kwargs or {}))
        for one in came if isinstance(came, (tuple, list)) else (came,):
            if isinstance(one, Tensor):
                self.add(one)
        return came

    def add(self, tensor: Tensor) -> Tensor:
        with torch._C.DisableTorchFunction():
            if tensor.layout == torch.strided and tensor.data_ptr() not in self._known:
                self._bytes[tensor.data_ptr()] = max(tensor.nbytes, self._bytes.get(tensor.data_ptr(), 0))
        return tensor

    @property
    def total(self) -> int:
        return sum(self._bytes.values())


def _function(
    model: nn.Module,
    ids: Tensor | Sequence[int],
    scalar: Scalar,
    embedding: str | None,
    tokens: Iterable[str] | None,
    units: str,
    memory_limit: int,
) -> _Function:
    """The question, checked before anything is run."""
    if not isinstance(model, nn.Module):
        raise ValueError(f"model must be an nn.Module; got {type(model).__name__}")
    if not callable(scalar):
        raise ValueError(
            f"scalar must be a function of the model's output, returning (N,); got {type(scalar).__name__}"
        )
    if not isinstance(units, str):
        raise ValueError(f"units must be a string; got {units!r}")
    if not (_number(memory_limit) and memory_limit > 0):
        raise ValueError(f"memory_limit must be a number of bytes above 0; got {memory_limit!r}")
    name, weight = _embedding(model, embedding)
    ids = _ids(ids, name, weight)
    needed = 2 * len(ids) * weight.shape[1] * weight.element_size()
    if needed > memory_limit:
        raise ValueError(
            f"two rows of {len(ids)} vectors of {weight.shape[1]} features take {needed:.3g} bytes; "
            f"memory_limit is {memory_limit:.3g}"
        )
    return _Function(
        model, scalar, ids, name, weight, _labels(tokens, len(ids)), units, max(1, int(memory_limit))
    )


def _embedding(model: nn.Module, wanted: str | None) -> tuple[str, Tensor]:
    """The name and the weight of the embedding that is asked for, or of the only one."""
    held = {name: module for name, module in model.named_modules() if isinstance(module, nn.Embedding)}
    names = ", ".join(map(repr, held))
    if not held:
        raise ValueError(f"{type(model).__name__} holds no nn.Embedding")
    if wanted is None and len(held) > 1:
        raise ValueError(
            f"{type(model).__name__} holds {len(held)} embeddings: name one with embedding=, of {names}"
        )
    name = next(iter(held)) if wanted is None else wanted
    if name not in held:
        raise ValueError(f"embedding must be one of {names}; got {wanted!r}")
    if held[name].max_norm is not None:
        raise ValueError(f"embedding {name!r} has max_norm: reading it changes its weights")
    return name, held[name].weight


def _ids(given: Tensor | Sequence[int], name: str, weight: Tensor) -> Tensor:
    """(time,), long, where the weight lies; a copy."""
    try:
        with torch.inference_mode(False):
            ids = torch.as_tensor(given).detach().clone()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"ids must be whole numbers, (time,) or (1, time): {error}") from None
    if ids.dim() == 2 and len(ids) == 1:
        ids = ids[0]
    if ids.dim() != 1 or len(ids) == 0:
        raise ValueError(f"ids must be (time,) or (1, time), with at least one; got shape {tuple(ids.shape)}")
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise ValueError(f"ids must be whole numbers; got {ids.dtype}")
    ids = ids.long()
    beyond = ((ids < 0) | (ids >= len(weight))).nonzero()
    if len(beyond):
        at = int(beyond[0])
        raise ValueError(
            f"ids must lie in 0…{len(weight) - 1}, the rows of embedding {name!r}; got {int(ids[at])} at step {at}"
        )
    return ids.to(weight.device)


def _labels(tokens: Iterable[str] | None, time: int) -> np.ndarray | None:
    if tokens is None:
        return None
    tokens = list(tokens)
    wrong = [token for token in tokens if not isinstance(token, str)]
    if wrong:
        raise ValueError(f"tokens must be strings; got {wrong[0]!r}")
    if len(tokens) != time:
        raise ValueError(f"tokens came with length {len(tokens)}; ids have length {time}")
    return np.array(tokens, dtype=str)


@contextmanager
def _undisturbed(function: _Function) -> Iterator[None]:
    """No dropout and a gradient inside; training mode and random state as they were, whatever happens."""
    device = function.weight.device
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng([device] if device.type == "cuda" else []))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(reading(function.model))
        yield


@overload
def _probe(function: _Function, pair: Tensor) -> Tensor: ...
@overload
def _probe(function: _Function, pair: Tensor, gradient: Literal[False]) -> None: ...
def _probe(function: _Function, pair: Tensor, gradient: bool = True) -> Tensor | None:
    """Runs x and its baseline: finds their values, how many rows fit in memory, and the gradient at both.

    pair: vectors (2, time, feature) or ids (2, time). Two rows, for a scalar that forgets the batch is then seen.
    """
    vectors = pair.is_floating_point()
    if vectors:
        pair = pair.detach().requires_grad_()
    counted = _Counted(function.model.parameters())
    with counted, torch.autograd.graph.saved_tensors_hooks(counted.add, lambda tensor: tensor):
        values = function.of_vectors(pair) if vectors else function.of_ids(pair)
    function.value, function.value_baseline = values.detach().double().tolist()
    if not math.isfinite(function.value):
        raise ValueError(f"scalar is {function.value} on the model's output: it must be finite")
    # a backward pass makes about as much again as was kept: the bytes of two rows are those of one there and back
    function.rows = max(1, function.memory_limit // max(1, counted.total))
    if not gradient:
        return None
    slope = None
    if values.requires_grad:
        (slope,) = torch.autograd.grad(values[0], pair, allow_unused=True)
    if slope is None:
        raise ValueError(f"scalar has no gradient to embedding {function.name!r}: it was cut, or is not used")
    if slope[1].nan_to_num(0, 0, 0).any():  # not finite: the baseline's own trouble
        raise ValueError("scalar mixes rows: the first row's number depends on the second row")
    if not slope[0].isfinite().all():
        at = int((~slope[0].isfinite()).any(-1).nonzero()[0])
        raise ValueError(f"the gradient of scalar is not finite at token {at}")
    return slope


def _without(function: _Function, row: Tensor, positions: Tensor, replacement: int | str) -> Tensor:
    """F with each of these positions replaced, one at a time: (positions,). row: vectors (time, …) or ids (time,)."""
    count = len(positions)
    if replacement == "delete":
        kept = torch.arange(len(row) - 1, device=row.device)
        return function.of_ids(row[kept + (kept >= positions[:, None])])
    rows = row.expand(count, *row.shape).clone()
    put = 0 if isinstance(replacement, str) else replacement
    rows[torch.arange(count, device=row.device), positions] = put
    return function.of_vectors(rows) if replacement == "zero" else function.of_ids(rows)


def _completeness(function: _Function, shares: Tensor) -> tuple[float, float]:
    """By how much the shares miss the difference of the values; relative to the larger of it and the shares' sizes."""
    difference = function.value - function.value_baseline
    error = shares.sum().item() - difference
    size = max(abs(difference), shares.abs().sum().item())
    return error, abs(error) / size if size else abs(error)


def _refuse_not_finite(shares: Tensor, method: str) -> None:
    if not shares.isfinite().all():
        raise ValueError(f"{method} is not finite at token {int((~shares.isfinite()).nonzero()[0])}")


def _labelled(function: _Function, shares: Tensor, method: str, baseline: int | str) -> xr.DataArray:
    _refuse_not_finite(shares, method)
    error, relative = _completeness(function, shares)
    coordinates = {
        "time": ("time", np.arange(len(shares)), {"long_name": "position in the input", "units": "1"})
    }
    if function.labels is not None:
        coordinates["token"] = (
            "time",
            function.labels,
            {"long_name": "token read at this position", "units": "1"},
        )
    return xr.DataArray(
        shares.cpu().numpy(),
        coords=coordinates,
        dims="time",
        name=method,
        attrs={
            "long_name": f"share by {method.replace('_', ' ')}",
            "units": function.units,
            "method": method,
            "baseline": baseline,
            "value": function.value,
            "value_baseline": function.value_baseline,
            "completeness_error": error,
            "completeness_error_relative": relative,
        },
    )


def _disagreement(one: np.ndarray, other: np.ndarray) -> float:
    """1 − Spearman's rank correlation; NaN where one is constant."""
    from scipy.stats import spearmanr  # slow to import, and few readers ask

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(np.clip(1 - spearmanr(one, other).statistic, 0, 2))


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _number(value: object) -> TypeGuard[float]:
    return (_whole(value) or isinstance(value, (float, np.floating))) and math.isfinite(value)
