"""Where the gates lie in the arrays of each format, and how they come into PyTorch's order.

| written by | LSTM | GRU | input weight | recurrent weight | bias |
|---|---|---|---|---|---|
| PyTorch | i f g o | r z n | (gates · unit, input) | (gates · unit, unit) | two of (gates · unit) |
| Keras | i f c o | z r h | (input, gates · unit) | (unit, gates · unit) | one; of a GRU (2, gates · unit) |
| Keras, CuDNN layers | i f c o | z r h | each gate as (unit, input) in memory | each gate transposed | (2 · gates · unit) |
| ONNX, for each direction | i o f c | z r h | (gates · unit, input) | (gates · unit, unit) | (2 · gates · unit) |
| NumPy habits | `Wi Wf Wo Wc`, or `Wg` | `W_ir … b_hn` | a matrix a gate | a matrix a gate | one a gate, or two |

NumPy's matrices may be (unit, input), as in W @ x, or (input, unit), as in x @ W: the shapes say which. Matrices that multiply
state and input in one, (unit, unit + input), do not say which comes first. What is read of a GRU: PyTorch's and CuDNN's all,
Keras's with `reset_after=True`, ONNX's with `linear_before_reset=1`, NumPy's with PyTorch's names, `b_in` and `b_hn` among them.

c and g are the same thing, the candidate, and so are h and n. In all of these a GRU's z **keeps**: h_t = (1 − z) n + z h_{t−1}.
PyTorch's GRU resets after the product, n = tanh(W x + b_in + r (U h + b_hn)); one that resets before it, n = tanh(W x + U (r h)
+ b), is another function and cannot be an `nn.GRU`.

Sources: torch.nn.LSTM and GRU; keras.layers.LSTM and GRU (`_convert_rnn_weights` of Keras 2 for CuDNN); ONNX operators LSTM-22
and GRU-22; Cho et al. 2014, arXiv:1406.1078.
"""

import torch
from torch import Tensor

PYTORCH = {"lstm": "ifgo", "gru": "rzn", "rnn": "n"}
KERAS = {"lstm": "ifgo", "gru": "zrn", "rnn": "n"}
ONNX = {"lstm": "iofg", "gru": "zrn", "rnn": "n"}
COUNT = {kind: len(order) for kind, order in PYTORCH.items()}
KINDS = {count: kind for kind, count in COUNT.items()}  # a layer's kind, by how many gates it has


def reordered(rows: Tensor, kind: str, order: str) -> Tensor:
    """Rows (gates · unit, …) whose gates lie as `order` says, in PyTorch's order.

    >>> reordered(torch.tensor([1, 2, 3, 4]), "lstm", ONNX["lstm"]).tolist()  # i o f c
    [1, 3, 4, 2]
    """
    blocks = dict(zip(order, rows.chunk(len(order)), strict=True))
    return torch.cat([blocks[gate] for gate in PYTORCH[kind]])


def from_cudnn(kernel: Tensor, gates: int) -> Tensor:
    """A kernel (input, gates · unit) of Keras's CuDNN layers as one of Keras's others: each gate is (unit, input) in memory."""
    inputs, units = kernel.shape[0], kernel.shape[1] // gates
    return torch.cat([block.reshape(units, inputs).T for block in kernel.chunk(gates, 1)], 1)
