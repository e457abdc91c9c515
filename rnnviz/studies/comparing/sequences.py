"""What the networks of a comparison read and are to say, and their loss."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz.studies.comparing.setup import NOISE, Setup
from rnnviz.training import generated


@dataclass(frozen=True)
class Data:
    """x: (batch, time, input). target: (batch, time) whole numbers, or (batch, time, output). outputs: of the head."""

    x: Tensor
    target: Tensor
    outputs: int

    def first(self, steps: int) -> "Data":
        """The same of the first steps."""
        return Data(self.x[:, :steps], self.target[:, :steps], self.outputs)

    def loss(self, said: Tensor, which: str) -> Tensor:
        """said: (batch, time, output). Mean over the batch of each sequence's loss: squared error, or cross entropy in nats."""
        target = self.target
        if which == "last":
            said, target = said[:, -1:], target[:, -1:]
        if target.dtype == torch.int64:
            return nn.functional.cross_entropy(said.transpose(1, 2), target)
        return nn.functional.mse_loss(said, target)


def data(setup: Setup, seed: int = 0) -> Data:
    """What the networks of a seed read and are to say, the same for each architecture."""
    if setup.input == "text":
        characters = sorted(set(setup.text))
        ids = torch.tensor([[characters.index(one) for one in setup.text[: setup.length + 1]]])
        return Data(_one_hot(ids[:, :-1], len(characters)), ids[:, 1:], len(characters))
    if setup.input == "adding":
        x, sums = generated.adding(setup.batch, setup.steps, seed)
        return Data(torch.from_numpy(x), torch.from_numpy(sums)[..., None], 1)
    if setup.input == "copy":
        ids, target = (torch.from_numpy(one) for one in generated.copy_memory(setup.batch, setup.steps, seed))
        return Data(_one_hot(ids, generated.COPY_SYMBOLS + 2), target, generated.COPY_SYMBOLS + 2)
    noise = torch.from_numpy(np.random.default_rng(seed).normal(size=(setup.batch, setup.steps, NOISE + 1)))
    return Data(noise[..., :NOISE].contiguous(), noise[..., NOISE:].contiguous(), 1)


def _one_hot(ids: Tensor, wide: int) -> Tensor:
    return nn.functional.one_hot(ids, wide).double()
