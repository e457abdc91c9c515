"""Tasks with a known answer, some steps after what decides it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from rnnviz.told import Told
from rnnviz.training import generated

TASKS = {"first": 1, "adding": 1, "copy": 3, "parity": 1, "brackets": 4}  # and the fewest steps of each
SYMBOLS = {  # as a sequence is written, in the order of their numbers
    "first": "ABcdef",
    "copy": "abcdefgh_?",
    "parity": "01",
    "brackets": "_ab",
}
ANSWERS = {  # what is said at the end, in the order of their numbers; of the adding problem, a number
    "first": tuple("AB"),
    "adding": ("sum of the marked numbers",),
    "copy": tuple("abcdefgh"),
    "parity": ("even", "odd"),
    "brackets": ("unequal", "equal"),
}
NEAR = 0.1  # a sum that is told as near as this is right


@dataclass(frozen=True)
class Examples:
    """x: (batch, time, input), float32. target: (batch, asked), whole numbers, or floats where a number is to be told; what is
    asked for at the last `asked` steps. outputs: of the head."""

    x: Tensor
    target: Tensor
    outputs: int

    def losses(self, said: Tensor) -> Tensor:
        """said: (batch, time, output). Each sequence's own loss, (batch,): the mean over what is asked for of the cross entropy,
        nats, or of the squared error."""
        answer = said[:, -self.target.shape[1] :]
        if self.target.is_floating_point():
            return functional.mse_loss(answer[..., 0], self.target.to(said.dtype), reduction="none").mean(1)
        return functional.cross_entropy(answer.transpose(1, 2), self.target, reduction="none").mean(1)

    def right(self, said: Tensor) -> float:
        """The share of answers that are right; of a number, those nearer than 0.1. said: (batch, time, output)."""
        answer = said[:, -self.target.shape[1] :]
        if self.target.is_floating_point():
            right = (answer[..., 0] - self.target).abs() < NEAR
        else:
            right = answer.argmax(-1) == self.target
        return right.double().mean().item()


def examples(task: str, steps: int, batch: int, seed: int) -> Examples:
    """Sequences of a task, drawn from a seed. Raises ValueError where the task needs more steps."""
    if task == "adding":
        numbers, sums = generated.adding(batch, steps, seed)
        return Examples(torch.from_numpy(numbers).float(), torch.from_numpy(sums[:, -1:]).float(), 1)
    if task == "copy":
        read, said = generated.copy_memory(batch, steps, seed)
        asked = generated.copied(steps)
        return Examples(
            _one_hot(read, generated.COPY_SYMBOLS + 2),
            torch.from_numpy(said[:, -asked:]),
            generated.COPY_SYMBOLS,
        )
    make, symbols = {
        "first": (generated.first_symbol, generated.SYMBOLS),
        "parity": (generated.parity, 2),
        "brackets": (generated.brackets, 3),
    }[task]
    read, answer = make(batch, steps, seed)
    return Examples(_one_hot(read, symbols), torch.from_numpy(answer[:, None]), 2)


def answer(task: str, x: Tensor) -> Tensor:
    """What is to be said at the end of a sequence, (asked,), as `Examples.target` has it. x: (time, input). Raises ValueError
    where it asks for nothing that the task knows."""
    if task == "adding":
        return (x[:, 0] * x[:, 1]).sum(0, keepdim=True)
    read = x.argmax(-1)
    if task == "parity":
        return read.sum(0, keepdim=True) % 2
    if task == "brackets":
        return ((read == 1).sum(0, keepdim=True) == (read == 2).sum(0, keepdim=True)).long()
    first, kinds = (
        (read[:1], generated.ASKED)
        if task == "first"
        else (read[: generated.copied(len(read))], generated.COPY_SYMBOLS)
    )
    if not len(first) or first.max() >= kinds:
        raise Told("wanted one of {names} at the beginning", names=" ".join(SYMBOLS[task][:kinds]))
    return first


def chance(task: str) -> float:
    """The share of right answers without a look at what was read: of the adding problem, with the sum that is the likeliest."""
    if task == "adding":  # the sum of two even draws lies within 0.1 of 1
        return 1 - (1 - NEAR) ** 2
    return 1 / (generated.COPY_SYMBOLS if task == "copy" else 2)


def _one_hot(ids: np.ndarray, wide: int) -> Tensor:
    return functional.one_hot(torch.from_numpy(ids), wide).float()
