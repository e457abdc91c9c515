"""Watching: a function mode that sees each torch function called in its thread, and knows the recurrent ones among them.

A mode belongs to its thread and ends with its block: nothing is put on a module, and nothing has to be taken off again.
"""

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import multi_head_attention_forward
from torch.overrides import TorchFunctionMode

from rnnviz.recording.attention import Look, attend, look_at_attend, look_at_multihead
from rnnviz.recording.forward import run_cell, run_module, run_packed_module
from rnnviz.recording.observed import Observed
from rnnviz.recording.torch_private import CELL_FORWARDS, CELLS, KERNELS, frame_of, in_backward, unwatched

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
        if in_backward():  # a checkpoint may be computed again: that is no new call
            return func(*args, **kwargs)
        if func in KERNELS and len(args) == 9:  # the stock modules pass all by position
            packed = isinstance(args[3], (list, tuple))  # data, batch sizes, states, weights, …
            return _recurrent(
                func, run_packed_module if packed else run_module, args, args[3 if packed else 2]
            )
        if func in CELLS and len(args) >= 4:
            # to read the weights of a parametrized cell would compute them anew: its forward, on the stack, says whose they are
            frame = frame_of(CELL_FORWARDS)
            cell = None if frame is None else frame.f_locals.get("self")
            weights = [weight for weight in args[2:6] if weight is not None]
            return _recurrent(func, run_cell, args, weights, cell)
        if func in (attend, multi_head_attention_forward):
            return _attention(func, args, kwargs)
        return func(*args, **kwargs)


def _recurrent(
    kernel: Callable[..., Any],
    run: Callable[..., Any],
    args: Sequence[Any],
    weights: Sequence[Tensor],
    cell: nn.Module | None = None,
) -> Any:
    """A kernel runs as it would, or layer by layer where a recording has the module whose weights these are."""
    # One mode answers for all recordings of the thread: an inner must not hide a call from an outer.
    found = [(one, module) for one in watching() if (module := one.find(weights, cell))]
    if not found:
        return kernel(*args)
    with unwatched():
        return run(kernel, found, *args)


def _attention(func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Attention runs as it would; then each recording is told that one of its modules called it."""
    result = func(*args, **kwargs)
    callers: list[nn.Module] = []
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, nn.Module):
            callers.append(caller)
        frame = frame.f_back

    def look() -> Look:
        return look_at_attend(result, *args, **kwargs) if func is attend else look_at_multihead(args, kwargs)

    with unwatched():
        for one in watching():
            one.looked(look, callers)
    return result
