"""What a worker process runs: arguments as JSON has them in, progress on the way, a dataset in the end."""

from collections.abc import Generator
from typing import Any

import xarray as xr

from rnnviz.studies import comparing


def compare(setup: dict[str, Any]) -> Generator[comparing.Progress, None, xr.Dataset]:
    """`comparing.run` of a set-up as `Setup.to_dict` gives it."""
    return (yield from comparing.run(comparing.Setup.from_dict(setup)))


def dynamics(
    architecture: dict[str, Any], setup: dict[str, Any]
) -> Generator[comparing.Progress, None, xr.Dataset]:
    """`comparing.dynamics` of an architecture's fields and a set-up as `Setup.to_dict` gives it."""
    one = comparing.Architecture(**architecture)
    yield comparing.Progress(0, 1, one.name)
    return comparing.dynamics(one, comparing.Setup.from_dict(setup))
