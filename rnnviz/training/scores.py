"""How well a model does on text that it has not seen."""

import numpy as np
import torch
from torch import nn

from rnnviz.models.networks import reading


def held_out_loss(model: nn.Module, ids: np.ndarray, streams: int = 16, length: int = 500) -> float:
    """Mean loss in nats a token on a text the model has not seen, read as `streams` parts with the state carried on.

    ids: (time,). Each part starts from the zero state and every token but its first is predicted once.
    """
    streams = max(1, min(streams, len(ids) // 2))
    rows = torch.from_numpy(ids[: len(ids) // streams * streams].reshape(streams, -1))
    total, count, state = 0.0, 0, None
    with reading(model), torch.inference_mode():
        for start in range(0, rows.shape[1] - 1, length):
            block = rows[:, start : start + length + 1]
            scores, state = model(block[:, :-1], state)
            target = block[:, 1:].flatten()
            total += nn.functional.cross_entropy(scores.flatten(0, 1), target, reduction="sum").item()
            count += target.numel()
    return total / count
