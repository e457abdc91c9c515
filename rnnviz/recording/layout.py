"""How the sequences of one call lie in memory, and how they are brought into reading order and back."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """How the sequences of one call lie in memory: all of one length, (time, batch, …); or packed, with the rows of one
    step together and sequences in falling order of length.

    order: where each sequence of the caller's stands in the packed order, None where they came sorted.
    """

    steps: int
    batch: int
    sizes: Tensor | None = None
    valid: Tensor | None = None  # (time, batch)
    order: Tensor | None = None

    @classmethod
    def packed(cls, sizes: Tensor, order: Tensor | None, device: torch.device) -> "Layout":
        batch = int(sizes[0])
        valid = torch.arange(batch) < sizes[:, None]
        return cls(len(sizes), batch, sizes, valid.to(device), order)

    @property
    def lengths(self) -> Tensor:
        """(batch,) in packed order."""
        return torch.full((self.batch,), self.steps) if self.valid is None else self.valid.sum(0)

    @property
    def last(self) -> tuple[Tensor, Tensor]:
        """Index of (time, batch, …) at the last step of each sequence."""
        lengths = self.lengths
        return lengths - 1, torch.arange(self.batch, device=lengths.device)

    def dense(self, data: Tensor) -> Tensor:
        """(time, batch, …) of what the kernel reads or returns; 0 beyond the end of a sequence."""
        if self.valid is None:
            return data
        spread = data.new_zeros(self.steps, self.batch, *data.shape[1:])
        spread[self.valid] = data
        return spread

    def flat(self, spread: Tensor) -> Tensor:
        """As the kernel reads it: the inverse of `dense`."""
        return spread if self.valid is None else spread[self.valid]

    def turned(self, data: Tensor) -> Tensor:
        """Each sequence from its end to its start; the inverse of itself."""
        if self.valid is None or self.sizes is None:
            return data.flip(0)
        return data.index_select(0, self._turning(self.sizes, self.valid))

    def turned_dense(self, spread: Tensor) -> Tensor:
        """The same for (time, batch, …)."""
        return spread.flip(0) if self.valid is None else self.dense(self.turned(self.flat(spread)))

    def _turning(self, sizes: Tensor, valid: Tensor) -> Tensor:
        offsets = torch.cat((sizes.new_zeros(1), sizes.cumsum(0)[:-1])).to(valid.device)
        step, row = valid.nonzero(as_tuple=True)
        return offsets[self.lengths[row] - 1 - step] + row

    def unsorted(self, arrays: Tensor, dim: int) -> Tensor:
        """In the caller's order of the sequences."""
        return arrays if self.order is None else arrays.index_select(dim, self.order)
