"""What torch's own kernel keeps for its backward, so that a recording keeps the same.

Autograd raises where something that was kept has been written to since, and where a graph is gone through a second time. A
kernel keeps some of its inputs as they are and copies others, by its kind, type and layout; so a recording that kept more
would raise where the plain call does not, and one that kept less would train on with other gradients. Which they are is found
out by running the kernel on two steps of zeros.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from rnnviz.recording.layer import Kernel, Layer
from rnnviz.recording.layout import Layout
from rnnviz.recording.torch_private import onednn_is_on


@dataclass(frozen=True)
class _Shape:
    """All about a tensor that decides what is kept of it."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device
    requires_grad: bool

    @classmethod
    def of(cls, tensor: Tensor) -> "_Shape":
        return cls(tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor.device, tensor.requires_grad)

    def zeros(self) -> Tensor:
        """Of this shape, lying in memory in this way."""
        extent = 1 + sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))
        flat = torch.zeros(max(1, extent), dtype=self.dtype, device=self.device)
        return flat.as_strided(self.size, self.stride).detach().requires_grad_(self.requires_grad)


def kept(layer: Layer, inputs: Sequence[Tensor]) -> tuple[tuple[bool, ...], bool]:
    """Which of the inputs (x, initial states, weights) the kernel keeps as they are, and whether it keeps its output."""
    x, *rest = inputs
    sizes: tuple[int, ...] | None = None
    if layer.layout.sizes is not None:
        sizes = tuple(layer.layout.sizes[:2].tolist())
        x = x[: sum(sizes)]
    else:
        x = x[:2]
    # the numbers of the layer and of the steps do not count
    return _kept(
        layer.kernel,
        sizes,
        layer.biases,
        layer.training,
        layer.states,
        tuple(_Shape.of(tensor) for tensor in (x, *rest)),
        onednn_is_on(),
        layer.lowered,
    )


@lru_cache(256)
def _kept(
    kernel: Kernel,
    sizes: tuple[int, ...] | None,
    biases: bool,
    training: bool,
    states: int,
    shapes: tuple[_Shape, ...],
    onednn: bool,
    lowered: torch.dtype | None,
) -> tuple[tuple[bool, ...], bool]:
    with torch.inference_mode(False), torch.enable_grad():
        x, *rest = (shape.zeros() for shape in shapes)
        layout = (
            Layout(len(x), x.shape[1]) if sizes is None else Layout(len(sizes), sizes[0], torch.tensor(sizes))
        )
        layer = Layer((0, 0), kernel, layout, biases, training, states)
        found: set[int] = set()

        def note(tensor: Tensor) -> Tensor:
            found.add(tensor.untyped_storage().data_ptr())
            return tensor

        with saved_tensors_hooks(note, lambda tensor: tensor), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cuDNN's, of weights that do not lie in one buffer
            output, *_ = layer.plain(x, rest[:states], rest[states:])
    of_inputs = tuple(tensor.untyped_storage().data_ptr() in found for tensor in (x, *rest))
    return of_inputs, output.untyped_storage().data_ptr() in found
