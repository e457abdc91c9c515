"""A training as it stands, read by whoever draws it while another thread reads on."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnnviz.monitoring.runs import Kept

if TYPE_CHECKING:  # it brings xarray, which the first answer need not wait for
    import xarray as xr

lock = threading.Lock()  # held while a file is read on


@dataclass(frozen=True)
class Beside:
    """What a logged number would be without learning. logged: its name. said: how that comes about, as the legend has it. limits:
    between which the number can be; None for none."""

    logged: str
    said: str
    value: float
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Seen:
    """name: as the page and a link call it. problem: why nothing more is read of it, '' where all is well. beside: what one of
    its numbers is held against."""

    name: str
    run: Kept
    problem: str = ""
    beside: Beside | None = None

    def numbers(self) -> "xr.Dataset":
        from rnnviz.monitoring import arrays

        with lock:
            return arrays.numbers(self.run)

    def modules(self) -> list[str]:
        from rnnviz.monitoring import arrays

        with lock:
            return arrays.modules(self.run)

    def layers(self, module: str) -> "xr.Dataset":
        from rnnviz.monitoring import arrays

        with lock:
            return arrays.layers(self.run, module)
