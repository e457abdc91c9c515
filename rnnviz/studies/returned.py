"""What a recorded model returned, as a page shows it: shares beside what was to come, or its numbers."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rnnviz.stats import outputs
from rnnviz.studies.subjects import Subject


def rows(subject: Subject, module: str, sequence: int = 0) -> xr.DataArray | None:
    """What the model returned while a module read, (output, time); None where that was not recorded.

    Shares where its outputs have names, of sixteen outputs at most, with a coordinate `true` (time,): the row that was to come,
    −1 where nobody knows. Else its numbers as they are. Raises ValueError where the file cannot be read there.
    """
    found = subject.outputs(module, sequence)
    if found is None or "output_name" not in found.coords:
        return found if found is None else found.transpose("output", "time")
    labels = subject.node(module).coords.get("label")
    label = None if labels is None else str(labels.values[sequence])
    names = found["output_name"].values.tolist()
    true = outputs.truth(names, subject.tokens(module, sequence), label, found.sizes["time"])
    shares = outputs.shares(found)
    drawn = outputs.leading(shares, true)
    places = np.where(np.isin(true, drawn), np.searchsorted(drawn, true), -1)
    return shares.isel(output=drawn).transpose("output", "time").assign_coords(true=("time", places))


def expected(subject: Subject, module: str, sequence: int = 0) -> tuple[Sequence[str], xr.DataArray | None]:
    """What the candidates for the next token are called and their log probabilities, (time, candidate), nats; nothing where the
    outputs that were recorded are no tokens, or were not returned at every step. Raises ValueError as `rows`."""
    found, tokens = subject.outputs(module, sequence), subject.tokens(module, sequence)
    if found is None or "output_name" not in found.coords or not tokens or bool(found.isnull().any()):
        return (), None
    names = found["output_name"].values.tolist()
    if not (outputs.truth(names, tokens, None, len(tokens)) >= 0).any():
        return (), None
    tiny = np.finfo(np.float32).tiny
    logs = np.log(np.maximum(outputs.shares(found).values, tiny)).astype(np.float32)
    attrs = {"long_name": "log probability", "units": "nat"}
    return names, xr.DataArray(logs, dims=("time", "candidate"), attrs=attrs)
