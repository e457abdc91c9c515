"""A forecaster that comes along: a series, and the network that was trained on its first four fifths."""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from rnnviz.models import checkpoints
from rnnviz.studies.lab.setup import Setup
from rnnviz.studies.lab.table import Table
from rnnviz.studies.live import Live, LiveError
from rnnviz.told import Told

SUNSPOTS = "sunspots"


def forecaster(name: str = SUNSPOTS) -> Live:
    """The network and its series, to look into. Its card, beside it, says where both come from and which command made it.

    Raises LiveError, in one line, where a file is missing, changed or not what the card says.

    >>> import rnnviz
    >>> from rnnviz.studies.lab import shipped
    >>> reading = shipped.forecaster().read(shipped.forecaster().text)
    >>> reading.subject.modules, reading.inputs.features
    (('rnn',), ('sunspots',))
    """
    return _made(*_files(name))


def card(name: str = SUNSPOTS) -> dict[str, Any]:
    """What the card says. Raises LiveError as `forecaster`."""
    try:
        found: dict[str, Any] = json.loads(_folder(name, "json").read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise LiveError("{name}.json is missing or damaged; restore it with git", name=name) from problem
    return found


def _folder(name: str, kind: str) -> Path:
    return checkpoints.folder() / "series" / f"{name}.{kind}"


def _files(name: str) -> tuple[str, str, bytes]:
    """Its name, its series and its weights, as the card knows them."""
    found = card(name)
    try:
        series = _folder(name, "csv").read_text("utf-8")
        weights = _folder(name, "safetensors").read_bytes()
    except (OSError, ValueError) as problem:
        raise LiveError(
            "the files of {name} are missing or damaged; restore them with git", name=name
        ) from problem
    if hashlib.sha256(weights).hexdigest() != found.get("sha256"):
        raise LiveError(
            "{name}.safetensors is not the file that its card describes; restore it with git", name=name
        )
    return name, series, weights


@functools.lru_cache(maxsize=2)
def _made(name: str, series: str, weights: bytes) -> Live:
    import safetensors.torch

    try:
        table, setup = Table.of(series), Setup.from_dict(card(name)["training"])
        if table.fingerprint != card(name)["series"]["sha256"]:
            raise Told("the series is not that of the card")
        model = table.model(setup)
        model.load_state_dict(safetensors.torch.load(weights))
    except Exception as problem:  # what safetensors and torch raise, nobody has listed
        reason = str(problem).partition("\n")[0][:120]
        raise LiveError(
            "{name} does not hold what its card says ({reason}); restore it with git",
            name=name,
            reason=reason,
        ) from problem
    return table.live(model, setup, name)
