"""torch's optimisers by the functions that they call: to make the first Optimizer of a process, torch imports its compiler, which
takes seconds. The numbers are torch's, to the last bit."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """torch.optim.Adam as it comes, but for the rate (Kingma & Ba 2015, arXiv:1412.6980)."""

    def __init__(self, parameters: Iterable[Tensor], rate: float):
        self.parameters, self.rate = list(parameters), rate
        self.means, self.squares = ([torch.zeros_like(p) for p in self.parameters] for _ in range(2))
        self.steps = [torch.tensor(0.0) for _ in self.parameters]

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One update. gradients: one for each parameter."""
        with torch.no_grad():
            adam(
                self.parameters,
                list(gradients),
                self.means,
                self.squares,
                [],
                self.steps,
                foreach=False,
                amsgrad=False,
                beta1=0.9,
                beta2=0.999,
                lr=self.rate,
                weight_decay=0.0,
                eps=1e-8,
                maximize=False,
            )

    @property
    def state(self) -> list[Tensor]:
        """All that it remembers beside the parameters: the tensors themselves, to be written and filled again."""
        return [*self.means, *self.squares, *self.steps]


class SGD:
    """torch.optim.SGD as it comes: each parameter less the rate times its gradient."""

    def __init__(self, parameters: Iterable[Tensor], rate: float):
        self.parameters, self.rate = list(parameters), rate

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One update. gradients: one for each parameter."""
        with torch.no_grad():
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.add_(gradient, alpha=-self.rate)

    @property
    def state(self) -> list[Tensor]:
        """It remembers nothing."""
        return []


NAMED: dict[str, type[Adam] | type[SGD]] = {"adam": Adam, "sgd": SGD}
