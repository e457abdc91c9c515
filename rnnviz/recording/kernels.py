"""A native kernel that hands out its gates: oneDNN's LSTM for float32 on the CPU, the one that torch itself calls.

For training it keeps every gate of every step in a workspace for its backward, so they need not be recovered. The layout
of that workspace is oneDNN's own affair: what is read from it is believed only as far as it rebuilds the states that the
kernel returned (`gates.recover`), and where it does not, the gates are recovered from the states.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from rnnviz.recording.torch_private import keeping, onednn_is_on, onednn_lstm, packs_saved_tensors

WORKSPACE = 24 << 20  # bytes that a call may keep; more is run in pieces, so that memory is used again
SHORTEST = 8  # steps from which on it is worth while


def gives_gates(x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], biases: bool) -> bool:
    """Whether `lstm` below can run this. x: (time, batch, input); states: (h, c), each (1, batch, unit)."""
    return (
        x.dtype == torch.float32
        and x.device.type == "cpu"
        and len(x) >= SHORTEST
        and x.shape[1] > 0
        and len(states) == 2
        and len(weights) == (4 if biases else 2)
        and onednn_is_on()
        # hooks on saved tensors are somebody else's: they should not see the workspace
        and not packs_saved_tensors()
        and all(weight.dtype == torch.float32 for weight in weights)
    )


def lstm(
    x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor], biases: bool, rows: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Output (time, batch, unit), h_n and c_n (1, batch, unit); `rows` (time, batch, 4 * unit) takes the gates i, f, g, o.

    Not for autograd: the tensors are detached.
    """
    steps, batch = x.shape[:2]
    h, c = states
    units = h.shape[-1]
    wide = _leading(4 * units)
    # the workspace is about four times its gates
    each = max(1, WORKSPACE // (16 * batch * wide))
    output = x.new_empty(steps, batch, units)
    with keeping():
        own = [_normal(weight).detach().requires_grad_() for weight in weights]
        own += [] if biases else [torch.zeros(4 * units, dtype=torch.float32)] * 2
    for first in range(0, steps, each):
        part = x[first : first + each]
        with keeping():
            part, h, c = (_normal(tensor.contiguous()).detach() for tensor in (part, h, c))
        out, h, c, kept = onednn_lstm(part, (h, c), own)
        output[first : first + each] = out
        numbers = len(part) * batch * wide
        known = None if kept is None else kept.view(torch.float32)[:numbers]
        if known is not None and known.numel() == numbers:
            rows[first : first + each] = known.view(-1, batch, wide)[..., : 4 * units]
        else:
            rows[first : first + each] = torch.nan  # rebuilds nothing
    return output, h, c


def _leading(numbers: int) -> int:
    """Length of a row in the workspace: whole cache lines, but no multiple of 256 numbers (oneDNN's get_good_ld)."""
    wide = -(-numbers // 16) * 16
    return wide + 16 if wide % 256 == 0 else wide


def _normal(tensor: Tensor) -> Tensor:
    return tensor.clone() if tensor.is_inference() else tensor
