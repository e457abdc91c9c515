"""What the model itself returned, step by step: a hook on it, while the block runs and only where it is asked for."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
import xarray as xr
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence
from torch.utils.hooks import RemovableHandle

from rnnviz.recording.layout import Layout
from rnnviz.recording.observed import Observed, Watched
from rnnviz.recording.packed import by_node, side_by_side
from rnnviz.recording.passes import working
from rnnviz.recording.to_trace import free
from rnnviz.trace import Recorded, node

NODE = "outputs"  # its name in a trace


class Outputs:
    """The outputs of each call of a model, (time, batch, output), and the lengths of their sequences, until they are taken."""

    def __init__(self, model: nn.Module, observed: Observed):
        self._observed = observed
        self._before: dict[Watched, int] = {}  # steps of each module when the model was called
        self._told = False
        self.came: list[tuple[Tensor, Tensor | None]] = []
        self._hooks: list[RemovableHandle] = [
            model.register_forward_pre_hook(lambda _module, _args: self._begin()),
            model.register_forward_hook(lambda _module, _args, result: self._end(result)),
        ]

    def stop(self) -> None:
        """The model is as it was."""
        for hook in self._hooks:
            hook.remove()

    def taken(self) -> list[Recorded]:
        """What came since it was last taken: calls whose batch and outputs are as many one after the other."""
        together: dict[object, list[tuple[Tensor, Tensor | None]]] = {}
        for number, (array, lengths) in enumerate(self.came):
            key = (array.shape[1:], None if lengths is None else number)
            together.setdefault(key, []).append((array, lengths))
        self.came = []
        return [
            Recorded(
                "output",
                {"value": torch.cat([array for array, _ in own]).transpose(0, 1).numpy()},
                [len(array) for array, _ in own],
                lengths=None if own[0][1] is None else own[0][1].numpy(),
            )
            for own in together.values()
        ]

    def nodes(self, taken: Mapping[str, object]) -> dict[str, xr.Dataset]:
        """The nodes of what came, under names that are not taken; of many packed calls see `packed`."""
        found: dict[str, xr.Dataset] = {}
        for number, parts in enumerate(by_node(self.taken(), lambda part: part.arrays["value"].shape[2])):
            own = free(NODE if not number else f"{NODE}_{number + 1}", {**taken, **found})
            found[own] = side_by_side([node(own, part) for part in parts])
        return found

    def _begin(self) -> None:
        self._before = {watched: watched.steps for watched in self._observed.watched}

    def _end(self, result: Any) -> None:
        array = _first(result)
        if array is None:
            return
        called = [
            (watched.last, watched.steps - before, bool(getattr(watched.module, "batch_first", False)))
            for watched in self._observed.watched
            if watched.last and watched.steps > (before := self._before.get(watched, 0))
        ]
        with torch.no_grad():
            for seen, steps, batch_first in reversed(called):
                found = _by_step(array, seen.layout, steps, batch_first)
                if found is not None:
                    valid = seen.layout.valid
                    lengths = None if valid is None else seen.layout.unsorted(valid.sum(0), 0).cpu()
                    self.came.append((working(found).cpu().clone(), lengths))
                    return
        if called and not self._told:
            self._told = True
            seen, steps, _ = called[-1]
            warnings.warn(
                f"the model returned {tuple(array.shape)}; wanted (time {steps}, batch {seen.layout.batch}, output) or batch"
                " first: its outputs are left out",
                RuntimeWarning,
                stacklevel=2,
            )


def _first(result: Any) -> Tensor | None:
    """The logits of what a model returned, or the first of several tensors."""
    if isinstance(result, Tensor):
        return result
    if isinstance(result, PackedSequence):
        return pad_packed_sequence(result)[0]
    if isinstance(result, Mapping):
        return _first(result["logits"] if "logits" in result else next(iter(result.values()), None))
    if hasattr(result, "logits"):
        return _first(result.logits)
    return _first(result[0]) if isinstance(result, Sequence) and result else None


def _by_step(array: Tensor, layout: Layout, steps: int, batch_first: bool) -> Tensor | None:
    """(time, batch, output) of what a model returned; None where it cannot be told. One row for each sequence stands at its last
    step, with NaN before."""
    shape, batch = tuple(array.shape), layout.batch
    if len(shape) == 3 and {shape[:2]} & {(steps, batch), (batch, steps)}:
        turned = batch_first if steps == batch else shape[0] == batch
        return array.transpose(0, 1) if turned else array
    if len(shape) == 2 and shape[0] == steps * batch and shape[0] != batch:
        return array.view(batch, steps, -1).transpose(0, 1) if batch_first else array.view(steps, batch, -1)
    if len(shape) in (1, 2) and shape[0] == batch:
        spread = array.new_full((steps, batch, math.prod(shape[1:])), math.nan)
        lengths = (
            layout.unsorted(layout.lengths, 0) if layout.valid is not None else torch.tensor([steps] * batch)
        )
        spread[cast(Any, (lengths - 1, torch.arange(batch)))] = array.view(batch, -1)
        return spread
    return None
