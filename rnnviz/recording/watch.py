"""Watching: a function mode that sees each torch function called in its thread, and knows the recurrent ones among them.

A mode belongs to its thread and ends with its block: nothing is put on a module, and nothing has to be taken off again.
"""

import inspect
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import multi_head_attention_forward
from torch.overrides import TorchFunctionMode

from rnnviz.recording.attention import Look, attend, look_at_attend, look_at_multihead
from rnnviz.recording.forward import run_cell, run_module, run_packed_module
from rnnviz.recording.observed import Observed
from rnnviz.recording.refusals import refuse_again, refuse_subclass
from rnnviz.recording.torch_private import (
    CELL_FORWARDS,
    CELLS,
    KERNELS,
    frame_of,
    in_backward,
    left_fast_path,
    unwatched,
)

_thread = threading.local()  # as torch's stack of modes is


def watching() -> list[Observed]:
    """What the recordings of this thread observe, from the outer to the inner."""
    if not hasattr(_thread, "watching"):
        _thread.watching = []
    found: list[Observed] = _thread.watching
    return found


class Watch(TorchFunctionMode):
    """Sees every torch function that is called in its thread, and acts on the recurrent kernels and on attention."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in KERNELS and len(args) == 9:  # the stock modules pass all by position
            packed = isinstance(args[3], (list, tuple))  # data, batch sizes, states, weights, …
            run = run_packed_module if packed else run_module
            return _recurrent(func, types, run, args, args[3 if packed else 2])
        if func in CELLS and len(args) >= 4:
            # to read the weights of a parametrized cell would compute them anew: its forward, on the stack, says whose they are
            frame = frame_of(CELL_FORWARDS)
            cell = None if frame is None else frame.f_locals.get("self")
            weights = [weight for weight in args[2:6] if weight is not None]
            return _recurrent(func, types, run_cell, args, weights, cell)
        # in a backward, attention may be computed again: that is no new call
        if func in (attend, multi_head_attention_forward) and not in_backward():
            return _attention(func, args, kwargs)
        return func(*args, **kwargs)


def _recurrent(
    kernel: Callable[..., Any],
    types: Iterable[type],
    run: Callable[..., Any],
    args: Sequence[Any],
    weights: Sequence[Tensor],
    cell: nn.Module | None = None,
) -> Any:
    """A kernel runs as it would, or layer by layer where a recording has the module whose weights these are."""
    # One mode answers for all recordings of the thread: an inner must not hide a call from an outer.
    found = [(one, module) for one in watching() if (module := one.find(weights, cell))]
    if not found:
        for one in watching():
            one.strangers.add("_".join(filter(None, KERNELS.get(kernel, CELLS.get(kernel)) or ())))
        return kernel(*args)
    if in_backward():
        refuse_again(found[0][1].name or KERNELS.get(kernel, CELLS.get(kernel, ("", "")))[0])
        return kernel(*args)
    for cls in types:
        if any("__torch_function__" in vars(base) for base in cls.__mro__ if base not in Tensor.__mro__):
            refuse_subclass(cls)
    with unwatched():
        return _as_subclass(run(kernel, found, *args), tuple(types))


def _as_subclass(result: Any, types: tuple[type, ...]) -> Any:
    """Tensors of the kind that was given, as torch itself returns them."""
    kind = next((cls for cls in types if all(issubclass(cls, other) for other in types)), None)
    if kind is None:
        return result
    if isinstance(result, Tensor):
        return result if isinstance(result, kind) else result.as_subclass(kind)
    return tuple(_as_subclass(part, types) for part in result)


def _attention(func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Attention runs as it would; then each recording is told that one of its modules called it."""
    result = func(*args, **kwargs)
    callers: list[nn.Module] = []
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, nn.Module):
            callers.append(caller)
            if isinstance(caller, (nn.TransformerEncoder, nn.TransformerEncoderLayer)):
                _warn_of_padding(caller, frame.f_locals)
        frame = frame.f_back

    def look() -> Look:
        return look_at_attend(result, *args, **kwargs) if func is attend else look_at_multihead(args, kwargs)

    with unwatched():
        for one in watching():
            one.looked(look, callers)
    return result


def _warn_of_padding(encoder: nn.Module, known: Mapping[str, Any]) -> None:
    """Warns where an encoder would have taken torch's fast path, which any function mode turns off, and where that does to
    padding what the slow one does not: an encoder's places of padding become 0, a sequence that is nothing but padding NaN."""
    mask = known.get("src_key_padding_mask")
    tracked = torch.is_grad_enabled() and any(parameter.requires_grad for parameter in encoder.parameters())
    if mask is None or tracked or not left_fast_path(known):
        return
    padded = mask if mask.dtype == torch.bool else mask == -torch.inf
    if bool(padded.any() if isinstance(encoder, nn.TransformerEncoder) else padded.all(-1).any()):
        name = next((f" {one.names[encoder]!r}" for one in watching() if one.names.get(encoder)), "")
        warnings.warn(
            f"under record, {type(encoder).__name__}{name} leaves torch's fast path: at padding its output is not what it would"
            " be without (zeros, or NaN where all is padding); read nothing there",
            RuntimeWarning,
            stacklevel=2,
        )
