"""What a model answers at the end of what it read, and what it would have answered after every step before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from torch import Tensor

from rnnviz.told import Told


@dataclass(frozen=True, eq=False)
class Answers:
    """How a model's answers are read.

    names: of the answers that it chooses from; a single one is that of a number that it tells. scores: from what the model
    returned, at every step the logits of the answers, or the number: (time, answer). right: of a text, what ought to be said at
    its last steps, one for each of them: places in `names`, or numbers; none where nobody knows.
    """

    names: Sequence[str]
    scores: Callable[[Any], Tensor]
    right: Callable[[str], Sequence[float]]

    def of(self, result: Any, text: str) -> xr.Dataset:
        """What a model that returned `result` for a text answers.

        said: (answer, time), the probability of each answer, or the number, if it were asked after that step; wanted: (time,),
        the right one's place, or the right number; NaN where it is not asked, or nobody knows. asked: at how many last steps it
        is asked, as far as is known, one at least. Raises ValueError where there are not as many scores as names.
        """
        scores = self.scores(result).detach().double().cpu()
        if scores.dim() != 2 or scores.shape[1] != len(self.names):
            raise Told(
                "answers must have scores (time, {count}); got {shape}",
                count=len(self.names),
                shape=tuple(scores.shape),
            )
        right = list(self.right(text))
        chosen = len(self.names) > 1
        wanted = np.full(len(scores), np.nan)
        if right:
            wanted[-len(right) :] = right
        said = (scores.softmax(-1) if chosen else scores).numpy().T
        about = {"long_name": "probability", "units": "1", "valid_range": (0.0, 1.0)}
        return xr.Dataset(
            {
                "said": (
                    ("answer", "time"),
                    said,
                    about if chosen else {"long_name": self.names[0], "units": "1"},
                ),
                "wanted": ("time", wanted),
            },
            coords={"answer": list(self.names)},
            attrs={"asked": max(1, len(right))},
        )
