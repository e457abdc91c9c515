"""What a worker process runs: arguments as JSON has them in, moments on the way, a dataset in the end."""

import base64
from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

import xarray as xr

from rnnviz.studies.memory.running import Moment, Race, gathered
from rnnviz.studies.memory.setup import Setup


@dataclass(frozen=True)
class Reached:
    """How far a training is: updates done, of how many; frame: the fields of its `Moment`."""

    race: Race
    frame: dict[str, Any]

    @property
    def done(self) -> int:
        return self.race.update

    @property
    def total(self) -> int:
        return self.race.setup.updates

    @property
    def what(self) -> str:
        return self.race.setup.task

    @property
    def kept(self) -> bytes:
        """What `Race.of` goes on from: of the race as it stands, so ask before it goes on."""
        return self.race.state()


def train(
    setup: dict[str, Any], state: str = "", before: list[dict[str, Any]] | None = None
) -> Generator[Reached, None, xr.Dataset]:
    """Trains a set-up as `Setup.to_dict` gives it. state: base64 of what `Race.state` gave, to go on from; before: the frames up
    to there, which the dataset then begins with. Raises ValueError where it is of another set-up."""
    asked = Setup.from_dict(setup)
    race = Race.of(asked, base64.b64decode(state, validate=True)) if state else Race(asked)
    moments = [Moment(**frame) for frame in before or () if frame["update"] <= race.update]
    for moment in race.run():
        moments.append(moment)
        yield Reached(race, asdict(moment))
    return gathered(asked, moments)
