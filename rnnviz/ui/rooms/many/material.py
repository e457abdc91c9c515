"""What the page draws of: many sequences, read by one network."""

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from rnnviz.ui.shell.language import _

MOST = 500  # sequences
MOST_STATES = 200_000  # of a recording, in all


@dataclass(frozen=True, eq=False)
class Material:
    """Many sequences, read by one network. Shared between readers: look, never change.

    key: stands for what was read, and by whom. found: as studies.trajectories has it, with `verdict` where there is one. labels:
    names of what the sequences are; label: (sequence,), which of them, −1 for none. missed: the sequences that the model gets
    wrong, the surest first; None where nobody can say. tokens: of each sequence, as shown; None where nobody said. names: what
    the sequences are called; () where their tokens are name enough. said: what the model made of each. link: of the page on one
    sequence, where the script puts in its text or its number: numbers, of a recording, from 1. sort: review or
    sequence. note: where they come from.
    """

    key: str
    name: str
    found: xr.Dataset
    labels: tuple[str, ...] = ()
    label: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    missed: np.ndarray | None = None
    tokens: tuple[tuple[str, ...], ...] | None = None
    names: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    link: str = ""
    numbers: tuple[int, ...] = ()
    sort: str = "review"
    note: str = ""

    @property
    def count(self) -> int:
        return self.found.sizes["sequence"]

    def called(self, number: int) -> str:
        """What a sequence is called on the page, in the reader's language."""
        if self.names:
            return self.names[number]
        return _("Review {number}").format(number=number + 1)
