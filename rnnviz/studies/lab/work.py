"""What a worker process runs: data and a set-up as JSON has them in, moments on the way, a dataset in the end."""

import base64
import json
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import xarray as xr

from rnnviz.monitoring import runs
from rnnviz.studies.lab import asked
from rnnviz.studies.lab.running import Training
from rnnviz.studies.lab.setup import Setup


@dataclass(frozen=True)
class Reached:
    """How far a training is: updates done, of how many; frame: its moment."""

    training: Training
    frame: dict[str, Any]

    @property
    def done(self) -> int:
        return self.training.update

    @property
    def total(self) -> int:
        return self.training.setup.updates

    @property
    def what(self) -> str:
        return self.training.setup.name

    @property
    def kept(self) -> bytes:
        """What `Training.of` goes on from: of the training as it stands, so ask before it goes on."""
        return self.training.state()


def train(
    setup: dict[str, Any], material: dict[str, Any], state: str = ""
) -> Generator[Reached, None, xr.Dataset]:
    """Trains a set-up as `Setup.to_dict` gives it on what `asked.material` makes of plain values. state: base64 of what
    `Training.state` gave, to go on from. The dataset says how far it came (`update`) and whether it left the numbers
    (`diverged`). Raises ValueError where that cannot be."""
    of, own = Setup.from_dict(setup), asked.material(material)
    raw = base64.b64decode(state, validate=True) if state else None
    training = Training(of, own) if raw is None else Training.of(of, own, raw)
    for moment in training.run():
        yield Reached(training, _plain(moment))
    return xr.Dataset(attrs={"update": training.update, "diverged": int(training.diverged)})


def _plain(moment: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it."""
    plain: dict[str, Any] = json.loads(runs.line(moment))
    return plain
